#include "services/exchange/view.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/block.h"
#include "services/exchange/facts.h"
#include "services/exchange/model.h"

namespace tandem::exchange {
namespace {

using base::DataKind;
using MaybeSeen = absl::StatusOr<std::optional<Seen>>;

template <typename Message>
Message Parsed(const base::FactRecord& record) {
  Message message;
  base::Require(message.ParseFromString(record.fact.payload), "a fact came unread into a view");
  return message;
}

template <typename Message>
std::optional<Seen> SeenOf(const Message& message) {
  return Seen{message.GetTypeName(), message.SerializeAsString()};
}

DataKind KindOfTouched(const google::protobuf::RepeatedPtrField<v1::Touched>& touched) {
  if (touched.empty() || touched[0].measure() == v1::MEASURE_UNSPECIFIED) return DataKind::kPrices;
  return KindOf(touched[0].measure());
}

template <typename Message>
Touch TouchOf(const base::FactRecord& record, DataKind kind) {
  return {Parsed<Message>(record).owner(), kind, ""};
}

template <typename Message>
Touch TouchAt(const Message& fact, DataKind kind) {
  return {fact.owner(), kind, fact.location()};
}

std::string IdOfName(std::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));
}

std::string LocationName(std::string_view owner, std::string_view location) {
  return absl::StrCat("firms/", std::string(owner), "/locations/", std::string(location));
}

// Who looks, and through what.
struct Viewer {
  std::string_view firm;
  const base::Grants& grants;
  const Registers& registers;
};

// OK and true, OK and false where it is not granted, or that the grants cannot be trusted.
absl::StatusOr<bool> Known(const absl::Status& status) {
  if (status.ok()) return true;
  if (status.code() == absl::StatusCode::kPermissionDenied) return false;
  return status;
}

// The granted items at a place, by register number.
class ItemFilter {
 public:
  static absl::StatusOr<ItemFilter> Make(const Viewer& viewer, const Place& place, DataKind kind) {
    auto granted = viewer.grants.ItemsAt(viewer.firm, place.owner, kind, place.location);
    if (!granted.ok()) {
      if (granted.status().code() != absl::StatusCode::kPermissionDenied) return granted.status();
      return ItemFilter(nullptr, viewer.registers.Of(place.owner));
    }
    return ItemFilter(*std::move(granted), viewer.registers.Of(place.owner));
  }

  // The item's id, "" if it is not granted; an error if the register does not have it yet.
  absl::StatusOr<std::string_view> IdIfGranted(std::uint32_t number) const {
    const std::string_view id = registers_->items.IdOf(number);
    if (id.empty()) {
      return base::Refuse(base::Reason::kPositionNotReached,
                          "the registers are not yet as new as the fact");
    }
    return granted_ != nullptr && granted_->Contains(id) ? id : std::string_view();
  }
  bool empty() const { return granted_ == nullptr || granted_->empty(); }

 private:
  ItemFilter(std::shared_ptr<const base::GrantedItems> granted,
             std::shared_ptr<const FirmRegister> registers)
      : granted_(std::move(granted)), registers_(std::move(registers)) {}
  std::shared_ptr<const base::GrantedItems> granted_;
  std::shared_ptr<const FirmRegister> registers_;
};

MaybeSeen ViewItems(const v1::ItemsRegistered& fact, const Viewer& viewer) {
  v1::ItemsRegistered seen;
  seen.set_owner(fact.owner());
  for (const v1::Item& item : fact.items()) {
    TANDEM_ASSIGN_OR_RETURN(const bool allowed,
                            Known(viewer.grants.Check(viewer.firm, fact.owner(), DataKind::kItems,
                                                      IdOfName(item.name()), "")));
    if (!allowed) continue;
    *seen.add_items() = CutItem(item, fact.owner(), viewer.firm);
  }
  if (seen.items_size() == 0) return std::optional<Seen>();
  return SeenOf(seen);
}

MaybeSeen ViewLocations(const v1::LocationsRegistered& fact, const Viewer& viewer) {
  v1::LocationsRegistered seen;
  seen.set_owner(fact.owner());
  for (const v1::Location& location : fact.locations()) {
    TANDEM_ASSIGN_OR_RETURN(const bool allowed, Known(viewer.grants.Check(
                                                    viewer.firm, fact.owner(), DataKind::kLocations,
                                                    "", IdOfName(location.name()))));
    if (!allowed) continue;
    v1::Location& copy = *seen.add_locations();
    copy = location;
    if (viewer.firm != fact.owner()) copy.clear_register_number();
  }
  if (seen.locations_size() == 0) return std::optional<Seen>();
  return SeenOf(seen);
}

MaybeSeen ViewEvents(const v1::EventsPut& fact, const Viewer& viewer) {
  v1::EventsPut seen;
  seen.set_owner(fact.owner());
  for (const v1::Event& event : fact.events()) {
    TANDEM_ASSIGN_OR_RETURN(const std::optional<v1::Event> cut,
                            CutEvent(event, fact.owner(), viewer.firm, viewer.grants));
    if (cut.has_value()) *seen.add_events() = *cut;
  }
  if (seen.events_size() == 0) return std::optional<Seen>();
  return SeenOf(seen);
}

MaybeSeen ViewPromotions(const v1::PromotionsPut& fact, const Viewer& viewer) {
  v1::PromotionsPut seen;
  seen.set_owner(fact.owner());
  seen.set_location(fact.location());
  for (const v1::Promotion& promotion : fact.promotions()) {
    TANDEM_ASSIGN_OR_RETURN(
        const std::optional<v1::Promotion> cut,
        CutPromotion(promotion, {fact.owner(), fact.location()}, viewer.firm, viewer.grants));
    if (cut.has_value()) *seen.add_promotions() = *cut;
  }
  if (seen.promotions_size() == 0) return std::optional<Seen>();
  return SeenOf(seen);
}

MaybeSeen ViewPlan(const v1::PlanPut& fact, const Viewer& viewer) {
  TANDEM_ASSIGN_OR_RETURN(const std::optional<v1::Plan> cut,
                          CutPlan(fact.plan(), fact.owner(), viewer.firm, viewer.grants));
  if (!cut.has_value()) return std::optional<Seen>();
  v1::PlanPut seen;
  seen.set_owner(fact.owner());
  *seen.mutable_plan() = *cut;
  return SeenOf(seen);
}

MaybeSeen ViewSeries(const v1::SeriesReported& fact, const Viewer& viewer) {
  if (!fact.stream().empty() && !fact.whole_batch()) return std::optional<Seen>();
  const Place place{fact.owner(), fact.location()};
  TANDEM_ASSIGN_OR_RETURN(const ItemFilter filter,
                          ItemFilter::Make(viewer, place, KindOf(fact.measure())));
  if (filter.empty()) return std::optional<Seen>();
  TANDEM_ASSIGN_OR_RETURN(const SeriesColumns columns, DecodeSeriesColumns(fact));
  v1::SeriesSeen seen;
  seen.set_location(LocationName(fact.owner(), fact.location()));
  v1::SeriesBlock& block = *seen.mutable_series();
  for (const Run& run : columns.runs) {
    TANDEM_ASSIGN_OR_RETURN(const std::string_view id, filter.IdIfGranted(run.item));
    if (id.empty()) continue;
    if (block.items_size() == 0 || block.items(block.items_size() - 1) != id) {
      block.add_items(std::string(id));
    }
    block.add_run_item(static_cast<std::uint32_t>(block.items_size() - 1));
    block.add_run_first_day(run.day_first);
    block.add_run_length(run.length);
    for (std::uint32_t d = 0; d < run.length; ++d) {
      block.add_value_milli(columns.values_milli[run.value_index + d]);
    }
  }
  if (block.items_size() == 0) return std::optional<Seen>();
  block.set_revision(fact.revision());
  block.set_measure(fact.measure());
  block.set_stock_status(fact.stock_status());
  if (!fact.stock_owner().empty()) block.set_stock_owner("firms/" + fact.stock_owner());
  return SeenOf(seen);
}

MaybeSeen ViewPrices(const v1::PricesReported& fact, const Viewer& viewer) {
  if (!fact.whole_batch()) return std::optional<Seen>();
  const Place place{fact.owner(), fact.location()};
  TANDEM_ASSIGN_OR_RETURN(const ItemFilter filter,
                          ItemFilter::Make(viewer, place, DataKind::kPrices));
  if (filter.empty()) return std::optional<Seen>();
  TANDEM_ASSIGN_OR_RETURN(const std::vector<PriceBlock::Item> items, DecodePriceColumns(fact));
  v1::PricesSeen seen;
  seen.set_location(LocationName(fact.owner(), fact.location()));
  v1::PriceBlock& block = *seen.mutable_prices();
  for (const PriceBlock::Item& item : items) {
    TANDEM_ASSIGN_OR_RETURN(const std::string_view id, filter.IdIfGranted(item.item));
    if (id.empty()) continue;
    block.add_items(std::string(id));
    for (const PriceRange& range : item.ranges) {
      block.add_item(static_cast<std::uint32_t>(block.items_size() - 1));
      block.add_first_day(range.day_first);
      block.add_last_day(range.day_last);
      block.add_value(range.value);
    }
  }
  if (block.items_size() == 0) return std::optional<Seen>();
  block.set_scale(fact.scale());
  block.set_currency_code(fact.currency_code());
  block.set_revision(fact.revision());
  return SeenOf(seen);
}

// One kind of series that a batch touched, cut; without items: nothing.
absl::StatusOr<v1::BatchSeen::Series> CutTouched(const v1::Touched& touched,
                                                 const ItemFilter& filter) {
  v1::BatchSeen::Series seen;
  TANDEM_ASSIGN_OR_RETURN(const std::vector<TouchedItem> items, DecodeTouched(touched));
  for (const TouchedItem& item : items) {
    TANDEM_ASSIGN_OR_RETURN(const std::string_view id, filter.IdIfGranted(item.item));
    if (id.empty()) continue;
    seen.add_items(std::string(id));
    seen.add_first_day(item.day_first);
    seen.add_last_day(item.day_last);
  }
  seen.set_measure(touched.measure());
  seen.set_stock_status(touched.stock_status());
  if (!touched.stock_owner().empty()) seen.set_stock_owner("firms/" + touched.stock_owner());
  return seen;
}

// BatchClosed and BatchRetracted.
template <typename Message>
MaybeSeen ViewBatch(const Message& fact, const Viewer& viewer, v1::BatchSeen seen) {
  const Place place{fact.owner(), fact.location()};
  TANDEM_ASSIGN_OR_RETURN(const ItemFilter filter,
                          ItemFilter::Make(viewer, place, KindOfTouched(fact.touched())));
  if (filter.empty()) return std::optional<Seen>();
  for (const v1::Touched& touched : fact.touched()) {
    TANDEM_ASSIGN_OR_RETURN(v1::BatchSeen::Series cut, CutTouched(touched, filter));
    if (cut.items_size() != 0) *seen.add_series() = std::move(cut);
  }
  if (seen.series_size() == 0) return std::optional<Seen>();
  seen.set_location(LocationName(fact.owner(), fact.location()));
  if (viewer.firm == fact.owner()) {
    seen.set_batch(absl::StrCat(seen.location(), "/batches/", fact.batch()));
  } else {
    seen.clear_row_count();
  }
  return SeenOf(seen);
}

MaybeSeen ViewItemClosed(const v1::ItemClosed& fact, const Viewer& viewer) {
  TANDEM_ASSIGN_OR_RETURN(
      const bool allowed,
      Known(viewer.grants.Check(viewer.firm, fact.owner(), DataKind::kItems, fact.item(), "")));
  return allowed ? SeenOf(fact) : std::nullopt;
}

MaybeSeen ViewLocationClosed(const v1::LocationClosed& fact, const Viewer& viewer) {
  TANDEM_ASSIGN_OR_RETURN(const bool allowed,
                          Known(viewer.grants.Check(viewer.firm, fact.owner(), DataKind::kLocations,
                                                    "", fact.location())));
  return allowed ? SeenOf(fact) : std::nullopt;
}

}  // namespace

v1::Item CutItem(v1::Item item, std::string_view owner, std::string_view viewer) {
  if (viewer == owner) return item;
  item.clear_register_number();
  const std::string own = absl::StrCat("firms/", absl::string_view(viewer.data(), viewer.size()));
  google::protobuf::RepeatedPtrField<v1::PartnerNumber>& numbers = *item.mutable_partner_numbers();
  numbers.erase(std::remove_if(numbers.begin(), numbers.end(),
                               [&](const v1::PartnerNumber& one) { return one.firm() != own; }),
                numbers.end());
  return item;
}

absl::StatusOr<std::optional<v1::Event>> CutEvent(const v1::Event& event, std::string_view owner,
                                                  std::string_view firm,
                                                  const base::Grants& grants) {
  TANDEM_ASSIGN_OR_RETURN(const bool allowed,
                          Known(grants.Check(firm, owner, DataKind::kEvents, "", "")));
  if (!allowed) return std::optional<v1::Event>();
  if (event.locations_size() == 0 || firm == owner) return std::optional<v1::Event>(event);
  v1::Event cut = event;
  cut.clear_locations();
  for (const std::string& location : event.locations()) {
    TANDEM_ASSIGN_OR_RETURN(const bool here,
                            Known(grants.Check(firm, owner, DataKind::kLocations, "", location)));
    if (here) cut.add_locations(location);
  }
  if (cut.locations_size() == 0) return std::optional<v1::Event>();
  return std::optional<v1::Event>(std::move(cut));
}

absl::StatusOr<std::optional<v1::Promotion>> CutPromotion(const v1::Promotion& promotion,
                                                          const Place& place, std::string_view firm,
                                                          const base::Grants& grants) {
  if (firm == place.owner) return std::optional<v1::Promotion>(promotion);
  v1::Promotion cut = promotion;
  cut.clear_items();
  for (const std::string& item : promotion.items()) {
    TANDEM_ASSIGN_OR_RETURN(
        const bool allowed,
        Known(grants.Check(firm, place.owner, DataKind::kPromotions, item, place.location)));
    if (allowed) cut.add_items(item);
  }
  if (cut.items_size() == 0) return std::optional<v1::Promotion>();
  return std::optional<v1::Promotion>(std::move(cut));
}

absl::StatusOr<std::optional<v1::Plan>> CutPlan(const v1::Plan& plan, std::string_view owner,
                                                std::string_view firm, const base::Grants& grants) {
  if (firm == owner) return std::optional<v1::Plan>(plan);
  v1::Plan cut = plan;
  cut.clear_items();
  cut.clear_quantity_milli();
  for (int i = 0; i < plan.items_size(); ++i) {
    TANDEM_ASSIGN_OR_RETURN(
        const bool allowed,
        Known(grants.Check(firm, owner, DataKind::kPlans, plan.items(i), plan.location())));
    if (!allowed) continue;
    cut.add_items(plan.items(i));
    for (int b = 0; b < plan.bucket_count(); ++b) {
      cut.add_quantity_milli(plan.quantity_milli(i * plan.bucket_count() + b));
    }
  }
  if (cut.items_size() == 0) return std::optional<v1::Plan>();
  return std::optional<v1::Plan>(std::move(cut));
}

Touch TouchOf(const base::FactRecord& record) {
  switch (static_cast<FactKind>(record.fact.kind)) {
    case FactKind::kItemsRegistered:
      return TouchOf<v1::ItemsRegistered>(record, DataKind::kItems);
    case FactKind::kItemClosed:
      return TouchOf<v1::ItemClosed>(record, DataKind::kItems);
    case FactKind::kLocationsRegistered:
      return TouchOf<v1::LocationsRegistered>(record, DataKind::kLocations);
    case FactKind::kLocationClosed:
      return TouchOf<v1::LocationClosed>(record, DataKind::kLocations);
    case FactKind::kEventsPut:
      return TouchOf<v1::EventsPut>(record, DataKind::kEvents);
    case FactKind::kPromotionsPut:
      return TouchAt(Parsed<v1::PromotionsPut>(record), DataKind::kPromotions);
    case FactKind::kPlanPut:
      return TouchOf<v1::PlanPut>(record, DataKind::kPlans);
    case FactKind::kSeriesReported: {
      const auto fact = Parsed<v1::SeriesReported>(record);
      if (!fact.stream().empty() && !fact.whole_batch()) return {};
      return TouchAt(fact, KindOf(fact.measure()));
    }
    case FactKind::kPricesReported: {
      const auto fact = Parsed<v1::PricesReported>(record);
      return fact.whole_batch() ? TouchAt(fact, DataKind::kPrices) : Touch{};
    }
    case FactKind::kBatchClosed: {
      const auto fact = Parsed<v1::BatchClosed>(record);
      const bool told = !fact.whole_batch() && !fact.never_shown();
      return told ? TouchAt(fact, KindOfTouched(fact.touched())) : Touch{};
    }
    case FactKind::kBatchRetracted: {
      const auto fact = Parsed<v1::BatchRetracted>(record);
      return fact.never_shown() ? Touch{} : TouchAt(fact, KindOfTouched(fact.touched()));
    }
    case FactKind::kSeriesFolded:
      return {};
  }
  base::Bug("a fact without a kind came into a view");
}

MaybeSeen ViewOf(const base::FactRecord& record, std::string_view firm, const base::Grants& grants,
                 const Registers& registers) {
  const Viewer viewer{firm, grants, registers};
  switch (static_cast<FactKind>(record.fact.kind)) {
    case FactKind::kItemsRegistered:
      return ViewItems(Parsed<v1::ItemsRegistered>(record), viewer);
    case FactKind::kItemClosed:
      return ViewItemClosed(Parsed<v1::ItemClosed>(record), viewer);
    case FactKind::kLocationsRegistered:
      return ViewLocations(Parsed<v1::LocationsRegistered>(record), viewer);
    case FactKind::kLocationClosed:
      return ViewLocationClosed(Parsed<v1::LocationClosed>(record), viewer);
    case FactKind::kEventsPut:
      return ViewEvents(Parsed<v1::EventsPut>(record), viewer);
    case FactKind::kPromotionsPut:
      return ViewPromotions(Parsed<v1::PromotionsPut>(record), viewer);
    case FactKind::kPlanPut:
      return ViewPlan(Parsed<v1::PlanPut>(record), viewer);
    case FactKind::kSeriesReported:
      return ViewSeries(Parsed<v1::SeriesReported>(record), viewer);
    case FactKind::kPricesReported:
      return ViewPrices(Parsed<v1::PricesReported>(record), viewer);
    case FactKind::kBatchClosed: {
      const auto fact = Parsed<v1::BatchClosed>(record);
      if (fact.whole_batch() || fact.never_shown()) return std::optional<Seen>();
      v1::BatchSeen seen;
      seen.set_row_count(fact.row_count());
      return ViewBatch(fact, viewer, std::move(seen));
    }
    case FactKind::kBatchRetracted: {
      const auto fact = Parsed<v1::BatchRetracted>(record);
      if (fact.never_shown()) return std::optional<Seen>();
      v1::BatchSeen seen;
      seen.set_retracted(true);
      return ViewBatch(fact, viewer, std::move(seen));
    }
    case FactKind::kSeriesFolded:
      return std::optional<Seen>();
  }
  base::Bug("a fact without a kind came into a view");
}

}  // namespace tandem::exchange

#include "services/exchange/decide.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/day.h"
#include "services/base/name.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/codec.h"
#include "services/exchange/facts.h"
#include "services/exchange/last_days.h"
#include "services/exchange/limits.h"
#include "services/exchange/time_zones.h"
#include "services/exchange/units.h"

namespace tandem::exchange {
namespace {

using base::Reason;
using base::Refuse;
using base::RefuseField;

std::string Field(std::string_view list, int index, std::string_view field) {
  return absl::StrCat(std::string(list), "[", index, "].", std::string(field));
}

absl::Status CheckCount(std::string_view field, int count, std::size_t bytes) {
  if (count == 0) return RefuseField(Reason::kFieldMissing, field, "names nothing");
  if (count > kEntriesMax || bytes > kEntriesBytesMax) {
    return RefuseField(Reason::kBlockTooLarge, field, "too much for one request",
                       {{"count", count},
                        {"count_max", kEntriesMax},
                        {"bytes", bytes},
                        {"bytes_max", kEntriesBytesMax}});
  }
  return absl::OkStatus();
}

absl::Status CheckText(const std::string& field, std::string_view text) {
  if (text.size() <= kTextBytesMax) return absl::OkStatus();
  return RefuseField(Reason::kFieldOutOfRange, field, "is longer than 200 bytes",
                     {{"bytes", text.size()}});
}

absl::Status CheckHierarchy(const std::string& field,
                            const google::protobuf::RepeatedPtrField<std::string>& levels) {
  if (levels.size() > kHierarchyMax) {
    return RefuseField(Reason::kFieldOutOfRange, field, "has more than eight levels",
                       {{"levels", levels.size()}});
  }
  for (const std::string& level : levels) TANDEM_RETURN_IF_ERROR(CheckText(field, level));
  return absl::OkStatus();
}

// The id of a name of the owner's.
absl::StatusOr<std::string> OwnId(const std::string& field, std::string_view pattern,
                                  std::string_view name, std::string_view owner) {
  TANDEM_ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                          base::ParseName(field, pattern, name));
  if (ids[0] == owner) return ids[1];
  return RefuseField(Reason::kBadName, field, "is another firm's", {{"name", std::string(name)}});
}

template <typename Entry>
std::size_t BytesOf(const google::protobuf::RepeatedPtrField<Entry>& entries) {
  std::size_t bytes = 0;
  for (const Entry& entry : entries) bytes += entry.ByteSizeLong();
  return bytes;
}

// An item without what the register sets, its GTIN in the form that is kept.
absl::StatusOr<v1::Item> CheckedItem(const v1::Item& item, int index) {
  if (!IsUnitCode(item.unit_code())) {
    return RefuseField(Reason::kUnknownUnit, Field("items", index, "unit_code"),
                       "is not a code of UN/ECE Recommendation 20 that is known here",
                       {{"item", item.name()}, {"unit_code", item.unit_code()}});
  }
  v1::Item checked = item;
  checked.clear_register_number();
  checked.clear_last_date();
  if (!item.gtin().empty()) {
    auto gtin = base::NormalizeGtin(Field("items", index, "gtin"), item.gtin());
    if (!gtin.ok()) return base::WithDetail(gtin.status(), {"item", item.name()});
    checked.set_gtin(*std::move(gtin));
  }
  TANDEM_RETURN_IF_ERROR(CheckText(Field("items", index, "display_name"), item.display_name()));
  TANDEM_RETURN_IF_ERROR(CheckHierarchy(Field("items", index, "hierarchy"), item.hierarchy()));
  const std::string partners = Field("items", index, "partner_numbers");
  if (item.partner_numbers_size() > kPartnerNumbersMax) {
    return RefuseField(Reason::kFieldOutOfRange, partners, "more than a hundred");
  }
  for (const v1::PartnerNumber& number : item.partner_numbers()) {
    TANDEM_RETURN_IF_ERROR(base::ParseName(partners, "firms/*", number.firm()).status());
    if (number.number().empty()) {
      return RefuseField(Reason::kFieldMissing, partners, "a partner's number is not empty",
                         {{"item", item.name()}, {"firm", number.firm()}});
    }
    TANDEM_RETURN_IF_ERROR(CheckText(partners, number.number()));
  }
  return checked;
}

absl::StatusOr<v1::Location> CheckedLocation(const v1::Location& location, int index) {
  if (location.kind() < v1::LOCATION_KIND_STORE || location.kind() > v1::LOCATION_KIND_PLANT) {
    return RefuseField(Reason::kUnknownEnum, Field("locations", index, "kind"),
                       "is not one that is known", {{"location", location.name()}});
  }
  v1::Location checked = location;
  checked.clear_register_number();
  checked.clear_last_date();
  if (!location.gln().empty()) {
    const absl::Status gln = base::CheckGln(Field("locations", index, "gln"), location.gln());
    if (!gln.ok()) return base::WithDetail(gln, {"location", location.name()});
  }
  TANDEM_RETURN_IF_ERROR(
      CheckText(Field("locations", index, "display_name"), location.display_name()));
  if (!location.time_zone().empty() && !IsTimeZone(location.time_zone())) {
    return RefuseField(Reason::kUnknownEnum, Field("locations", index, "time_zone"),
                       "is no zone of the IANA database, such as Europe/Berlin; empty is UTC",
                       {{"location", location.name()},
                        {"time_zone", std::string(location.time_zone().substr(0, 80))}});
  }
  TANDEM_RETURN_IF_ERROR(
      CheckHierarchy(Field("locations", index, "hierarchy"), location.hierarchy()));
  return checked;
}

// Where one kind of register's rows are.
struct RegisterRows {
  RowKind by_number;
  RowKind by_id;
  const char* counter;
  const char* field;
  const char* pattern;
};
constexpr RegisterRows kItemRows{RowKind::kItem, RowKind::kItemId, "items", "items",
                                 "firms/*/items/*"};
constexpr RegisterRows kLocationRows{RowKind::kLocation, RowKind::kLocationId, "locations",
                                     "locations", "firms/*/locations/*"};

// The entry under this id, or nullopt.
template <typename Entry>
std::optional<Entry> EntryIn(const base::RowReader& rows, const RegisterRows& where,
                             std::string_view owner, std::string_view id) {
  const auto number = NumberIn(rows, IdKey(OwnerPrefix(where.by_id, owner), id));
  if (!number.has_value()) return std::nullopt;
  const auto bytes = rows.Get(
      RegisterKey(OwnerPrefix(where.by_number, owner), static_cast<std::uint32_t>(*number)));
  Entry entry;
  base::Require(bytes.has_value() && entry.ParseFromString(*bytes), "a register is damaged");
  return entry;
}

// OK if `checked` is what stands.
template <typename Entry>
absl::Status CheckSame(Entry standing, const Entry& checked) {
  if (standing.has_last_date()) {
    return Refuse(Reason::kEntryClosed, "the entry is closed", {{"name", checked.name()}});
  }
  standing.clear_register_number();
  if (standing.SerializeAsString() == checked.SerializeAsString()) return absl::OkStatus();
  return Refuse(Reason::kAlreadyExists, "the entry stands with other content",
                {{"name", checked.name()}});
}

// The new ones of the entries, with their numbers.
template <typename Entry, typename Check>
absl::StatusOr<std::vector<Entry>> NewEntries(
    const base::RowReader& rows, const RegisterRows& where, const std::string& owner,
    const google::protobuf::RepeatedPtrField<Entry>& entries, Check check) {
  TANDEM_RETURN_IF_ERROR(CheckCount(where.field, entries.size(), BytesOf(entries)));
  std::uint64_t last =
      NumberIn(rows, IdKey(OwnerPrefix(RowKind::kCounters, owner), where.counter)).value_or(0);
  std::set<std::string> seen;
  std::vector<Entry> fresh;
  for (int i = 0; i < entries.size(); ++i) {
    const std::string name_field = Field(where.field, i, "name");
    TANDEM_ASSIGN_OR_RETURN(const std::string id,
                            OwnId(name_field, where.pattern, entries[i].name(), owner));
    if (!seen.insert(id).second) {
      return RefuseField(Reason::kDuplicateRow, name_field, "is in the request twice",
                         {{"name", entries[i].name()}});
    }
    TANDEM_ASSIGN_OR_RETURN(Entry checked, check(entries[i], i));
    const std::optional<Entry> standing = EntryIn<Entry>(rows, where, owner, id);
    if (standing.has_value()) {
      TANDEM_RETURN_IF_ERROR(CheckSame(*standing, checked));
      continue;
    }
    checked.set_register_number(static_cast<std::int32_t>(++last));
    fresh.push_back(std::move(checked));
  }
  return fresh;
}

// Whether closing on this day changes the entry; ENTRY_CLOSED if it is closed on another.
template <typename Entry>
absl::StatusOr<bool> CloseChanges(const Entry& entry, std::int32_t last_day) {
  if (!entry.has_last_date()) return true;
  if (entry.last_date().SerializeAsString() == DateOf(last_day).SerializeAsString()) return false;
  return Refuse(Reason::kEntryClosed, "the entry is closed on another day",
                {{"name", entry.name()}});
}

absl::Status CheckRange(const std::string& field, const google::type::Date& start,
                        const google::type::Date& end) {
  TANDEM_ASSIGN_OR_RETURN(const base::Day first, DayFrom(field + "start_date", start));
  TANDEM_ASSIGN_OR_RETURN(const base::Day last, DayFrom(field + "end_date", end));
  if (first <= last) return absl::OkStatus();
  return RefuseField(Reason::kDayOutOfRange, field + "end_date", "is before the first day",
                     {{"first_day", first.ToString()}, {"last_day", last.ToString()}});
}

absl::Status CheckEvent(const base::RowReader& rows, const std::string& owner,
                        const v1::Event& event, int index) {
  TANDEM_RETURN_IF_ERROR(base::CheckId(Field("events", index, "event"), event.event()));
  TANDEM_RETURN_IF_ERROR(CheckText(Field("events", index, "display_name"), event.display_name()));
  TANDEM_RETURN_IF_ERROR(CheckText(Field("events", index, "kind"), event.kind()));
  TANDEM_RETURN_IF_ERROR(
      CheckRange(Field("events", index, ""), event.start_date(), event.end_date()));
  if (event.locations_size() > kListMax) {
    return RefuseField(Reason::kFieldOutOfRange, Field("events", index, "locations"), "too many");
  }
  for (const std::string& location : event.locations()) {
    if (rows.Get(IdKey(OwnerPrefix(RowKind::kLocationId, owner), location)).has_value()) continue;
    return RefuseField(Reason::kUnknownLocation, Field("events", index, "locations"),
                       "is not in the register",
                       {{"event", event.event()}, {"location", location}});
  }
  return absl::OkStatus();
}

absl::Status CheckPromotion(const PutPromotions& command, const v1::Promotion& promotion,
                            int index) {
  TANDEM_RETURN_IF_ERROR(
      base::CheckId(Field("promotions", index, "promotion"), promotion.promotion()));
  TANDEM_RETURN_IF_ERROR(CheckText(Field("promotions", index, "mechanism"), promotion.mechanism()));
  TANDEM_RETURN_IF_ERROR(
      CheckRange(Field("promotions", index, ""), promotion.start_date(), promotion.end_date()));
  const auto out_of_range = [&](const char* field, std::string_view rule, std::int64_t value) {
    return RefuseField(Reason::kFieldOutOfRange, Field("promotions", index, field), rule,
                       {{"promotion", promotion.promotion()}, {"value", value}});
  };
  if (promotion.uplift_permille() < 0 || promotion.uplift_permille() > kUpliftMax) {
    return out_of_range("uplift_permille", absl::StrCat("is from 0 to ", kUpliftMax),
                        promotion.uplift_permille());
  }
  if (promotion.revision() < 0) {
    return out_of_range("revision", "is from 0 on", promotion.revision());
  }
  if (promotion.items_size() > kListMax) {
    return out_of_range("items", absl::StrCat("are at most ", kListMax), promotion.items_size());
  }
  std::set<std::string_view> seen;
  for (const std::string& item : promotion.items()) {
    if (!seen.insert(item).second) {
      return RefuseField(Reason::kDuplicateRow, Field("promotions", index, "items"),
                         "names an item twice",
                         {{"promotion", promotion.promotion()}, {"item", item}});
    }
    if (command.registers->items.NumberOf(item) != 0) continue;
    return RefuseField(Reason::kUnknownItem, Field("promotions", index, "items"),
                       "is not in the register",
                       {{"promotion", promotion.promotion()}, {"item", item}});
  }
  return absl::OkStatus();
}

// Nothing new is said of a closed item or location after its last day.
absl::Status CheckPromotionOpen(const PutPromotions& command, const v1::Promotion& promotion,
                                int index) {
  const std::string field = Field("promotions", index, "end_date");
  TANDEM_ASSIGN_OR_RETURN(const base::Day last, DayFrom(field, promotion.end_date()));
  TANDEM_RETURN_IF_ERROR(
      CheckOpen(command.registers->locations, command.place.location, last, field, "location"));
  for (const std::string& item : promotion.items()) {
    TANDEM_RETURN_IF_ERROR(CheckOpen(command.registers->items, item, last, field, "item"));
  }
  return absl::OkStatus();
}

// Whether `next` changes what stands (bytes of the same message, or nothing).
template <typename Record>
absl::StatusOr<bool> RevisionChanges(const std::optional<std::string>& standing, const Record& next,
                                     const std::string& id) {
  if (!standing.has_value()) return true;
  Record old;
  base::Require(old.ParseFromString(*standing), "a record by revision is damaged");
  if (old.SerializeAsString() == next.SerializeAsString()) return false;
  if (next.revision() > old.revision()) return true;
  return Refuse(Reason::kRevisionConflict,
                next.revision() == old.revision()
                    ? "it stands with other content of the same revision"
                    : "it stands with a higher revision",
                {{"id", id}, {"revision", next.revision()}, {"known_revision", old.revision()}});
}

absl::Status CheckPlanOpen(const base::RowReader& rows, const PutPlan& command) {
  const v1::Plan& plan = command.plan;
  TANDEM_ASSIGN_OR_RETURN(const base::Day first, DayFrom("plan.start_date", plan.start_date()));
  const base::Day last = first + (plan.bucket_days() * plan.bucket_count() - 1);
  const std::string_view field = "plan.bucket_count";
  TANDEM_RETURN_IF_ERROR(
      CheckOpen<v1::Location>(rows, command.owner, plan.location(), last, field));
  for (const std::string& item : plan.items()) {
    TANDEM_RETURN_IF_ERROR(CheckOpen<v1::Item>(rows, command.owner, item, last, field));
  }
  return absl::OkStatus();
}

absl::Status CheckPlan(const base::RowReader& rows, const PutPlan& command) {
  const v1::Plan& plan = command.plan;
  TANDEM_ASSIGN_OR_RETURN(const base::Day first, DayFrom("plan.start_date", plan.start_date()));
  const auto out_of_range = [](const char* field, std::string_view rule, std::int64_t value) {
    return RefuseField(Reason::kFieldOutOfRange, field, rule, {{"value", value}});
  };
  if (plan.bucket_days() < 1 || plan.bucket_days() > 366) {
    return out_of_range("plan.bucket_days", "is from 1 to 366", plan.bucket_days());
  }
  if (plan.bucket_count() < 1 || plan.bucket_count() > 1'000) {
    return out_of_range("plan.bucket_count", "is from 1 to 1,000", plan.bucket_count());
  }
  if (plan.revision() < 0) return out_of_range("plan.revision", "is from 0 on", plan.revision());
  const std::int64_t last =
      std::int64_t{first.number()} + std::int64_t{plan.bucket_days()} * plan.bucket_count() - 1;
  if (last > base::Day::kLast) {
    return RefuseField(Reason::kDayOutOfRange, "plan.bucket_count",
                       "the buckets end after 2099, the calendar's last year",
                       {{"start_date", first.ToString()},
                        {"days", std::int64_t{plan.bucket_days()} * plan.bucket_count()}});
  }
  const std::int64_t rows_wanted = std::int64_t{plan.items_size()} * plan.bucket_count();
  if (plan.items_size() == 0 || plan.quantity_milli_size() != rows_wanted) {
    return RefuseField(Reason::kBadColumns, "plan.quantity_milli",
                       "is not one value an item and bucket",
                       {{"values", plan.quantity_milli_size()}, {"values_wanted", rows_wanted}});
  }
  for (int i = 0; i < plan.quantity_milli_size(); ++i) {
    const std::int64_t value = plan.quantity_milli(i);
    if (value >= 0 && value <= base::Quantity::kMilliMax) continue;
    return RefuseField(Reason::kQuantityOutOfRange, "plan.quantity_milli",
                       "is from 0 to 9 000 000 000 000 thousandths",
                       {{"row", i}, {"item", plan.items(i / plan.bucket_count())}});
  }
  const auto location = IdKey(OwnerPrefix(RowKind::kLocationId, command.owner), plan.location());
  if (!rows.Get(location).has_value()) {
    return RefuseField(Reason::kUnknownLocation, "plan.location", "is not in the register",
                       {{"location", plan.location()}});
  }
  std::set<std::string> seen;
  const std::string ids = OwnerPrefix(RowKind::kItemId, command.owner);
  for (const std::string& item : plan.items()) {
    if (!seen.insert(item).second) {
      return RefuseField(Reason::kDuplicateRow, "plan.items", "names an item twice",
                         {{"item", item}});
    }
    if (rows.Get(IdKey(ids, item)).has_value()) continue;
    return RefuseField(Reason::kUnknownItem, "plan.items", "is not in the register",
                       {{"item", item}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<base::Day> DayFrom(std::string_view field, const google::type::Date& date) {
  if (date.year() == 0 && date.month() == 0 && date.day() == 0) {
    return RefuseField(Reason::kFieldMissing, field, "is required");
  }
  auto day = base::Day::FromCivil(date.year(), date.month(), date.day());
  if (day.ok()) return day;
  return RefuseField(base::ReasonOf(day.status()), field, day.status().message().data(),
                     {{"year", date.year()}, {"month", date.month()}, {"day", date.day()}});
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RegisterItems& command) {
  TANDEM_ASSIGN_OR_RETURN(std::vector<v1::Item> fresh,
                          NewEntries(rows, kItemRows, command.owner, command.items, CheckedItem));
  if (fresh.empty()) return Facts();
  v1::ItemsRegistered fact;
  fact.set_owner(command.owner);
  for (v1::Item& item : fresh) *fact.add_items() = std::move(item);
  return Facts{MakeFact(FactKind::kItemsRegistered, fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RegisterLocations& command) {
  TANDEM_ASSIGN_OR_RETURN(
      std::vector<v1::Location> fresh,
      NewEntries(rows, kLocationRows, command.owner, command.locations, CheckedLocation));
  if (fresh.empty()) return Facts();
  v1::LocationsRegistered fact;
  fact.set_owner(command.owner);
  for (v1::Location& location : fresh) *fact.add_locations() = std::move(location);
  return Facts{MakeFact(FactKind::kLocationsRegistered, fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseItem& command) {
  const auto entry = EntryIn<v1::Item>(rows, kItemRows, command.owner, command.item);
  if (!entry.has_value()) {
    return Refuse(Reason::kUnknownItem, "the item is not in the register",
                  {{"item", command.item}});
  }
  TANDEM_ASSIGN_OR_RETURN(const bool changes, CloseChanges(*entry, command.last_day));
  if (!changes) return Facts();
  v1::ItemClosed fact;
  fact.set_owner(command.owner);
  fact.set_item(command.item);
  fact.set_last_day(command.last_day);
  return Facts{MakeFact(FactKind::kItemClosed, fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseLocation& command) {
  const auto entry = EntryIn<v1::Location>(rows, kLocationRows, command.owner, command.location);
  if (!entry.has_value()) {
    return Refuse(Reason::kUnknownLocation, "the location is not in the register",
                  {{"location", command.location}});
  }
  TANDEM_ASSIGN_OR_RETURN(const bool changes, CloseChanges(*entry, command.last_day));
  if (!changes) return Facts();
  v1::LocationClosed fact;
  fact.set_owner(command.owner);
  fact.set_location(command.location);
  fact.set_last_day(command.last_day);
  return Facts{MakeFact(FactKind::kLocationClosed, fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PutEvents& command) {
  TANDEM_RETURN_IF_ERROR(CheckCount("events", command.events.size(), BytesOf(command.events)));
  const std::string prefix = OwnerPrefix(RowKind::kEvent, command.owner);
  std::set<std::string> seen;
  v1::EventsPut fact;
  fact.set_owner(command.owner);
  for (int i = 0; i < command.events.size(); ++i) {
    const v1::Event& event = command.events[i];
    TANDEM_RETURN_IF_ERROR(CheckEvent(rows, command.owner, event, i));
    if (!seen.insert(event.event()).second) {
      return RefuseField(Reason::kDuplicateRow, Field("events", i, "event"),
                         "is in the request twice", {{"event", event.event()}});
    }
    if (rows.Get(IdKey(prefix, event.event())) != event.SerializeAsString()) {
      *fact.add_events() = event;
    }
  }
  if (fact.events_size() == 0) return Facts();
  return Facts{MakeFact(FactKind::kEventsPut, fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PutPromotions& command) {
  TANDEM_RETURN_IF_ERROR(
      CheckCount("promotions", command.promotions.size(), BytesOf(command.promotions)));
  const std::string prefix = PlacePrefix(RowKind::kPromotion, command.place);
  std::set<std::string> seen;
  v1::PromotionsPut fact;
  fact.set_owner(command.place.owner);
  fact.set_location(command.place.location);
  for (int i = 0; i < command.promotions.size(); ++i) {
    const v1::Promotion& promotion = command.promotions[i];
    TANDEM_RETURN_IF_ERROR(CheckPromotion(command, promotion, i));
    if (!seen.insert(promotion.promotion()).second) {
      return RefuseField(Reason::kDuplicateRow, Field("promotions", i, "promotion"),
                         "is in the request twice", {{"promotion", promotion.promotion()}});
    }
    TANDEM_ASSIGN_OR_RETURN(const bool changes,
                            RevisionChanges(rows.Get(IdKey(prefix, promotion.promotion())),
                                            promotion, promotion.promotion()));
    if (!changes) continue;
    TANDEM_RETURN_IF_ERROR(CheckPromotionOpen(command, promotion, i));
    *fact.add_promotions() = promotion;
  }
  if (fact.promotions_size() == 0) return Facts();
  return Facts{MakeFact(FactKind::kPromotionsPut, fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PutPlan& command) {
  TANDEM_ASSIGN_OR_RETURN(const std::string id, OwnId("plan.name", "firms/*/plans/*",
                                                      command.plan.name(), command.owner));
  if (command.plan.ByteSizeLong() > kEntriesBytesMax) {
    return RefuseField(Reason::kBlockTooLarge, "plan", "too much for one request",
                       {{"bytes_max", kEntriesBytesMax}});
  }
  TANDEM_RETURN_IF_ERROR(CheckPlan(rows, command));
  TANDEM_ASSIGN_OR_RETURN(
      const bool changes,
      RevisionChanges(rows.Get(IdKey(OwnerPrefix(RowKind::kPlan, command.owner), id)), command.plan,
                      id));
  if (!changes) return Facts();
  TANDEM_RETURN_IF_ERROR(CheckPlanOpen(rows, command));
  v1::PlanPut fact;
  fact.set_owner(command.owner);
  *fact.mutable_plan() = command.plan;
  return Facts{MakeFact(FactKind::kPlanPut, fact)};
}

}  // namespace tandem::exchange

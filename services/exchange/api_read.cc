// Bulk reads: pages made one by one, each with the grants of its own moment.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "services/base/reason.h"
#include "services/exchange/api.h"
#include "services/exchange/api_audit.h"
#include "services/exchange/api_support.h"
#include "services/exchange/as_of.h"
#include "services/exchange/prices.h"
#include "services/exchange/series.h"

namespace tandem::exchange {
namespace {

using base::DataKind;
using base::Reason;

constexpr std::size_t kPageCells =
    131'072;  // At most about 1 MiB of a message; 1.6 with revisions.
constexpr std::int32_t kPageDays = 2'048;
constexpr std::size_t kPricePageItems = 64;

absl::Status NotGranted(std::string_view owner) {
  return base::Refuse(Reason::kNotGranted, "nothing of this is granted, or not all that is named",
                      {{"owner", std::string(owner)}});
}

// What a ReadSeries asks for, checked.
struct SeriesQuery {
  std::string owner{};
  SeriesKey series{};
  DataKind kind = DataKind::kUnspecified;
  std::vector<std::string> locations{};
  std::vector<std::uint32_t> items{};  // Ascending; empty: all.
  std::int32_t day_first = 0;
  std::int32_t day_last = 0;
  bool with_revisions = false;
  std::shared_ptr<const FirmRegister> registers{};
};

// A named item or location that is not there: absent and hidden answer alike to others.
absl::Status UnknownTo(const Call& call, const SeriesQuery& query, Reason reason,
                       const std::string& id) {
  if (call.caller.firm != query.owner) return NotGranted(query.owner);
  return base::Refuse(reason, "is not in the register", {{"id", id}});
}

absl::Status NameItems(const Call& call, const v1::ReadSeriesRequest& request, SeriesQuery& query) {
  std::set<std::uint32_t> numbers;
  for (const std::string& id : request.items()) {
    const std::uint32_t number = query.registers->items.NumberOf(id);
    if (number == 0) return UnknownTo(call, query, Reason::kUnknownItem, id);
    numbers.insert(number);
  }
  query.items.assign(numbers.begin(), numbers.end());
  return absl::OkStatus();
}

absl::Status NameLocations(const Call& call, const v1::ReadSeriesRequest& request,
                           SeriesQuery& query) {
  std::set<std::string_view> named;
  for (const std::string& id : request.locations()) {
    // Its series would be in the answer twice.
    if (!named.insert(id).second) continue;
    if (query.registers->locations.NumberOf(id) == 0) {
      return UnknownTo(call, query, Reason::kUnknownLocation, id);
    }
    query.locations.push_back(id);
  }
  if (!query.locations.empty()) return absl::OkStatus();
  for (std::uint32_t number = 1; number <= query.registers->locations.size(); ++number) {
    query.locations.emplace_back(query.registers->locations.IdOf(number));
  }
  return absl::OkStatus();
}

// One past at most.
absl::Status CheckAsOf(const v1::ReadSeriesRequest& request) {
  if (!request.has_as_of_time()) return absl::OkStatus();
  if (!request.as_of_position().empty()) {
    return base::RefuseField(Reason::kFieldOutOfRange, "as_of_time",
                             "ask for a position or for an instant, not for both");
  }
  const std::int32_t nanos = request.as_of_time().nanos();
  if (nanos >= 0 && nanos < 1'000'000'000) return absl::OkStatus();
  return base::RefuseField(Reason::kFieldOutOfRange, "as_of_time",
                           "nanos are from 0 to 999,999,999", {{"nanos", nanos}});
}

absl::StatusOr<SeriesQuery> QueryFrom(const ExchangeSeams& seams, const Call& call,
                                      const v1::ReadSeriesRequest& request) {
  SeriesQuery query;
  TANDEM_ASSIGN_OR_RETURN(query.owner, AnyFirm("owner", request.owner()));
  v1::StockStatus status = request.stock_status();
  if (request.measure() == v1::MEASURE_STOCK && status == v1::STOCK_STATUS_UNSPECIFIED) {
    status = v1::STOCK_STATUS_FREE;
  }
  TANDEM_ASSIGN_OR_RETURN(
      query.series, SeriesKeyFrom(request.measure(), request.stock_owner(), status, query.owner));
  query.kind = KindOf(request.measure());
  TANDEM_ASSIGN_OR_RETURN(const base::Day first, DayFrom("start_date", request.start_date()));
  TANDEM_ASSIGN_OR_RETURN(const base::Day last, DayFrom("end_date", request.end_date()));
  if (last < first) {
    return base::RefuseField(Reason::kDayOutOfRange, "end_date", "is before the first day");
  }
  query.day_first = first.number();
  query.day_last = last.number();
  query.with_revisions = request.with_revisions();
  TANDEM_RETURN_IF_ERROR(CheckAsOf(request));
  query.registers = seams.registers->Of(query.owner);
  TANDEM_RETURN_IF_ERROR(NameItems(call, request, query));
  TANDEM_RETURN_IF_ERROR(NameLocations(call, request, query));
  return query;
}

// Keeps the locations where anything that is asked for is granted. NOT_GRANTED if that is nowhere,
// or if a named item is granted at none of them.
absl::Status KeepGranted(const ExchangeSeams& seams, const Call& call, SeriesQuery& query) {
  if (call.caller.firm == query.owner) return absl::OkStatus();
  std::vector<std::string> kept;
  std::set<std::uint32_t> missing(query.items.begin(), query.items.end());
  for (std::string& location : query.locations) {
    TANDEM_ASSIGN_OR_RETURN(
        const auto granted,
        seams.grants->ItemsAt(runtime::ViewerOf(call), query.owner, query.kind, location));
    if (granted->empty()) continue;
    bool any = query.items.empty();
    for (const std::uint32_t item : query.items) {
      if (!granted->Contains(query.registers->items.IdOf(item))) continue;
      missing.erase(item);
      any = true;
    }
    if (any) kept.push_back(std::move(location));
  }
  if (kept.empty() || !missing.empty()) return NotGranted(query.owner);
  query.locations = std::move(kept);
  return absl::OkStatus();
}

// Rows of each slot as they were when the read began, and what of them is asked for.
struct ReadCut {
  std::map<base::SlotId, runtime::Log::Rows> rows{};
  std::map<base::SlotId, std::uint64_t> as_of{};
  base::Position position{};
};

class SeriesPages final : public Pages<v1::ReadSeriesResponse> {
 public:
  SeriesPages(const ExchangeSeams& seams, const Call& call, SeriesQuery query, ReadCut cut)
      : seams_(seams), call_(call), query_(std::move(query)), cut_(std::move(cut)) {
    const auto group_last = GroupOf(query_.registers->items.size());
    if (query_.items.empty()) {
      for (std::uint32_t group = 0; group <= group_last; ++group) groups_.push_back(group);
    }
    for (const std::uint32_t item : query_.items) {
      if (groups_.empty() || groups_.back() != GroupOf(item)) groups_.push_back(GroupOf(item));
    }
    day_ = query_.day_first;
  }

  absl::StatusOr<std::optional<v1::ReadSeriesResponse>> Next() override {
    v1::ReadSeriesResponse page;
    while (location_ < query_.locations.size() && page.items_size() == 0) {
      TANDEM_RETURN_IF_ERROR(Fill(page));
    }
    if (page.items_size() == 0 && !first_) return std::optional<v1::ReadSeriesResponse>();
    if (first_) {
      page.set_position(runtime::SealPosition(*seams_.sealer, call_.caller.firm, cut_.position));
    }
    first_ = false;
    return std::optional<v1::ReadSeriesResponse>(std::move(page));
  }

 private:
  // Some groups of one location by one span of days; moves on to what comes after.
  absl::Status Fill(v1::ReadSeriesResponse& page) {
    const Place place{query_.owner, query_.locations[location_]};
    TANDEM_ASSIGN_OR_RETURN(const auto granted,
                            seams_.grants->ItemsAt(runtime::ViewerOf(call_), query_.owner,
                                                   query_.kind, place.location));
    if (granted->empty() && call_.caller.firm != query_.owner) return NotGranted(query_.owner);
    const std::int32_t day_last = std::min(query_.day_last, day_ + kPageDays - 1);
    const auto days = static_cast<std::size_t>(day_last - day_) + 1;
    const std::size_t groups = std::clamp<std::size_t>(kPageCells / (days * kTileItems), 1, 4);
    const std::size_t group_end = std::min(groups_.size(), group_ + groups);
    TANDEM_RETURN_IF_ERROR(Open(place, day_last));
    SeriesCut::Columns columns{
        .day_first = day_, .day_count = days, .with_revisions = query_.with_revisions};
    known_.clear();
    revisions_.clear();
    for (std::size_t g = group_; g < group_end; ++g) {
      TANDEM_RETURN_IF_ERROR(series_->ReadGroup(groups_[g], columns));
      AddGroup(groups_[g], columns, *granted, page);
    }
    Finish(place, columns, page);
    Advance(group_end, day_last);
    return absl::OkStatus();
  }

  // The cut of the location and span of days, made once for all its groups.
  absl::Status Open(const Place& place, std::int32_t day_last) {
    if (series_.has_value()) return absl::OkStatus();
    const base::SlotId slot = SlotOf(seams_, place);
    const Box interest{0, query_.registers->items.size() + static_cast<std::uint32_t>(kTileItems),
                       day_, day_last};
    series_.emplace(*cut_.rows.at(slot).rows, place, query_.series,
                    CutOptions{.as_of = cut_.as_of.at(slot), .interest = interest});
    return absl::OkStatus();
  }

  void AddGroup(std::uint32_t group, const SeriesCut::Columns& columns,
                const base::GrantedItems& granted, v1::ReadSeriesResponse& page) {
    for (std::uint32_t i = 0; i < kTileItems; ++i) {
      const std::uint32_t number = group * static_cast<std::uint32_t>(kTileItems) + i;
      const std::string_view id = query_.registers->items.IdOf(number);
      if (id.empty() || !Asked(number) || !granted.Contains(id)) continue;
      const std::size_t row = i * columns.day_count;
      const auto known = columns.known.begin() + static_cast<std::ptrdiff_t>(row);
      const auto known_end = known + static_cast<std::ptrdiff_t>(columns.day_count);
      if (std::find(known, known_end, 1) == known_end) continue;
      page.add_items(std::string(id));
      known_.insert(known_.end(), known, known_end);
      if (columns.with_revisions) {
        const auto revisions = columns.revisions.begin() + static_cast<std::ptrdiff_t>(row);
        revisions_.insert(revisions_.end(), revisions,
                          revisions + static_cast<std::ptrdiff_t>(columns.day_count));
      }
      const auto values = columns.values_milli.begin() + static_cast<std::ptrdiff_t>(row);
      page.mutable_value_milli()->Add(values,
                                      values + static_cast<std::ptrdiff_t>(columns.day_count));
    }
  }

  bool Asked(std::uint32_t number) const {
    return query_.items.empty() ||
           std::binary_search(query_.items.begin(), query_.items.end(), number);
  }

  void Finish(const Place& place, const SeriesCut::Columns& columns,
              v1::ReadSeriesResponse& page) const {
    if (page.items_size() == 0) return;
    page.set_location(LocationName(place));
    page.set_first_day(columns.day_first);
    page.set_day_count(static_cast<std::int32_t>(columns.day_count));
    if (std::any_of(revisions_.begin(), revisions_.end(), [](auto value) { return value != 0; })) {
      page.mutable_revision()->Add(revisions_.begin(), revisions_.end());
    }
    if (std::find(known_.begin(), known_.end(), 0) == known_.end()) return;  // All known.
    std::string bits((known_.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (known_[i] != 0) bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
    }
    page.set_known(std::move(bits));
  }

  void Advance(std::size_t group_end, std::int32_t day_last) {
    group_ = group_end;
    if (group_ < groups_.size()) return;
    group_ = 0;
    series_.reset();
    day_ = day_last + 1;
    if (day_ <= query_.day_last) return;
    day_ = query_.day_first;
    ++location_;
  }

  const ExchangeSeams seams_;
  const Call call_;
  const SeriesQuery query_;
  const ReadCut cut_;
  std::vector<std::uint32_t> groups_;
  // What comes next.
  std::size_t location_ = 0;
  std::size_t group_ = 0;
  std::int32_t day_ = 0;
  std::optional<SeriesCut> series_;
  std::vector<std::uint8_t> known_;
  std::vector<std::uint32_t> revisions_;
  bool first_ = true;
};

// The rows of every slot that the locations are in.
absl::StatusOr<ReadCut> CutFor(const ExchangeSeams& seams, const SeriesQuery& query,
                               const base::Position& as_of,
                               const std::optional<absl::Time>& as_of_time) {
  ReadCut cut;
  for (const std::string& location : query.locations) {
    const base::SlotId slot = SlotOf(seams, Place{query.owner, location});
    if (cut.rows.contains(slot)) continue;
    TANDEM_ASSIGN_OR_RETURN(runtime::Log::Rows rows, seams.router->Read(slot));
    cut.position.Set(slot, rows.applied);
    std::uint64_t number = kNow;
    if (as_of_time.has_value()) {
      TANDEM_ASSIGN_OR_RETURN(number,
                              NumberAt(seams.router->log(), slot, rows.applied, *as_of_time));
    } else if (!as_of.numbers().empty()) {
      number = as_of.At(slot);
    }
    cut.as_of.emplace(slot, number);
    cut.rows.emplace(slot, std::move(rows));
  }
  return cut;
}

// One page of prices: blocks apart by how prices are written and by revision.
using PriceBlocks = std::map<std::tuple<std::string, std::int32_t, std::uint32_t>, v1::PriceBlock>;

void AddRanges(std::string_view id, const std::vector<PricedRange>& ranges, PriceBlocks& blocks) {
  for (const PricedRange& range : ranges) {
    v1::PriceBlock& block = blocks[{range.price.currency_code, range.price.scale, range.revision}];
    if (block.items_size() == 0 || block.items(block.items_size() - 1) != id) {
      block.add_items(std::string(id));
    }
    block.add_item(static_cast<std::uint32_t>(block.items_size() - 1));
    block.add_first_day(range.day_first);
    block.add_last_day(range.day_last);
    block.add_value(range.price.value);
    block.set_scale(range.price.scale);
    block.set_currency_code(range.price.currency_code);
    block.set_revision(range.revision);
  }
}

struct PriceQuery {
  Place place{};
  std::set<std::uint32_t> items{};  // Empty: all.
  std::shared_ptr<const FirmRegister> registers{};
};

class PricePages final : public Pages<v1::ReadPricesResponse> {
 public:
  PricePages(const ExchangeSeams& seams, const Call& call, PriceQuery query,
             runtime::Log::Rows rows)
      : seams_(seams),
        call_(call),
        query_(std::move(query)),
        rows_(std::move(rows)),
        cut_(*rows_.rows, query_.place, kNow, false) {}

  absl::StatusOr<std::optional<v1::ReadPricesResponse>> Next() override {
    TANDEM_ASSIGN_OR_RETURN(const auto granted,
                            seams_.grants->ItemsAt(runtime::ViewerOf(call_), query_.place.owner,
                                                   DataKind::kPrices, query_.place.location));
    if (granted->empty() && call_.caller.firm != query_.place.owner) {
      return NotGranted(query_.place.owner);
    }
    v1::ReadPricesResponse page;
    // A block of which nothing is granted would still tell its currency and its revision.
    while (page.prices().items().empty() && !(blocks_.empty() && ended_)) {
      if (blocks_.empty()) {
        TANDEM_RETURN_IF_ERROR(Fill());
        continue;
      }
      *page.mutable_prices() = Cut(blocks_.begin()->second, *granted);
      blocks_.erase(blocks_.begin());
    }
    if (page.prices().items().empty()) {
      if (!first_) return std::optional<v1::ReadPricesResponse>();
      page.clear_prices();
    }
    if (first_) {
      base::Position position;
      position.Set(SlotOf(seams_, query_.place), rows_.applied);
      page.set_position(runtime::SealPosition(*seams_.sealer, call_.caller.firm, position));
    }
    first_ = false;
    return std::optional<v1::ReadPricesResponse>(std::move(page));
  }

 private:
  absl::Status Fill() {
    const std::vector<std::uint32_t> items = cut_.ItemsAfter(item_, kPricePageItems);
    ended_ = items.empty();
    for (const std::uint32_t item : items) {
      item_ = item;
      if (!query_.items.empty() && !query_.items.contains(item)) continue;
      AddRanges(query_.registers->items.IdOf(item), cut_.RangesOf(item), blocks_);
    }
    return rows_.rows->status();
  }

  // The block's ranges of items that are granted now.
  static v1::PriceBlock Cut(const v1::PriceBlock& block, const base::GrantedItems& granted) {
    v1::PriceBlock cut;
    cut.set_scale(block.scale());
    cut.set_currency_code(block.currency_code());
    cut.set_revision(block.revision());
    std::uint32_t last = 0;
    bool any = false;
    for (int i = 0; i < block.item_size(); ++i) {
      const std::string& id = block.items(static_cast<int>(block.item(i)));
      if (!granted.Contains(id)) continue;
      if (!any || last != block.item(i)) cut.add_items(id);
      any = true;
      last = block.item(i);
      cut.add_item(static_cast<std::uint32_t>(cut.items_size() - 1));
      cut.add_first_day(block.first_day(i));
      cut.add_last_day(block.last_day(i));
      cut.add_value(block.value(i));
    }
    return cut;
  }

  const ExchangeSeams seams_;
  const Call call_;
  const PriceQuery query_;
  const runtime::Log::Rows rows_;
  PriceCut cut_;
  PriceBlocks blocks_;
  std::uint32_t item_ = 0;
  bool ended_ = false;
  bool first_ = true;
};

absl::StatusOr<PriceQuery> QueryFrom(const ExchangeSeams& seams, const Call& call,
                                     const v1::ReadPricesRequest& request) {
  PriceQuery query;
  TANDEM_ASSIGN_OR_RETURN(query.place, AnyPlace("location", request.location()));
  query.registers = seams.registers->Of(query.place.owner);
  const bool own = call.caller.firm == query.place.owner;
  TANDEM_ASSIGN_OR_RETURN(const auto granted,
                          seams.grants->ItemsAt(runtime::ViewerOf(call), query.place.owner,
                                                DataKind::kPrices, query.place.location));
  if (!own && granted->empty()) return NotGranted(query.place.owner);
  for (const std::string& id : request.items()) {
    const std::uint32_t number = query.registers->items.NumberOf(id);
    if (!own && !granted->Contains(id)) return NotGranted(query.place.owner);
    if (number == 0) {
      return base::Refuse(Reason::kUnknownItem, "is not in the register", {{"item", id}});
    }
    query.items.insert(number);
  }
  return query;
}

}  // namespace

void ExchangeApi::ReadSeries(const Call& call, const v1::ReadSeriesRequest& request,
                             PagesReply<v1::ReadSeriesResponse> reply) {
  reply = AuditOf(seams_).ReadPages(call, {"ReadSeries", ResourceOf(request)}, std::move(reply));
  const auto as_of =
      runtime::OpenPosition(*seams_.sealer, call.caller.firm, request.as_of_position());
  if (!as_of.ok()) return reply(as_of.status());
  AtPosition(
      seams_, call, request.min_position(),
      [this, call, request, as_of = *as_of,
       reply = std::move(reply)](const absl::Status& reached) mutable {
        if (!reached.ok()) return reply(reached);
        auto query = QueryFrom(seams_, call, request);
        if (!query.ok()) return reply(query.status());
        const absl::Status granted = KeepGranted(seams_, call, *query);
        if (!granted.ok()) return reply(granted);
        std::optional<absl::Time> time;
        if (request.has_as_of_time()) {
          time = absl::FromUnixSeconds(request.as_of_time().seconds()) +
                 absl::Nanoseconds(request.as_of_time().nanos());
        }
        auto cut = CutFor(seams_, *query, as_of, time);
        if (!cut.ok()) return reply(cut.status());
        reply(std::make_unique<SeriesPages>(seams_, call, *std::move(query), *std::move(cut)));
      });
}

void ExchangeApi::ReadPrices(const Call& call, const v1::ReadPricesRequest& request,
                             PagesReply<v1::ReadPricesResponse> reply) {
  reply = AuditOf(seams_).ReadPages(call, {"ReadPrices", ResourceOf(request)}, std::move(reply));
  AtPosition(
      seams_, call, request.min_position(),
      [this, call, request, reply = std::move(reply)](const absl::Status& reached) mutable {
        if (!reached.ok()) return reply(reached);
        auto query = QueryFrom(seams_, call, request);
        if (!query.ok()) return reply(query.status());
        auto rows = seams_.router->Read(SlotOf(seams_, query->place));
        if (!rows.ok()) return reply(rows.status());
        reply(std::make_unique<PricePages>(seams_, call, *std::move(query), *std::move(rows)));
      });
}

}  // namespace tandem::exchange

// Price blocks: the part of block.h that is about prices.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "services/base/day.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/block.h"
#include "services/exchange/column.h"

namespace tandem::exchange {
namespace {

using base::Day;
using base::Reason;
using base::RefuseField;

// base::ParseUnitPrice's bound.
constexpr std::int64_t kPriceMax = 1'000'000'000'000'000;

bool IsCurrency(std::string_view code) {
  return code.size() == 3 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

absl::Status CheckShape(const v1::PriceBlock& block) {
  const int ranges = block.item_size();
  if (ranges == 0) return RefuseField(Reason::kFieldMissing, "item", "a block has at least a row");
  if (block.first_day_size() != ranges || block.last_day_size() != ranges ||
      block.value_size() != ranges) {
    return RefuseField(Reason::kBadColumns, "item", "columns differ in length",
                       {{"item", ranges},
                        {"first_day", block.first_day_size()},
                        {"last_day", block.last_day_size()},
                        {"value", block.value_size()}});
  }
  if (static_cast<std::size_t>(ranges) > kBlockRowsMax) {
    return RefuseField(Reason::kBlockTooLarge, "item", "too many ranges in a block",
                       {{"rows", ranges}, {"rows_max", kBlockRowsMax}});
  }
  if (block.scale() < 0 || block.scale() > 9) {
    return RefuseField(Reason::kFieldOutOfRange, "scale", "a price has 0 to 9 decimals",
                       {{"scale", block.scale()}});
  }
  if (!IsCurrency(block.currency_code())) {
    return RefuseField(Reason::kFieldOutOfRange, "currency_code", "is not a code of ISO 4217");
  }
  return absl::OkStatus();
}

// One range of the wire with its item's number. Nothing is said of a location after its last day.
absl::StatusOr<std::pair<std::uint32_t, PriceRange>> RangeAt(const BlockScope& scope,
                                                             std::int32_t location_last_day,
                                                             const v1::PriceBlock& block, int i) {
  if (block.item(i) >= scope.dictionary.numbers.size()) {
    return RefuseField(Reason::kBadColumns, "item", "an index beyond the items", {{"row", i}});
  }
  const std::string& id = scope.dictionary.ids[block.item(i)];
  const std::uint32_t number = scope.dictionary.numbers[block.item(i)];
  if (number == 0) {
    return RefuseField(Reason::kUnknownItem, "items", "the item is not in the owner's register",
                       {{"row", i}, {"item", id}});
  }
  const PriceRange range{block.first_day(i), block.last_day(i), block.value(i)};
  if (range.day_first < Day::kFirst || range.day_last > Day::kLast ||
      range.day_last < range.day_first) {
    return RefuseField(
        Reason::kDayOutOfRange, "first_day", "no range of days from 1990 to 2099",
        {{"row", i}, {"item", id}, {"first_day", range.day_first}, {"last_day", range.day_last}});
  }
  // A range may reach beyond the closing day: it says what a price would be, and nothing is sold.
  const bool item_closed = range.day_first > scope.registers->items.LastDay(number);
  if (item_closed || range.day_first > location_last_day) {
    return RefuseField(
        Reason::kEntryClosed, "first_day",
        item_closed ? "the item is closed by then" : "the location is closed by then",
        {{"row", i}, {"item", id}, {"day", Day::FromNumber(range.day_first).ToString()}});
  }
  if (range.value < 0 || range.value > kPriceMax) {
    return RefuseField(Reason::kFieldOutOfRange, "value", "a price is from 0 to 10^15",
                       {{"row", i}, {"item", id}, {"value", range.value}});
  }
  return std::pair(number, range);
}

// The ranges of each item, with the rows that named them.
using RowsByItem = std::map<std::uint32_t, std::vector<std::pair<PriceRange, std::size_t>>>;

absl::Status SortItems(const BlockScope& scope, RowsByItem& by_item, PriceBlock& block) {
  block.day_first = std::numeric_limits<std::int32_t>::max();
  for (auto& [number, rows] : by_item) {
    std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.first.day_first; });
    PriceBlock::Item& item = block.items.emplace_back(PriceBlock::Item{.item = number});
    for (const auto& [range, row] : rows) {
      if (!item.ranges.empty() && range.day_first <= item.ranges.back().day_last) {
        return RefuseField(Reason::kDuplicateRow, "first_day", "the block names a day twice",
                           {{"row", row},
                            {"item", std::string(scope.registers->items.IdOf(number))},
                            {"day", Day::FromNumber(range.day_first).ToString()}});
      }
      item.ranges.push_back(range);
      item.rows.push_back(row);
    }
    block.day_first = std::min(block.day_first, item.ranges.front().day_first);
  }
  block.touched = TouchedBy(block.items);
  return absl::OkStatus();
}

void FillFact(const Place& place, PriceBlock& block) {
  std::vector<std::int64_t> items, first, last, values;
  for (const PriceBlock::Item& item : block.items) {
    for (const PriceRange& range : item.ranges) {
      items.push_back(item.item);
      first.push_back(range.day_first);
      last.push_back(range.day_last);
      values.push_back(range.value);
    }
  }
  v1::PricesReported& fact = block.fact;
  fact.set_owner(place.owner);
  fact.set_location(place.location);
  fact.set_item_column(EncodeColumn(items));
  fact.set_first_day_column(EncodeColumn(first));
  fact.set_last_day_column(EncodeColumn(last));
  fact.set_value_column(EncodeColumn(values));
  fact.set_scale(block.scale);
  fact.set_currency_code(block.currency_code);
  fact.set_revision(block.revision);
  fact.set_range_count(static_cast<std::int64_t>(items.size()));
  block.touched_columns = EncodeTouched({}, block.touched);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PriceBlock>> PreparePrices(const BlockScope& scope,
                                                                const v1::PriceBlock& block) {
  TANDEM_RETURN_IF_ERROR(CheckShape(block));
  const std::uint32_t location = scope.registers->locations.NumberOf(scope.place.location);
  if (location == 0) {
    return RefuseField(Reason::kUnknownLocation, "location", "is not in the owner's register",
                       {{"location", scope.place.location}});
  }
  auto prepared = std::make_shared<PriceBlock>();
  prepared->revision = block.revision();
  prepared->scale = block.scale();
  prepared->currency_code = block.currency_code();
  prepared->range_count = static_cast<std::size_t>(block.item_size());
  const std::int32_t last_day = scope.registers->locations.LastDay(location);
  RowsByItem by_item;
  for (int i = 0; i < block.item_size(); ++i) {
    TANDEM_ASSIGN_OR_RETURN(const auto range, RangeAt(scope, last_day, block, i));
    by_item[range.first].emplace_back(range.second, static_cast<std::size_t>(i));
  }
  TANDEM_RETURN_IF_ERROR(SortItems(scope, by_item, *prepared));
  prepared->registers = scope.registers;
  FillFact(scope.place, *prepared);
  if (prepared->fact.ByteSizeLong() > kBlockBytesMax) {
    return RefuseField(Reason::kBlockTooLarge, "value", "the block's columns are too large",
                       {{"bytes_max", kBlockBytesMax}});
  }
  return prepared;
}

absl::StatusOr<std::vector<PriceBlock::Item>> DecodePriceColumns(const v1::PricesReported& fact) {
  TANDEM_ASSIGN_OR_RETURN(const auto items, DecodeColumn(fact.item_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const auto first, DecodeColumn(fact.first_day_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const auto last, DecodeColumn(fact.last_day_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const auto values, DecodeColumn(fact.value_column(), kBlockRowsMax));
  const auto damaged = [] {
    return base::Refuse(Reason::kStoredBytesDamaged, "a price block's columns do not agree");
  };
  if (first.size() != items.size() || last.size() != items.size() ||
      values.size() != items.size() || items.empty()) {
    return damaged();
  }
  std::vector<PriceBlock::Item> out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i] <= 0 || items[i] > 0x7fffffff || first[i] < Day::kFirst || last[i] < first[i] ||
        last[i] > Day::kLast) {
      return damaged();
    }
    const auto item = static_cast<std::uint32_t>(items[i]);
    if (out.empty() || out.back().item != item) out.push_back({.item = item});
    out.back().ranges.push_back(
        {static_cast<std::int32_t>(first[i]), static_cast<std::int32_t>(last[i]), values[i]});
  }
  return out;
}

}  // namespace tandem::exchange

#include "services/exchange/prices.h"

#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/codec.h"

namespace tandem::exchange {
namespace {

// The same number with as few decimals as it needs.
std::pair<std::int64_t, std::int32_t> Shortest(std::int64_t value, std::int32_t scale) {
  while (scale > 0 && value % 10 == 0) {
    value /= 10;
    --scale;
  }
  return {value, scale};
}

// Ranges by first day, not overlapping.
using Painted = std::map<std::int32_t, PricedRange>;

// Lays a range over what is there: parts that stick out stay.
void Paint(Painted& painted, const PricedRange& range) {
  auto next = painted.upper_bound(range.day_first);
  if (next != painted.begin()) --next;
  while (next != painted.end() && next->second.day_first <= range.day_last) {
    const PricedRange old = next->second;
    if (old.day_last < range.day_first) {
      ++next;
      continue;
    }
    next = painted.erase(next);
    if (old.day_first < range.day_first) {
      PricedRange before = old;
      before.day_last = range.day_first - 1;
      painted.emplace(before.day_first, before);
    }
    if (old.day_last > range.day_last) {
      PricedRange after = old;
      after.day_first = range.day_last + 1;
      next = painted.emplace(after.day_first, after).first;
    }
  }
  painted.emplace(range.day_first, range);
}

std::string TextOf(const Price& price) {
  return base::ToString(base::UnitPrice{price.value, price.scale}) + " " + price.currency_code;
}

}  // namespace

bool operator==(const Price& a, const Price& b) {
  return a.currency_code == b.currency_code &&
         Shortest(a.value, a.scale) == Shortest(b.value, b.scale);
}

PriceCut::PriceCut(const base::RowReader& rows, const Place& place, std::uint64_t as_of,
                   bool open_batches)
    : rows_(rows),
      place_(place),
      prefix_(PlacePrefix(RowKind::kPrice, place)),
      as_of_(as_of),
      open_batches_(open_batches) {}

std::optional<std::uint64_t> PriceCut::ArrivalOf(std::uint64_t number) const {
  const auto [found, fresh] = arrivals_.try_emplace(number, std::nullopt);
  if (!fresh) return found->second;
  const std::optional<BatchRow> batch = BatchIn(rows_, place_, number);
  base::Require(batch.has_value(), "a price's batch is missing");
  if (batch->close_number == 0) {
    if (open_batches_) found->second = kNow;
  } else if (batch->close_number <= as_of_ &&
             (batch->retract_number == 0 || batch->retract_number > as_of_)) {
    found->second = batch->close_number;
  }
  return found->second;
}

std::vector<PricedRange> PriceCut::RangesOf(std::uint32_t item) const {
  struct Layer {
    std::uint64_t arrival = 0;
    PriceArrival prices{};
  };
  std::vector<Layer> layers;
  rows_.Scan(PriceKey(prefix_, item, 0), PriceKey(prefix_, item + 1, 0),
             [&](std::string_view key, std::string_view value) {
               PriceArrival prices = DecodePrices(key, value);
               const std::optional<std::uint64_t> arrival = ArrivalOf(prices.batch);
               if (arrival.has_value()) layers.push_back({*arrival, std::move(prices)});
               return true;
             });
  std::stable_sort(layers.begin(), layers.end(), [](const Layer& a, const Layer& b) {
    return std::pair(a.prices.revision, a.arrival) < std::pair(b.prices.revision, b.arrival);
  });
  Painted painted;
  for (const Layer& layer : layers) {
    for (const PriceRange& range : layer.prices.ranges) {
      Paint(painted, {range.day_first,
                      range.day_last,
                      {range.value, layer.prices.scale, layer.prices.currency_code},
                      layer.prices.revision});
    }
  }
  std::vector<PricedRange> ranges;
  for (auto& [day, range] : painted) {
    if (!ranges.empty() && ranges.back().day_last + 1 == day &&
        ranges.back().price == range.price && ranges.back().revision == range.revision) {
      ranges.back().day_last = range.day_last;
    } else {
      ranges.push_back(std::move(range));
    }
  }
  return ranges;
}

std::vector<std::uint32_t> PriceCut::ItemsAfter(std::uint32_t after, std::size_t count) const {
  std::vector<std::uint32_t> items;
  const std::string limit = base::PrefixEnd(prefix_);
  std::string first = PriceKey(prefix_, after + 1, 0);
  while (items.size() < count) {
    std::optional<std::uint32_t> next;
    rows_.Scan(first, limit, [&](std::string_view key, std::string_view) {
      next = ItemOfPriceKey(key);
      return false;
    });
    if (!next.has_value()) break;
    items.push_back(*next);
    first = PriceKey(prefix_, *next + 1, 0);
  }
  return items;
}

absl::Status CheckPriceConflicts(const base::RowReader& rows, const Place& place,
                                 const PriceBlock& block) {
  const auto mark = NumberIn(rows, PlacePrefix(RowKind::kPriceMark, place));
  if (!mark.has_value() || block.day_first > static_cast<std::int64_t>(*mark)) {
    return absl::OkStatus();
  }
  const PriceCut cut(rows, place, kNow, true);
  for (const PriceBlock::Item& item : block.items) {
    const std::vector<PricedRange> known = cut.RangesOf(item.item);
    for (std::size_t i = 0; i < item.ranges.size(); ++i) {
      const PriceRange& range = item.ranges[i];
      const Price price{range.value, block.scale, block.currency_code};
      for (const PricedRange& old : known) {
        if (old.day_first > range.day_last || old.day_last < range.day_first) continue;
        if (block.revision > old.revision) continue;
        if (block.revision == old.revision && price == old.price) continue;
        const std::int32_t day = std::max(old.day_first, range.day_first);
        return base::Refuse(base::Reason::kRevisionConflict,
                            "the day is known with another price of this or a higher revision",
                            {{"row", item.rows[i]},
                             {"item", std::string(block.registers->items.IdOf(item.item))},
                             {"day", base::Day::FromNumber(day).ToString()},
                             {"revision", block.revision},
                             {"price", TextOf(price)},
                             {"known_revision", old.revision},
                             {"known_price", TextOf(old.price)}});
      }
    }
  }
  return rows.status();
}

}  // namespace tandem::exchange

// Prices as they count: ranges of days painted over each other, by revision and then by arrival.
// Pure, over rows.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/base/rows.h"
#include "services/exchange/block.h"
#include "services/exchange/model.h"
#include "services/exchange/series.h"

namespace tandem::exchange {

// A price with how it is written.
struct Price {
  std::int64_t value = 0;
  std::int32_t scale = 0;
  std::string currency_code{};
  // 9.5 and 9.50 are the same price.
  friend bool operator==(const Price& a, const Price& b);
};

struct PricedRange {
  std::int32_t day_first = 0;
  std::int32_t day_last = 0;  // Included.
  Price price{};
  std::uint32_t revision = 0;
};

// One place's prices at a cut. The rows must outlive it.
class PriceCut {
 public:
  PriceCut(const base::RowReader& rows, const Place& place, std::uint64_t as_of, bool open_batches);
  // The item's ranges, ascending, not overlapping; neighbours with the same price are one.
  std::vector<PricedRange> RangesOf(std::uint32_t item) const;
  // The items that have any price row, ascending, `after` excluded, at most `count`.
  std::vector<std::uint32_t> ItemsAfter(std::uint32_t after, std::size_t count) const;

 private:
  // From when on a batch's rows are visible; nullopt: they do not count.
  std::optional<std::uint64_t> ArrivalOf(std::uint64_t batch) const;

  const base::RowReader& rows_;
  Place place_;
  std::string prefix_;
  std::uint64_t as_of_;
  bool open_batches_;
  mutable std::map<std::uint64_t, std::optional<std::uint64_t>> arrivals_;
};

// Refuses a block that another statement contradicts, as CheckConflicts (series.h) does.
absl::Status CheckPriceConflicts(const base::RowReader& rows, const Place& place,
                                 const PriceBlock& block);

}  // namespace tandem::exchange

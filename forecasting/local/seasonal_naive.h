// The seasonal naive forecast: the next season is the last one again. The yardstick that every
// other model has to beat. Reference: Hyndman and Athanasopoulos, Forecasting: Principles and
// Practice, 3rd ed., 5.2.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/local/history.h"

namespace tandem::forecasting {

struct SeasonalNaiveOptions {
  std::size_t season_buckets = 7;    // m >= 1. 7: days of a week, as M5's sNaive.
  std::size_t horizon_buckets = 28;  // h in 0..kHorizonBucketsMax. 28: M5's.
};

// Repeats the last season of `history_units` (demand per bucket, oldest first, no gaps):
//   forecast[k] = y[n - s + k mod s],  k = 0..h-1,  s = min(m, n)
// so a history shorter than a season repeats what there is, and m = 1 is the naive forecast.
// O(n + h) time (every value is checked).
// Returns kInvalidArgument if the history is empty or holds a NaN or an infinity, m is 0, or h is
// over the maximum.
absl::StatusOr<std::vector<double>> SeasonalNaive(std::span<const double> history_units,
                                                  const SeasonalNaiveOptions& options);

// The same, for as many buckets as `mean_units` has; no allocation.
absl::Status SeasonalNaiveInto(std::span<const double> history_units, std::size_t season_buckets,
                               std::span<double> mean_units);

}  // namespace tandem::forecasting

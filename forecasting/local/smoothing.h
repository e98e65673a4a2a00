// Simple exponential smoothing: one level, no trend, no season.
// Reference: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 8.1.
#pragma once

#include <array>
#include <span>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

struct LevelOptions {
  double alpha = 0.1;  // Weight of the newest bucket, in (0, 1]. 0.1 as in R's forecast::croston.
};

struct LevelFit {
  double level_units = 0.0;  // The forecast for every later bucket.
  double rmse_units = 0.0;   // Of the one-step forecasts of buckets 1 to n-1.
};

// Fits the level to `history_units`: demand per bucket, oldest first, no gaps.
//   level[0] = y[0],  level[t] = level[t-1] + alpha * (y[t] - level[t-1])
// O(n) time, no allocation. A single bucket has no forecast error: its rmse is 0.
// Returns kInvalidArgument if the history is empty or holds a NaN or an infinity, or
// if alpha is outside (0, 1]; kOutOfRange if a result is not finite.
absl::StatusOr<LevelFit> FitLevel(std::span<const double> history_units,
                                  const LevelOptions& options);

// The weights that FitBestLevel tries. M5's "SES" takes its alpha from 0.1 to 0.3 (M5 Competitors'
// Guide, table of benchmarks); 0.02 and 0.05 serve slow movers, for which 0.1 follows noise.
inline constexpr std::array<double, 7> kAlphaGrid = {0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3};

struct BestLevel {
  double alpha = 0.0;  // Of kAlphaGrid.
  LevelFit fit{};
};

// The fit of FitLevel with the alpha of kAlphaGrid whose one-step squared error over the history is
// least; the smaller alpha on a tie (so 0.02 for a constant series). The search is the whole grid,
// so it always ends. Cut leading zeros first (FromFirstSale): they would pull level[0] to zero.
// O(7 n) time, no allocation. Errors as FitLevel.
absl::StatusOr<BestLevel> FitBestLevel(std::span<const double> history_units);

}  // namespace tandem::forecasting

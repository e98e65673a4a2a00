// Complex exponential smoothing, without season of its own: level and an unseen second component
// with one complex weight, between a level and a trend; season by classical decomposition.
// Reference: I. Svetunkov, N. Kourentzes and J. K. Ord, "Complex exponential smoothing", Naval
// Research Logistics 69 (2022).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/quantiles.h"
#include "forecasting/local/seasonal_adjustment.h"

namespace tandem::forecasting {

struct CesOptions {
  std::size_t season_buckets = 1;  // m; 1 for none, at most kAdjustedSeasonBucketsMax.
};

// A fitted model, carried forward from bucket to bucket. Holds no pointers: it may be copied.
struct CesModel {
  double alpha_real = 0.0;
  double alpha_imaginary = 0.0;
  double level = 0.0;      // l
  double potential = 0.0;  // c
  SeasonalAdjustment adjustment{};
  double bound_units = 0.0;  // No forecast without season is larger: ten times the largest value.
  double error_variance = 0.0;  // Of one step, without season.
  bool non_negative = true;
  bool fallback = false;
  bool converged = true;
};

struct CesScratch {
  std::vector<double> adjusted{};
};

// With e = y - l, a complex weight a0 + i a1,
//   l' = l - (1 - a1) c + (a0 - a1) e,   c' = l + (1 - a0) c + (a0 + a1) e,
// weights and starts of least sum e^2 among those whose start dies out (the discount matrix's
// eigenvalues are inside the circle), by Levenberg and Marquardt's method with derivatives carried
// along. Seasonal if decomposition.h's test says so. O(n) time a step, no allocation.
// Fallback, flagged: fewer than six buckets or all equal get the last value.
// Returns kInvalidArgument if the history is empty, holds a NaN or an infinity, or m is 0 or over
// the maximum; kOutOfRange if a result is not finite.
absl::StatusOr<CesModel> FitCes(std::span<const double> history_units, const CesOptions& options,
                                CesScratch& scratch);

// One more bucket, weights and season unchanged. O(1). `units` must be finite.
void UpdateCes(CesModel& model, double units);

// Mean and, unless `band_units` is empty, kQuantiles values a bucket: normal with the variance that
// the recursion gives; level and deviation at most `bound_units`. Never below zero if the history
// was not. O(h), no allocation. Returns kInvalidArgument for spans of other sizes or a horizon over
// the maximum; kOutOfRange if a value is not finite.
absl::Status ForecastCes(const CesModel& model, std::span<double> mean_units,
                         std::span<double> band_units);

}  // namespace tandem::forecasting

// The optimised Theta models: a level that is smoothed, and a share of a line, kept (STM, OTM) or
// fitted anew in every bucket (DSTM, DOTM); season by classical decomposition.
// Reference: J. A. Fiorucci, T. R. Pellegrini, F. Louzada, F. Petropoulos and A. B. Koehler,
// "Models for optimising the theta method and their relationship to state space models", Int. J. of
// Forecasting 32 (2016).
//
//   ThetaScratch scratch;  // One a thread.
//   const auto model = FitTheta(history_units, {.season_buckets = 12},
//   ThetaKind::kDynamicOptimized,
//                               scratch);
//   ForecastTheta(*model, mean_units, band_units);
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/quantiles.h"
#include "forecasting/local/seasonal_adjustment.h"

namespace tandem::forecasting {

enum class ThetaKind { kStandard, kOptimized, kDynamicStandard, kDynamicOptimized };
inline constexpr std::array<ThetaKind, 4> kThetaKinds = {
    ThetaKind::kStandard, ThetaKind::kOptimized, ThetaKind::kDynamicStandard,
    ThetaKind::kDynamicOptimized};

struct ThetaOptions {
  std::size_t season_buckets = 1;  // m; 1 for none, at most kAdjustedSeasonBucketsMax.
};

// What is carried from bucket to bucket, without its season. `line_start` and `line_step` are the
// line's value at 0 and its slope, of the buckets so far or of the whole history.
struct ThetaState {
  double buckets = 0.0;     // t
  double level = 0.0;       // l
  double mean = 0.0;        // of y_1..y_t
  double line_start = 0.0;  // A
  double line_step = 0.0;   // B
  double power = 1.0;       // (1 - alpha)^t
};

// A fitted model. Holds no pointers: it may be copied.
struct ThetaModel {
  ThetaKind kind = ThetaKind::kDynamicOptimized;
  double alpha = 0.5;
  double line_share = 0.5;   // omega = 1 - 1/theta: theta = 2 is 0.5.
  double level_start = 0.0;  // l_0
  ThetaState state{};
  SeasonalAdjustment adjustment{};
  bool non_negative = true;
  bool fallback = false;
  double criterion = 0.0;       // sum_{t>3} e^2 / mean |y|, without season.
  double error_variance = 0.0;  // Of one step, without season.
};

// Grows to the longest history and stays.
struct ThetaScratch {
  std::vector<double> adjusted{};
};

// With mu_1 = y_1 (dynamic) and in bucket t
//   mu = l + omega [A (1-alpha)^(t-1) + B (1 - (1-alpha)^t) / alpha],   l' = alpha y + (1-alpha) l,
// the parameters of least sum_{t>3} (y - mu)^2: alpha in [.1, .99], omega in [0, 1] (0.5 if
// standard), l_0 free, in the valley of alpha = .5, where the paper's search starts. Given alpha
// the errors are linear in omega and l_0, so the search is over alpha alone: sixteen side by side,
// downhill from the middle, then eight between the neighbors, three times. The recursion runs once
// for all weights. O(n) time, no allocation. Seasonal if decomposition.h's test says so (m >= 4);
// multiplicative if the history is positive. Fallback, flagged: fewer than five buckets or all
// equal get the last value. Returns kInvalidArgument if the history is empty, holds a NaN or an
// infinity, or m is 0 or over the maximum; kOutOfRange if a result is not finite.
absl::StatusOr<ThetaModel> FitTheta(std::span<const double> history_units,
                                    const ThetaOptions& options, ThetaKind kind,
                                    ThetaScratch& scratch);

// The kind of least criterion; the earlier of kThetaKinds on a tie.
absl::StatusOr<ThetaModel> FitAutoTheta(std::span<const double> history_units,
                                        const ThetaOptions& options, ThetaScratch& scratch);

// One more bucket, parameters and season unchanged. O(1). `units` must be finite.
void UpdateTheta(ThetaModel& model, double units);

// The mean of the next `mean_units.size()` buckets: the same steps with y = mu. `band_units` is
// empty or holds kQuantiles values a bucket: normal with variance s2 (1 + (h-1) alpha^2). Never
// below zero if the history was not. O(h), no allocation. Returns kInvalidArgument for spans of
// other sizes or a horizon over the maximum; kOutOfRange if a value is not finite.
absl::Status ForecastTheta(const ThetaModel& model, std::span<double> mean_units,
                           std::span<double> band_units);

}  // namespace tandem::forecasting

// The local methods by name, one call for any of them, and the choice of one per series by rolling
// origin: each is fitted on earlier parts of the history and judged by what came then.
// Reference: L. J. Tashman, "Out-of-sample tests of forecasting accuracy", Int. J. of Forecasting
// 16 (2000).
//
//   LocalScratch scratch;  // One a thread.
//   const auto choice = ChooseMethod(history_units, kMedianMethods, options, scratch);
//   ForecastLocal(choice->best, history_units, options, {mean_units, band_units}, scratch);
// and for millions of series, one after the other:
//   ForecastBest(history_units, MethodsFor(history_units), options, room, scratch);
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/ces.h"
#include "forecasting/local/demand_events.h"
#include "forecasting/local/ets.h"
#include "forecasting/local/theta.h"

namespace tandem::forecasting {

enum class LocalMethod {
  kSeasonalNaive,
  kEts,
  kDampedEts,  // The best of the forms with a damped trend.
  kDynamicOptimizedTheta,
  kAutoTheta,
  kCes,
  kCroston,
  kOptimizedCroston,
  kSba,
  kTsb,
  kAdida,
  kImapa,
  kDiscountedDemand,
  kMedian,  // Of kMedianMethods.
};

// What kMedian combines: three methods that err differently (README.md has their errors).
inline constexpr std::array<LocalMethod, 3> kMedianMethods = {
    LocalMethod::kEts, LocalMethod::kDynamicOptimizedTheta, LocalMethod::kCes};

// What a stream of series is chosen from: methods that cost some ten microseconds for two years of
// weeks. Demand comes in every bucket, nearly, or now and then.
inline constexpr std::array<LocalMethod, 3> kSmoothMethods = {LocalMethod::kDynamicOptimizedTheta,
                                                              LocalMethod::kSeasonalNaive,
                                                              LocalMethod::kDiscountedDemand};
inline constexpr std::array<LocalMethod, 3> kOccasionalMethods = {
    LocalMethod::kDiscountedDemand, LocalMethod::kTsb, LocalMethod::kAdida};

struct LocalOptions {
  // m, 1 or more; ETS, Theta and CES take kAdjustedSeasonBucketsMax at most.
  std::size_t season_buckets = 1;
};

// Where a forecast goes: a value a bucket, and none or kQuantiles values a bucket.
struct ForecastRoom {
  std::span<double> mean_units{};
  std::span<double> band_units{};
};

struct LocalScratch {
  EtsScratch ets{};
  ThetaScratch theta{};
  CesScratch ces{};
  EventScratch events{};
  std::vector<double> errors{};
  std::vector<double> judged{};
  std::vector<double> adjusted{};
  std::array<std::vector<double>, kMedianMethods.size()> means{};
  std::array<std::vector<double>, kMedianMethods.size()> bands{};
};

// Fits the method and forecasts. A season over kEtsSeasonBucketsMax is taken out by decomposition
// before ETS, as Theta's is (seasonal_adjustment.h). Seasonal naive takes its quantiles from its
// own one-season errors, spread by sqrt(1 + (h - 1) / m) rounded down to whole seasons; with no
// season seen twice it has none but the mean. The intermittent methods want demand (0 or more), the
// others any number. Returns the errors of the method's own header.
absl::Status ForecastLocal(LocalMethod method, std::span<const double> history_units,
                           const LocalOptions& options, const ForecastRoom& room,
                           LocalScratch& scratch);

struct ChoiceOptions {
  LocalOptions local{};
  std::size_t origins = 3;          // K >= 1, each a horizon before the next.
  std::size_t horizon_buckets = 1;  // h >= 1
};

struct Choice {
  LocalMethod best{};
  std::size_t origins = 0;  // Used; 0: the history was too short to judge.
  std::vector<double>
      mean_squares{};  // By method, over all origins and buckets; for combination.h.
};

// Forecasts h buckets from n - K h, ..., n - h with each of `methods`, and takes the one of least
// mean squared error, the earlier on a tie. An origin with fewer than max(2 m, 8) buckets before it
// is left out; without one the first method is taken. A method that refuses a history cannot be
// chosen. Returns kInvalidArgument if the history is empty or holds a NaN or an infinity, there is
// no method, K or h is 0, or h over the maximum.
absl::StatusOr<Choice> ChooseMethod(std::span<const double> history_units,
                                    std::span<const LocalMethod> methods,
                                    const ChoiceOptions& options, LocalScratch& scratch);

// kOccasionalMethods where the mean interval between demands is 1.32 buckets or more, else
// kSmoothMethods. The border: A. A. Syntetos, J. E. Boylan and J. D. Croston, "On the
// categorization of demand patterns", J. of the Operational Research Society 56 (2005).
std::span<const LocalMethod> MethodsFor(std::span<const double> history_units);

// One series of a stream: ChooseMethod, for the horizon that `room` has, and the chosen method's
// forecast; a method that refuses the whole history gives way to the next of `methods`. No
// allocation once the scratch has met the longest history. Returns the method used, or
// ChooseMethod's errors and, where every method refuses, the last one's; `options.horizon_buckets`
// is not read.
absl::StatusOr<LocalMethod> ForecastBest(std::span<const double> history_units,
                                         std::span<const LocalMethod> methods,
                                         const ChoiceOptions& options, const ForecastRoom& room,
                                         LocalScratch& scratch);

}  // namespace tandem::forecasting

// More measures of point forecasts: scaled and symmetric errors, and what planners watch over time
// (tracking signal, stability, value added by a step). Spans hold one value a bucket; each function
// returns kInvalidArgument if two spans differ in length or a value is a NaN or an infinity, and a
// measure whose denominator is not above 0 or whose span is empty is undefined (nullopt).
// References: Hyndman and Koehler, "Another look at measures of forecast accuracy", Int. J. of
// Forecasting 22 (2006); Makridakis, Spiliotis and Assimakopoulos, "The M4 competition", Int. J. of
// Forecasting 36 (2020), 3; Vandeput, "Data Science for Supply Chain Forecasting" (2021), for bias
// and error together.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "forecasting/accuracy/accuracy.h"

namespace tandem::forecasting {

// sum (actual - forecast) / mean |actual - forecast|: within -n..n, positive if forecast too low.
absl::StatusOr<std::optional<double>> TrackingSignal(std::span<const double> actual_units,
                                                     std::span<const double> forecast_units);

// mean |y[t] - y[t-m]|, t = m+1..n: MASE's and MSIS's denominator. nullopt if zero or n <= m.
// The history must be finite and m at least 1.
std::optional<double> SeasonalStepScale(std::span<const double> history_units,
                                        std::size_t season_buckets);

// mean |actual - forecast| / SeasonalStepScale(history, m). kInvalidArgument too if m is 0.
absl::StatusOr<std::optional<double>> Mase(std::span<const double> history_units,
                                           std::size_t season_buckets,
                                           std::span<const double> actual_units,
                                           std::span<const double> forecast_units);

// M4's: mean of 200 |actual - forecast| / (|actual| + |forecast|) percent, 0 where both are 0.
absl::StatusOr<std::optional<double>> Smape(std::span<const double> actual_units,
                                            std::span<const double> forecast_units);

// mean |actual - forecast| / actual over the buckets whose actual is above 0; the others count in
// neither sum. For comparison only: it prefers forecasts that are too low.
absl::StatusOr<Ratio> Mape(std::span<const double> actual_units,
                           std::span<const double> forecast_units);

// frePPLe's form, 0..1: sum w |F - A| / |F + A| over sum w, w = 0.95^age, the newest bucket last
// and of age 0; buckets with |F + A| of at most 0.000001 (frePPLe's ROUNDING_ERROR) count in
// neither sum.
absl::StatusOr<Ratio> DecayedSmape(std::span<const double> actual_units,
                                   std::span<const double> forecast_units);

// Averages over the series of a set.
struct MeanErrors {
  double smape = 0.0;
  double mase = 0.0;
};
// M4's overall weighted average: the mean of both errors relative to those of Naive2.
std::optional<double> Owa(const MeanErrors& method, const MeanErrors& naive2);

// sum |actual - forecast| + |sum (actual - forecast)| over sum actual: VN1's score.
absl::StatusOr<Ratio> ErrorAndBias(std::span<const double> actual_units,
                                   std::span<const double> forecast_units);

// sum w |actual - forecast| / sum w, weights >= 0 (Walmart 2014: 5 in holiday weeks, else 1).
absl::StatusOr<Ratio> WeightedMae(std::span<const double> actual_units,
                                  std::span<const double> forecast_units,
                                  std::span<const double> weights);

// Nervousness from a version to the next, same buckets: sum |new - old| / sum old.
absl::StatusOr<Ratio> Stability(std::span<const double> old_units,
                                std::span<const double> new_units);

// What a step of the forecasting process added: WMAPE before it less WMAPE after it, and the
// buckets in which it came nearer, of all.
struct StepGain {
  std::optional<double> wmape{};  // Positive: the step helped.
  Ratio improved{};
};
absl::StatusOr<StepGain> ForecastValueAdded(std::span<const double> actual_units,
                                            std::span<const double> before_units,
                                            std::span<const double> after_units);

}  // namespace tandem::forecasting

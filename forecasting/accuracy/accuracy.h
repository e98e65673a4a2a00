// How far forecasts are from what came. WMAPE and bias keep numerator and denominator, so that they
// add up over any scope; RMSSE is M5's error of one series. WRMSSE over M5's levels: wrmsse.h.
// Reference: Makridakis, Spiliotis and Assimakopoulos, "M5 accuracy competition: Results, findings,
// and conclusions", Int. J. of Forecasting 38 (2022), section 3.
//
//   Ratio total;
//   for (const Line& line : lines) total += *Wmape(line.actual_units, line.forecast_units);
//   if (total.value().has_value()) Print(*total.value());
#pragma once

#include <optional>
#include <span>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

// A measure of the form sum / sum. The measure of a whole is the sum of the parts' numerators over
// the sum of their denominators, never a mean of ratios.
struct Ratio {
  double numerator = 0.0;
  double denominator = 0.0;

  // Undefined (nullopt) if the denominator is not above zero, such as where returns outweigh the
  // sales, or the result would not be finite.
  std::optional<double> value() const;
  Ratio& operator+=(const Ratio& other);
};

// Weighted mean absolute percentage error: sum |forecast - actual| / sum actual. Forecast accuracy
// is max(0, 1 - WMAPE). Both spans hold one value a bucket; empty spans give 0 / 0. Returns
// kInvalidArgument if the lengths differ or a value is a NaN or an infinity.
absl::StatusOr<Ratio> Wmape(std::span<const double> actual_units,
                            std::span<const double> forecast_units);

// Relative bias: sum (forecast - actual) / sum actual; positive means forecast too high.
// Errors as Wmape.
absl::StatusOr<Ratio> Bias(std::span<const double> actual_units,
                           std::span<const double> forecast_units);

// Mean squared step from bucket to bucket, from the first sale on:
//   1/(n-1) * sum (y[t] - y[t-1])^2,  t = 2..n counted from the first value other than zero
// RMSSE's denominator. Undefined (nullopt) if it is zero or there are fewer than two such buckets.
// The history must be finite. O(n) time, no allocation.
std::optional<double> SquaredStepScale(std::span<const double> history_units);

// Root mean squared scaled error: sqrt( mean (actual - forecast)^2 / SquaredStepScale(history) ).
// nullopt where the scale is undefined (M5 counts such a series as 0) or there is no actual value.
// Returns kInvalidArgument if actual and forecast differ in length or a value is a NaN or an
// infinity; kOutOfRange if the result is not finite.
absl::StatusOr<std::optional<double>> Rmsse(std::span<const double> history_units,
                                            std::span<const double> actual_units,
                                            std::span<const double> forecast_units);

}  // namespace tandem::forecasting

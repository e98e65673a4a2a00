// How good quantiles and intervals are. Spans hold one value a bucket; each function returns
// kInvalidArgument if two spans differ in length, a value is a NaN or an infinity, or a probability
// is not within (0, 1); a measure whose denominator is not above 0 or whose span is empty is
// undefined. References: Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978), for
// the pinball loss; M5 Competitors' Guide (2020), for SPL; Gneiting and Raftery, "Strictly proper
// scoring rules", J. American Statistical Association 102 (2007), for the interval score; Czado,
// Gneiting and Held, "Predictive model assessment for count data", Biometrics 65 (2009), for the
// PIT.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "forecasting/accuracy/accuracy.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {

// sum [u (y - q)+ + (1 - u) (q - y)+] over the number of buckets.
absl::StatusOr<Ratio> Pinball(std::span<const double> actual_units,
                              std::span<const double> quantile_units, double probability);

// mean |y[t] - y[t-1]| from the first sale on: SPL's denominator. nullopt if it is zero or there
// are fewer than two such buckets. The history must be finite.
std::optional<double> AbsoluteStepScale(std::span<const double> history_units);

// SPL of one series, the mean over the nine quantiles of Pinball / AbsoluteStepScale(history).
// `quantile_units` holds the horizon's values of the first quantile, then of the second, …
absl::StatusOr<std::optional<double>> ScaledPinball(std::span<const double> history_units,
                                                    std::span<const double> actual_units,
                                                    std::span<const double> quantile_units);

// A series of a level, and what it is worth there: for M5 its dollars of the last 28 days.
struct WeightedSeries {
  std::span<const double> history_units{};
  std::span<const double> actual_units{};
  std::span<const double> quantile_units{};  // As ScaledPinball's.
  double weight = 0.0;                       // >= 0.
};

// WSPL of one level: sum weight SPL / sum weight. A series without an SPL adds 0 and counts in the
// weights, as M5 has it. WSPL over several levels is the mean of their values. kInvalidArgument too
// if a weight is below 0 or not finite.
absl::StatusOr<Ratio> WeightedScaledPinball(std::span<const WeightedSeries> level);

// 2 sum pinball / sum |y| for one probability; the WQL of several is the mean of their ratios.
absl::StatusOr<Ratio> WeightedQuantileLoss(std::span<const double> actual_units,
                                           std::span<const double> quantile_units,
                                           double probability);

struct Interval {
  std::span<const double> lower_units{};
  std::span<const double> upper_units{};
};

// Buckets whose actual lies in the interval, ends included, of all.
absl::StatusOr<Ratio> Coverage(std::span<const double> actual_units, const Interval& interval);

// Mean scaled interval score: mean [U - L + 2/a (L - y)+ + 2/a (y - U)+] over SeasonalStepScale;
// a = 0.05 for a 95 % interval.
struct MsisOptions {
  std::size_t season_buckets = 1;
  double miss_share = 0.05;
};
absl::StatusOr<std::optional<double>> Msis(std::span<const double> history_units,
                                           std::span<const double> actual_units,
                                           const Interval& interval, const MsisOptions& options);

// The randomised probability integral transform of a count y: F(y-1) + v (F(y) - F(y-1)), v uniform
// in [0, 1) from the caller's generator. Uniform where the forecast's distribution F is right.
// kInvalidArgument unless 0 <= F(y-1) <= F(y) <= 1 and v is in [0, 1).
struct PitStep {
  double below = 0.0;  // F(y - 1).
  double at = 0.0;     // F(y).
};
absl::StatusOr<double> RandomisedPit(const PitStep& step, double v);

}  // namespace tandem::forecasting

// What promotions, prices and events do to demand, learnt from many series at once: a log-linear
// model whose coefficients are partly pooled. A series with much history keeps its own, one with
// little gets its group's. References: Laird and Ware, "Random-Effects Models for Longitudinal
// Data", Biometrics 38 (1982), for pooling and its estimation; Wittink et al., "SCAN*PRO" (1988),
// for promotions as multipliers; Lange, Little and Taylor, "Robust Statistical Modeling Using the t
// Distribution", J. of the American Statistical Association 84 (1989), for errors with long tails.
//
//   log(y[t] + offset) = level[t] + sum_j beta[j] x[t][j] + error
//
//   auto model = FitUplifts(series, {.drivers = 3});
//   double units = model->series[0].Forecast(planned, Point::kMedian);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

inline constexpr std::size_t kDriversMax = 64;

// One series' past, oldest bucket first. Buckets without a record may be left out.
struct PromotedSeries {
  std::span<const double> units{};    // n values >= 0.
  std::span<const double> drivers{};  // n rows of k: log prices, flags, seasonal waves.
  std::size_t group = 0;              // Pooled with the series of the same group: brand, category.
};

struct UpliftOptions {
  std::size_t drivers = 0;    // k, 1..kDriversMax.
  double offset_units = 0.0;  // Added before the logarithm; above 0 where a value can be 0.
  // After so many later buckets a bucket counts half for coefficients. 52: a year of weeks.
  double half_life_buckets = 52.0;
  // The level follows the residuals with the weight that forecast best this many buckets ahead.
  std::size_t lead_buckets = 1;
  int iterations = 30;  // Of the estimation of the pooling (EM); it always runs them all.
  // What a group's coefficients are before any data: of this deviation about 0. It keeps a driver
  // that hardly changed from getting a coefficient that a plan outside of what was seen would blow
  // up.
  double coefficient_deviation = 3.0;
  // Degrees of freedom of the errors' Student's t, >= 1: a bucket that was far off (a delivery that
  // failed, a promotion that nobody recorded) counts less. 0: errors are normal.
  double tail_freedom = 0.0;
  // Of Point::kLeastPercentage, 0..10. What is best on the past that was fitted is too little; take
  // it from forecasts that were made before.
  double percentage_pull = 1.0;
};

// Which number of the forecast's distribution (log-normal) is asked for.
enum class Point : std::uint8_t {
  kMedian = 0,  // Least absolute error.
  kMean = 1,    // Unbiased in units: for sums and stock.
  // Least |error| / actual: exp(mu - pull sigma^2); for a log-normal the pull is 1.
  kLeastPercentage = 2,
};

// A fitted series. A value.
struct UpliftFit {
  double level = 0.0;      // Of the logarithm, after the last bucket.
  double deviation = 0.0;  // Of the logarithm's forecast error.
  double offset_units = 0.0;
  double percentage_pull = 1.0;
  std::vector<double> coefficients{};  // k.

  // The forecast with these drivers (k values, finite), in units, >= 0.
  double Forecast(std::span<const double> drivers, Point point) const;
};

// What a group's series have in common.
struct UpliftGroup {
  std::size_t group = 0;
  std::vector<double> coefficients{};  // The mean of its series'.
  std::vector<double> deviations{};    // How much they differ from series to series.
  double residual_deviation = 0.0;
  double level_weight = 0.0;  // Of the newest residual, chosen of a fixed grid.
};

struct UpliftModel {
  std::vector<UpliftFit> series{};    // In the order given.
  std::vector<UpliftGroup> groups{};  // By number.
};

// Fits all series. A driver that never changes within a group has coefficient 0 there; a series of
// one bucket, or none of whose drivers change, gets its group's coefficients. O(rows k^2 +
// iterations series k^3). Deterministic: series are added in the order given. kInvalidArgument,
// naming series and bucket, if there is no series, a series is empty, its spans' lengths do not
// fit, a value is not finite or below 0, or log(0) would be taken, or an option is outside its
// range; kOutOfRange if a result is not finite.
absl::StatusOr<UpliftModel> FitUplifts(std::span<const PromotedSeries> series,
                                       const UpliftOptions& options);

}  // namespace tandem::forecasting

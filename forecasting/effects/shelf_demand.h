// Demand where it is known for how many hours a day the shelf was empty. Sales of such a day are
// those of its open hours; what share of a day's demand they stand for is learnt from all series:
// shelves run empty in the evening, when most is sold already, so an hour is not a sixteenth of a
// day. Levels, weekdays, prices and promotions are found under these shares in one model, so that a
// sold-out week is no fall in demand. Reference for the estimation: Gourieroux, Monfort and
// Trognon, "Pseudo Maximum Likelihood Methods: Applications to Poisson Models", Econometrica 52
// (1984): the mean is right whatever the distribution, zeros are welcome, sums are unbiased.
//
//   E[units[t]] = level[t] * open_share[empty_hours[t]] * exp(sum_j beta[group][j] x[t][j])
//
//   auto model = FitShelfDemand(shelves, {.drivers = 3});
//   double units = model->levels[0].Level(options) * FactorOf(model->groups[0], tomorrow);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

inline constexpr std::size_t kShelfDriversMax = 64;

// One item at one place.
struct ShelfSeries {
  std::span<const double> units{};              // n days' sales, oldest first, >= 0.
  std::span<const std::uint8_t> empty_hours{};  // n, 0..hours_a_day.
  std::span<const double> drivers{};            // n rows of k: weekday flags, log price, promotion.
  std::size_t group = 0;                        // Its coefficients are those of its group.
};

struct ShelfOptions {
  std::size_t drivers = 0;  // k, 0..kShelfDriversMax.
  std::size_t hours_a_day = 16;
  // After so many days a day counts half for the level. 5: of 3, 5, 7, 10 and 14 among the two best
  // for fresh food at three origins that were not measured on.
  double half_life_days = 5.0;
  double prior_days = 1.0;        // Days of factor 1 that the series' mean of all days is worth.
  double ridge_units = 5.0;       // Sales' worth of evidence against each coefficient.
  int iterations = 8;             // Of levels, shares and coefficients in turn; it runs them all.
  bool learn_open_shares = true;  // false: sales are taken as demand, to see what that costs.
};

// What is known of a series' level: sums that fade, carried forward a day in O(1). A value.
struct ShelfLevel {
  double sold_units = 0.0;  // Faded sum of sales
  double exposure = 0.0;    // and of what they were exposed to: factor times open share.
  double prior_units = 0.0;

  // Units of a day of factor 1 with the shelf full.
  double Level(const ShelfOptions& options) const {
    return (sold_units + options.prior_days * prior_units) / (exposure + options.prior_days);
  }
  // The day is over: so much was sold, by a factor and an open share whose product this is.
  void Add(double units, double day_exposure, const ShelfOptions& options);
};

struct ShelfGroup {
  std::size_t group = 0;
  std::vector<double> coefficients{};  // k.
};

struct ShelfModel {
  // By empty hours, 0..hours_a_day: the share of a day's sales, a day without empty hours being 1.
  // Not forced to fall: shelves run empty on days of high demand, so a few hours may mean more.
  std::vector<double> open_shares{};
  std::vector<ShelfGroup> groups{};  // By number.
  std::vector<ShelfLevel> levels{};  // After the last day, in the series' order.
  double last_step = 0.0;            // The largest change of a coefficient in the last iteration.
};

// exp(sum_j beta[j] x[j]), with k drivers.
double FactorOf(const ShelfGroup& group, std::span<const double> drivers);

// The group of this number; nullptr if no series was of it.
const ShelfGroup* FindGroup(const ShelfModel& model, std::size_t group);

// What is common to all series of a place on one day, seen in their sales: sold over expected, with
// a short memory. A shock (weather, a holiday nobody listed) reaches all levels the day after
// instead of after their half-lives. A value; all zeros: 1.
struct DailyPulse {
  double sold_units = 0.0;
  double expected_units = 0.0;

  // The day's sums over the series; what is older fades by half in `half_life_days`.
  void Add(double day_sold_units, double day_expected_units, double half_life_days);
  // Sold over expected, drawn to 1 as if `prior_units` had been sold as expected; 1 without a day.
  double Factor(double prior_units) const;
};

// Fits. O(iterations days (series k^2)) time. Deterministic: in the order given. A group in which a
// driver never changes has coefficient 0 for it; a series that never sold has level 0.
// kInvalidArgument, naming series and day, if there is no series, one is empty, its spans' lengths
// do not fit, a value is not finite, units are below 0 or empty_hours above hours_a_day, or an
// option is outside its range; kOutOfRange if a result is not finite.
absl::StatusOr<ShelfModel> FitShelfDemand(std::span<const ShelfSeries> series,
                                          const ShelfOptions& options);

}  // namespace tandem::forecasting

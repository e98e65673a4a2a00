// How much more is sold when a price falls: one elasticity for a pool of series (a department in
// all stores), from what they sold in the weeks before and after each change of price.
//
// Around a change that is seen in one series, with y_b and y_a units sold before and after, and
// e_b, e_a the days weighed by their season, y_a of y_b + y_a is binomial with odds
//   (e_a / e_b) exp(c + elasticity * log(price after / before)),
// in which the series' own level cancels; c is what happens at changes whatever their size. Zeros
// need no care, large series do not outvote by squares, and the spread that counts show beyond the
// binomial lessens the weight of the data against a normal prior about 0.
// References: Hausman, Hall and Griliches, "Econometric models for count data with an application
// to the patents-R&D relationship", Econometrica 52 (1984), for the conditional likelihood;
// McCullagh and Nelder, "Generalized Linear Models", 2nd ed. (1989), 4.5, for the dispersion.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/price_step.h"

namespace tandem::forecasting {

struct PriceResponseOptions {
  std::size_t window_days = 28;   // Looked at before and after a change, at most.
  std::size_t window_min = 7;     // Fewer days on a side: the change tells nothing.
  double log_change_min = 0.005;  // Smaller changes are rounding.
  double prior_deviation = 1.0;   // Of the elasticity about 0.
  double elasticity_min = -5.0;   // What is estimated is held in [elasticity_min, 0].
};

// A change of price in one series.
struct PriceChange {
  double log_ratio = 0.0;  // log(price after / price before)
  double units_before = 0.0;
  double units_after = 0.0;
  double exposure_before = 0.0;  // Sums of the season's index.
  double exposure_after = 0.0;
};

// Appends the changes of one series. `history_units` and `index` hold a value a day up to the
// origin; days before `first_day` are not listed. Steps are ascending; those from the origin on are
// not looked at. O(days of the windows).
struct PricedHistory {
  std::span<const float> history_units{};
  std::span<const double> index{};
  std::size_t first_day = 0;
  std::span<const PriceStep> prices{};
};
void AppendPriceChanges(const PricedHistory& history, const PriceResponseOptions& options,
                        std::vector<PriceChange>& changes);

struct PriceResponse {
  double elasticity = 0.0;
  double deviation = 0.0;  // Of its posterior; the prior's without changes.
  std::size_t changes = 0;
};

// Newton's method on the posterior, which has one mode; O(changes) a step, some ten steps.
// kInvalidArgument where a number is not finite, a sum is negative, or an option is out of range.
absl::StatusOr<PriceResponse> FitPriceResponse(std::span<const PriceChange> changes,
                                               const PriceResponseOptions& options);

// (price on each day / price on the history's last day)^elasticity, from day 0 on for `factors`'
// days: what a day sells beside that last one. Days before the first step have its price; steps of
// the days to come are known in advance, or left out. 1 where no price is known on the last day.
void PriceFactors(std::span<const PriceStep> prices, std::size_t history_days, double elasticity,
                  std::span<double> factors);

}  // namespace tandem::forecasting

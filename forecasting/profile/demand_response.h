// How much more is sold when a price falls or a promotion runs, learnt for a pool of series (a
// department in all stores) from what they sold in the weeks before and after each change.
//
// Around a change that is seen in one series, with y_b and y_a units sold before and after, and
// e_b, e_a the days weighed by their season, y_a of y_b + y_a is binomial with odds
//   (e_a / e_b) exp(c + elasticity * log(price after / before)
//                   + sum_k n_k uplift_k + weight * log(expected uplift after / before)),
// in which the series' own level cancels; c is what happens at changes of price whatever their
// size, n_k how many more promotions of kind k run after the change than before. What the sender
// of a promotion expects of it counts by the weight that it has earned, from 1 on: without a past
// it is believed. Zeros need no care, large series do not outvote by squares, and the spread that
// counts show beyond the binomial lessens the weight of the data against normal priors.
// References: Hausman, Hall and Griliches, "Econometric models for count data with an application
// to the patents-R&D relationship", Econometrica 52 (1984), for the conditional likelihood;
// McCullagh and Nelder, "Generalized Linear Models", 2nd ed. (1989), 4.5, for the dispersion;
// DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7 (1986),
// for what single series keep of their own.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/knowledge.h"
#include "forecasting/price_step.h"

namespace tandem::forecasting {

inline constexpr std::size_t kPromotionKinds = 8;

// A promotion of one series.
struct PromotionDays {
  std::size_t first_day = 0;
  std::size_t end_day = 0;    // The day after its last.
  std::size_t kind = 0;       // Below kPromotionKinds.
  double log_expected = 0.0;  // Of the uplift that its sender expects; 0: nothing was said.
};

struct DemandResponseOptions {
  std::size_t window_days = 28;   // Looked at before and after a change, at most.
  std::size_t window_min = 7;     // Fewer days on a side: a change of price alone tells nothing.
  double log_change_min = 0.005;  // Smaller changes of price are rounding.
  double prior_deviation = 1.0;   // Of the elasticity about 0.
  double elasticity_min = -5.0;   // What is estimated is held in [elasticity_min, 0].
  double uplift_deviation = 1.0;  // Of the uplifts' logarithms about 0.
  double weight_deviation = 0.5;  // Of the weight of what is expected, about 1.
  double log_uplift_max = 3.0;    // A day's promotions multiply by exp of that at most, or divide.
};

// A change of price or promotions in one series.
struct DemandChange {
  double log_ratio = 0.0;  // log(price after / price before); 0: as before.
  double units_before = 0.0;
  double units_after = 0.0;
  double exposure_before = 0.0;  // Sums of the season's index.
  double exposure_after = 0.0;
  double log_expected = 0.0;                    // More after than before.
  std::array<double, kPromotionKinds> kinds{};  // Promotions, likewise.
};

// Appends the changes of one series. `history_units` and `index` hold a value a day up to the
// origin; days before `first_day` are not listed, and days that are not known count for nothing.
// Price steps are ascending; what lies from the origin on is not looked at. Each promotion's kind
// is below kPromotionKinds. O(days of the windows + changes * log changes).
struct DrivenHistory {
  std::span<const float> history_units{};
  std::span<const double> index{};
  std::span<const Knowledge> knowledge{};  // Empty: all is known.
  std::size_t first_day = 0;
  std::span<const PriceStep> prices{};
  std::span<const PromotionDays> promotions{};
};
void AppendDemandChanges(const DrivenHistory& history, const DemandResponseOptions& options,
                         std::vector<DemandChange>& changes);

struct DemandResponse {
  double elasticity = 0.0;
  double deviation = 0.0;  // Of its posterior; the prior's without changes.
  std::array<double, kPromotionKinds> log_uplifts{};  // By kind.
  double expected_weight = 1.0;
  double drift = 0.0;  // c.
  double dispersion = 1.0;
  std::size_t changes = 0;
};

// Newton's method on the posterior, which has one mode; O(changes) a step, some ten steps.
// kInvalidArgument where a number is not finite, a sum is negative, or an option is out of range.
absl::StatusOr<DemandResponse> FitDemandResponse(std::span<const DemandChange> changes,
                                                 const DemandResponseOptions& options);

// How much stronger than its pool's (as a logarithm, a promotion) each series' promotions are:
// estimates of its own changes, drawn to 0 by as much as they are noise. `changes` hold series
// after series; that of series i end before `ends[i]`. 0 for a series without a promotion.
std::vector<double> OwnUplifts(std::span<const DemandChange> changes,
                               std::span<const std::size_t> ends, const DemandResponse& response);

// (price on each day / price on the history's last day)^elasticity, from day 0 on for `factors`'
// days: what a day sells beside that last one. Days before the first step have its price; steps of
// the days to come are known in advance, or left out. 1 where no price is known on the last day.
void PriceFactors(std::span<const PriceStep> prices, std::size_t history_days, double elasticity,
                  std::span<double> factors);

// Multiplies each day's factor by what its promotions sell beside a day without one.
void MultiplyByPromotions(std::span<const PromotionDays> promotions, const DemandResponse& response,
                          double own_uplift, const DemandResponseOptions& options,
                          std::span<double> factors);

}  // namespace tandem::forecasting

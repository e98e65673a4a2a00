// Items at their end: demand that fades once they are announced to go, the last day on which they
// are sold, and whether an item that has been silent is gone already. References: Fader and Hardie,
// "How to Project Customer Retention", J. of Interactive Marketing 21 (2007), for fading shared by
// a group; Schmittlein, Morrison and Colombo, "Counting Your Customers", Management Science 33
// (1987), for telling silence from death; Teunter, Syntetos and Babai, "Intermittent demand:
// linking forecasting to inventory obsolescence", EJOR 214 (2011).
//
//   auto fading = FitFading(series, {});
//   auto plan = PhaseOut({.level_units = 8, .decay = fading->decays[0], .buckets_left = 21,
//                         .stock_units = 90}, 28);
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

// An item's sales from its phase-out's first bucket on; >= 0.
struct FadingSeries {
  std::span<const double> units{};
};

struct FadingOptions {
  double dispersion = 1.0;  // Variance of a bucket's units over their mean; 1: Poisson.
  int iterations_max = 100;
};

struct Fading {
  double group_decay = 0.0;      // Mean of the items': demand falls by exp(-decay) a bucket.
  double group_deviation = 0.0;  // How much they differ from item to item.
  std::vector<double> decays{};  // In the series' order, partly pooled.
  bool converged = false;
};

// Units ~ level exp(-decay t), with levels of the items' own that drop out of the likelihood
// (conditional on an item's total its buckets are multinomial) and decays that are normal about the
// group's. An item without sales gets the group's decay. O(iterations rows). kInvalidArgument,
// naming series and bucket, if there is none, a value is below 0 or not finite or an option is
// outside its range; kFailedPrecondition if no series sold anything in more than one bucket's
// length: nothing tells how demand fades.
absl::StatusOr<Fading> FitFading(std::span<const FadingSeries> series,
                                 const FadingOptions& options);

struct PhaseOutInput {
  double level_units = 0.0;      // Demand of the next bucket, not yet faded; >= 0.
  double decay = 0.0;            // As FitFading's; below 0: people rush to buy.
  std::size_t buckets_left = 0;  // Sold in so many more buckets; 0: today was the last.
  double stock_units = 1e300;    // What is left to sell, with all that is still to come in; >= 0.
};

struct PhaseOutPlan {
  std::vector<double> units{};  // Expected sales of each bucket of the horizon; 0 after the last.
  double leftover_units = 0.0;  // Stock after the last bucket, to be marked down or sent back.
  double unserved_units = 0.0;  // Demand after the stock has run out.
};

// Forecasts the end: level exp(-decay h) until the last bucket, in all at most the stock. Leftover
// and unserved units are of all buckets left, also those beyond the horizon (at most 100,000 of
// them). kInvalidArgument if a value is outside its range or not finite, or the horizon or
// buckets_left is above 100,000; kOutOfRange if a result is not finite.
absl::StatusOr<PhaseOutPlan> PhaseOut(const PhaseOutInput& input, std::size_t horizon_buckets);

struct Silence {
  double demand_chance = 0.0;  // That a live item sells in a bucket, in (0, 1).
  double death_chance = 0.0;   // That a live item dies before a bucket, in (0, 1).
  std::size_t buckets = 0;     // Without a sale, since the last one.
};

// The chance that an item is still alive after so long a silence: with p, d and z as above,
// alive = ((1-d)(1-p))^z, dead = sum over i < z of d ((1-d)(1-p))^i; alive / (alive + dead).
// kInvalidArgument if a chance is outside (0, 1).
absl::StatusOr<double> AliveChance(const Silence& silence);

}  // namespace tandem::forecasting

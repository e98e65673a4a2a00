// Demand of an item that was sometimes sold out: on such a day the sale is a lower bound of what
// would have been bought. A mean of sales is then too low, and dropping the days is too: they are
// the best ones. References: Tobin, "Estimation of Relationships for Limited Dependent Variables",
// Econometrica 26 (1958); Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via
// the EM Algorithm", J. of the Royal Statistical Society B 39 (1977); Nahmias, "Demand estimation
// in lost sales inventory systems", Naval Research Logistics 41 (1994).
//
//   auto demand = FitCensored({.units = sales, .sold_out = flags}, {});
//   demand->level_units;  // What would be sold a day from a shelf that is never empty.
//
// Where it is known for how long the shelf was empty, shelf_demand.h learns more from the day.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

struct CensoredSeries {
  std::span<const double> units{};           // n sales, oldest first, >= 0.
  std::span<const std::uint8_t> sold_out{};  // n; not 0: demand was at least the day's units.
  // n, > 0: by what weekday, price and season multiply the level that day; empty: all are 1.
  std::span<const double> factors{};
};

enum class DemandKind : std::uint8_t {
  kPoisson = 0,  // Counts: the day's demand has mean and variance level * factor.
  kNormal = 1,   // Amounts: demand / factor has the level as mean and one deviation (Tobit).
};

struct CensoredOptions {
  DemandKind kind = DemandKind::kPoisson;
  double half_life_days = 1e9;  // A day so much older counts half. Default: all days the same.
  // What is believed before any day, worth so many days' observation; 0: nothing is.
  double prior_level_units = 0.0;
  double prior_days = 0.0;
  int iterations_max = 200;
  double tolerance = 1e-6;  // It stops where the level moves by less than this share.
};

struct CensoredFit {
  double level_units = 0.0;      // Mean demand a day of factor 1, never out of stock.
  double deviation_units = 0.0;  // Of a day of factor 1.
  int iterations = 0;
  bool converged = false;  // Else `iterations_max` ended the search; the level is its last.
};

// Maximum likelihood by EM: sold-out days count as what they are expected to have been, given that
// it was at least the sale, under the level found so far. O(n) an iteration (Poisson: O(n sqrt
// level)), no allocation. kInvalidArgument, naming the day, if the series is empty, lengths differ,
// a value is not finite, units are below 0 or a factor is not above 0; if an option is outside its
// range; and if all days are sold out without a prior: then nothing bounds demand from above.
// kOutOfRange if the result is not finite.
absl::StatusOr<CensoredFit> FitCensored(const CensoredSeries& series,
                                        const CensoredOptions& options);

// E[D | D >= at_least] of Poisson demand with this mean, both finite and >= 0.
double PoissonAtLeast(double mean, double at_least);

}  // namespace tandem::forecasting

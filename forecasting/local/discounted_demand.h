// The distribution of occasional demand, not its mean alone: the demands of the past, each as
// likely as it was but drawn to a parametric distribution of their mean and variance, the more so
// the fewer buckets there are. Older buckets may count less. References: T. S. Ferguson, "A
// Bayesian analysis of some nonparametric problems", Annals of Statistics 1 (1973), for the two
// parts' weights; A. P. Dawid, "Statistical theory: the prequential approach", J. of the Royal
// Statistical Society A 147 (1984), for the choice of the memory.
//
//   EventScratch scratch;  // One a thread.
//   const auto events = ReadEvents(history_units, scratch);
//   const DiscountedDemand demand = FitDiscountedDemand(*events, scratch);  // Of every later
//   bucket.
#pragma once

#include "forecasting/local/demand_events.h"
#include "forecasting/local/quantiles.h"

namespace tandem::forecasting {

// Half-lives of 34 and 14 buckets, and none.
inline constexpr std::array<double, 3> kMemories = {1.0, 0.98, 0.95};

struct DiscountedDemand {
  double memory = 1.0;  // w: a bucket counts w times what the one after it does.
  double mean_units = 0.0;
  double variance_units = 0.0;
  double past_share = 0.0;  // n / (n + 40) of the distribution is the past's, n the sum of weights.
  bool counts = false;      // Every demand is a whole number, so the quantiles are.
  QuantileBand band{};
};

// Mean and variance with the weights w^(n-t); w of kMemories, the one whose negative binomial said
// best, bucket after bucket, what came next (sum of log probabilities from the first quarter on,
// less half of log n for another memory than 1; measures are not counts and keep 1). The
// distribution is past_share of the weighted past and else
//   a negative binomial (Poisson, if the variance is not above the mean) for counts of moderate
//   size, nothing with the past's probability, or a gamma size, for others (quantiles.h).
// Without demand all is 0. O(n log n + largest quantile) time, at most some 5,000 steps for a
// quantile; no allocation once the scratch has grown.
DiscountedDemand FitDiscountedDemand(const DemandEvents& events, EventScratch& scratch);

}  // namespace tandem::forecasting

// What each of several crossed groupings adds to a value: value = mean + the effect of its node in
// every grouping + a rest of its own. Effects are drawn to zero by how much a grouping's nodes
// differ at all, so that one seen once says little. References: Henderson, "Best Linear Unbiased
// Estimation and Prediction under a Selection Model", Biometrics 31 (1975), for the effects given
// the variances; Menictas, Di Credico and Wand, "Streamlined Variational Inference for Linear Mixed
// Models with Crossed Random Effects", J. of Computational and Graphical Statistics 32 (2023), for
// variances by mean field.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/backtest/long_backtest.h"

namespace tandem::forecasting {

struct CrossedEffects {
  double mean = 0.0;
  std::vector<std::vector<double>> effects{};  // By grouping, by node; 0 of a node without a value.
  // Likewise, how sure an effect is: the variance that is left, given all other effects.
  std::vector<std::vector<double>> uncertainties{};
  // By grouping: the variance of its effects; 0 where it has one node or every value one of its
  // own, and then its effects are 0.
  std::vector<double> variances{};
  // Of what a new value's rest would be. What is left of the values, `rests`, varies less, since
  // effects were fitted to it.
  double rest_variance = 0.0;
  std::vector<double> rests{};  // By value: less the mean and its effects.
};

// Of `values[k]`, which is of series `members[k]` of the groupings; as many values as members, all
// finite. Without values all is zero. O(groupings (members + nodes)) two hundred
// times.
CrossedEffects FitCrossedEffects(std::span<const double> values,
                                 std::span<const std::size_t> members,
                                 std::span<const LongLevel> groupings);

}  // namespace tandem::forecasting

#include "forecasting/backtest/crossed_effects.h"

#include <algorithm>
#include <numeric>

namespace tandem::forecasting {
namespace {

constexpr int kRounds = 100;      // In which variances and effects find each other,
constexpr int kLastRounds = 100;  // and effects alone what solves their equations.
// Of the values' own: a grouping is never believed to tell nothing at all, nor the rest to be
// nothing, or neither could grow again.
constexpr double kVarianceShareMin = 1e-6;

class Fit {
 public:
  Fit(std::span<const double> values, std::span<const std::size_t> members,
      std::span<const LongLevel> groupings)
      : members_(members), groupings_(groupings) {
    fitted_.rests.assign(values.begin(), values.end());
    for (const LongLevel& grouping : groupings) {
      std::vector<double>& counts = counts_.emplace_back(grouping.node_count);
      for (const std::size_t i : members) counts[grouping.node_of_series[i]] += 1.0;
      const auto used = std::ranges::count_if(counts, [](double count) { return count > 0.0; });
      tells_.push_back(used > 1 && static_cast<std::size_t>(used) < members.size());
      fitted_.effects.emplace_back(grouping.node_count);
      fitted_.uncertainties.emplace_back(grouping.node_count);
      fitted_.variances.push_back(0.0);
    }
  }

  CrossedEffects Run() {
    if (fitted_.rests.empty()) return fitted_;
    MoveMean();
    const double variance = MeanSquare();
    if (variance == 0.0) return fitted_;
    least_ = kVarianceShareMin * variance;
    const auto telling = static_cast<double>(std::ranges::count(tells_, true));
    for (std::size_t g = 0; g < tells_.size(); ++g) {
      if (tells_[g]) fitted_.variances[g] = variance / (telling + 1.0);
    }
    fitted_.rest_variance = variance / (telling + 1.0);
    for (int round = 0; round < kRounds; ++round) MoveAll(true);
    for (int round = 0; round < kLastRounds; ++round) MoveAll(false);
    return fitted_;
  }

 private:
  void MoveAll(bool variances) {
    double uncertain = 0.0;  // Of the effects together, summed over the values.
    for (std::size_t g = 0; g < tells_.size(); ++g) {
      if (tells_[g]) uncertain += MoveEffects(g, variances);
    }
    MoveMean();
    if (!variances) return;
    fitted_.rest_variance =
        std::max(least_, MeanSquare() + uncertain / static_cast<double>(fitted_.rests.size()));
  }

  double MeanSquare() const {
    return std::inner_product(fitted_.rests.begin(), fitted_.rests.end(), fitted_.rests.begin(),
                              0.0) /
           static_cast<double>(fitted_.rests.size());
  }

  void MoveMean() {
    const double moved = std::accumulate(fitted_.rests.begin(), fitted_.rests.end(), 0.0) /
                         static_cast<double>(fitted_.rests.size());
    fitted_.mean += moved;
    for (double& rest : fitted_.rests) rest -= moved;
  }

  // A grouping's effects, and their variance where asked, given all else. The sum over the values
  // of how uncertain the effect of each is.
  double MoveEffects(std::size_t g, bool variances) {
    const std::vector<std::size_t>& node_of = groupings_[g].node_of_series;
    std::vector<double>& effects = fitted_.effects[g];
    std::vector<double> sums(effects.size());
    for (std::size_t k = 0; k < members_.size(); ++k) {
      sums[node_of[members_[k]]] += fitted_.rests[k];
    }
    const double ratio = fitted_.rest_variance / fitted_.variances[g];
    double total = 0.0;
    double uncertain = 0.0;
    double nodes = 0.0;
    for (std::size_t node = 0; node < effects.size(); ++node) {
      const double count = counts_[g][node];
      if (count == 0.0) continue;
      const double effect = (sums[node] + count * effects[node]) / (count + ratio);
      const double variance = fitted_.rest_variance / (count + ratio);
      sums[node] = effect - effects[node];  // From here on: by how much it moved.
      effects[node] = effect;
      fitted_.uncertainties[g][node] = variance;
      total += effect;
      uncertain += count * variance;
      nodes += 1.0;
    }
    for (std::size_t k = 0; k < members_.size(); ++k) {
      fitted_.rests[k] -= sums[node_of[members_[k]]];
    }
    // What solves the equations adds up to zero: what all nodes share is the mean's.
    const double shared = total / nodes;
    fitted_.mean += shared;
    double squares = 0.0;
    for (std::size_t node = 0; node < effects.size(); ++node) {
      if (counts_[g][node] == 0.0) continue;
      effects[node] -= shared;
      squares += effects[node] * effects[node] + fitted_.uncertainties[g][node];
    }
    if (variances) fitted_.variances[g] = std::max(least_, squares / nodes);
    return uncertain;
  }

  std::span<const std::size_t> members_;
  std::span<const LongLevel> groupings_;
  std::vector<std::vector<double>> counts_;  // By grouping, by node.
  std::vector<bool> tells_;
  double least_ = 0.0;
  CrossedEffects fitted_;
};

}  // namespace

CrossedEffects FitCrossedEffects(std::span<const double> values,
                                 std::span<const std::size_t> members,
                                 std::span<const LongLevel> groupings) {
  return Fit(values, members, groupings).Run();
}

}  // namespace tandem::forecasting

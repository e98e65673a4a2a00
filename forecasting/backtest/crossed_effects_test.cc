#include "forecasting/backtest/crossed_effects.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "forecasting/small_matrix.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

// Values of series in random nodes of some groupings, with effects of given deviations.
struct World {
  World(std::mt19937& random, std::size_t series, const std::vector<std::size_t>& nodes,
        const std::vector<double>& deviations, double rest)
      : effects(nodes.size()) {
    std::normal_distribution<double> normal;
    groupings.resize(nodes.size());
    for (std::size_t g = 0; g < nodes.size(); ++g) {
      groupings[g].node_count = nodes[g];
      for (std::size_t k = 0; k < nodes[g]; ++k) {
        effects[g].push_back(deviations[g] * normal(random));
      }
    }
    for (std::size_t i = 0; i < series; ++i) {
      double value = 3.0 + rest * normal(random);
      for (std::size_t g = 0; g < nodes.size(); ++g) {
        std::uniform_int_distribution<std::size_t> any(0, nodes[g] - 1);
        groupings[g].node_of_series.push_back(any(random));
        value += effects[g][groupings[g].node_of_series.back()];
      }
      values.push_back(value);
    }
    members.resize(series);
    std::iota(members.begin(), members.end(), std::size_t{0});
  }
  CrossedEffects Fitted() const { return FitCrossedEffects(values, members, groupings); }

  std::vector<LongLevel> groupings;
  std::vector<std::vector<double>> effects;
  std::vector<double> values;
  std::vector<std::size_t> members;
};

// Henderson's mixed model equations, dense, for the variances that were fitted: mean first.
std::vector<double> Henderson(const World& world, const CrossedEffects& fitted) {
  std::vector<std::size_t> begin;
  std::size_t size = 1;
  for (const LongLevel& grouping : world.groupings) {
    begin.push_back(size);
    size += grouping.node_count;
  }
  SmallMatrix a(size);
  std::vector<double> b(size);
  for (std::size_t i = 0; i < world.values.size(); ++i) {
    std::vector<std::size_t> columns = {0};
    for (std::size_t g = 0; g < begin.size(); ++g) {
      columns.push_back(begin[g] + world.groupings[g].node_of_series[i]);
    }
    for (const std::size_t r : columns) {
      b[r] += world.values[i];
      for (const std::size_t c : columns) a(r, c) += 1.0;
    }
  }
  for (std::size_t g = 0; g < begin.size(); ++g) {
    for (std::size_t k = 0; k < world.groupings[g].node_count; ++k) {
      a(begin[g] + k, begin[g] + k) += fitted.rest_variance / fitted.variances[g];
    }
  }
  return Factored::Of(a).value().Solve(b);
}

TEST(CrossedEffectsTest, EffectsSolveTheMixedModelEquations) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    const World world(random, 120, {6, 15, 4}, {0.8, 1.2, 0.5}, 0.4);
    const CrossedEffects fitted = world.Fitted();
    const std::vector<double> exact = Henderson(world, fitted);
    // The mean and what all nodes of a grouping share are told apart slowly; sums of both are not.
    std::size_t at = 1;
    std::vector<double> of_series(world.values.size(), exact[0] - fitted.mean);
    for (std::size_t g = 0; g < world.groupings.size(); ++g) {
      for (std::size_t i = 0; i < of_series.size(); ++i) {
        const std::size_t node = world.groupings[g].node_of_series[i];
        of_series[i] += exact[at + node] - fitted.effects[g][node];
      }
      at += world.groupings[g].node_count;
    }
    for (const double apart : of_series) EXPECT_NEAR(apart, 0.0, 1e-6) << round;
  }
}

TEST(CrossedEffectsTest, FindsTheVariancesOfWhatWasDrawn) {
  std::mt19937 random(5);
  const World world(random, 20'000, {300, 500}, {0.5, 1.5}, 0.3);
  const CrossedEffects fitted = world.Fitted();
  // Five deviations of a variance of so many draws: 5 sqrt(2 / count).
  EXPECT_NEAR(fitted.variances[0] / 0.25, 1.0, 5.0 * std::sqrt(2.0 / 300.0));
  EXPECT_NEAR(fitted.variances[1] / 2.25, 1.0, 5.0 * std::sqrt(2.0 / 500.0));
  EXPECT_NEAR(fitted.rest_variance / 0.09, 1.0, 5.0 * std::sqrt(2.0 / 19'000.0));
  double square = 0.0;
  for (const double rest : fitted.rests) square += rest * rest;
  EXPECT_LT(square / 20'000.0, fitted.rest_variance);
}

TEST(CrossedEffectsTest, AGroupingThatTellsNothingAddsNext) {
  std::mt19937 random(6);
  const World world(random, 4'000, {40, 40}, {1.0, 0.0}, 0.5);
  const CrossedEffects fitted = world.Fitted();
  EXPECT_LT(fitted.variances[1], 0.01);
  EXPECT_THAT(fitted.effects[1],
              ::testing::Each(::testing::AllOf(::testing::Gt(-0.05), ::testing::Lt(0.05))));
}

TEST(CrossedEffectsTest, NodesOfOneValueEachOrAllOfThemAddNothing) {
  std::vector<LongLevel> groupings(2);
  groupings[0] = {.node_of_series = {0, 1, 2, 3}, .node_count = 4};
  groupings[1] = {.node_of_series = {0, 0, 0, 0}, .node_count = 1};
  const std::vector<double> values = {1.0, 2.0, 3.0, 6.0};
  const std::vector<std::size_t> members = {0, 1, 2, 3};
  const CrossedEffects fitted = FitCrossedEffects(values, members, groupings);
  EXPECT_DOUBLE_EQ(fitted.mean, 3.0);
  EXPECT_THAT(fitted.effects[0], ::testing::Each(0.0));
  EXPECT_THAT(fitted.effects[1], ::testing::Each(0.0));
  EXPECT_THAT(fitted.rests, ::testing::ElementsAre(-2.0, -1.0, 0.0, 3.0));
}

TEST(CrossedEffectsTest, OfNothingAndOfEqualValuesAllIsZero) {
  std::vector<LongLevel> groupings(1);
  groupings[0] = {.node_of_series = {0, 0, 1, 1}, .node_count = 3};
  const CrossedEffects none = FitCrossedEffects({}, {}, groupings);
  EXPECT_EQ(none.mean, 0.0);
  EXPECT_THAT(none.effects[0], ::testing::Each(0.0));
  const std::vector<double> equal(4, 2.5);
  const std::vector<std::size_t> members = {0, 1, 2, 3};
  const CrossedEffects flat = FitCrossedEffects(equal, members, groupings);
  EXPECT_DOUBLE_EQ(flat.mean, 2.5);
  EXPECT_THAT(flat.effects[0], ::testing::Each(0.0));
  EXPECT_EQ(flat.rest_variance, 0.0);
}

}  // namespace
}  // namespace tandem::forecasting

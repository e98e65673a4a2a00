#include "forecasting/backtest/long_quantiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kHorizon = 6;
constexpr double kMeanUnits = 100.0;
constexpr unsigned kSeed = 20261127;

// Of `nodes` smooth nodes with a mean of 100 and a spread of 10.
LevelForecasts LevelOf(std::size_t nodes) {
  LevelForecasts level;
  level.kinds.assign(nodes, LongClass::kSmooth);
  level.non_negative.assign(nodes, true);
  level.counts.assign(nodes, false);
  level.farthest_units.assign(nodes, std::vector<double>(kHorizon, 1e6));
  NodeForecasts now{.depth = HistoryDepth::kTwoSeasons, .spread_units = 10.0};
  now.mean_units.assign(kHorizon, kMeanUnits);
  level.now.assign(nodes, now);
  return level;
}

// One earlier origin at which `miss_of(node, h)` came on top of the mean.
template <typename MissOf>
void AddOrigin(LevelForecasts& level, HistoryDepth depth, MissOf miss_of) {
  std::vector<NodeForecasts>& origin = level.past.emplace_back(level.now);
  for (std::size_t node = 0; node < origin.size(); ++node) {
    origin[node].depth = depth;
    origin[node].known.assign(kHorizon, 1);
    origin[node].actual_units = origin[node].mean_units;
    for (std::size_t h = 0; h < kHorizon; ++h) {
      origin[node].actual_units[h] += miss_of(node, h);
    }
  }
}

// Share of `outcome_of(node, h)` between the quantiles `lower` and `upper` of the nine.
template <typename OutcomeOf>
double ShareWithin(const LevelForecasts& level, std::size_t lower, std::size_t upper,
                   OutcomeOf outcome_of) {
  const auto quantiles = QuantilesOfLevel(level);
  EXPECT_TRUE(quantiles.ok()) << quantiles.status();
  if (!quantiles.ok()) return 0.0;
  double within = 0.0;
  for (std::size_t node = 0; node < level.now.size(); ++node) {
    for (std::size_t h = 0; h < kHorizon; ++h) {
      const float* of = &quantiles->quantile_units[(node * kHorizon + h) * kQuantiles];
      const double outcome = outcome_of(node, h);
      if (static_cast<double>(of[lower]) <= outcome && outcome <= static_cast<double>(of[upper])) {
        within += 1.0;
      }
    }
  }
  return within / static_cast<double>(level.now.size() * kHorizon);
}

TEST(DepthOfTest, GrowsWithSeasonsAndBuckets) {
  using enum HistoryDepth;
  EXPECT_EQ(DepthOf(64, 52), kShallow);
  EXPECT_EQ(DepthOf(65, 52), kOneSeason);
  EXPECT_EQ(DepthOf(103, 52), kOneSeason);
  EXPECT_EQ(DepthOf(104, 52), kTwoSeasons);
  EXPECT_EQ(DepthOf(7, 4), kShallow);
  EXPECT_EQ(DepthOf(8, 4), kOneSeason);
  EXPECT_EQ(DepthOf(15, 4), kOneSeason);
  EXPECT_EQ(DepthOf(16, 4), kTwoSeasons);
  EXPECT_EQ(DepthOf(16, 1), kTwoSeasons);
}

// Forecasts that knew one season missed thrice as much as those that know two. Pooled together they
// make a 67 % interval that covers 98 %.
TEST(QuantilesOfLevelTest, WhatMissedWithoutASecondSeasonDoesNotWidenWhatKnowsIt) {
  std::mt19937 random(kSeed);
  std::normal_distribution<double> normal(0.0, 10.0);
  const auto miss = [&](std::size_t, std::size_t) { return normal(random); };
  LevelForecasts level = LevelOf(400);
  AddOrigin(level, HistoryDepth::kTwoSeasons, miss);
  for (int k = 0; k < 3; ++k) {
    AddOrigin(level, HistoryDepth::kOneSeason,
              [&](std::size_t, std::size_t) { return 3.0 * normal(random); });
  }
  const double share = ShareWithin(
      level, 2, 6, [&](std::size_t node, std::size_t h) { return kMeanUnits + miss(node, h); });
  EXPECT_NEAR(share, 0.67, 0.03) << "seed " << kSeed;
}

// Of a depth with a handful of residuals the other depths' tell more.
TEST(QuantilesOfLevelTest, ADepthWithFewResidualsAsksAll) {
  std::mt19937 random(kSeed);
  std::normal_distribution<double> normal(0.0, 10.0);
  const auto miss = [&](std::size_t, std::size_t) { return normal(random); };
  LevelForecasts level = LevelOf(20);
  AddOrigin(level, HistoryDepth::kTwoSeasons,
            [](std::size_t, std::size_t) { return 0.01; });  // 120 residuals of next to nothing.
  for (int k = 0; k < 40; ++k) AddOrigin(level, HistoryDepth::kOneSeason, miss);
  const double share = ShareWithin(
      level, 2, 6, [&](std::size_t node, std::size_t h) { return kMeanUnits + miss(node, h); });
  EXPECT_NEAR(share, 0.67, 0.12) << "seed " << kSeed;  // 120 outcomes: three standard errors.
}

// All buckets of an origin miss alike, as where a level has moved. A scale that has seen a miss
// makes it look small: 95 % intervals then cover 89 %.
TEST(QuantilesOfLevelTest, NoResidualHasAPartInItsOwnScale) {
  std::mt19937 random(kSeed);
  std::normal_distribution<double> normal(0.0, 10.0);
  const std::size_t nodes = 3'000;
  std::vector<double> move(nodes);
  const auto moved = [&](std::size_t node, std::size_t h) {
    if (h == 0) move[node] = normal(random);
    return move[node];
  };
  LevelForecasts level = LevelOf(nodes);
  for (int k = 0; k < 4; ++k) AddOrigin(level, HistoryDepth::kTwoSeasons, moved);
  const double share = ShareWithin(
      level, 1, 7, [&](std::size_t node, std::size_t h) { return kMeanUnits + moved(node, h); });
  EXPECT_NEAR(share, 0.95, 0.015) << "seed " << kSeed;
}

// Misses that are all of one law: the 67 % interval covers as much, the 95 % one what 4 % more of a
// normal law's does, .9585; but not where demand is occasional.
TEST(QuantilesOfLevelTest, OuterBoundsLieFartherOutThanWhatWasPooled) {
  for (const LongClass kind : {LongClass::kSmooth, LongClass::kSigned, LongClass::kIntermittent}) {
    std::mt19937 random(kSeed);
    std::normal_distribution<double> normal(0.0, 10.0);
    const auto miss = [&](std::size_t, std::size_t) { return normal(random); };
    LevelForecasts level = LevelOf(3'000);
    level.kinds.assign(level.now.size(), kind);
    for (int k = 0; k < 4; ++k) AddOrigin(level, HistoryDepth::kTwoSeasons, miss);
    const auto outcome = [&](std::size_t node, std::size_t h) {
      return kMeanUnits + miss(node, h);
    };
    // Three standard errors of 18,000 outcomes are .0105 and .0045.
    EXPECT_NEAR(ShareWithin(level, 2, 6, outcome), 0.67, 0.0125) << "seed " << kSeed;
    EXPECT_NEAR(ShareWithin(level, 1, 7, outcome), kind == LongClass::kIntermittent ? 0.95 : 0.9585,
                0.005)
        << "seed " << kSeed;
  }
}

// Nodes that sell in two buckets of five, with sizes and spreads of their own: three of five
// outcomes are zeros, and so must be the quantiles up to 0.5 be, though what a zero misses over the
// spread is of each node's own.
TEST(QuantilesOfLevelTest, AsMuchIsZeroAsSoldNothing) {
  std::mt19937 random(kSeed);
  std::bernoulli_distribution sells(0.4);
  std::uniform_real_distribution<double> uniform(0.7, 1.4);
  const std::size_t nodes = 500;
  LevelForecasts level = LevelOf(nodes);
  level.kinds.assign(nodes, LongClass::kIntermittent);
  for (NodeForecasts& node : level.now) {
    node.spread_units = 100.0 * uniform(random);
    node.mean_units.assign(kHorizon, 0.4 * node.spread_units * uniform(random));
  }
  const auto demand = [&](std::size_t node) {
    return sells(random) ? 2.5 * level.now[node].mean_units[0] * uniform(random) : 0.0;
  };
  for (int k = 0; k < 4; ++k) {
    AddOrigin(level, HistoryDepth::kTwoSeasons, [&](std::size_t node, std::size_t) {
      return demand(node) - level.now[node].mean_units[0];
    });
  }
  // The sum of a mean and what is on top of it may miss zero by its rounding.
  for (auto& origin : level.past) {
    for (NodeForecasts& node : origin) {
      for (double& units : node.actual_units) units = std::abs(units) < 1e-9 ? 0.0 : units;
    }
  }
  const auto quantiles = QuantilesOfLevel(level);
  ASSERT_TRUE(quantiles.ok()) << quantiles.status();
  for (std::size_t node = 0; node < nodes; ++node) {
    const float* of = &quantiles->quantile_units[node * kHorizon * kQuantiles];
    EXPECT_EQ(of[4], 0.0F) << node;  // 0.5
    EXPECT_GT(of[5], 0.0F) << node;  // 0.75
    // A pool of 500 tells a share to .022.
    EXPECT_NEAR(quantiles->none_probability[node * kHorizon], 0.6F, 0.08F) << node;
  }
  double none = 0.0;
  for (const float each : quantiles->none_probability) none += each;
  EXPECT_NEAR(none / static_cast<double>(nodes * kHorizon), 0.6, 0.015);
}

// Of a normal law of deviation 10, drawn ten spreads wide at most: what lies at or below nothing,
// of counts below a half, and nothing of what may be negative.
TEST(QuantilesOfLevelTest, SaysHowProbableNothingIs) {
  struct Case {
    double mean_units;
    bool counts;
    bool non_negative;
    float want;
  };
  const Case cases[] = {{100.0, false, true, 0.0F},
                        {10.0, false, true, 0.159F},  // One deviation.
                        {5.5, true, true, 0.309F},    // A half.
                        {5.0, false, true, 0.309F},
                        {10.0, false, false, 0.0F}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.mean_units);
    std::mt19937 random(kSeed);
    std::normal_distribution<double> normal(0.0, 10.0);
    LevelForecasts level = LevelOf(1'000);
    level.counts.assign(level.now.size(), c.counts);
    level.non_negative.assign(level.now.size(), c.non_negative);
    for (NodeForecasts& node : level.now) node.mean_units.assign(kHorizon, c.mean_units);
    for (int k = 0; k < 3; ++k) {
      AddOrigin(level, HistoryDepth::kTwoSeasons,
                [&](std::size_t, std::size_t) { return normal(random); });
    }
    const auto quantiles = QuantilesOfLevel(level);
    ASSERT_TRUE(quantiles.ok()) << quantiles.status();
    double none = 0.0;
    for (const float each : quantiles->none_probability) none += each;
    EXPECT_NEAR(none / static_cast<double>(quantiles->none_probability.size()), c.want, 0.02);
  }
}

}  // namespace
}  // namespace tandem::forecasting

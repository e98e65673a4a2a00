#include "forecasting/backtest/past_quantiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kSeries = 60;
constexpr std::size_t kBuckets = 200;
constexpr std::size_t kHorizon = 6;
const LongOptions kOptions{.bucket = BucketLength::kWeek, .horizon_buckets = kHorizon};

// Normal noise of a tenth of the level, around a level of its own.
class Noise {
 public:
  double Of(std::size_t series) { return LevelOf(series) * (1.0 + 0.1 * normal_(random_)); }
  static double LevelOf(std::size_t series) { return 100.0 + 10.0 * static_cast<double>(series); }

 private:
  std::mt19937_64 random_{7};
  std::normal_distribution<double> normal_;
};

LongPanel NoisyPanel(Noise& noise) {
  LongPanel panel;
  for (std::size_t i = 0; i < kSeries; ++i) {
    LongSeries& series = panel.series.emplace_back();
    for (std::size_t t = 0; t < kBuckets; ++t) series.units.push_back(noise.Of(i));
    series.knowledge.assign(kBuckets, Knowledge::kKnown);
  }
  return panel;
}

// A method that is off by a share of the level, always the same.
std::vector<double> MeansOff(double share) {
  std::vector<double> means;
  for (std::size_t i = 0; i < kSeries; ++i) {
    means.insert(means.end(), kHorizon, Noise::LevelOf(i) * (1.0 + share));
  }
  return means;
}

std::vector<float> QuantilesOff(const LongPanel& panel, double share) {
  std::vector<PastMeans> past;
  for (const std::size_t back : PastOrigins(panel, kOptions)) {
    past.push_back({back, MeansOff(share)});
  }
  EXPECT_FALSE(past.empty());
  SerialExecutor serial;
  const std::vector<double> now = MeansOff(share);
  const auto quantiles = QuantilesFromPast(panel, kOptions, {now, past}, serial);
  EXPECT_TRUE(quantiles.ok()) << quantiles.status();
  return quantiles.ok() ? *quantiles : std::vector<float>();
}

// The share of what comes within the central 67 % and 95 %.
struct Shares {
  double inner = 0.0;
  double outer = 0.0;
};
Shares SharesWithin(const std::vector<float>& quantiles, Noise& noise) {
  Shares shares;
  double count = 0.0;
  for (std::size_t i = 0; i < kSeries; ++i) {
    for (std::size_t h = 0; h < kHorizon; ++h, count += 1.0) {
      const float* q = &quantiles[(i * kHorizon + h) * kQuantiles];
      EXPECT_TRUE(std::is_sorted(q, q + kQuantiles));
      const double came = noise.Of(i);
      const auto within = [&](std::size_t low, std::size_t high) {
        return came >= static_cast<double>(q[low]) && came <= static_cast<double>(q[high]);
      };
      if (within(2, 6)) shares.inner += 1.0;
      if (within(1, 7)) shares.outer += 1.0;
    }
  }
  return {shares.inner / count, shares.outer / count};
}

TEST(QuantilesFromPastTest, CoverWhatTheyShould) {
  Noise noise;
  const LongPanel panel = NoisyPanel(noise);
  const Shares shares = SharesWithin(QuantilesOff(panel, 0.0), noise);
  EXPECT_NEAR(shares.inner, 0.67, 0.08);
  EXPECT_NEAR(shares.outer, 0.95, 0.04);
}

// What a method always misses by is known after a few origins.
TEST(QuantilesFromPastTest, StandWhereTheOutcomesWereNotWhereTheMeansAre) {
  Noise noise;
  const LongPanel panel = NoisyPanel(noise);
  const Shares shares = SharesWithin(QuantilesOff(panel, 0.2), noise);
  EXPECT_NEAR(shares.inner, 0.67, 0.10);
  EXPECT_NEAR(shares.outer, 0.95, 0.05);
}

TEST(QuantilesFromPastTest, WithoutAPastAreTheNormalsAroundTheMean) {
  LongPanel panel;
  LongSeries& series = panel.series.emplace_back();
  series.units = {10.0, 12.0, 9.0, 11.0};
  series.knowledge.assign(4, Knowledge::kKnown);
  EXPECT_TRUE(PastOrigins(panel, kOptions).empty());
  SerialExecutor serial;
  const std::vector<double> means(kHorizon, 10.0);
  const auto quantiles = QuantilesFromPast(panel, kOptions, {means, {}}, serial);
  ASSERT_TRUE(quantiles.ok()) << quantiles.status();
  ASSERT_EQ(quantiles->size(), kHorizon * kQuantiles);
  EXPECT_LT((*quantiles)[0], 10.0F);
  EXPECT_NEAR(static_cast<double>((*quantiles)[4]), 10.0, 0.5);
  EXPECT_GT((*quantiles)[8], 10.0F);
}

TEST(QuantilesFromPastTest, RefusesWhatDoesNotFit) {
  Noise noise;
  const LongPanel panel = NoisyPanel(noise);
  SerialExecutor serial;
  std::vector<double> means = MeansOff(0.0);
  const auto run = [&](const std::vector<double>& now, const std::vector<PastMeans>& past) {
    return QuantilesFromPast(panel, kOptions, {now, past}, serial).status();
  };
  EXPECT_TRUE(run(means, {{6, means}}).ok());
  const std::vector<double> few(means.begin(), means.end() - 1);
  EXPECT_TRUE(absl::IsInvalidArgument(run(few, {})));
  EXPECT_TRUE(absl::IsInvalidArgument(run(means, {{6, few}})));
  EXPECT_TRUE(absl::IsInvalidArgument(run(means, {{0, means}})));
  EXPECT_TRUE(absl::IsInvalidArgument(run(means, {{kBuckets, means}})));
  std::vector<double> wild = means;
  wild[3] = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(absl::IsInvalidArgument(run(wild, {})));
  const absl::Status none = QuantilesFromPast(LongPanel{}, kOptions, {{}, {}}, serial).status();
  EXPECT_TRUE(absl::IsInvalidArgument(none));
}

}  // namespace
}  // namespace tandem::forecasting

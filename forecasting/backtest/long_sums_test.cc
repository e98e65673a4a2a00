#include "forecasting/backtest/long_sums.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "forecasting/backtest/long_panel.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kBuckets = 48;
constexpr std::size_t kHorizon = 6;
constexpr std::size_t kSeries = 60;

// Month after month all series rise and fall together, too little to be seen in the noise of one.
double TrueUnits(std::size_t t) {
  return 1.5 + 0.03 * static_cast<double>(t) +
         0.5 * std::sin(2.0 * 3.14159265 * static_cast<double>(t) / 12.0);
}

LongPanel NoisyPanel(std::mt19937& random, std::size_t count) {
  LongPanel panel;
  for (std::size_t i = 0; i < count; ++i) {
    LongSeries& one = panel.series.emplace_back();
    for (std::size_t t = 0; t < kBuckets; ++t) {
      one.units.push_back(std::poisson_distribution<int>(TrueUnits(t))(random));
    }
    one.knowledge.assign(kBuckets, Knowledge::kKnown);
  }
  LongLevel halves{.node_count = 2};
  for (std::size_t i = 0; i < count; ++i) halves.node_of_series.push_back(i % 2);
  panel.groupings.push_back(halves);
  return panel;
}

// The panel's local forecast, before and after it was scaled to sums.
struct Scaled {
  explicit Scaled(const LongPanel& given)
      : panel(given), local(input, {}, executor), sums(input, {}, executor) {
    const std::vector<std::size_t> backs = EarlierOrigins(panel, options);
    EXPECT_TRUE(local.ReadOrigins(backs, [](double) {}).ok());
    local.Forecast([](double) {});
    past = local.past_means();
    means = local.means();
    EXPECT_TRUE(sums.Learn(local, past, means).ok());
  }
  const LongPanel panel;
  LongOptions options{.bucket = BucketLength::kMonth, .horizon_buckets = kHorizon};
  DriverForm form = DriverForm::Of(panel);
  SerialExecutor executor;
  OriginInput input{panel, options, form};
  LongLocal local;
  LongSums sums;
  std::vector<std::vector<double>> past;
  std::vector<double> means;
};

double TotalMiss(const std::vector<double>& means, std::size_t count) {
  double miss = 0.0;
  for (std::size_t h = 0; h < kHorizon; ++h) {
    double total = 0.0;
    for (std::size_t i = 0; i < count; ++i) total += means[i * kHorizon + h];
    miss += total - static_cast<double>(count) * TrueUnits(kBuckets + h);
  }
  return std::abs(miss);
}

TEST(LongSumsTest, ALevelThatOnlySumsShowComesToTheSeries) {
  double before = 0.0;
  double after = 0.0;
  for (const unsigned seed : {1U, 2U}) {
    std::mt19937 random(seed);
    Scaled scaled(NoisyPanel(random, kSeries));
    ASSERT_THAT(scaled.sums.shares(), testing::SizeIs(2));
    EXPECT_GT(scaled.sums.shares()[0], 0.2) << seed;
    before += TotalMiss(scaled.local.means(), kSeries);
    after += TotalMiss(scaled.means, kSeries);
    // Of one node all are scaled alike.
    const double factor = scaled.means[0] / scaled.local.means()[0];
    for (std::size_t h = 0; h < kHorizon; ++h) {
      EXPECT_NEAR(scaled.means[2 * kHorizon + h], factor * scaled.local.means()[2 * kHorizon + h],
                  1e-9);
    }
  }
  EXPECT_LT(after, 0.8 * before);
}

TEST(LongSumsTest, AnotherOriginIsScaledAsThoseThatWereLearntFrom) {
  std::mt19937 random(4);
  Scaled scaled(NoisyPanel(random, 24));
  ASSERT_FALSE(scaled.past.empty());
  for (std::size_t k = 0; k < scaled.past.size(); ++k) {
    std::vector<double> means = scaled.local.past_means()[k];
    ASSERT_TRUE(scaled.sums.Scale(scaled.local.earlier()[k], means).ok());
    EXPECT_EQ(means, scaled.past[k]);
  }
  std::vector<double> now = scaled.local.means();
  ASSERT_TRUE(scaled.sums.Scale(scaled.local.now(), now).ok());
  EXPECT_EQ(now, scaled.means);
}

// One that makes most of a sum knows its level itself, and tells the small ones nothing; where few
// are left, each is more than a tenth of the rest.
TEST(LongSumsTest, WhatMakesMostOfASumHasNoPartInIt) {
  std::mt19937 random(5);
  LongPanel panel = NoisyPanel(random, 8);
  for (double& units : panel.series[3].units) units *= 10'000.0;
  const Scaled few(panel);
  EXPECT_THAT(few.sums.shares(), testing::Each(0.0));
  std::mt19937 again(6);
  panel = NoisyPanel(again, 24);
  for (double& units : panel.series[3].units) units *= 10'000.0;
  Scaled many(panel);
  for (std::size_t h = 0; h < kHorizon; ++h) {
    EXPECT_EQ(many.means[3 * kHorizon + h], many.local.means()[3 * kHorizon + h]);
  }
  EXPECT_NE(many.means, many.local.means());
}

// Without an earlier origin there is nothing to learn a share from.
TEST(LongSumsTest, AShortHistoryIsLeftAsItIs) {
  std::mt19937 random(7);
  LongPanel panel = NoisyPanel(random, 24);
  for (LongSeries& one : panel.series) {
    one.units.resize(5);
    one.knowledge.resize(5);
  }
  Scaled scaled(panel);
  ASSERT_TRUE(scaled.past.empty());
  EXPECT_EQ(scaled.means, scaled.local.means());
}

}  // namespace
}  // namespace tandem::forecasting

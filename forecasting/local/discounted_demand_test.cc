#include "forecasting/local/discounted_demand.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
using testing::Each;

DiscountedDemand Fit(const Values& history) {
  EventScratch scratch;
  return FitDiscountedDemand(*ReadEvents(history, scratch), scratch);
}

double WeightedMean(const Values& history, double memory) {
  double sum = 0.0;
  double weight = 0.0;
  for (std::size_t t = 0; t < history.size(); ++t) {
    const double by = std::pow(memory, static_cast<double>(history.size() - 1 - t));
    sum += by * history[t];
    weight += by;
  }
  return sum / weight;
}

// The definition with lgamma and whole tables: P(Y <= count), past and negative binomial.
double PlainShare(const Values& history, const DiscountedDemand& d, double count) {
  double past = 0.0;
  double weight = 0.0;
  double square_weight = 0.0;
  double squares = 0.0;
  const double mean = WeightedMean(history, d.memory);
  for (std::size_t t = 0; t < history.size(); ++t) {
    const double by = std::pow(d.memory, static_cast<double>(history.size() - 1 - t));
    past += history[t] <= count ? by : 0.0;
    squares += by * (history[t] - mean) * (history[t] - mean);
    weight += by;
    square_weight += by * by;
  }
  const double variance = squares / weight / (1.0 - square_weight / (weight * weight));
  EXPECT_NEAR(variance, d.variance_units, 1e-9 * variance);
  double base = 0.0;
  const double k = mean * mean / (variance - mean);
  for (double y = 0.0; y <= count; y += 1.0) {
    const double log = variance > 1.0001 * mean
                           ? std::lgamma(y + k) - std::lgamma(k) - std::lgamma(y + 1.0) +
                                 k * std::log(k / (k + mean)) + y * std::log(mean / (k + mean))
                           : y * std::log(mean) - mean - std::lgamma(y + 1.0);
    base += std::exp(log);
  }
  const double share = weight / (weight + 40.0);
  return share * past / weight + (1.0 - share) * base;
}

TEST(DiscountedDemandTest, BandsOfCountsEqualTheDefinition) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Values history(12 + random() % 150);
    for (std::size_t t = 0; t < history.size(); ++t) {
      const unsigned most = 2 + seed % 9 + (t > history.size() / 2 && seed % 3 == 0 ? 40 : 0);
      history[t] = random() % 3 == 0 ? static_cast<double>(random() % most) : 0.0;
    }
    history[3] = 2.0;
    const DiscountedDemand d = Fit(history);
    EXPECT_TRUE(d.counts);
    EXPECT_NEAR(d.mean_units, WeightedMean(history, d.memory), 1e-9 * d.mean_units);
    for (std::size_t q = 0; q < kQuantiles; ++q) {
      EXPECT_EQ(d.band[q], std::floor(d.band[q]));
      EXPECT_GE(PlainShare(history, d, d.band[q]), kQuantileLevels[q] - 1e-9);
      if (d.band[q] > 0.0) {
        EXPECT_LT(PlainShare(history, d, d.band[q] - 1.0), kQuantileLevels[q] + 1e-9);
      }
    }
  }
}

TEST(DiscountedDemandTest, ForgetsWhatIsNoLongerSo) {
  std::mt19937 random(4);
  std::poisson_distribution<int> much(20.0);
  std::poisson_distribution<int> little(2.0);
  Values steady;
  Values fallen;
  for (int t = 0; t < 120; ++t) {
    steady.push_back(little(random));
    fallen.push_back(t < 60 ? much(random) : little(random));
  }
  EXPECT_EQ(Fit(steady).memory, 1.0);
  const DiscountedDemand after = Fit(fallen);
  EXPECT_LT(after.memory, 1.0);
  EXPECT_LT(after.mean_units, 5.0);
}

// Counts from 500 on, and measures, by halving: the distribution function passes each level there.
TEST(DiscountedDemandTest, LargeAndMeasuredDemandHaveTheirQuantilesToo) {
  std::mt19937 random(9);
  std::gamma_distribution<double> sizes(2.0, 1.0);
  Values history(200);
  for (double& y : history) y = random() % 2 == 0 ? sizes(random) : 0.0;
  const DiscountedDemand measured = Fit(history);
  EXPECT_FALSE(measured.counts);
  EXPECT_EQ(measured.band[0], 0.0);
  EXPECT_TRUE(std::is_sorted(measured.band.begin(), measured.band.end()));
  Values sorted = history;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t q = 3; q + 2 < kQuantiles; ++q) {  // Near the sample's own.
    const auto place = static_cast<std::size_t>(kQuantileLevels[q] * 200.0);
    EXPECT_NEAR(measured.band[q], sorted[place], 0.35 * sorted[place] + 0.1) << q;
  }
  for (double& y : history) y = std::round(10'000.0 * y);
  const DiscountedDemand large = Fit(history);
  EXPECT_TRUE(large.counts);
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    EXPECT_EQ(large.band[q], std::floor(large.band[q]));
    // Measures keep all of the past, counts may forget.
    EXPECT_NEAR(large.band[q], 10'000.0 * measured.band[q], 1.0 + 0.15 * large.band[q]);
  }
}

TEST(DiscountedDemandTest, AnswersForOddHistories) {
  EXPECT_THAT(Fit(Values(30, 0.0)).band, Each(0.0));
  EXPECT_THAT(Fit(Values(400, 7.0)).band[4], 7.0);
  Values one_sale(400, 0.0);
  one_sale[399] = 4.0;
  for (const Values& history : {Values{5}, Values{0.5}, one_sale, Values{1e300, 2e300, 1.5e300},
                                Values{1e-300, 2e-300}, Values{0, 1e9}}) {
    const DiscountedDemand d = Fit(history);
    EXPECT_TRUE(std::isfinite(d.mean_units));
    for (const double value : d.band) EXPECT_TRUE(std::isfinite(value) && value >= 0.0) << value;
    EXPECT_TRUE(std::is_sorted(d.band.begin(), d.band.end()));
  }
}

}  // namespace
}  // namespace tandem::forecasting

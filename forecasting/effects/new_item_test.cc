#include "forecasting/effects/new_item.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

constexpr std::uint32_t kCodes[] = {0, 1, 2, 3, 4, 5, 6, 7};

ItemTraits Traits(std::uint32_t code) { return {.attributes = std::span(&kCodes[code], 1)}; }

// Two analogs of rates 2 and 4 in 100 buckets each, the same weight: mean 3; variance 1 less
// counting's 3 / 100, times 1 + 1/2 for the two of them.
TEST(PriorFromAnalogs, WorkedByHand) {
  const double apart[] = {0.0};
  const Analog analogs[] = {{.traits = Traits(0), .units = 200.0, .buckets = 100.0},
                            {.traits = Traits(1), .units = 400.0, .buckets = 100.0}};
  const auto prior = PriorFromAnalogs(Traits(0), analogs, {.attributes = apart}, {});
  ASSERT_TRUE(prior.ok()) << prior.status();
  EXPECT_NEAR(prior->Mean(), 3.0, 1e-12);
  EXPECT_NEAR(prior->Mean() / prior->rate_buckets, 0.97 * 1.5, 1e-12);  // The gamma's variance.
}

TEST(PriorFromAnalogs, TheLikeCountMore) {
  const double apart[] = {std::log(3.0)};
  const Analog analogs[] = {{.traits = Traits(0), .units = 200.0, .buckets = 100.0},
                            {.traits = Traits(1), .units = 600.0, .buckets = 100.0}};
  EXPECT_NEAR(PriorFromAnalogs(Traits(0), analogs, {.attributes = apart}, {})->Mean(), 3.0, 1e-12);
  EXPECT_NEAR(PriorFromAnalogs(Traits(1), analogs, {.attributes = apart}, {})->Mean(), 5.0, 1e-12);
  EXPECT_NEAR(PriorFromAnalogs(Traits(2), analogs, {.attributes = apart}, {})->Mean(), 4.0, 1e-12);
  // By a measure: exp(-|0.5 - m| / scale) of the two is 1 : 3.
  const double measures[] = {0.0, 1.0, 0.5 + 0.5 * std::log(3.0) / 2.0};
  const double distance[] = {2.0};
  const Analog measured[] = {
      {.traits = {.measures = std::span(&measures[0], 1)}, .units = 200.0, .buckets = 100.0},
      {.traits = {.measures = std::span(&measures[1], 1)}, .units = 600.0, .buckets = 100.0}};
  EXPECT_NEAR(PriorFromAnalogs({.measures = std::span(&measures[2], 1)}, measured,
                               {.measures = distance}, {})
                  ->Mean(),
              5.0, 1e-9);
}

// Gamma(2, 4), then 6 units in 2 buckets: Gamma(8, 6).
TEST(GammaRate, HandsOverToOwnSales) {
  GammaRate rate{.shape = 2.0, .rate_buckets = 4.0};
  ASSERT_TRUE(rate.Observe(6.0, 2.0, {}).ok());
  EXPECT_NEAR(rate.Mean(), 8.0 / 6.0, 1e-8);  // By default nothing fades, but by a billionth.
  const auto next = rate.Forecast(3.0, {});
  EXPECT_NEAR(next->mean_units, 4.0, 1e-8);
  EXPECT_NEAR(next->variance_units, 4.0 + 16.0 / 8.0, 1e-7);
  for (int bucket = 0; bucket < 2000; ++bucket) ASSERT_TRUE(rate.Observe(5.0, 1.0, {}).ok());
  EXPECT_NEAR(rate.Mean(), 5.0, 0.02);
}

TEST(GammaRate, MoreDispersionBelievesTheAnalogsLonger) {
  GammaRate plain{.shape = 1.0, .rate_buckets = 1.0};
  GammaRate noisy = plain;
  ASSERT_TRUE(plain.Observe(10.0, 2.0, {}).ok());
  ASSERT_TRUE(noisy.Observe(10.0, 2.0, {.dispersion = 4.0}).ok());
  EXPECT_GT(plain.Mean(), noisy.Mean());
  EXPECT_GT(noisy.Forecast(1.0, {.dispersion = 4.0})->variance_units,
            plain.Forecast(1.0, {})->variance_units);
}

TEST(GammaRate, OldSalesFade) {
  GammaRate rate{.shape = 1.0, .rate_buckets = 1.0};
  const NewItemOptions options{.half_life_buckets = 2.0};
  for (int bucket = 0; bucket < 50; ++bucket) ASSERT_TRUE(rate.Observe(1.0, 1.0, options).ok());
  for (int bucket = 0; bucket < 10; ++bucket) ASSERT_TRUE(rate.Observe(9.0, 1.0, options).ok());
  EXPECT_NEAR(rate.Mean(), 9.0, 0.5);
}

// Simulated truth: rates drawn by group. The hand-over is nearer to the truth than the group's mean
// and than the item's own mean, at every age; and nine of ten counts lie in the 90 % interval.
TEST(PriorFromAnalogs, BeatsTheMeanOfAllAndTheItemAlone) {
  std::mt19937_64 engine(testing::Random().Next());
  const double distance[] = {3.0};
  std::vector<Analog> analogs;
  std::vector<double> group_rate;
  for (std::uint32_t group = 0; group < 8; ++group) {
    group_rate.push_back(std::exp(0.1 * group));
    for (int j = 0; j < 40; ++j) {
      const double rate = std::gamma_distribution<double>(4.0, group_rate[group] / 4.0)(engine);
      analogs.push_back(
          {.traits = Traits(group),
           .units = static_cast<double>(std::poisson_distribution<int>(56.0 * rate)(engine)),
           .buckets = 56.0});
    }
  }
  double mean_all = 0.0;
  for (const double rate : group_rate) mean_all += rate / 8.0;
  double squares[3] = {};
  int inside = 0;
  constexpr int kItems = 2000;
  for (int i = 0; i < kItems; ++i) {
    const std::uint32_t group = static_cast<std::uint32_t>(i % 8);
    const double truth = std::gamma_distribution<double>(4.0, group_rate[group] / 4.0)(engine);
    GammaRate rate = *PriorFromAnalogs(Traits(group), analogs, {.attributes = distance}, {});
    const int own = std::poisson_distribution<int>(7.0 * truth)(engine);
    ASSERT_TRUE(rate.Observe(own, 7.0, {}).ok());
    squares[0] += std::pow(rate.Mean() - truth, 2);
    squares[1] += std::pow(mean_all - truth, 2);
    squares[2] += std::pow(own / 7.0 - truth, 2);
    const NegativeBinomial next = *rate.Forecast(7.0, {});
    const int count = std::poisson_distribution<int>(7.0 * truth)(engine);
    if (count >= *CountQuantile(next, 0.05) && count <= *CountQuantile(next, 0.95)) ++inside;
  }
  EXPECT_LT(squares[0], 0.9 * squares[1]);
  EXPECT_LT(squares[0], 0.9 * squares[2]);
  // Counts make the interval wider than 90 %; four deviations of 0.7 % below.
  EXPECT_GT(inside, 0.87 * kItems);
  EXPECT_LT(inside, 0.97 * kItems);
}

TEST(PriorFromAnalogs, RefusesWithTheAnalog) {
  const double distance[] = {1.0};
  const double negative[] = {-1.0};
  const TraitDistances by{.attributes = distance};
  const Analog good{.traits = Traits(0), .units = 1.0, .buckets = 1.0};
  const auto status = [&](const Analog& analog) {
    const Analog analogs[] = {good, analog};
    return PriorFromAnalogs(Traits(0), analogs, by, {}).status();
  };
  EXPECT_TRUE(status(good).ok());
  EXPECT_THAT(std::string(status({.traits = Traits(0), .units = -1.0, .buckets = 1.0}).message()),
              ::testing::HasSubstr("analog 1"));
  EXPECT_FALSE(status({.traits = Traits(0), .units = 1.0}).ok());
  EXPECT_FALSE(status({.units = 1.0, .buckets = 1.0}).ok());
  EXPECT_FALSE(PriorFromAnalogs(Traits(0), {}, by, {}).ok());
  EXPECT_FALSE(PriorFromAnalogs(Traits(0), {&good, 1}, {}, {}).ok());
  EXPECT_FALSE(PriorFromAnalogs(Traits(0), {&good, 1}, {.attributes = negative}, {}).ok());
  EXPECT_FALSE(PriorFromAnalogs(Traits(0), {&good, 1}, by, {.dispersion = 0.5}).ok());
  const double far[] = {1e6};
  EXPECT_FALSE(PriorFromAnalogs(Traits(1), {&good, 1}, {.attributes = far}, {}).ok());
  const Analog none{.traits = Traits(0), .units = 0.0, .buckets = 5.0};
  EXPECT_EQ(PriorFromAnalogs(Traits(0), {&none, 1}, by, {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(GammaRate, RefusesWhatIsNoCount) {
  GammaRate rate{.shape = 1.0, .rate_buckets = 1.0};
  EXPECT_FALSE(rate.Observe(-1.0, 1.0, {}).ok());
  EXPECT_FALSE(rate.Observe(1.0, std::numeric_limits<double>::infinity(), {}).ok());
  EXPECT_FALSE(rate.Observe(1.0, 1.0, {.half_life_buckets = 0.0}).ok());
  EXPECT_EQ(rate.shape, 1.0);
  EXPECT_FALSE(rate.Forecast(-1.0, {}).ok());
  EXPECT_FALSE(GammaRate{}.Forecast(1.0, {}).ok());
}

}  // namespace
}  // namespace tandem::forecasting

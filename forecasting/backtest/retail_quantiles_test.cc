#include "forecasting/backtest/retail_quantiles.h"

#include <random>
#include <vector>

#include "forecasting/quantile_levels.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kHorizon = 28;

// One node of one series: 13 origins, a forecast of 100 a day, normal errors of 10. Where `closed`,
// the newest origin's day 5 was forecast 1 and sold nothing.
RetailPast Past(bool closed) {
  std::mt19937 random(3);
  std::normal_distribution<double> error(0.0, 10.0);
  RetailPast past;
  for (std::size_t k = 0; k < 13; ++k) {
    past.forecasts.emplace_back(kHorizon, 100.0);
    past.actuals.emplace_back();
    for (std::size_t h = 0; h < kHorizon; ++h) past.actuals[k].push_back(100.0 + error(random));
  }
  if (closed) {
    past.forecasts[0][5] = 1.0;
    past.actuals[0][5] = 0.0;
  }
  return past;
}

float At(const std::vector<float>& quantiles, std::size_t u, std::size_t h) {
  return quantiles[u * kHorizon + h];
}

TEST(RetailQuantilesTest, AClosedDayIsNoTailOfOpenDays) {
  const RetailLevel level{.node_of_series = {0}, .first_series_of_node = {0}};
  const RetailPast past = Past(true);
  std::vector<double> means(kHorizon, 100.0);
  means[9] = 1.0;  // Will be closed.
  const auto quantiles = LevelQuantiles(
      {.level = &level, .horizon_days = kHorizon, .past = &past, .mean_units = means});
  ASSERT_TRUE(quantiles.ok()) << quantiles.status();
  // Of 363 residuals of deviation 10 the least lies at some 70; with the closed day's it were 0.
  EXPECT_GT(At(*quantiles, 0, 0), 55.0F);
  EXPECT_LT(At(*quantiles, 0, 0), 85.0F);
  EXPECT_NEAR(At(*quantiles, 4, 0), 100.0F, 3.0F);
  // A count of mean 1 and variance 2: geometric, P(0) = 1/2, P(Y <= 6) = .992, P(Y <= 7) = .996.
  EXPECT_EQ(At(*quantiles, 0, 9), 0.0F);
  EXPECT_EQ(At(*quantiles, 4, 9), 0.0F);
  EXPECT_EQ(At(*quantiles, kQuantiles - 1, 9), 7.0F);
}

TEST(RetailQuantilesTest, OpenDaysAreAsWithoutTheClosedOne) {
  const RetailLevel level{.node_of_series = {0}, .first_series_of_node = {0}};
  const RetailPast with = Past(true);
  const RetailPast without = Past(false);
  const std::vector<double> means(kHorizon, 100.0);
  const auto of = [&](const RetailPast& past) {
    return *LevelQuantiles(
        {.level = &level, .horizon_days = kHorizon, .past = &past, .mean_units = means});
  };
  const std::vector<float> a = of(with);
  const std::vector<float> b = of(without);
  for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 3.0F) << k;
}

TEST(RetailQuantilesTest, WithoutAPastTheyAreThoseOfCounts) {
  const RetailLevel level{.node_of_series = {0}, .first_series_of_node = {0}};
  const RetailPast past;
  const std::vector<double> means(kHorizon, 2.0);
  const auto quantiles = LevelQuantiles({.level = &level,
                                         .number = 11,
                                         .horizon_days = kHorizon,
                                         .past = &past,
                                         .mean_units = means});
  ASSERT_TRUE(quantiles.ok()) << quantiles.status();
  for (std::size_t u = 1; u < kQuantiles; ++u) {
    EXPECT_GE(At(*quantiles, u, 0), At(*quantiles, u - 1, 0));
  }
  EXPECT_EQ(At(*quantiles, 4, 0), 2.0F);  // Poisson's median of mean 2.
}

}  // namespace
}  // namespace tandem::forecasting

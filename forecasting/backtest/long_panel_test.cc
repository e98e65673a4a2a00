#include "forecasting/backtest/long_panel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "forecasting/backtest/executor.h"

namespace tandem::forecasting {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kHorizon = 13;
constexpr unsigned kSeed = 20261127;

LongSeries Known(std::vector<double> units) {
  LongSeries series{.units = std::move(units)};
  series.knowledge.assign(series.units.size(), Knowledge::kKnown);
  return series;
}

// Two units in every third of 60 buckets, from bucket `first` on.
LongSeries EveryThird(std::size_t first, double units = 2.0) {
  std::vector<double> all(60, 0.0);
  for (std::size_t t = first; t < all.size(); t += 3) all[t] = units;
  return Known(std::move(all));
}

TEST(LevelBuilderTest, ASumIsOfTheClassOfItsOwnHistory) {
  LongPanel panel;
  // Node 0: both sell in the same buckets. Node 1: together in every one. Node 2: one takes back.
  for (const std::size_t first : {0U, 0U, 0U, 1U, 2U, 0U}) {
    panel.series.push_back(EveryThird(first));
  }
  panel.series.push_back(EveryThird(0, -2.0));
  panel.groupings.push_back({.node_of_series = {0, 0, 1, 1, 1, 2, 2}, .node_count = 3});
  LongOrigin now{.bucket = BucketLength::kWeek};
  for (const LongSeries& series : panel.series) {
    now.ready.push_back(MakeReady(series, series.units.size(), 52));
  }
  LevelForecasts forecasts;
  LevelBuilder(panel, kHorizon).Describe(panel.groupings[0], now, forecasts);
  EXPECT_THAT(forecasts.kinds,
              ElementsAre(LongClass::kIntermittent, LongClass::kSmooth, LongClass::kSigned));
}

TEST(LevelBuilderTest, SingleSeriesKeepTheirClass) {
  LongPanel panel;
  panel.series = {Known(std::vector<double>(60, 5.0)), EveryThird(0), EveryThird(0, -2.0)};
  LongOrigin now{.bucket = BucketLength::kWeek};
  for (const LongSeries& series : panel.series) {
    now.ready.push_back(MakeReady(series, series.units.size(), 52));
  }
  LevelForecasts forecasts;
  LevelBuilder(panel, kHorizon).Describe(LevelsOf(panel).back(), now, forecasts);
  EXPECT_THAT(forecasts.kinds,
              ElementsAre(LongClass::kSmooth, LongClass::kIntermittent, LongClass::kSigned));
}

// Groups of two series that seldom sell. With zeros of sums among all other residuals the 80 % of
// PITs hold 53 %.
TEST(LevelBuilderTest, QuantilesOfSumsThatSeldomSellCoverWhatComes) {
  std::mt19937 random(kSeed);
  std::gamma_distribution<double> size(4.0, 3.0);
  std::uniform_real_distribution<double> uniform;
  LongPanel panel;
  LongActuals actuals;
  LongLevel groups{.node_count = 200};
  for (std::size_t i = 0; i < 2 * groups.node_count; ++i) {
    const double rate = 0.03 + 0.2 * uniform(random);
    const auto demand = [&] { return uniform(random) < rate ? size(random) : 0.0; };
    std::vector<double> units = {size(random)};  // The first sale: what lies before it is cut.
    while (units.size() < 150) units.push_back(demand());
    panel.series.push_back(Known(std::move(units)));
    groups.node_of_series.push_back(i / 2);
    for (std::size_t h = 0; h < kHorizon; ++h) actuals.units.push_back(demand());
  }
  panel.groupings.push_back(groups);
  actuals.knowledge.assign(actuals.units.size(), Knowledge::kKnown);
  SerialExecutor executor;
  const auto forecast =
      ForecastLong(panel, {.bucket = BucketLength::kWeek, .horizon_buckets = kHorizon}, executor);
  ASSERT_TRUE(forecast.ok()) << forecast.status();
  const auto errors = MeasureLong(panel, actuals, *forecast, BucketLength::kWeek);
  ASSERT_TRUE(errors.ok()) << errors.status();
  const Calibration& groups_measured = (*errors)[1].calibration;
  EXPECT_NEAR(*groups_measured.PitCovered(2), 0.80, 0.03) << "seed " << kSeed;
}

}  // namespace
}  // namespace tandem::forecasting

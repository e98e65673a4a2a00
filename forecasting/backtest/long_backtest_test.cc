#include "forecasting/backtest/long_backtest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;

// The parts from the last to the first: nothing may lean on their order.
class BackwardExecutor : public Executor {
 public:
  void ForEach(std::size_t count, const std::function<void(std::size_t)>& part) override {
    for (std::size_t k = count; k-- > 0;) part(k);
  }
};

LongSeries Known(std::vector<double> units) {
  LongSeries series{.units = std::move(units)};
  series.knowledge.assign(series.units.size(), Knowledge::kKnown);
  return series;
}

LongForecast Forecast(const LongPanel& panel, const LongOptions& options) {
  SerialExecutor executor;
  auto forecast = ForecastLong(panel, options, executor);
  EXPECT_TRUE(forecast.ok()) << forecast.status();
  return forecast.ok() ? *std::move(forecast) : LongForecast{};
}

std::vector<double> MeanOf(const LongForecast& forecast, std::size_t i) {
  const auto begin =
      forecast.mean_units.begin() + static_cast<std::ptrdiff_t>(i * forecast.horizon_buckets);
  return {begin, begin + static_cast<std::ptrdiff_t>(forecast.horizon_buckets)};
}

std::vector<double> Weeks(std::size_t days, double level) {
  constexpr double kWeek[] = {1.0, 0.6, 0.8, 1.0, 1.2, 1.6, 0.8};
  std::vector<double> units;
  for (std::size_t t = 0; t < days; ++t) units.push_back(level * kWeek[t % 7]);
  return units;
}

// Gamma demand with a week, and a promotion that doubles it in some days.
LongPanel NoisyPanel(std::size_t count, std::size_t days, std::size_t horizon, unsigned seed) {
  std::mt19937 random(seed);
  LongPanel panel{.driver_count = 1};
  LongLevel stores{.node_count = 2};
  for (std::size_t i = 0; i < count; ++i) {
    const double level = 5.0 + static_cast<double>(i % 9);
    std::vector<double> units = Weeks(days, level);
    LongSeries series;
    for (std::size_t t = 0; t < days + horizon; ++t) {
      const bool promoted = (t + 5 * i) % 19 < 2;
      series.drivers.push_back(promoted ? 1.0F : 0.0F);
      if (t >= days) continue;
      std::gamma_distribution<double> demand(8.0, units[t] / 8.0);
      units[t] = demand(random) * (promoted ? 2.0 : 1.0);
    }
    series.units = std::move(units);
    series.knowledge.assign(days, Knowledge::kKnown);
    panel.series.push_back(std::move(series));
    stores.node_of_series.push_back(i % 2);
  }
  panel.groupings.push_back(std::move(stores));
  return panel;
}

TEST(ForecastLongTest, GoesOnWithAnExactWeek) {
  LongPanel panel;
  for (const double level : {10.0, 250.0}) panel.series.push_back(Known(Weeks(140, level)));
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 14});
  for (const std::size_t i : {0u, 1u}) {
    const std::vector<double> want = Weeks(14, i == 0 ? 10.0 : 250.0);
    const std::vector<double> mean = MeanOf(forecast, i);
    // Theta's line and the index's draw leave a trace.
    for (std::size_t h = 0; h < 14; ++h) EXPECT_NEAR(mean[h], want[h], 0.02 * want[h]) << h;
  }
}

TEST(ForecastLongTest, DoesNotDependOnTheOrderOfItsParts) {
  const LongPanel panel = NoisyPanel(6, 70, 7, 3);
  const LongOptions options{.horizon_buckets = 7};
  const LongForecast one = Forecast(panel, options);
  BackwardExecutor backward;
  const auto two = ForecastLong(panel, options, backward);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(one.mean_units, two->mean_units);
  EXPECT_EQ(one.quantile_units, two->quantile_units);
  EXPECT_EQ(one.uplift_grouping, two->uplift_grouping);
}

TEST(ForecastLongTest, ScalesWithItsUnits) {
  LongPanel panel = NoisyPanel(6, 70, 7, 4);
  const LongForecast one = Forecast(panel, {.horizon_buckets = 7});
  for (LongSeries& series : panel.series) {
    for (double& units : series.units) units *= 1024.0;  // Exact in binary.
  }
  const LongForecast two = Forecast(panel, {.horizon_buckets = 7});
  for (std::size_t k = 0; k < one.mean_units.size(); ++k) {
    EXPECT_NEAR(two.mean_units[k], 1024.0 * one.mean_units[k], 1e-3 * two.mean_units[k]) << k;
  }
}

TEST(ForecastLongTest, LearnsAPromotionAndPutsItBack) {
  const LongPanel panel = NoisyPanel(24, 133, 14, 5);
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 14});
  ASSERT_TRUE(forecast.uplift_grouping.has_value());
  // Sums know no drivers.
  EXPECT_EQ(forecast.sum_shares, std::vector<double>(panel.groupings.size() + 1, 0.0));
  double with = 0.0;
  double without = 0.0;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const std::vector<double> mean = MeanOf(forecast, i);
    const std::vector<double> plain = Weeks(147, 5.0 + static_cast<double>(i % 9));
    for (std::size_t h = 0; h < 14; ++h) {
      const bool promoted = panel.series[i].drivers[133 + h] > 0.0F;
      (promoted ? with : without) += mean[h] / plain[133 + h] / (promoted ? 2.0 : 1.0);
    }
  }
  std::size_t promoted = 0;
  for (const LongSeries& series : panel.series) {
    for (std::size_t h = 0; h < 14; ++h) promoted += series.drivers[133 + h] > 0.0F ? 1 : 0;
  }
  // The truth is 1; the gamma's noise of 24 series leaves some percent.
  EXPECT_NEAR(with / static_cast<double>(promoted), 1.0, 0.12);
  EXPECT_NEAR(without / static_cast<double>(std::size_t{24} * 14 - promoted), 1.0, 0.06);
}

// A promotion that doubles most series and does nothing to those that sell now and then: these are
// forecast without it, the others with it.
TEST(ForecastLongTest, DriversThatTellAClassNothingAreNotItsOwn) {
  LongPanel panel = NoisyPanel(12, 133, 14, 5);
  std::mt19937 random(15);
  for (std::size_t i = 0; i < 12; i += 3) {
    for (double& units : panel.series[i].units) {
      units = random() % 3 == 0 ? 1.0 + static_cast<double>(random() % 4) : 0.0;
    }
  }
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 14});
  ASSERT_TRUE(forecast.uplift_grouping.has_value());
  const auto share = [&](LongClass kind) {
    return forecast.driverless_shares[static_cast<std::size_t>(kind)];
  };
  EXPECT_LT(share(LongClass::kSmooth), 0.1);
  EXPECT_GT(share(LongClass::kIntermittent), 0.4);
}

// One that had sold next to nothing comes to life after an earlier origin: what it misses is
// thousands of its sizes, however promotions are used, and says nothing of what they do to others.
TEST(ForecastLongTest, OneSeriesThatComesToLifeDoesNotChooseForAll) {
  LongPanel panel = NoisyPanel(12, 133, 14, 5);
  std::vector<double>& late = panel.series[7].units;
  for (std::size_t t = 0; t < late.size(); ++t) late[t] = t < 119 ? 1e-4 : 40.0;
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 14});
  EXPECT_TRUE(forecast.uplift_grouping.has_value());
}

TEST(ForecastLongTest, LeavesOutADriverThatTellsNothing) {
  LongPanel panel = NoisyPanel(12, 84, 7, 6);
  std::mt19937 random(9);
  for (LongSeries& series : panel.series) {
    series.units = Weeks(84, 10.0);
    std::normal_distribution<double> noise(0.0, 1.0);
    for (double& units : series.units) units += noise(random);
    for (float& driver : series.drivers) driver = random() % 2 == 0 ? 0.0F : 1.0F;
  }
  EXPECT_FALSE(Forecast(panel, {.horizon_buckets = 7}).uplift_grouping.has_value());
}

TEST(ForecastLongTest, ShortSeriesBorrowTheSeasonOfTheirGroup) {
  LongPanel panel;
  for (int i = 0; i < 4; ++i) panel.series.push_back(Known(Weeks(140, 10.0 + i)));
  const std::vector<double> all = Weeks(140, 20.0);
  panel.series.push_back(Known({all.end() - 5, all.end()}));
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 7});
  const std::vector<double> want = Weeks(7, 20.0);
  const std::vector<double> mean = MeanOf(forecast, 4);
  for (std::size_t h = 0; h < 7; ++h) EXPECT_NEAR(mean[h], want[h], 0.1 * want[h]) << h;
}

TEST(ForecastLongTest, GapsAreNotZerosAndLowerBoundsNotDemand) {
  for (const Knowledge hidden : {Knowledge::kGap, Knowledge::kLowerBound}) {
    LongPanel panel{.series = {Known(Weeks(140, 10.0))}};
    LongSeries& series = panel.series.front();
    for (std::size_t t = 3; t < 140; t += 5) {
      series.knowledge[t] = hidden;
      series.units[t] = 0.0;
    }
    const std::vector<double> mean = MeanOf(Forecast(panel, {.horizon_buckets = 14}), 0);
    const std::vector<double> want = Weeks(14, 10.0);
    for (std::size_t h = 0; h < 14; ++h) EXPECT_NEAR(mean[h], want[h], 0.05 * want[h]) << h;
  }
}

TEST(ForecastLongTest, OddSeriesHaveTheirFallbacks) {
  std::vector<double> one_sale(400, 0.0);
  one_sale.back() = 4.0;
  std::vector<double> other_sale(400, 0.0);
  other_sale.front() = 4.0;
  struct Case {
    const char* name;
    std::vector<double> units;
    double least;
    double most;
  };
  const Case cases[] = {
      {"one value", {5.0}, 5.0, 5.0},
      {"two values", {5.0, 7.0}, 4.9, 7.1},
      {"all zero", std::vector<double>(60, 0.0), 0.0, 0.0},
      {"constant", std::vector<double>(60, 3.0), 3.0, 3.0},
      {"one sale, the last of 400", one_sale, 0.0, 2.0},
      {"one sale, the first of 400", other_sale, 0.0, 0.1},
      {"huge", {1e14, 1e15, 1e14, 1e15, 1e14, 1e15, 1e14, 1e15}, 0.0, 5e15},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const std::size_t horizon : {std::size_t{1}, std::size_t{14}, std::size_t{10'000}}) {
      const LongForecast forecast =
          Forecast({.series = {Known(c.units)}}, {.horizon_buckets = horizon});
      ASSERT_EQ(forecast.mean_units.size(), horizon);
      for (const double mean : forecast.mean_units) {
        EXPECT_TRUE(mean >= c.least - 1e-5 && mean <= c.most + 1e-5) << mean;
      }
      for (const float quantile : forecast.quantile_units.back()) {
        EXPECT_TRUE(std::isfinite(quantile) && quantile >= 0.0F) << quantile;
      }
    }
  }
}

TEST(ForecastLongTest, OnlySeriesWithNegativeValuesMayBeForecastNegative) {
  LongPanel panel{.series = {Known({}), Known(Weeks(120, 1.0))}};
  for (int t = 0; t < 120; ++t) panel.series[0].units.push_back((t % 2 == 0 ? 1.0 : -1.0) * t);
  panel.series[0].knowledge.assign(120, Knowledge::kKnown);
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 14});
  EXPECT_EQ(forecast.mixtures[static_cast<std::size_t>(LongClass::kSigned)].series, 1u);
  EXPECT_THAT(MeanOf(forecast, 1), Each(Ge(0.0)));
  const std::vector<float>& quantiles = forecast.quantile_units.back();
  EXPECT_LT(*std::min_element(quantiles.begin(), quantiles.begin() + std::ptrdiff_t{14} * 9), 0.0F);
}

TEST(ForecastLongTest, QuantilesAscendAndCoverWhatComes) {
  constexpr std::size_t kDays = 112;
  constexpr std::size_t kHorizon = 14;
  const LongPanel whole = NoisyPanel(30, kDays + kHorizon, 0, 8);
  LongPanel panel = whole;
  LongActuals actuals;
  for (LongSeries& series : panel.series) {
    actuals.units.insert(actuals.units.end(), series.units.end() - kHorizon, series.units.end());
    series.units.resize(kDays);
    series.knowledge.resize(kDays);
  }
  actuals.knowledge.assign(actuals.units.size(), Knowledge::kKnown);
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = kHorizon});
  for (const std::vector<float>& level : forecast.quantile_units) {
    for (std::size_t at = 0; at < level.size(); at += kQuantiles) {
      EXPECT_TRUE(std::is_sorted(&level[at], &level[at] + kQuantiles));
    }
  }
  const auto errors = MeasureLong(panel, actuals, forecast, BucketLength::kDay);
  ASSERT_TRUE(errors.ok()) << errors.status();
  // 420 outcomes: three standard deviations of a share of .5 are .073, of .95 .032.
  EXPECT_THAT(*errors->back().calibration.Covered(0), DoubleNear(0.50, 0.08));
  EXPECT_THAT(*errors->back().calibration.Covered(3), DoubleNear(0.95, 0.035));
  // The gamma's own scatter about the right mean: E|X - 1| of shape 8 is .279.
  EXPECT_LT(*errors->back().wmape, 0.33);
}

// Where two buckets in five are gaps or lower bounds, quantiles are those of the buckets that are
// known. What is forecast for the others used to count as nothing in a residual's scale: residuals
// of the known ones came out by two fifths too small, and the 80 % interval covered 58 %.
TEST(ForecastLongTest, QuantilesCoverWhatComesWhereMuchIsUnknown) {
  constexpr std::size_t kDays = 112;
  constexpr std::size_t kHorizon = 7;
  LongPanel panel = NoisyPanel(60, kDays + kHorizon, 0, 9);
  panel.driver_count = 0;  // What they tell is not the question here, and takes most of the time.
  LongActuals actuals;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    LongSeries& series = panel.series[i];
    series.drivers.clear();
    actuals.units.insert(actuals.units.end(), series.units.end() - kHorizon, series.units.end());
    series.units.resize(kDays);
    series.knowledge.resize(kDays);
    for (std::size_t t = 0; t < kDays; ++t) {
      if ((7 * i + 3 * t) % 5 < 2) series.knowledge[t] = Knowledge::kGap;
    }
  }
  actuals.knowledge.assign(actuals.units.size(), Knowledge::kKnown);
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = kHorizon});
  const auto errors = MeasureLong(panel, actuals, forecast, BucketLength::kDay);
  ASSERT_TRUE(errors.ok()) << errors.status();
  // 420 outcomes, as above; the 80 % interval is read between two others and holds a point more.
  EXPECT_THAT(*errors->back().calibration.Covered(2), DoubleNear(0.81, 0.06));
  EXPECT_THAT(*errors->back().calibration.Covered(0), DoubleNear(0.50, 0.08));
}

// Sixty months of 20 to 31 that repeat exactly but for one more unit in the last but one.
LongSeries ExactButOnce() {
  std::vector<double> units(60);
  for (int t = 0; t < 60; ++t) units[static_cast<std::size_t>(t)] = 20.0 + t % 12;
  units[58] += 1.0;
  return Known(std::move(units));
}

float MostOf(const LongForecast& forecast, std::size_t first, std::size_t count) {
  const std::vector<float>& quantiles = forecast.quantile_units.back();
  const std::size_t each = forecast.horizon_buckets * kQuantiles;
  const auto begin = quantiles.begin() + static_cast<std::ptrdiff_t>(first * each);
  return *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(count * each));
}

// The miss used to be divided by the rounding errors before it: the outer quantile was 297,100.
TEST(ForecastLongTest, AMissAfterAnExactHistoryIsSmall) {
  for (const std::size_t horizon : {std::size_t{3}, std::size_t{18}}) {
    const LongOptions options{.bucket = BucketLength::kMonth, .horizon_buckets = horizon};
    const LongForecast forecast = Forecast({.series = {ExactButOnce()}}, options);
    EXPECT_LT(MostOf(forecast, 0, 1), 40.0F) << horizon;
    EXPECT_GT(*std::ranges::min_element(forecast.quantile_units.back()), 10.0F) << horizon;
  }
}

TEST(ForecastLongTest, OneSeriesDoesNotStretchTheQuantilesOfTheOthers) {
  std::mt19937 random(12);
  std::normal_distribution<double> noise(0.0, 10.0);
  LongPanel panel;
  for (int i = 0; i < 20; ++i) {
    std::vector<double> units(60);
    for (double& each : units) each = 100.0 + noise(random);
    panel.series.push_back(Known(std::move(units)));
  }
  const LongOptions options{.bucket = BucketLength::kMonth, .horizon_buckets = 3};
  const float alone = MostOf(Forecast(panel, options), 0, 20);
  panel.series.push_back(ExactButOnce());
  const LongForecast beside = Forecast(panel, options);
  EXPECT_LT(MostOf(beside, 0, 20), 1.2F * alone);
  EXPECT_LT(MostOf(beside, 20, 1), 60.0F);
}

// A law, with sales of few large lots whose residuals are far out.
TEST(ForecastLongTest, NoQuantileLiesBeyondFiveTimesWhatWasSeen) {
  std::mt19937 random(13);
  LongPanel panel;
  std::vector<double> largest;
  for (int i = 0; i < 40; ++i) {
    std::lognormal_distribution<double> lot(0.0, 2.5);
    std::vector<double> units(60);
    for (double& each : units) each = random() % 4 == 0 ? std::floor(lot(random)) : 0.0;
    largest.push_back(*std::ranges::max_element(units));
    panel.series.push_back(Known(std::move(units)));
  }
  panel.series.push_back(ExactButOnce());
  largest.push_back(31.0);
  const LongForecast forecast =
      Forecast(panel, {.bucket = BucketLength::kMonth, .horizon_buckets = 6});
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    EXPECT_LE(MostOf(forecast, i, 1), 5.0 * largest[i] * (1.0 + 1e-6)) << i;
  }
  const double sum = std::accumulate(largest.begin(), largest.end(), 0.0);
  EXPECT_LE(*std::ranges::max_element(forecast.quantile_units.front()), 5.0 * sum);
}

// A single taking-back used to let every quantile of the series fall below zero.
TEST(ForecastLongTest, OneTakingBackForecastsNothingNegative) {
  std::mt19937 random(14);
  std::vector<double> units(120);
  for (double& each : units) each = static_cast<double>(random() % 4);
  units[60] = -1.0;
  const LongForecast forecast = Forecast({.series = {Known(units)}}, {.horizon_buckets = 14});
  EXPECT_THAT(forecast.quantile_units.back(), Each(Ge(0.0F)));
  EXPECT_THAT(forecast.quantile_units.front(), Each(Ge(0.0F)));
  EXPECT_THAT(forecast.mean_units, Each(Ge(0.0)));
}

TEST(ForecastLongTest, RejectsWhatIsNoPanel) {
  struct Case {
    const char* name;
    LongPanel panel;
    LongOptions options;
    const char* why;
  };
  const LongPanel good{.series = {Known({1.0, 2.0, 3.0})}};
  LongPanel nan = good;
  nan.series[0].units[1] = std::numeric_limits<double>::quiet_NaN();
  LongPanel gap = good;
  gap.series[0].knowledge.assign(3, Knowledge::kGap);
  LongPanel drivers = good;
  drivers.driver_count = 1;
  drivers.series[0].drivers.assign(3, 1.0F);  // And none of the horizon.
  LongPanel infinite = good;
  infinite.driver_count = 1;
  infinite.series[0].drivers.assign(4, std::numeric_limits<float>::infinity());
  LongPanel marks = good;
  marks.series[0].knowledge.pop_back();
  LongPanel grouping = good;
  grouping.groupings.push_back({.node_of_series = {1}, .node_count = 1});
  const Case cases[] = {
      {"no series", {}, {}, "no series"},
      {"horizon 0", good, {.horizon_buckets = 0}, "horizon of 0"},
      {"horizon 10,001", good, {.horizon_buckets = 10'001}, "horizon of 10001"},
      {"a NaN", nan, {}, "series 0: a value is a NaN"},
      {"nothing known", gap, {}, "series 0: all of it is a gap"},
      {"a driver missing in the horizon", drivers, {.horizon_buckets = 1}, "series 0: 3 driver"},
      {"an infinite driver", infinite, {.horizon_buckets = 1}, "series 0: a driver"},
      {"marks missing", marks, {}, "series 0: 3 buckets, but 2"},
      {"a grouping of other nodes", grouping, {}, "grouping"},
  };
  SerialExecutor executor;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto forecast = ForecastLong(c.panel, c.options, executor);
    EXPECT_EQ(forecast.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(forecast.status().message()), HasSubstr(c.why));
  }
}

// Two series of a group, two buckets: 3, 5 and 10, 20 came, 4, 4 and 8, 22 were forecast.
TEST(MeasureLongTest, AddsUpByHand) {
  LongPanel panel{.series = {Known({2.0, 4.0, 2.0}), Known({10.0, 20.0, 10.0})}};
  LongForecast forecast{.horizon_buckets = 2, .mean_units = {4.0, 4.0, 8.0, 22.0}};
  forecast.levels = {{.node_of_series = {0, 0}, .node_count = 1},
                     {.node_of_series = {0, 1}, .node_count = 2}};
  forecast.quantile_units = {std::vector<float>(18, 15.0F), std::vector<float>(36, 4.0F)};
  LongActuals actuals{.units = {3.0, 5.0, 10.0, 20.0}};
  actuals.knowledge.assign(4, Knowledge::kKnown);
  auto errors = MeasureLong(panel, actuals, forecast, BucketLength::kYear);
  ASSERT_TRUE(errors.ok()) << errors.status();
  EXPECT_DOUBLE_EQ(*(*errors)[1].wmape, 6.0 / 38.0);
  EXPECT_DOUBLE_EQ(*(*errors)[1].bias, 0.0);
  EXPECT_DOUBLE_EQ(*(*errors)[0].wmape, 2.0 / 38.0);  // 13 and 25 came, 12 and 26 were forecast.
  EXPECT_DOUBLE_EQ(*(*errors)[1].mase, (0.5 + 0.2) / 2);  // Steps of 2 and of 10.
  EXPECT_DOUBLE_EQ(*(*errors)[1].calibration.Covered(0), 0.0);
  // What is not known, or a lower bound, is left out of both sums.
  actuals.knowledge[0] = Knowledge::kGap;
  actuals.knowledge[3] = Knowledge::kLowerBound;
  errors = MeasureLong(panel, actuals, forecast, BucketLength::kYear);
  ASSERT_TRUE(errors.ok()) << errors.status();
  EXPECT_DOUBLE_EQ(*(*errors)[1].wmape, 3.0 / 15.0);
  EXPECT_DOUBLE_EQ(*(*errors)[0].wmape, 3.0 / 15.0);
  EXPECT_EQ((*errors)[1].buckets, 2u);
  actuals.knowledge.assign(4, Knowledge::kGap);
  errors = MeasureLong(panel, actuals, forecast, BucketLength::kYear);
  ASSERT_TRUE(errors.ok()) << errors.status();
  EXPECT_FALSE((*errors)[1].wmape.has_value());
}

// What gaps and lower bounds are filled with must not scale an error: of the first series the steps
// from 2 to 4 and from 12 to 10 are known.
TEST(MeasureLongTest, ScalesByWhatIsKnownAlone) {
  LongSeries series{.units = {2.0, 4.0, 0.0, 9.0, 1.0, 12.0, 10.0}};
  using enum Knowledge;
  series.knowledge = {kKnown, kKnown, kGap, kKnown, kLowerBound, kKnown, kKnown};
  const LongPanel panel{.series = {series, Known({1.0, 1.0, 4.0})}};
  LongForecast forecast{.horizon_buckets = 1, .mean_units = {11.0, 4.0}};
  forecast.levels = {{.node_of_series = {0, 0}, .node_count = 1},
                     {.node_of_series = {0, 1}, .node_count = 2}};
  forecast.quantile_units = {std::vector<float>(9, 15.0F), std::vector<float>(18, 4.0F)};
  const LongActuals actuals{.units = {8.0, 4.0}, .knowledge = {kKnown, kKnown}};
  const auto errors = MeasureLong(panel, actuals, forecast, BucketLength::kYear);
  ASSERT_TRUE(errors.ok()) << errors.status();
  const LongErrors& each = errors->back();
  EXPECT_DOUBLE_EQ(*each.mase, (3.0 / 2.0 + 0.0) / 2.0);
  EXPECT_DOUBLE_EQ(*each.rmsse, (3.0 / 2.0 + 0.0) / 2.0);
  // Quantiles of 4 miss 8 by 4 and 4 by nothing: the mean over u is 4 / 2. Gap and lower
  // bound weigh as filled, by 7.4 each: units 51.8 and 6.
  EXPECT_NEAR(*each.wspl, (51.8 * 2.0 / 2.0) / (51.8 + 6.0), 1e-12);
  // The sum's steps are 2, then 0, of the shorter series alone, then -2 + 3 of both.
  const LongErrors& total = errors->front();
  EXPECT_DOUBLE_EQ(*total.mase, 3.0 / ((2.0 + 0.0 + 1.0) / 3.0));
}

// 0.1 is no float: the interval from 0.1F to 0.1F did not hold it.
TEST(MeasureLongTest, AnExactForecastIsCovered) {
  const LongPanel panel{.series = {Known(std::vector<double>(40, 0.1))}};
  const LongForecast forecast = Forecast(panel, {.horizon_buckets = 4});
  const LongActuals actuals{.units = std::vector<double>(4, 0.1),
                            .knowledge = std::vector<Knowledge>(4, Knowledge::kKnown)};
  const auto errors = MeasureLong(panel, actuals, forecast, BucketLength::kDay);
  ASSERT_TRUE(errors.ok()) << errors.status();
  for (const LongErrors& level : *errors) EXPECT_DOUBLE_EQ(*level.calibration.Covered(0), 1.0);
}

}  // namespace
}  // namespace tandem::forecasting

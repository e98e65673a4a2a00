#include "forecasting/backtest/long_trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_panel.h"
#include "forecasting/global/xgboost_trees.h"

namespace tandem::forecasting {
namespace {

using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;

constexpr std::size_t kHorizon = 7;
constexpr std::size_t kDays = 98;

// The parts from the last to the first: nothing may lean on their order.
class BackwardExecutor : public Executor {
 public:
  void ForEach(std::size_t count, const std::function<void(std::size_t)>& part) override {
    for (std::size_t k = count; k-- > 0;) part(k);
  }
};

struct Made {
  LongPanel panel{};
  std::vector<double> actual_units{};  // Series by series, the horizon each.
};

// Gamma demand. With drivers there are two, and only one without the other trebles demand: no
// log-linear uplift of each says so.
Made MakePanel(std::size_t count, bool with_drivers, unsigned seed) {
  std::mt19937 random(seed);
  std::gamma_distribution<double> noise(25.0, 1.0 / 25.0);
  Made made;
  if (with_drivers) made.panel.driver_count = 2;
  LongLevel stores{.node_count = 2};
  for (std::size_t i = 0; i < count; ++i) {
    LongSeries series;
    for (std::size_t t = 0; t < kDays + kHorizon; ++t) {
      const bool shown = random() % 4 < 2;
      const bool cheap = random() % 4 < 2;
      if (with_drivers) {
        series.drivers.insert(series.drivers.end(), {shown ? 1.0F : 0.0F, cheap ? 1.0F : 0.0F});
      }
      const double lifted = with_drivers && shown != cheap ? 3.0 : 1.0;
      const double units = (10.0 + static_cast<double>(i % 7)) * lifted * noise(random);
      if (t < kDays) series.units.push_back(units);
      if (t >= kDays) made.actual_units.push_back(units);
    }
    series.knowledge.assign(kDays, Knowledge::kKnown);
    made.panel.series.push_back(std::move(series));
    stores.node_of_series.push_back(i % 2);
  }
  made.panel.groupings.push_back(std::move(stores));
  return made;
}

class LongTreesTest : public ::testing::Test {
 protected:
  LongOptions Options(BacktestEngine engine) const {
    // Small: every origin costs thirteen methods a series, and a sanitizer makes each ten times
    // slower.
    LongOptions options{
        .horizon_buckets = kHorizon, .origins = 2, .engine = engine, .trainer = trainer_.get()};
    options.trees.trees.trees = 60;
    options.trees.trees.learning_rate = 0.1;
    options.trees.origins = 4;
    options.trees.origins_alone = 10;
    options.trees.rows_min = 200;
    return options;
  }
  LongForecast Forecast(const LongPanel& panel, const LongOptions& options) const {
    SerialExecutor executor;
    auto forecast = ForecastLong(panel, options, executor);
    EXPECT_TRUE(forecast.ok()) << forecast.status();
    return forecast.ok() ? *std::move(forecast) : LongForecast{};
  }
  // Sum of absolute errors over that of what came.
  static double Wmape(const Made& made, const LongForecast& forecast) {
    double error = 0.0;
    double units = 0.0;
    for (std::size_t k = 0; k < made.actual_units.size(); ++k) {
      error += std::abs(made.actual_units[k] - forecast.mean_units.at(k));
      units += made.actual_units[k];
    }
    return error / units;
  }
  std::unique_ptr<TreeTrainer> trainer_ = MakeXgboostTrainer();
};

TEST_F(LongTreesTest, LearnsWhatDriversDoTogether) {
  const Made made = MakePanel(16, true, 1);
  const double local = Wmape(made, Forecast(made.panel, Options(BacktestEngine::kLocal)));
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const LongForecast forecast = Forecast(made.panel, Options(engine));
    EXPECT_EQ(forecast.engine_used, engine);
    EXPECT_FALSE(forecast.too_few_rows);
    const double wmape = Wmape(made, forecast);
    EXPECT_LT(wmape, 0.6 * local) << local;
    EXPECT_LT(wmape, 0.25);  // The noise alone is .16.
  }
}

TEST_F(LongTreesTest, BestIsNoWorseThanLocalOnNoise) {
  for (const unsigned seed : {2U, 3U}) {
    const Made made = MakePanel(12, false, seed);
    const double local = Wmape(made, Forecast(made.panel, Options(BacktestEngine::kLocal)));
    const double best = Wmape(made, Forecast(made.panel, Options(BacktestEngine::kBest)));
    EXPECT_LT(best, 1.01 * local) << "seed " << seed;
  }
}

TEST_F(LongTreesTest, DoesNotDependOnTheOrderOfItsParts) {
  const Made made = MakePanel(8, true, 5);
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const LongForecast one = Forecast(made.panel, Options(engine));
    BackwardExecutor backward;
    const auto two = ForecastLong(made.panel, Options(engine), backward);
    ASSERT_TRUE(two.ok()) << two.status();
    EXPECT_EQ(one.mean_units, two->mean_units);
    EXPECT_EQ(one.quantile_units, two->quantile_units);
  }
}

TEST_F(LongTreesTest, QuantilesCoverWhatCame) {
  const Made made = MakePanel(24, true, 6);
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const LongForecast forecast = Forecast(made.panel, Options(engine));
    const auto errors = MeasureLong(
        made.panel,
        {.units = made.actual_units,
         .knowledge = std::vector<Knowledge>(made.actual_units.size(), Knowledge::kKnown)},
        forecast, BucketLength::kDay);
    ASSERT_TRUE(errors.ok()) << errors.status();
    EXPECT_NEAR(errors->back().calibration.Covered(0).value(), 0.50, 0.12);
    EXPECT_NEAR(errors->back().calibration.Covered(3).value(), 0.95, 0.05);
  }
}

TEST_F(LongTreesTest, FallsBackToLocalWhereRowsAreFew) {
  const Made made = MakePanel(3, true, 7);
  const LongForecast local = Forecast(made.panel, Options(BacktestEngine::kLocal));
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const LongForecast forecast = Forecast(made.panel, Options(engine));
    EXPECT_EQ(forecast.engine_used, BacktestEngine::kLocal);
    EXPECT_TRUE(forecast.too_few_rows);
    EXPECT_EQ(forecast.mean_units, local.mean_units);
    EXPECT_EQ(forecast.quantile_units, local.quantile_units);
  }
}

TEST_F(LongTreesTest, NegativeValuesAreLearntAsDifferences) {
  Made made = MakePanel(40, true, 8);
  for (LongSeries& series : made.panel.series) {
    for (double& units : series.units) units -= 20.0;
  }
  for (double& units : made.actual_units) units -= 20.0;
  const LongForecast forecast = Forecast(made.panel, Options(BacktestEngine::kGlobal));
  const LongForecast local = Forecast(made.panel, Options(BacktestEngine::kLocal));
  double trees_error = 0.0;
  double local_error = 0.0;
  for (std::size_t k = 0; k < made.actual_units.size(); ++k) {
    trees_error += std::abs(made.actual_units[k] - forecast.mean_units.at(k));
    local_error += std::abs(made.actual_units[k] - local.mean_units.at(k));
  }
  EXPECT_LT(trees_error, 0.5 * local_error);
}

TEST_F(LongTreesTest, OddSeriesStayFinite) {
  Made made = MakePanel(24, false, 9);
  made.panel.series[0].units.assign(kDays, 0.0);
  made.panel.series[1] = {.units = {5.0}, .knowledge = {Knowledge::kKnown}};
  made.panel.series[2].units.assign(kDays, 4.0);
  made.panel.series[3].knowledge.assign(kDays, Knowledge::kGap);
  made.panel.series[3].knowledge[50] = Knowledge::kKnown;
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const LongForecast forecast = Forecast(made.panel, Options(engine));
    EXPECT_THAT(forecast.mean_units, Each(Ge(0.0)));
    for (std::size_t h = 0; h < kHorizon; ++h) EXPECT_EQ(forecast.mean_units.at(h), 0.0);
  }
}

TEST_F(LongTreesTest, RefusesToGrowWithoutATrainer) {
  const Made made = MakePanel(3, false, 10);
  SerialExecutor executor;
  LongOptions options = Options(BacktestEngine::kBest);
  options.trainer = nullptr;
  const auto none = ForecastLong(made.panel, options, executor);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  options = Options(BacktestEngine::kBest);
  options.trees.rows_min = 0;
  const auto rows = ForecastLong(made.panel, options, executor);
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(rows.status().message()), HasSubstr("rows_min"));
}

// What came after an origin must not be known to the model that forecasts from it.
TEST_F(LongTreesTest, ForecastsOfEarlierOriginsReadNothingLater) {
  Made made = MakePanel(24, true, 11);
  const LongOptions options = Options(BacktestEngine::kGlobal);
  const std::vector<std::size_t> backs = EarlierOrigins(made.panel, options);
  SerialExecutor executor;
  const auto forecast = [&](std::size_t back) {
    LongTrees trees(made.panel, options, backs, LongTrees::Base::kSimple);
    for (const std::size_t learnt : trees.learnt_backs()) {
      trees.Learn(learnt, trees.SimpleBase(learnt, executor), executor);
    }
    const std::vector<std::vector<double>> base = {trees.SimpleBase(back, executor)};
    auto means = trees.Forecast(std::vector<std::size_t>{back}, base, executor);
    EXPECT_TRUE(means.ok()) << means.status();
    return means.ok() ? means->front() : std::vector<double>{};
  };
  const std::vector<double> before = forecast(backs[1]);
  ASSERT_FALSE(before.empty());
  // Backwards: their mean, by which rows are weighed, stays.
  for (LongSeries& series : made.panel.series) {
    const auto later = series.units.end() - static_cast<std::ptrdiff_t>(backs[1]);
    std::reverse(later, series.units.end());
  }
  EXPECT_EQ(forecast(backs[1]), before);
  EXPECT_NE(forecast(backs[0]), before);
}

// One series, two buckets known after the origin: 10 and 10; local says 6.
LongTreeShares SharesWhere(double on_local, std::optional<double> alone) {
  LongPanel panel;
  panel.series.push_back(
      {.units = {8.0, 9.0, 10.0, 10.0}, .knowledge = std::vector<Knowledge>(4, Knowledge::kKnown)});
  LongOrigin now;
  now.ready.push_back({.units = panel.series[0].units});
  std::vector<LongOrigin> origins(1);
  origins[0].back = 2;
  origins[0].ready.push_back({.units = {8.0, 9.0}});
  origins[0].levels.push_back({.level_units = 8.5, .error_units = 1.0});
  const std::vector<std::vector<double>> local = {{6.0, 6.0}};
  const std::vector<std::vector<double>> first = {{on_local, on_local}};
  std::vector<std::vector<double>> second;
  if (alone.has_value()) second = {{*alone, *alone}};
  return ChooseTreeShares({.panel = panel,
                           .now = now,
                           .origins = origins,
                           .local = local,
                           .on_local = first,
                           .alone = second,
                           .horizon_buckets = 2})[0];
}

TEST(ChooseTreeSharesTest, TakesWhatErredLeast) {
  // Whole errors are 4 of local's 4, so another quarter is worth e^25.
  EXPECT_NEAR(SharesWhere(10.0, 6.0).on_local, 1.0, 1e-6);
  EXPECT_NEAR(SharesWhere(6.0, 10.0).alone, 1.0, 1e-6);
  EXPECT_NEAR(SharesWhere(14.0, 6.0).on_local, 0.5, 1e-6);  // Half of it is right.
  EXPECT_NEAR(SharesWhere(2.0, 0.0).sum(), 0.0, 1e-6);
}

TEST(ChooseTreeSharesTest, AlikeForecastsShareAlike) {
  const LongTreeShares alike = SharesWhere(6.0, 6.0);
  EXPECT_NEAR(alike.on_local, 1.0 / 3.0, 1e-9);
  EXPECT_NEAR(alike.alone, 1.0 / 3.0, 1e-9);
  // One percent of local's error better: three times as much, not all. By hand, from the 15
  // mixtures.
  double weights = 0.0;
  double want = 0.0;
  for (int own = 0; own <= 4; ++own) {
    for (int alone = 0; own + alone <= 4; ++alone) {
      const double weight = std::exp(0.25 * own);
      weights += weight;
      want += 0.25 * own * weight;
    }
  }
  EXPECT_NEAR(SharesWhere(6.04, 6.0).on_local, want / weights, 1e-6);
}

TEST(ChooseTreeSharesTest, WithoutTreesAloneTwoAreMixed) {
  EXPECT_NEAR(SharesWhere(10.0, std::nullopt).on_local, 1.0, 1e-6);
  EXPECT_NEAR(SharesWhere(2.0, std::nullopt).on_local, 0.0, 1e-6);
  EXPECT_NEAR(SharesWhere(6.0, std::nullopt).on_local, 0.5, 1e-9);
  EXPECT_EQ(SharesWhere(6.0, std::nullopt).alone, 0.0);
}

TEST(ChooseTreeSharesTest, AreNoneWhereNoOriginCanBeJudged) {
  LongPanel panel;
  panel.series.push_back({.units = {8.0}, .knowledge = {Knowledge::kKnown}});
  LongOrigin now;
  now.ready.push_back({.units = {8.0}});
  const std::vector<LongOrigin> origins(1);
  const std::vector<std::vector<double>> local = {{6.0}};
  const std::vector<std::vector<double>> none(1);
  const auto shares = ChooseTreeShares({.panel = panel,
                                        .now = now,
                                        .origins = origins,
                                        .local = local,
                                        .on_local = none,
                                        .alone = none,
                                        .horizon_buckets = 1});
  for (const LongTreeShares& share : shares) EXPECT_EQ(share.sum(), 0.0);
}

}  // namespace
}  // namespace tandem::forecasting

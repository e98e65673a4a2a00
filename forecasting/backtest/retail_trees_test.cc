#include "forecasting/backtest/retail_trees.h"

#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "forecasting/backtest/retail_local.h"
#include "forecasting/global/xgboost_trees.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kHistoryDays = 900;
constexpr std::size_t kHorizon = 28;

// A department of two stores. Of every two items the first sells 8 on weekdays 0 to 2 and 1 on the
// others, the second the other way round, so that the department's season says little of either.
struct World {
  RetailCalendar calendar{};
  std::vector<float> units{};
  std::vector<double> truth{};  // Of the horizon, expected.
  RetailHistory history{};

  World() {
    for (std::size_t t = 0; t < kHistoryDays + kHorizon; ++t) {
      calendar.days.push_back({.weekday = static_cast<int>(t % 7),
                               .day_of_month = static_cast<int>(t % 30) + 1,
                               .day_of_year = static_cast<int>(t % 365) + 1});
    }
    calendar.regional.assign(1, std::vector<float>(calendar.days.size(), 0.0F));
    std::mt19937 random(5);
    for (int store = 0; store < 2; ++store) {
      for (int item = 0; item < 20; ++item) {
        history.ids.push_back({.item = item, .store = store});
        history.listed_day.push_back(0);
        history.dollars.push_back(1.0);
        for (std::size_t t = 0; t < kHistoryDays + kHorizon; ++t) {
          const double mean = (t % 7 < 3) == (item % 2 == 0) ? 8.0 : 1.0;
          if (t >= kHistoryDays) {
            truth.push_back(mean);
            continue;
          }
          std::poisson_distribution<int> demand(mean);
          units.push_back(static_cast<float>(demand(random)));
        }
      }
    }
    history.days = kHistoryDays;
    history.units = units;
    history.calendar = &calendar;
    history.region_count = 1;
  }

  double RmseOf(const std::vector<double>& means) const {
    double squares = 0.0;
    for (std::size_t k = 0; k < truth.size(); ++k) squares += std::pow(means[k] - truth[k], 2);
    return std::sqrt(squares / static_cast<double>(truth.size()));
  }
};

RetailOptions Options(BacktestEngine engine, const TreeTrainer& trainer) {
  RetailOptions options{.engine = engine, .trainer = &trainer};
  options.trees.trees = {
      .trees = 40, .learning_rate = 0.2, .leaves_max = 15, .leaf_weight_min = 20.0};
  options.trees.origins = 4;
  options.calibration_origins = 4;
  return options;
}

// As four threads might interleave: every fourth part, from the back.
class ScatteredExecutor : public Executor {
 public:
  void ForEach(std::size_t count, const std::function<void(std::size_t)>& part) override {
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t p = count; p-- > 0;) {
        if (p % 4 == k) part(p);
      }
    }
  }
};

class RetailTreesTest : public ::testing::Test {
 protected:
  std::vector<OriginMeans> MeansOf(BacktestEngine engine) {
    auto means = TreeMeans(world_.history, Options(engine, *trainer_), serial_);
    EXPECT_TRUE(means.ok()) << means.status();
    return *std::move(means);
  }

  World world_;
  std::unique_ptr<TreeTrainer> trainer_ = MakeXgboostTrainer();
  SerialExecutor serial_;
};

TEST_F(RetailTreesTest, LearnsWhatTheLocalEngineCannotKnow) {
  const auto local = ForecastLocally(world_.history, kHistoryDays, {}, serial_)->mean_units;
  EXPECT_GT(world_.RmseOf(local), 2.5);
  EXPECT_LT(world_.RmseOf(MeansOf(BacktestEngine::kBest).front().mean_units), 0.7);
  EXPECT_LT(world_.RmseOf(MeansOf(BacktestEngine::kGlobal).front().mean_units), 0.9);
}

TEST_F(RetailTreesTest, SellsInAGroupWhatTheLocalEngineSays) {
  const auto local = ForecastLocally(world_.history, kHistoryDays, {}, serial_)->mean_units;
  RetailOptions options = Options(BacktestEngine::kBest, *trainer_);
  options.trees.last_year.weight = 0.0;
  const auto best = TreeMeans(world_.history, options, serial_)->front().mean_units;
  EXPECT_NE(best, MeansOf(BacktestEngine::kBest).front().mean_units);  // Last year counts.
  for (std::size_t store = 0; store < 2; ++store) {
    for (std::size_t h = 0; h < kHorizon; ++h) {
      double want = 0.0;
      double sum = 0.0;
      for (std::size_t item = 0; item < 20; ++item) {
        want += local[(store * 20 + item) * kHorizon + h];
        sum += best[(store * 20 + item) * kHorizon + h];
      }
      EXPECT_NEAR(sum, want, 1e-6 * want);
    }
  }
}

// What came after an earlier origin must not be known to its forecast, nor to its models: the
// quantiles rest on it.
TEST_F(RetailTreesTest, KnowsNothingOfWhatComesAfterAnOrigin) {
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const auto before = MeansOf(engine);
    ASSERT_EQ(before.size(), 5u);
    World changed;
    for (std::size_t i = 0; i < changed.history.ids.size(); ++i) {
      for (std::size_t t = kHistoryDays - kHorizon; t < kHistoryDays; ++t) {
        changed.units[i * kHistoryDays + t] += static_cast<float>(i % 5);
      }
    }
    const auto after = TreeMeans(changed.history, Options(engine, *trainer_), serial_);
    ASSERT_TRUE(after.ok()) << after.status();
    EXPECT_NE((*after)[0].mean_units, before[0].mean_units);
    for (std::size_t k = 1; k < before.size(); ++k) {
      EXPECT_EQ((*after)[k].origin_days, kHistoryDays - k * kHorizon);
      EXPECT_EQ((*after)[k].mean_units, before[k].mean_units) << k;
    }
  }
}

TEST_F(RetailTreesTest, IsTheSameWhateverTheOrderOfParts) {
  ScatteredExecutor scattered;
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const RetailOptions options = Options(engine, *trainer_);
    const auto one = ForecastRetail(world_.history, options, serial_);
    const auto other = ForecastRetail(world_.history, options, scattered);
    ASSERT_TRUE(one.ok() && other.ok());
    EXPECT_EQ(one->mean_units, other->mean_units);
    EXPECT_EQ(one->quantile_units, other->quantile_units);
  }
}

TEST_F(RetailTreesTest, ReadsPricesWhereTheyAreKnown) {
  const auto without = MeansOf(BacktestEngine::kBest).front().mean_units;
  for (std::size_t i = 0; i < world_.history.ids.size(); ++i) {
    world_.history.prices.push_back({{.first_day = 0, .price = 1.0 + static_cast<double>(i)}});
  }
  EXPECT_NE(MeansOf(BacktestEngine::kBest).front().mean_units, without);
}

// A year and a month leave no origin to learn from; ten days and a panel that never sold neither.
TEST_F(RetailTreesTest, KeepsTheBaseWhereThereIsNothingToLearnFrom) {
  World& world = world_;
  world.history.days = 10;
  world.history.units = std::span(world.units).first(10 * world.history.ids.size());
  const auto best = MeansOf(BacktestEngine::kBest);
  ASSERT_EQ(best.size(), 1u);
  EXPECT_EQ(best.front().mean_units, ForecastLocally(world.history, 10, {}, serial_)->mean_units);
  EXPECT_EQ(MeansOf(BacktestEngine::kGlobal).size(), 1u);
  std::ranges::fill(world.units, 0.0F);
  world.history.days = kHistoryDays;
  world.history.units = world.units;
  for (const BacktestEngine engine : {BacktestEngine::kGlobal, BacktestEngine::kBest}) {
    const auto means = MeansOf(engine);
    EXPECT_THAT(means.front().mean_units, ::testing::Each(0.0));
  }
}

TEST_F(RetailTreesTest, RefusesWhatCannotBe) {
  const RetailOptions good = Options(BacktestEngine::kBest, *trainer_);
  const auto refusal = [&](const std::function<void(RetailOptions&)>& spoil) {
    RetailOptions options = good;
    spoil(options);
    const auto forecast = ForecastRetail(world_.history, options, serial_);
    EXPECT_TRUE(absl::IsInvalidArgument(forecast.status())) << forecast.status();
    return std::string(forecast.status().message());
  };
  EXPECT_THAT(refusal([](RetailOptions& o) { o.trainer = nullptr; }), HasSubstr("need a trainer"));
  EXPECT_THAT(refusal([](RetailOptions& o) { o.trees.models = 0; }), HasSubstr("one model"));
  EXPECT_THAT(refusal([](RetailOptions& o) { o.trees.total_share = 1.5; }),
              HasSubstr("total_share"));
  EXPECT_THAT(refusal([](RetailOptions& o) { o.trees.trees.trees = 0; }), HasSubstr("trees"));
  EXPECT_THAT(refusal([this](RetailOptions&) { world_.history.prices.resize(3); }),
              HasSubstr("prices of 3 series"));
}

}  // namespace
}  // namespace tandem::forecasting

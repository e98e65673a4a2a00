#include "forecasting/backtest/retail_backtest.h"

#include <functional>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/accuracy/wrmsse.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kHistoryDays = 600;
constexpr std::size_t kHorizon = 28;

// Two states, three stores, two departments of one category, four items; Poisson demand with a
// week.
struct World {
  RetailCalendar calendar{};
  std::vector<float> units{};
  std::vector<float> actual_units{};
  RetailHistory history{};

  World() {
    for (std::size_t t = 0; t < kHistoryDays + kHorizon; ++t) {
      calendar.days.push_back({.weekday = static_cast<int>(t % 7),
                               .day_of_month = static_cast<int>(t % 30) + 1,
                               .day_of_year = static_cast<int>(t % 365) + 1});
    }
    calendar.regional.assign(2, std::vector<float>(calendar.days.size(), 0.0F));
    std::mt19937 random(21);
    for (int store = 0; store < 3; ++store) {
      for (int item = 0; item < 4; ++item) {
        history.ids.push_back({.item = item,
                               .department = item / 2,
                               .category = 0,
                               .store = store,
                               .state = store / 2});
        history.listed_day.push_back(0);
        history.dollars.push_back(1.0 + item);
        for (std::size_t t = 0; t < kHistoryDays + kHorizon; ++t) {
          std::poisson_distribution<int> demand((t % 7 == 5 ? 2.0 : 1.0) * (0.5 + item + store));
          const auto sold = static_cast<float>(demand(random));
          (t < kHistoryDays ? units : actual_units).push_back(sold);
        }
      }
    }
    history.days = kHistoryDays;
    history.units = units;
    history.calendar = &calendar;
    history.region_count = 2;
  }
};

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

TEST(RetailBacktestTest, IsTheSameWhateverTheOrderOfParts) {
  const World world;
  SerialExecutor serial;
  ScatteredExecutor scattered;
  const auto one = ForecastRetail(world.history, {}, serial).value();
  const auto other = ForecastRetail(world.history, {}, scattered).value();
  EXPECT_EQ(one.mean_units, other.mean_units);
  EXPECT_EQ(one.quantile_units, other.quantile_units);
}

TEST(RetailBacktestTest, MeasuresAsWrmsseDoes) {
  const World world;
  SerialExecutor executor;
  const auto forecast = ForecastRetail(world.history, {}, executor).value();
  const auto errors = MeasureRetail(world.history, world.actual_units, forecast, executor).value();
  const std::vector<double> actual(world.actual_units.begin(), world.actual_units.end());
  RetailPanel panel;
  for (std::size_t i = 0; i < world.history.ids.size(); ++i) {
    const RetailIds& ids = world.history.ids[i];
    panel.series.push_back(
        {.item = ids.item,
         .department = ids.department,
         .category = ids.category,
         .store = ids.store,
         .state = ids.state,
         .history_units = world.history.Of(i, kHistoryDays),
         .actual_units = std::span(actual).subspan(i * kHorizon, kHorizon),
         .forecast_units = std::span(forecast.mean_units).subspan(i * kHorizon, kHorizon),
         .dollars = world.history.dollars[i]});
  }
  const auto want = Wrmsse(panel).value();
  EXPECT_NEAR(errors.wrmsse, want.mean, 1e-12);
  for (std::size_t l = 0; l < kRetailLevels; ++l) {
    EXPECT_NEAR(errors.wrmsse_by_level[l], want.by_level[l], 1e-12) << l;
  }
}

TEST(RetailBacktestTest, QuantilesAscendAndCoverWhatCame) {
  const World world;
  SerialExecutor executor;
  const auto forecast = ForecastRetail(world.history, {}, executor).value();
  for (std::size_t l = 0; l < kRetailLevels; ++l) {
    const auto& values = forecast.quantile_units[l];
    ASSERT_EQ(values.size(), forecast.levels[l].node_count() * kQuantileCount * kHorizon);
    for (std::size_t k = 0; k < values.size(); ++k) {
      EXPECT_GE(values[k], 0.0F);
      if (k / kHorizon % kQuantileCount == 0) continue;
      EXPECT_GE(values[k], values[k - kHorizon]);
    }
  }
  const auto errors = MeasureRetail(world.history, world.actual_units, forecast, executor).value();
  // 336 counts: .95 within four standard errors of .012, and above by what whole numbers add.
  const Calibration& bottom = errors.calibration_by_level[kRetailLevels - 1];
  EXPECT_GT(bottom.Covered(3).value(), 0.90);
  EXPECT_LT(bottom.Covered(3).value(), 1.0);
  EXPECT_NEAR(bottom.PitCovered(2).value(), 0.80, 0.05);
}

TEST(RetailBacktestTest, ForecastsAShortHistoryAndRefusesBadPanels) {
  World world;
  SerialExecutor executor;
  RetailHistory brief = world.history;
  brief.days = 10;
  brief.units = brief.units.first(10 * brief.ids.size());
  EXPECT_TRUE(ForecastRetail(brief, {}, executor).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(ForecastRetail({}, {}, executor).status()));
  world.history.ids[3].state = 5;
  EXPECT_TRUE(absl::IsInvalidArgument(ForecastRetail(world.history, {}, executor).status()));
  world.history.ids[3].state = 0;
  world.units[5] = -1.0F;
  EXPECT_TRUE(absl::IsInvalidArgument(ForecastRetail(world.history, {}, executor).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MeasureRetail(world.history, {}, {}, executor).status()));
}

}  // namespace
}  // namespace tandem::forecasting

#include "forecasting/global/retail_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kDays = 420;
constexpr std::size_t kHorizon = 28;

// Two stores that both sell item 0; store 0 also sells item 1. Item 0 sells 2 a day but 9 on
// weekday 5 (3 on average) in store 0 and 1 a day in store 1, where it was listed on day 400; item
// 1 sold 4 a day until it stopped 10 days before the origin.
struct World {
  RetailCalendar calendar{.event_count = 2};
  std::vector<std::vector<float>> units{};
  std::vector<PriceStep> prices{};
  FeaturePanel panel{};

  World() : units(3, std::vector<float>(kDays, 0.0F)) {
    for (std::size_t t = 0; t < kDays + kHorizon; ++t) {
      calendar.days.push_back({.weekday = static_cast<int>(t % 7),
                               .day_of_month = static_cast<int>(t % 30) + 1,
                               .day_of_year = static_cast<int>(t % 365) + 1});
    }
    calendar.regional.assign(1, std::vector<float>(calendar.days.size(), 0.0F));
    for (std::size_t t = 0; t < kDays; ++t) {
      units[0][t] = t % 7 == 5 ? 9.0F : 2.0F;
      units[1][t] = t >= 400 ? 1.0F : 0.0F;
      units[2][t] = t < kDays - 10 ? 4.0F : 0.0F;
    }
    // 2 until 84 days before the origin, then 1.
    prices = {{.first_day = 0, .price = 2.0}, {.first_day = kDays - 84, .price = 1.0}};
    panel.calendar = &calendar;
    panel.horizon_days = kHorizon;
    panel.series = {{.history_units = units[0], .prices = prices, .item = 0, .store = 0},
                    {.history_units = units[1], .listed_day = 400, .item = 0, .store = 1},
                    {.history_units = units[2], .item = 1, .department = 1, .store = 0}};
  }

  // All days of the horizon, with a base of 3 a day.
  std::vector<float> Rows(std::size_t series) const {
    const auto features = RetailFeatures::Make(panel);
    EXPECT_TRUE(features.ok()) << features.status();
    const std::vector<double> base(kHorizon, 3.0);
    std::vector<float> rows(kHorizon * kRetailColumnCount);
    features->FillSeries(series, base, rows);
    return rows;
  }
};

double At(const std::vector<float>& rows, std::string_view column, std::size_t day = 0) {
  const auto found = std::ranges::find(kRetailColumns, column);
  EXPECT_NE(found, kRetailColumns.end()) << column;
  return static_cast<double>(
      rows[day * kRetailColumnCount + static_cast<std::size_t>(found - kRetailColumns.begin())]);
}

// A NaN equals nothing, not even itself.
std::vector<float> WithoutMissing(std::vector<float> rows) {
  for (float& value : rows) value = std::isnan(value) ? -1'000.0F : value;
  return rows;
}

// By hand: four weekdays 5 in 28 days give 84 units, 3 a day, as the base; all windows but 364 days
// are whole weeks, and so is that.
TEST(RetailFeaturesTest, TellsRatesAgainstTheBase) {
  const std::vector<float> rows = World().Rows(0);
  EXPECT_NEAR(At(rows, "base_log_units"), std::log(3.02), 1e-6);
  for (const char* rate : {"rate_7_log", "rate_28_log", "rate_91_log", "rate_364_log"}) {
    EXPECT_NEAR(At(rows, rate), 0.0, 1e-6) << rate;
  }
  EXPECT_EQ(At(rows, "zero_share_28"), 0.0);
  EXPECT_EQ(At(rows, "zero_run_days"), 0.0);
  EXPECT_NEAR(At(rows, "highest_28"), 9.0 / 3.02, 1e-6);
  EXPECT_NEAR(At(rows, "age_days_log"), std::log(421.0), 1e-6);
  // 56 days of mean 3: squares 48 of 1 and 8 of 36.
  EXPECT_NEAR(At(rows, "variation_56"), std::sqrt((48.0 + 8.0 * 36.0) / 56.0) / 3.0, 1e-6);
  EXPECT_NEAR(At(rows, "last_year_log"), 0.0, 1e-6);
  EXPECT_EQ(At(rows, "store"), 0.0);
}

// Day 0 of the horizon is weekday 0 (420 = 60 weeks), day 5 the item's strong one: in 56 days 8 of
// them sold 72 where the mean has 24, in 364 days 52 of them 468 where it has 156.
TEST(RetailFeaturesTest, TellsTheItemsOwnWeekday) {
  const std::vector<float> rows = World().Rows(0);
  EXPECT_EQ(At(rows, "weekday", 5), 5.0);
  EXPECT_EQ(At(rows, "day_of_horizon", 5), 5.0);
  EXPECT_NEAR(At(rows, "weekday_56_log", 5), std::log(74.0 / 26.0), 1e-6);
  EXPECT_NEAR(At(rows, "weekday_364_log", 5), std::log(470.0 / 158.0), 1e-6);
  EXPECT_NEAR(At(rows, "weekday_56_log", 6), std::log(18.0 / 26.0), 1e-6);
  EXPECT_NEAR(At(rows, "base_day_log", 5), 0.0, 1e-6);
}

// 364 days of which 280 at 2 and 84 at 1: the mean is 644 / 364.
TEST(RetailFeaturesTest, TellsPricesAgainstTheirOwnYear) {
  const std::vector<float> rows = World().Rows(0);
  EXPECT_NEAR(At(rows, "price_log"), 0.0, 1e-6);
  EXPECT_NEAR(At(rows, "price_to_mean_log"), std::log(364.0 / 644.0), 1e-6);
  EXPECT_NEAR(At(rows, "price_to_max_log"), std::log(0.5), 1e-6);
  EXPECT_EQ(At(rows, "price_age_days"), 84.0);
  EXPECT_NEAR(At(rows, "price_step_log"), std::log(0.5), 1e-6);
  EXPECT_NEAR(At(rows, "price_to_department_log"), 0.0, 1e-6);
  EXPECT_TRUE(std::isnan(At(World().Rows(2), "price_log")));
}

TEST(RetailFeaturesTest, TellsOfAnItemThatStopped) {
  const std::vector<float> rows = World().Rows(2);
  EXPECT_EQ(At(rows, "zero_run_days"), 10.0);
  EXPECT_NEAR(At(rows, "zero_run_units"), 10.0 * 4.0 * 172.0 / 182.0, 1e-4);
  EXPECT_NEAR(At(rows, "zero_share_28"), 10.0 / 28.0, 1e-6);
  EXPECT_EQ(At(rows, "item_sold_share_7"), 0.0);
  EXPECT_NEAR(At(rows, "rate_7_log"), std::log(0.02 / 3.02), 1e-5);
}

// Listed 20 days ago: windows over 40 days are missing, and a year ago too. In both stores item 0
// sold 21 + 7 units in the newest week and 168 + 20 in 56 days.
TEST(RetailFeaturesTest, LeavesOutWhatANewItemCannotKnow) {
  const std::vector<float> rows = World().Rows(1);
  EXPECT_NEAR(At(rows, "rate_28_log"), std::log(1.02 / 3.02), 1e-5);
  for (const char* column : {"rate_56_log", "rate_364_log", "zero_share_91", "last_year_log"}) {
    EXPECT_TRUE(std::isnan(At(rows, column))) << column;
  }
  EXPECT_EQ(At(rows, "item_sold_share_7"), 1.0);
  EXPECT_NEAR(At(rows, "item_7_to_56_log"), std::log(30.0 / ((168.0 + 20.0) / 8.0 + 2.0)), 1e-6);
  EXPECT_NEAR(RetailFeatures::Make(World().panel)->SimpleRate(1), 1.0, 1e-12);
}

TEST(RetailFeaturesTest, ReadsNothingAfterTheOriginButTheCalendar) {
  World world;
  const std::vector<float> before = world.Rows(0);
  world.prices.push_back({.first_day = kDays, .price = 77.0});
  world.panel.series[0].prices = world.prices;
  EXPECT_EQ(world.Rows(0), before);
  world.calendar.days[kDays + 3].events = {1};
  world.calendar.regional[0][kDays + 4] = 1.0F;
  const std::vector<float> rows = world.Rows(0);
  EXPECT_EQ(At(rows, "event", 3), 2.0);
  EXPECT_EQ(At(rows, "event_tomorrow", 2), 2.0);
  EXPECT_EQ(At(rows, "event", 4), 0.0);
  EXPECT_EQ(At(rows, "regional", 4), 1.0);
}

// What one store's department sells says nothing of another's, nor an item of another item.
TEST(RetailFeaturesTest, KeepsGroupsApart) {
  World world;
  const std::vector<float> before = world.Rows(1);
  for (std::size_t t = kDays - 5; t < kDays; ++t) world.units[2][t] = 50.0F;  // Item 1, store 0.
  EXPECT_EQ(WithoutMissing(world.Rows(1)), WithoutMissing(before));
  for (std::size_t t = kDays - 5; t < kDays; ++t) world.units[0][t] = 50.0F;  // Item 0, store 0.
  const std::vector<float> after = world.Rows(1);
  EXPECT_GT(At(after, "item_7_to_56_log"), At(before, "item_7_to_56_log"));
  EXPECT_EQ(At(after, "group_7_to_56_log"), At(before, "group_7_to_56_log"));
}

TEST(RetailFeaturesTest, IsFiniteOrMissingForOddSeries) {
  World world;
  world.units[0].assign(kDays, 0.0F);
  world.units[1].assign(kDays, 0.0F);
  world.units[1].back() = 1e6F;
  const auto features = RetailFeatures::Make(world.panel);
  ASSERT_TRUE(features.ok());
  for (const double base : {0.0, 1e-6, 1e6}) {
    const std::vector<double> bases(kHorizon, base);
    for (std::size_t i = 0; i < 3; ++i) {
      std::vector<float> rows(kHorizon * kRetailColumnCount);
      features->FillSeries(i, bases, rows);
      for (const float value : rows) EXPECT_FALSE(std::isinf(value));
    }
  }
  EXPECT_EQ(features->SimpleRate(0), 0.0);
}

TEST(RetailFeaturesTest, RefusesBadPanels) {
  struct Case {
    const char* want;
    void (*spoil)(World&);
  };
  const Case cases[] = {
      {"no series", [](World& w) { w.panel.series.clear(); }},
      {"no calendar", [](World& w) { w.panel.calendar = nullptr; }},
      {"series 1: a value is negative", [](World& w) { w.units[1][3] = -1.0F; }},
      {"series 2: a value is negative, a NaN",
       [](World& w) { w.units[2][3] = std::numeric_limits<float>::quiet_NaN(); }},
      {"series 1: its history has another length",
       [](World& w) { w.panel.series[1].history_units = std::span(w.units[1]).first(9); }},
      {"series 2: an identifier", [](World& w) { w.panel.series[2].store = -1; }},
      {"series 0: no such region", [](World& w) { w.panel.series[0].region = 1; }},
      {"series 0: price 1 is not positive", [](World& w) { w.prices[1].price = 0.0; }},
      {"series 0: price 1 begins before", [](World& w) { w.prices[0].first_day = 400; }},
      {"days end before", [](World& w) { w.panel.horizon_days = 29; }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    World world;
    c.spoil(world);
    const auto features = RetailFeatures::Make(world.panel);
    EXPECT_TRUE(absl::IsInvalidArgument(features.status()));
    EXPECT_THAT(std::string(features.status().message()), HasSubstr(c.want));
  }
}

}  // namespace
}  // namespace tandem::forecasting

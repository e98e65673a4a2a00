#include "forecasting/accuracy/wrmsse.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "forecasting/accuracy/accuracy.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using testing::DoubleNear;
using testing::Each;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// A panel that owns what its series point to.
struct Shop {
  std::vector<std::vector<float>> histories{};
  std::vector<std::vector<double>> actuals{};
  std::vector<std::vector<double>> forecasts{};
  std::vector<RetailSeries> ids{};

  RetailPanel Panel() const {
    RetailPanel panel{.series = ids};
    for (std::size_t i = 0; i < ids.size(); ++i) {
      panel.series[i].history_units = histories[i];
      panel.series[i].actual_units = actuals[i];
      panel.series[i].forecast_units = forecasts[i];
    }
    return panel;
  }
  void Add(const RetailSeries& s, std::vector<float> history, std::vector<double> actual,
           std::vector<double> forecast) {
    ids.push_back(s);
    histories.push_back(std::move(history));
    actuals.push_back(std::move(actual));
    forecasts.push_back(std::move(forecast));
  }
};

// Two states of two stores, twelve items in two categories of two departments.
Shop RandomShop(unsigned seed) {
  std::mt19937 random(seed);
  Shop shop;
  for (int store = 0; store < 4; ++store) {
    for (int item = 0; item < 12; ++item) {
      const auto draw = [&](auto unit) {
        std::vector<decltype(unit)> values(unit > 1 ? 30 : 5);
        for (auto& v : values) v = static_cast<decltype(unit)>(random() % 5);
        return values;
      };
      shop.Add({.item = item,
                .department = item / 3,
                .category = item / 6,
                .store = store,
                .state = store / 2,
                .dollars = static_cast<double>(random() % 100)},
               draw(2.0F), draw(0.5), draw(0.5));
    }
  }
  return shop;
}

// One series: every level is that series. Steps 2, -3: scale 6.5; errors 1, -3: mean square 5.
TEST(WrmsseTest, OfOneSeriesIsItsRmsseAtEveryLevel) {
  Shop shop;
  shop.Add({.dollars = 3.0}, {0, 2, 4, 1}, {3, 2}, {2, 5});
  const auto result = Wrmsse(shop.Panel());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_DOUBLE_EQ(result->mean, std::sqrt(5.0 / 6.5));
  EXPECT_THAT(result->by_level, Each(DoubleNear(std::sqrt(5.0 / 6.5), 1e-15)));
}

// Two items in one store, dollars 1 and 3. Item 1: history 1, 3, scale 4, error 2: RMSSE 1. Item 2:
// history 5, 2, scale 9, error -2: RMSSE 2/3. Together: 6, 5, scale 1, error 0. Levels of total,
// state and store (with category and department, which they share): 0; of the item: 1/4 + 3/4 *
// 2/3.
TEST(WrmsseTest, LetsErrorsCancelInTheSumButNotInTheParts) {
  Shop shop;
  shop.Add({.item = 1, .dollars = 1.0}, {1, 3}, {4}, {2});
  shop.Add({.item = 2, .dollars = 3.0}, {5, 2}, {1}, {3});
  const auto result = Wrmsse(shop.Panel());
  ASSERT_TRUE(result.ok()) << result.status();
  for (std::size_t level = 0; level < kWrmsseLevels; ++level) {
    EXPECT_DOUBLE_EQ(result->by_level[level], level < 9 ? 0.0 : 0.75) << kWrmsseLevelNames[level];
  }
  EXPECT_DOUBLE_EQ(result->mean, 0.75 * 3 / 12);
}

// The slow way: a map from names to sums, level by level.
double BruteForceMean(const RetailPanel& panel) {
  double dollars = 0.0;
  for (const RetailSeries& s : panel.series) dollars += s.dollars;
  const int wide = -1;  // Stands for "all" in a name.
  double mean = 0.0;
  for (std::size_t level = 0; level < kWrmsseLevels; ++level) {
    std::map<std::tuple<int, int, int, int, int>, std::vector<const RetailSeries*>> groups;
    for (const RetailSeries& s : panel.series) {
      const bool state = level == 1 || level == 5 || level == 6 || level == 10;
      const bool store = level == 2 || level == 7 || level == 8 || level == 11;
      groups[{state ? s.state : wide, store ? s.store : wide,
              level == 3 || level == 5 || level == 7 ? s.category : wide,
              level == 4 || level == 6 || level == 8 ? s.department : wide,
              level >= 9 ? s.item : wide}]
          .push_back(&s);
    }
    for (const auto& [name, parts] : groups) {
      std::vector<double> history(parts[0]->history_units.size());
      std::vector<double> actual(parts[0]->actual_units.size());
      std::vector<double> forecast(actual.size());
      double weight = 0.0;
      for (const RetailSeries* part : parts) {
        for (std::size_t t = 0; t < history.size(); ++t) {
          history[t] += static_cast<double>(part->history_units[t]);
        }
        for (std::size_t k = 0; k < actual.size(); ++k) actual[k] += part->actual_units[k];
        for (std::size_t k = 0; k < actual.size(); ++k) forecast[k] += part->forecast_units[k];
        weight += part->dollars / dollars;
      }
      mean += weight * Rmsse(history, actual, forecast)->value_or(0.0) / 12.0;
    }
  }
  return mean;
}

TEST(WrmsseTest, AgreesWithBruteForce) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    const Shop shop = RandomShop(seed);
    const auto result = Wrmsse(shop.Panel());
    ASSERT_TRUE(result.ok()) << result.status();
    // Sums in another order: a few units in the last place of 500 terms.
    EXPECT_NEAR(result->mean, BruteForceMean(shop.Panel()), 1e-12);
  }
}

TEST(WrmsseTest, DoesNotChangeWithUnitsOrCurrency) {
  Shop shop = RandomShop(7);
  const auto before = Wrmsse(shop.Panel());
  for (auto& history : shop.histories) {
    for (float& y : history) y *= 2.0F;
  }
  for (auto& actual : shop.actuals) {
    for (double& y : actual) y *= 2.0;
  }
  for (auto& forecast : shop.forecasts) {
    for (double& y : forecast) y *= 2.0;
  }
  for (RetailSeries& s : shop.ids) s.dollars *= 4.0;
  const auto after = Wrmsse(shop.Panel());
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->by_level, after->by_level);  // Powers of two: bit for bit.
}

TEST(WrmsseTest, CountsASeriesWithoutAScaleAsZero) {
  Shop shop;
  shop.Add({.item = 1, .dollars = 1.0}, {0, 0}, {9}, {0});
  const auto result = Wrmsse(shop.Panel());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->mean, 0.0);
}

TEST(WrmsseTest, RefusesAPanelThatDoesNotFitTogether) {
  const auto code = [](const Shop& shop) { return Wrmsse(shop.Panel()).status().code(); };
  const RetailSeries sold = {.dollars = 1.0};
  EXPECT_EQ(Wrmsse({}).status().code(), kInvalid);
  struct Case {
    const char* name;
    RetailSeries ids;
    std::vector<float> history;
    std::vector<double> actual;
    std::vector<double> forecast;
  };
  const double nan = std::nan("");
  const Case cases[] = {
      {"history", sold, {1, 2, 3}, {1}, {1}},
      {"actuals", sold, {1, 2}, {1, 2}, {1}},
      {"forecasts", sold, {1, 2}, {1}, {1, 2}},
      {"history is no number", sold, {1, std::numeric_limits<float>::quiet_NaN()}, {1}, {1}},
      {"actual is no number", sold, {1, 2}, {nan}, {1}},
      {"forecast is no number", sold, {1, 2}, {1}, {nan}},
      {"dollars below zero", {.dollars = -1.0}, {1, 2}, {1}, {1}},
      {"dollars no number", {.dollars = nan}, {1, 2}, {1}, {1}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Shop shop;
    shop.Add(sold, {1, 2}, {1}, {1});
    shop.Add(c.ids, c.history, c.actual, c.forecast);
    EXPECT_EQ(code(shop), kInvalid);
  }
  Shop nothing_to_compare;
  nothing_to_compare.Add(sold, {1, 2}, {}, {});
  EXPECT_EQ(code(nothing_to_compare), kInvalid);
  Shop no_dollars;
  no_dollars.Add({}, {1, 2}, {1}, {1});
  EXPECT_EQ(code(no_dollars), kInvalid);
  Shop too_large;
  too_large.Add(sold, {1, 2}, {1e308}, {-1e308});
  EXPECT_EQ(code(too_large), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tandem::forecasting

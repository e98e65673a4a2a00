#include "forecasting/backtest/long_newcomers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "forecasting/backtest/executor.h"
#include "forecasting/local/quantiles.h"
#include "forecasting/uncertainty/quantile_curve.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kHorizon = 3;

// A forecast that someone made: of series i, normal about means[i], the same in every bucket.
struct Made {
  void Add(double mean, double deviation, std::vector<std::size_t> nodes) {
    panel.series.emplace_back();
    panel.groupings.resize(nodes.size());
    for (std::size_t g = 0; g < nodes.size(); ++g) {
      LongLevel& grouping = panel.groupings[g];
      grouping.node_of_series.push_back(nodes[g]);
      grouping.node_count = std::max(grouping.node_count, nodes[g] + 1);
    }
    forecast.horizon_buckets = kHorizon;
    forecast.quantile_units.resize(1);
    for (std::size_t h = 0; h < kHorizon; ++h) {
      forecast.mean_units.push_back(mean);
      for (const double level : kQuantileLevels) {
        const double units = std::max(0.0, mean + deviation * NormalQuantile(level));
        forecast.quantile_units[0].push_back(static_cast<float>(units));
      }
    }
  }
  LongNewcomerForecast Of(std::vector<std::optional<std::size_t>> nodes) const {
    const std::vector<LongNewcomer> one = {{.nodes = std::move(nodes)}};
    const auto made = ForecastNewcomers(panel, forecast, one);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->front() : LongNewcomerForecast{};
  }
  LongPanel panel;
  LongForecast forecast;
};

TEST(LongNewcomersTest, OneOfManyAlikeIsForecastAsTheyAre) {
  Made made;
  for (int i = 0; i < 20; ++i) made.Add(100.0, 10.0, {});
  const LongNewcomerForecast forecast = made.Of({});
  EXPECT_EQ(forecast.analogs, 20U);
  ASSERT_EQ(forecast.mean_units.size(), kHorizon);
  ASSERT_EQ(forecast.quantile_units.size(), kHorizon * kQuantiles);
  for (std::size_t k = 0; k < forecast.quantile_units.size(); ++k) {
    EXPECT_NEAR(forecast.quantile_units[k], made.forecast.quantile_units[0][k], 1e-3);
  }
}

// The mixture by what it says of itself: each quantile's probability, over the members' curves.
TEST(LongNewcomersTest, QuantilesAreThoseOfTheMixture) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> mean(0.0, 50.0);
  std::uniform_real_distribution<double> deviation(0.5, 12.0);
  for (int world = 0; world < 50; ++world) {
    Made made;
    const int count = 1 + world % 12;
    for (int i = 0; i < count; ++i) made.Add(mean(random), deviation(random), {});
    const LongNewcomerForecast forecast = made.Of({});
    const auto share = [&](double units) {
      double sum = 0.0;
      for (int i = 0; i < count; ++i) {
        std::array<double, kQuantiles> values{};
        std::copy_n(made.forecast.quantile_units[0].begin() +
                        i * static_cast<std::ptrdiff_t>(kHorizon * kQuantiles),
                    kQuantiles, values.begin());
        sum += QuantileCurve(values).AtMost(units);
      }
      return sum / count;
    };
    EXPECT_TRUE(std::ranges::is_sorted(std::span(forecast.quantile_units).first(kQuantiles)));
    for (std::size_t k = 0; k < kQuantiles; ++k) {
      const double units = forecast.quantile_units[k];
      EXPECT_GE(share(units + 1e-3), kQuantileLevels[k]) << world;
      EXPECT_LE(share(std::max(units - 1e-3, -1e-9)), kQuantileLevels[k] + 1e-9) << world;
    }
  }
}

// Every pair of a shop and an item is of the size that both make, up to a spread of its own.
struct Market {
  Market(std::mt19937& random, std::size_t shops, std::size_t items, double shop_deviation,
         double spread) {
    std::normal_distribution<double> normal;
    shop_logs.resize(shops);
    item_logs.resize(items);
    for (double& value : shop_logs) value = shop_deviation * normal(random);
    for (double& value : item_logs) value = 4.0 + 1.2 * normal(random);
    for (std::size_t shop = 0; shop < shops; ++shop) {
      for (std::size_t item = 0; item < items; ++item) {
        const double mean = Size(shop, item) * std::exp(spread * normal(random));
        made.Add(mean, 0.02 * mean, {shop, item});
      }
    }
  }
  double Size(std::size_t shop, std::size_t item) const {
    return std::exp(shop_logs[shop] + item_logs[item]);
  }
  Made made;
  std::vector<double> shop_logs;
  std::vector<double> item_logs;
};

TEST(LongNewcomersTest, AnalogsAgreeInWhatTellsMost) {
  std::mt19937 random(3);
  const Made made = Market(random, 25, 30, 0.1, 0.0).made;
  const std::vector<double> tells = GroupingsTell(made.panel, made.forecast);
  ASSERT_EQ(tells.size(), 2U);
  EXPECT_GT(tells[1], 0.9);
  EXPECT_LT(tells[0], 0.1);
  // Of a shop that is new, an item that is known: its shops.
  const LongNewcomerForecast forecast = made.Of({std::nullopt, 4});
  EXPECT_EQ(forecast.analogs, 25U);
  double mean = 0.0;
  for (std::size_t shop = 0; shop < 25; ++shop) {
    mean += made.forecast.mean_units[(shop * 30 + 4) * kHorizon] / 25.0;
  }
  EXPECT_NEAR(forecast.mean_units[0], mean, 0.02 * mean);
  // Of an item that is new the shop says nothing, in this world: any of them.
  EXPECT_EQ(made.Of({2, std::nullopt}).analogs, 200U);
  EXPECT_EQ(made.Of({std::nullopt, std::nullopt}).analogs, 200U);
}

// Left out, a pair is forecast at the size that its shop and its item make, with an interval as
// wide as pairs differ from that: the analogs' own sizes say neither.
TEST(LongNewcomersTest, ANewPairHasTheSizeOfItsShopAndItsItem) {
  std::mt19937 random(8);
  const double spread = 0.3;
  const Market market(random, 30, 40, 0.8, spread);
  double off = 0.0;
  double unscaled = 0.0;
  double inside = 0.0;
  double pairs = 0.0;
  std::normal_distribution<double> normal;
  for (std::size_t pair = 0; pair < 1200; pair += 7) {
    const std::size_t shop = pair / 40;
    const std::size_t item = pair % 40;
    const LongNewcomerForecast forecast = market.made.Of({shop, item});
    const double size = market.Size(shop, item);
    off += std::abs(std::log(forecast.quantile_units[4] / size));
    double item_mean = 0.0;
    for (std::size_t s = 0; s < 30; ++s) item_mean += market.Size(s, item) / 30.0;
    unscaled += std::abs(std::log(item_mean / size));
    const double came = size * std::exp(spread * normal(random));
    inside += came >= forecast.quantile_units[1] && came <= forecast.quantile_units[7] ? 1.0 : 0.0;
    pairs += 1.0;
  }
  EXPECT_LT(off / pairs, 0.15);
  EXPECT_GT(unscaled / pairs, 0.5);
  // Five deviations of the draws, and what thirty analogs can tell of the outermost 2.5 %.
  EXPECT_NEAR(inside / pairs, 0.95, 5.0 * std::sqrt(0.95 * 0.05 / pairs) + 0.02);
}

// Of an item that nobody knows, in a shop that sells twice as much of everything.
TEST(LongNewcomersTest, OfANewItemTheShopIsKnown) {
  Made made;
  for (std::size_t item = 0; item < 40; ++item) {
    const double size = 10.0 + static_cast<double>(item);
    made.Add(size, 0.1, {0, item});
    made.Add(2.0 * size, 0.1, {1, item});
  }
  const LongNewcomerForecast small = made.Of({0, std::nullopt});
  const LongNewcomerForecast large = made.Of({1, std::nullopt});
  EXPECT_NEAR(large.mean_units[0] / small.mean_units[0], 2.0, 0.02);
  // As wide as items differ.
  EXPECT_NEAR(small.quantile_units[1], 10.0, 2.0);
  EXPECT_NEAR(small.quantile_units[7], 49.0, 2.5);
}

// An item that has ended in all shops but one makes its group tiny, and what still sells there a
// giant beside it: neither is a measure for another item.
TEST(LongNewcomersTest, AnItemThatEndedIsNoMeasureForOthers) {
  std::mt19937 random(4);
  Market market(random, 10, 30, 0.3, 0.1);
  for (std::size_t shop = 1; shop < 10; ++shop) {
    for (std::size_t item = 0; item < 3; ++item) {
      const std::size_t at = (shop * 30 + item) * kHorizon;
      for (std::size_t h = 0; h < kHorizon; ++h) {
        market.made.forecast.mean_units[at + h] = 1e-6;
        for (std::size_t k = 0; k < kQuantiles; ++k) {
          market.made.forecast.quantile_units[0][(at + h) * kQuantiles + k] = k < 8 ? 0.0F : 1.0F;
        }
      }
    }
  }
  for (std::size_t item = 3; item < 30; ++item) {
    const LongNewcomerForecast forecast = market.made.Of({0, item});
    EXPECT_LT(std::abs(std::log(forecast.mean_units[0] / market.Size(0, item))), 0.7) << item;
  }
}

TEST(LongNewcomersTest, WhereSeriesGoBelowZeroAnalogsStandAsTheyAre) {
  Made made;
  for (std::size_t i = 0; i < 40; ++i) {
    made.Add(i % 2 == 0 ? 5.0 : 50.0, 0.0, {i % 2, i % 4});
    if (i % 8 == 0) made.forecast.mean_units[i * kHorizon] = -100.0;
  }
  EXPECT_NEAR(made.Of({1, 3}).mean_units[1], 50.0, 30.0);
  EXPECT_NEAR(made.Of({1, std::nullopt}).mean_units[1], 50.0, 1e-9);
}

// Goal: where scaling would not have told the sizes of known series, it is left: groups whose
// members agree but for those that are tried, which are the other groups' size.
TEST(LongNewcomersTest, ScalesNothingWhereItWouldNotHaveHelped) {
  for (const bool helps : {false, true}) {
    Made made;
    double sum = 0.0;
    for (std::size_t i = 0; i < 200; ++i) {
      const double of_group = i / 5 % 2 == 0 ? 2.0 : 0.5;
      const double mean = i % 5 == 2 && !helps ? 1.0 / of_group : of_group;
      made.Add(mean, 0.02 * mean, {i / 5});
      sum += mean / 200.0;
    }
    const LongNewcomerForecast forecast = made.Of({0});
    EXPECT_EQ(forecast.analogs, 200U);
    EXPECT_NEAR(forecast.mean_units[0], helps ? 2.0 : sum, helps ? 0.2 : 1e-3);
  }
}

TEST(LongNewcomersTest, WhatNoLongerSellsIsNoAnalog) {
  Made made;
  for (int i = 0; i < 10; ++i) made.Add(i < 4 ? 8.0 : 0.0, i < 4 ? 1.0 : 0.0, {0});
  EXPECT_EQ(made.Of({0}).analogs, 4U);
  EXPECT_NEAR(made.Of({0}).mean_units[0], 8.0, 1e-12);
  Made dead;
  for (int i = 0; i < 3; ++i) dead.Add(0.0, 0.0, {0});
  EXPECT_EQ(dead.Of({0}).mean_units[0], 0.0);
  EXPECT_THAT(dead.Of({0}).quantile_units, ::testing::Each(0.0F));
}

TEST(LongNewcomersTest, NamesTheNewcomerOfAnotherWorld) {
  Made made;
  for (int i = 0; i < 3; ++i) made.Add(1.0, 0.1, {0});
  const std::vector<LongNewcomer> newcomers = {{.nodes = {0}}, {.nodes = {1}}};
  const auto refused = ForecastNewcomers(made.panel, made.forecast, newcomers);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("newcomer 1"));
  const std::vector<LongNewcomer> none = {{}};
  EXPECT_FALSE(ForecastNewcomers(made.panel, made.forecast, none).ok());
}

}  // namespace
}  // namespace tandem::forecasting

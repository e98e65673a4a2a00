#include "forecasting/effects/shelf_demand.h"

#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kHours = 16;

// Panels whose truth is known: levels, one driver's coefficient a group, and shares by empty hours.
struct Panel {
  std::vector<std::vector<double>> units{};
  std::vector<std::vector<std::uint8_t>> empty{};
  std::vector<std::vector<double>> drivers{};
  std::vector<double> levels{};
  std::vector<ShelfSeries> series{};
};

double TrueShare(std::uint8_t empty) { return 1.0 - std::pow(empty / 16.0, 2.0); }

Panel MakePanel(std::size_t count, std::size_t days, std::mt19937_64& engine) {
  std::uniform_real_distribution<double> uniform;
  Panel panel;
  for (std::size_t s = 0; s < count; ++s) {
    panel.levels.push_back(std::exp(1.0 + 2.0 * uniform(engine)));
    auto& units = panel.units.emplace_back();
    auto& empty = panel.empty.emplace_back();
    auto& drivers = panel.drivers.emplace_back();
    for (std::size_t t = 0; t < days; ++t) {
      drivers.push_back(uniform(engine) < 0.3 ? 1.0 : 0.0);
      empty.push_back(uniform(engine) < 0.5
                          ? 0
                          : static_cast<std::uint8_t>(std::floor(uniform(engine) * 13.0)));
      const double effect = std::exp((s % 2 == 0 ? 0.6 : -0.3) * drivers.back());
      units.push_back(static_cast<double>(std::poisson_distribution<int>(
          panel.levels[s] * effect * TrueShare(empty.back()))(engine)));
    }
  }
  for (std::size_t s = 0; s < count; ++s) {
    panel.series.push_back({.units = panel.units[s],
                            .empty_hours = panel.empty[s],
                            .drivers = panel.drivers[s],
                            .group = 10 + s % 2});
  }
  return panel;
}

ShelfOptions Options() { return {.drivers = 1, .hours_a_day = kHours, .half_life_days = 1000.0}; }

TEST(FitShelfDemand, FindsSharesCoefficientsAndLevels) {
  std::mt19937_64 engine(testing::Random().Next());
  const Panel panel = MakePanel(200, 100, engine);
  const auto model = FitShelfDemand(panel.series, Options());
  ASSERT_TRUE(model.ok()) << model.status();
  // About 20'000 days of 7 units: shares and coefficients are known to about 2 %.
  for (std::uint8_t hours = 0; hours < 13; ++hours) {
    EXPECT_NEAR(model->open_shares[hours], TrueShare(hours), 0.05) << int{hours};
  }
  EXPECT_NEAR(FindGroup(*model, 10)->coefficients[0], 0.6, 0.05);
  EXPECT_NEAR(FindGroup(*model, 11)->coefficients[0], -0.3, 0.05);
  EXPECT_EQ(FindGroup(*model, 12), nullptr);
  EXPECT_LT(model->last_step, 1e-3);
  double ratio = 0.0;
  for (std::size_t s = 0; s < panel.levels.size(); ++s) {
    ratio += model->levels[s].Level(Options()) / panel.levels[s] / 200.0;
  }
  EXPECT_NEAR(ratio, 1.0, 0.02);
}

// What the correction is for: a series whose last days were mostly sold out.
TEST(FitShelfDemand, ASoldOutWeekIsNoFallInDemand) {
  std::mt19937_64 engine(testing::Random().Next());
  Panel panel = MakePanel(200, 100, engine);
  for (std::size_t t = 0; t < 100; ++t) {
    panel.empty[0][t] = t < 80 ? 0 : 12;
    panel.units[0][t] = std::round(20.0 * TrueShare(panel.empty[0][t]));
    panel.drivers[0][t] = 0.0;
  }
  ShelfOptions options = Options();
  options.half_life_days = 7.0;
  const double with = FitShelfDemand(panel.series, options)->levels[0].Level(options);
  options.learn_open_shares = false;
  const double without = FitShelfDemand(panel.series, options)->levels[0].Level(options);
  EXPECT_NEAR(with, 20.0, 2.5);
  EXPECT_LT(without, 14.0);
}

TEST(FitShelfDemand, ScalesWithUnits) {
  std::mt19937_64 engine(7);
  Panel panel = MakePanel(20, 60, engine);
  ShelfOptions options = Options();
  const auto model = FitShelfDemand(panel.series, options);
  for (auto& units : panel.units) {
    for (double& value : units) value *= 10.0;
  }
  options.ridge_units *= 10.0;
  const auto scaled = FitShelfDemand(panel.series, options);
  EXPECT_NEAR(scaled->levels[3].Level(options), 10.0 * model->levels[3].Level(options), 1e-6);
  EXPECT_NEAR(scaled->groups[0].coefficients[0], model->groups[0].coefficients[0], 1e-9);
}

TEST(FitShelfDemand, WhatNeverSoldOrNeverChangesIsNothing) {
  const std::vector<double> none(10, 0.0);
  const std::vector<double> some(10, 3.0);
  const std::vector<double> same(10, 1.0);
  const std::vector<std::uint8_t> open(10, 0);
  const ShelfSeries series[] = {{.units = none, .empty_hours = open, .drivers = same},
                                {.units = some, .empty_hours = open, .drivers = same}};
  const auto model = FitShelfDemand(series, Options());
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->levels[0].Level(Options()), 0.0);
  EXPECT_NEAR(model->levels[1].Level(Options()), 3.0, 1e-9);
  EXPECT_NEAR(model->groups[0].coefficients[0], 0.0, 1e-12);
}

TEST(ShelfLevel, ADayLaterIsAsIfFittedWithIt) {
  const std::vector<double> units = {4.0, 6.0, 5.0, 9.0};
  const std::vector<std::uint8_t> open(4, 0);
  const ShelfOptions options{.half_life_days = 2.0};
  const ShelfSeries all{.units = units, .empty_hours = open};
  const ShelfSeries first{.units = std::span(units).first(3),
                          .empty_hours = std::span(open).first(3)};
  ShelfLevel level = FitShelfDemand({&first, 1}, options)->levels[0];
  const ShelfLevel whole = FitShelfDemand({&all, 1}, options)->levels[0];
  level.Add(9.0, 1.0, options);
  EXPECT_NEAR(level.sold_units, whole.sold_units, 1e-12);
  EXPECT_NEAR(level.exposure, whole.exposure, 1e-12);
}

TEST(DailyPulse, FollowsASharedShockAndForgetsIt) {
  DailyPulse pulse;
  EXPECT_EQ(pulse.Factor(50.0), 1.0);
  EXPECT_EQ(pulse.Factor(0.0), 1.0);
  pulse.Add(1200.0, 1000.0, 1.0);
  EXPECT_NEAR(pulse.Factor(0.0), 1.2, 1e-12);
  EXPECT_NEAR(pulse.Factor(1000.0), 1.1, 1e-12);
  for (int day = 0; day < 20; ++day) pulse.Add(1000.0, 1000.0, 1.0);
  EXPECT_NEAR(pulse.Factor(0.0), 1.0, 1e-5);
}

TEST(FitShelfDemand, RefusesWithSeriesAndDay) {
  const std::vector<double> units = {1.0, 2.0};
  const std::vector<double> negative = {1.0, -1.0};
  const std::vector<double> bad = {0.0, std::numeric_limits<double>::infinity()};
  const std::vector<std::uint8_t> open = {0, 0};
  const std::vector<std::uint8_t> long_day = {0, 17};
  const auto message = [](const ShelfSeries& series, const ShelfOptions& options) {
    return std::string(FitShelfDemand({&series, 1}, options).status().message());
  };
  const ShelfOptions plain{};
  EXPECT_THAT(message({.units = negative, .empty_hours = open}, plain),
              ::testing::HasSubstr("day 1 of series 0"));
  EXPECT_THAT(message({.units = units, .empty_hours = long_day}, plain),
              ::testing::HasSubstr("day 1 of series 0"));
  EXPECT_NE(message({.units = units, .empty_hours = open, .drivers = bad}, Options()), "");
  EXPECT_NE(message({.units = units, .empty_hours = open, .drivers = bad}, plain), "");
  EXPECT_NE(message({.units = units}, plain), "");
  EXPECT_NE(message({}, plain), "");
  EXPECT_NE(message({.units = units, .empty_hours = open}, {.half_life_days = 0.0}), "");
  EXPECT_NE(message({.units = units, .empty_hours = open}, {.drivers = 65}), "");
  EXPECT_FALSE(FitShelfDemand({}, plain).ok());
}

}  // namespace
}  // namespace tandem::forecasting

#include "services/forecast/fit_local.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "forecasting/quantile_levels.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::int32_t kDays = 500;
constexpr std::size_t kLevels = forecasting::kQuantiles;
const base::Day kFirst = base::Day::FromNumber(20'779 - kDays + 1);  // To a Sunday, 2026-11-22.

// What is sold on a day, in whole units: Saturdays five times a Monday; a week makes seven.
double Share(std::int32_t t) {
  constexpr double kShares[] = {0.4, 0.6, 0.8, 1.0, 1.2, 2.0, 1.0};
  return kShares[(kFirst + t).Weekday()];
}

struct History {
  std::vector<std::int64_t> value_milli = std::vector<std::int64_t>(kDays);
  std::vector<char> known = std::vector<char>(kDays, 1);
  DailySeries view() const { return {value_milli, known}; }
};

// Level times the day's share, off by up to `noise` of it.
History Selling(double level, double noise, testing::Random& random) {
  History history;
  for (std::int32_t t = 0; t < kDays; ++t) {
    const double chance = static_cast<double>(random.Below(2'001)) / 1'000.0 - 1.0;
    history.value_milli[static_cast<std::size_t>(t)] =
        std::llround(level * Share(t) * (1.0 + noise * chance) * 1'000.0);
  }
  return history;
}

struct Levels {
  double first = 0.0;
  double step = 0.0;
  double noise = 0.0;
};
std::vector<History> Sellers(int count, const Levels& levels, testing::Random& random) {
  std::vector<History> histories;
  histories.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    histories.push_back(Selling(levels.first + levels.step * i, levels.noise, random));
  }
  return histories;
}

std::vector<LocalForecast> ForecastsOf(const std::vector<History>& histories,
                                       std::int32_t bucket_days, std::int32_t bucket_count,
                                       const std::vector<CalendarEvent>& events = {}) {
  LocalFit fit(
      {.first = kFirst, .days = kDays, .bucket_days = bucket_days, .bucket_count = bucket_count},
      events);
  for (const History& history : histories) EXPECT_TRUE(fit.Add(history.view(), ""));
  auto forecasts = fit.Run();
  EXPECT_THAT(forecasts, testing::IsOk());
  return forecasts.ok() ? *std::move(forecasts) : std::vector<LocalForecast>();
}

double UnitsOf(base::Quantity quantity) { return static_cast<double>(quantity.milli()) / 1'000.0; }

TEST(LocalFitTest, LevelsAreTheNineInMillionths) {
  EXPECT_THAT(LocalQuantileLevels(), ElementsAre(5'000, 25'000, 165'000, 250'000, 500'000, 750'000,
                                                 835'000, 975'000, 995'000));
}

TEST(LocalFitTest, ForecastsDaysWithQuantilesThatHoldTheNoise) {
  testing::Random random;
  const std::vector<History> histories = Sellers(40, {50.0, 1.0, 0.3}, random);
  const std::vector<LocalForecast> forecasts = ForecastsOf(histories, 1, 14);
  ASSERT_THAT(forecasts, SizeIs(40));
  int inside = 0;
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    const LocalForecast& one = forecasts[i];
    ASSERT_THAT(one.mean, SizeIs(14));
    ASSERT_THAT(one.quantiles, SizeIs(14 * kLevels));
    const History future = Selling(50.0 + static_cast<double>(i), 0.3, random);
    for (std::size_t h = 0; h < 14; ++h) {
      const double expected = (50.0 + static_cast<double>(i)) * Share(kDays + static_cast<int>(h));
      EXPECT_NEAR(UnitsOf(one.mean[h]), expected, 0.15 * expected) << i << " " << h;
      const auto quantiles = std::span(one.quantiles).subspan(h * kLevels, kLevels);
      EXPECT_TRUE(std::ranges::is_sorted(quantiles));
      // 2.5 to 97.5 %, of a day with the same share.
      const base::Quantity came =
          base::Quantity::FromMilli(future.value_milli[h + (kDays / 7 * 7 - 70) + kDays % 7]);
      if (came >= quantiles[1] && came <= quantiles[7]) ++inside;
    }
  }
  EXPECT_GT(inside, 0.88 * 40 * 14);
  EXPECT_LT(inside, 40 * 14);  // Not so wide that all is within.
}

TEST(LocalFitTest, SumsToWeeksThatEndOnTheOrigin) {
  testing::Random random;
  const std::vector<History> histories = Sellers(10, {20.0, 1.0, 0.1}, random);
  const std::vector<LocalForecast> forecasts = ForecastsOf(histories, 7, 3);
  ASSERT_THAT(forecasts, SizeIs(10));
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    ASSERT_THAT(forecasts[i].mean, SizeIs(3));
    ASSERT_THAT(forecasts[i].quantiles, SizeIs(3 * kLevels));
    for (const base::Quantity week : forecasts[i].mean) {
      const double expected = 7.0 * (20.0 + static_cast<double>(i));
      EXPECT_NEAR(UnitsOf(week), expected, 0.05 * expected);
    }
  }
}

// A shelf that was empty on Saturdays lately: the weeks sold at least what the other days did, and
// the level does not fall to that.
TEST(LocalFitTest, AWeekWithDaysThatAreNotKnownIsALowerBound) {
  testing::Random random;
  std::vector<History> histories = Sellers(10, {30.0, 0.0, 0.1}, random);
  for (std::int32_t t = kDays - 35; t < kDays; ++t) {
    const auto at = static_cast<std::size_t>(t);
    if ((kFirst + t).Weekday() != 5) continue;
    histories[0].value_milli[at] = 0;
    histories[0].known[at] = 0;
  }
  for (const std::int32_t bucket_days : {1, 7}) {
    const std::int32_t count = 14 / bucket_days;
    const LocalForecast one = ForecastsOf(histories, bucket_days, count).front();
    double units = 0.0;
    for (const base::Quantity bucket : one.mean) units += UnitsOf(bucket);
    EXPECT_NEAR(units, 14 * 30.0, 0.05 * 14 * 30.0) << bucket_days;
  }
}

// The calendar is known in advance: what a happening did before it does again.
TEST(LocalFitTest, LearnsWhatEventsDo) {
  testing::Random random;
  std::vector<History> histories = Sellers(20, {40.0, 0.0, 0.1}, random);
  std::vector<CalendarEvent> events;
  // Not by any season: days apart that grow.
  const std::int32_t next = 3;  // Days after the origin, less one.
  std::vector<std::int32_t> on;
  for (std::int32_t t = kDays + next, apart = 23; t >= 0; t -= apart, apart += 4) on.push_back(t);
  for (const std::int32_t t : on) {
    events.push_back({.name = "Fair", .first = kFirst + t, .last = kFirst + t});
    if (t >= kDays) continue;
    for (History& history : histories) history.value_milli[static_cast<std::size_t>(t)] *= 3;
  }
  const LocalForecast without = ForecastsOf(histories, 1, 14).front();
  const LocalForecast with = ForecastsOf(histories, 1, 14, events).front();
  const double plain = 40.0 * Share(kDays + next);
  EXPECT_LT(UnitsOf(without.mean[next]), 1.5 * plain);
  EXPECT_GT(UnitsOf(with.mean[next]), 2.0 * plain);
  EXPECT_LT(UnitsOf(with.mean[next + 7]), 1.5 * plain);
}

// Promotions that double sales at times of each item's own, and one that sells out on each: means
// follow the plan, and quantiles stay about them, since what a bound hides is no miss.
TEST(LocalFitTest, LearnsWhatPromotionsDoBehindEmptyShelves) {
  testing::Random random;
  std::vector<History> histories = Sellers(20, {40.0, 0.0, 0.1}, random);
  std::vector<std::vector<char>> empty(20, std::vector<char>(kDays, 0));
  std::vector<ItemDrivers> drivers(20);
  for (std::int32_t i = 0; i < 20; ++i) {
    const auto item = static_cast<std::size_t>(i);
    for (std::int32_t first = 10 + 3 * i; first + 7 <= kDays; first += 70) {
      drivers[item].promotions.push_back({kFirst + first, kFirst + (first + 6), "price", 0.0});
      for (std::int32_t t = first; t < first + 7; ++t) {
        const auto at = static_cast<std::size_t>(t);
        histories[item].value_milli[at] *= 2;
        if (t < first + 5) continue;
        empty[item][at] = 1;
        histories[item].value_milli[at] /= 4;
      }
    }
  }
  drivers[0].promotions.push_back({kFirst + kDays, kFirst + (kDays + 6), "price", 0.0});
  for (const std::int32_t bucket_days : {1, 7}) {
    LocalFit fit({.first = kFirst,
                  .days = kDays,
                  .bucket_days = bucket_days,
                  .bucket_count = 14 / bucket_days},
                 {});
    for (std::size_t i = 0; i < histories.size(); ++i) {
      DailySeries series = histories[i].view();
      series.shelf_empty = empty[i];
      ASSERT_TRUE(fit.Add(series, "", drivers[i]));
    }
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto forecasts, fit.Run());
    const auto week = [&](std::size_t item, std::size_t number) {
      double units = 0.0;
      const std::size_t each = 7 / static_cast<std::size_t>(bucket_days);
      for (std::size_t b = number * each; b < (number + 1) * each; ++b) {
        units += UnitsOf(forecasts[item].mean[b]);
      }
      return units;
    };
    EXPECT_NEAR(week(0, 0), 2.0 * 7.0 * 40.0, 40.0) << bucket_days;
    EXPECT_NEAR(week(0, 1), 7.0 * 40.0, 20.0) << bucket_days;
    EXPECT_NEAR(week(1, 0), 7.0 * 40.0, 20.0) << bucket_days;
    const double middle = UnitsOf(forecasts[1].quantiles[4]);
    EXPECT_NEAR(middle, UnitsOf(forecasts[1].mean[0]), 0.1 * middle) << bucket_days;
  }
}

TEST(LocalFitTest, LeavesOutWhatWasNeverKnown) {
  LocalFit fit({.first = kFirst, .days = kDays, .bucket_days = 7, .bucket_count = 2}, {});
  History history;
  std::ranges::fill(history.known, 0);
  EXPECT_FALSE(fit.Add(history.view(), ""));
  history.known[0] = 1;  // Of no whole week: 500 days are 71 weeks and three days before them.
  EXPECT_FALSE(fit.Add(history.view(), ""));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto none, fit.Run());
  EXPECT_THAT(none, SizeIs(0));
  history.known[3] = 1;
  EXPECT_TRUE(fit.Add(history.view(), ""));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto one, fit.Run());
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].mean[1].milli(), 0);
}

}  // namespace
}  // namespace tandem::forecast

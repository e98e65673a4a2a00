#include "services/forecast/fit_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "services/base/day.h"
#include "services/base/quantity.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::testing::SizeIs;

constexpr std::int32_t kDays = 400;
constexpr std::int32_t kHorizon = 14;
const base::Day kFirst = base::Day::FromNumber(15'000);

// What is sold on a day, in whole units: Saturdays five times a Monday.
double Share(std::int32_t t) {
  constexpr double kShares[] = {0.4, 0.6, 0.8, 1.0, 1.2, 2.0, 1.0};
  return kShares[(kFirst + t).Weekday()];
}

struct History {
  std::vector<std::int64_t> value_milli = std::vector<std::int64_t>(kDays);
  std::vector<char> known = std::vector<char>(kDays, 1);
  DailySeries view() const { return {value_milli, known}; }
};

History Selling(double level) {
  History history;
  for (std::int32_t t = 0; t < kDays; ++t) {
    history.value_milli[static_cast<std::size_t>(t)] = std::llround(level * Share(t) * 1000.0);
  }
  return history;
}

std::vector<std::vector<base::Quantity>> ForecastsOf(const std::vector<History>& histories) {
  ProfileFit fit(kFirst, kDays, kHorizon, {});
  for (const History& history : histories) EXPECT_TRUE(fit.Add(history.view(), ""));
  auto forecasts = fit.Run();
  EXPECT_THAT(forecasts, testing::IsOk());
  return forecasts.ok() ? *std::move(forecasts) : std::vector<std::vector<base::Quantity>>();
}

std::vector<base::Quantity> ForecastOf(const History& history) {
  return ForecastsOf({history}).at(0);
}

// Units that the forecast is off by, at most, over the horizon.
double Off(const std::vector<base::Quantity>& forecast, double level) {
  double worst = 0.0;
  for (std::int32_t h = 0; h < kHorizon; ++h) {
    const double units =
        static_cast<double>(forecast[static_cast<std::size_t>(h)].milli()) / 1000.0;
    worst = std::max(worst, std::abs(units - level * Share(kDays + h)));
  }
  return worst;
}

TEST(FitProfileTest, GivesEachItemItsLevelTimesTheLocationsSeason) {
  const auto forecasts = ForecastsOf({Selling(10.0), Selling(2.0)});
  ASSERT_THAT(forecasts, SizeIs(2));
  EXPECT_LT(Off(forecasts[0], 10.0), 0.5);
  EXPECT_LT(Off(forecasts[1], 2.0), 0.1);
}

// Every fiftieth day there is a fair, on which three times as much is sold, one of them within the
// horizon. Without its name the forecast cannot know it.
TEST(FitProfileTest, KnowsAnEventThatComesAgain) {
  History history = Selling(10.0);
  std::vector<CalendarEvent> events;
  for (std::int32_t t = 6; t < kDays + kHorizon; t += 50) {
    events.push_back({"Fair", kFirst + t, kFirst + t});
    if (t < kDays) history.value_milli[static_cast<std::size_t>(t)] *= 3;
  }
  const std::size_t fair = 6;  // Day 406.
  std::vector<double> on_the_day;
  for (const bool told : {false, true}) {
    ProfileFit fit(kFirst, kDays, kHorizon, told ? events : std::vector<CalendarEvent>());
    ASSERT_TRUE(fit.Add(history.view(), ""));
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto forecasts, fit.Run());
    on_the_day.push_back(static_cast<double>(forecasts[0][fair].milli()) / 1000.0);
  }
  const double usual = 10.0 * Share(kDays + static_cast<std::int32_t>(fair));
  EXPECT_LT(on_the_day[0], 1.5 * usual);
  EXPECT_NEAR(on_the_day[1], 3.0 * usual, 0.4 * usual);
}

// The first ten days of each month: too many to be each a thing of its own.
TEST(FitProfileTest, TakesWhatComesOftenAsRegular) {
  History history = Selling(10.0);
  std::vector<CalendarEvent> events;
  for (std::int32_t t = 0; t < kDays + kHorizon; t += 30) {
    events.push_back({"Pay days", kFirst + t, kFirst + t + 9});
    for (std::int32_t d = t; d < std::min(t + 10, kDays); ++d) {
      history.value_milli[static_cast<std::size_t>(d)] *= 2;
    }
  }
  ProfileFit fit(kFirst, kDays, kHorizon, events);
  ASSERT_TRUE(fit.Add(history.view(), ""));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto forecasts, fit.Run());
  for (std::int32_t h = 0; h < kHorizon; ++h) {
    const double usual = 10.0 * Share(kDays + h) * ((kDays + h) % 30 < 10 ? 2.0 : 1.0);
    const auto milli = forecasts[0][static_cast<std::size_t>(h)].milli();
    EXPECT_NEAR(static_cast<double>(milli) / 1000.0, usual, 0.2 * usual) << h;
  }
}

// The shelf was empty on a random third of the days: with zeros there the forecast would fall by as
// much.
TEST(FitProfileTest, WhatIsNotKnownIsNoZero) {
  testing::Random random(7);
  History history = Selling(10.0);
  for (std::size_t t = 0; t < history.known.size(); ++t) {
    if (random.Below(3) != 0) continue;
    history.known[t] = 0;
    history.value_milli[t] = 0;
  }
  const auto forecasts = ForecastsOf({history, Selling(50.0)});
  ASSERT_THAT(forecasts, SizeIs(2));
  EXPECT_LT(Off(forecasts[0], 10.0), 1.0);
}

TEST(FitProfileTest, AHistoryThatBeginsLateIsJudgedFromItsFirstDay) {
  History late = Selling(10.0);
  std::fill_n(late.known.begin(), kDays - 60, char{0});
  std::fill_n(late.value_milli.begin(), kDays - 60, 0);
  const auto forecasts = ForecastsOf({late});
  ASSERT_THAT(forecasts, SizeIs(1));
  EXPECT_LT(Off(forecasts[0], 10.0), 1.0);
}

TEST(FitProfileTest, KeepsNothingOfASeriesThatIsNeverKnown) {
  ProfileFit fit(kFirst, kDays, kHorizon, {});
  History unknown;
  std::fill(unknown.known.begin(), unknown.known.end(), char{0});
  EXPECT_FALSE(fit.Add(unknown.view(), ""));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto none, fit.Run());
  EXPECT_THAT(none, SizeIs(0));
}

// Twenty items which promotions of a week raise by `factor`, each at times of its own; the first is
// planned for the first week ahead.
struct Promoted {
  std::vector<History> histories{};
  std::vector<ItemDrivers> drivers{};
};
Promoted SellingPromoted(double factor, double told) {
  Promoted all;
  for (std::int32_t i = 0; i < 20; ++i) {
    History& history = all.histories.emplace_back(Selling(10.0));
    ItemDrivers& drivers = all.drivers.emplace_back();
    for (std::int32_t first = 7 + 3 * i; first + 7 <= kDays; first += 70) {
      drivers.promotions.push_back({kFirst + first, kFirst + first + 6, "display", told});
      for (std::int32_t t = first; t < first + 7; ++t) {
        auto& milli = history.value_milli[static_cast<std::size_t>(t)];
        milli = std::llround(static_cast<double>(milli) * factor);
      }
    }
  }
  all.drivers[0].promotions.push_back({kFirst + kDays, kFirst + kDays + 6, "display", told});
  return all;
}

// Units of each week ahead, of all that was given.
std::vector<std::vector<double>> WeeksOf(const Promoted& all) {
  ProfileFit fit(kFirst, kDays, kHorizon, {});
  for (std::size_t i = 0; i < all.histories.size(); ++i) {
    EXPECT_TRUE(fit.Add(all.histories[i].view(), "", all.drivers[i]));
  }
  const auto forecasts = fit.Run();
  EXPECT_THAT(forecasts, testing::IsOk());
  std::vector<std::vector<double>> weeks;
  for (const auto& forecast : *forecasts) {
    std::vector<double>& sums = weeks.emplace_back(std::vector<double>(2));
    for (std::size_t h = 0; h < static_cast<std::size_t>(kHorizon); ++h) {
      sums[h / 7] += static_cast<double>(forecast[h].milli()) / 1000.0;
    }
  }
  return weeks;
}

constexpr double kWeekUnits = 70.0;  // Of Selling(10.0).

TEST(FitProfileTest, SellsMoreInAPlannedPromotionAndNoMoreForPastOnes) {
  // Whatever its owner expects of it: what it does is seen.
  for (const double told : {0.0, 1.1, 5.0}) {
    const auto weeks = WeeksOf(SellingPromoted(2.0, told));
    EXPECT_NEAR(weeks[0][0], 2.0 * kWeekUnits, 0.1 * kWeekUnits) << told;
    EXPECT_NEAR(weeks[0][1], kWeekUnits, 0.05 * kWeekUnits) << told;
    EXPECT_NEAR(weeks[1][0], kWeekUnits, 0.05 * kWeekUnits) << told;
  }
  Promoted unplanned = SellingPromoted(2.0, 0.0);
  unplanned.drivers[0].promotions.pop_back();
  EXPECT_NEAR(WeeksOf(unplanned)[0][0], kWeekUnits, 0.05 * kWeekUnits);
}

TEST(FitProfileTest, BelievesWhatIsExpectedOfTheFirstPromotion) {
  Promoted all;
  all.histories.assign(3, Selling(10.0));
  all.drivers.resize(3);
  all.drivers[0].promotions = {{kFirst + kDays, kFirst + kDays + 6, "feature", 1.6}};
  const auto weeks = WeeksOf(all);
  EXPECT_NEAR(weeks[0][0], 1.6 * kWeekUnits, 0.05 * kWeekUnits);
  EXPECT_NEAR(weeks[0][1], kWeekUnits, 0.05 * kWeekUnits);
}

// What sold out on promotion had a bound: neither the promotion's effect nor the level falls.
TEST(FitProfileTest, AnEmptyShelfIsALowerBound) {
  Promoted all = SellingPromoted(2.0, 0.0);
  std::vector<char> empty(kDays, 0);
  for (std::int32_t t = 3; t < kDays; t += 9) {
    const auto at = static_cast<std::size_t>(t);
    empty[at] = 1;
    all.histories[0].value_milli[at] /= 10;
  }
  ProfileFit fit(kFirst, kDays, kHorizon, {});
  for (std::size_t i = 0; i < all.histories.size(); ++i) {
    DailySeries series = all.histories[i].view();
    if (i == 0) series.shelf_empty = empty;
    ASSERT_TRUE(fit.Add(series, "", all.drivers[i]));
  }
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto forecasts, fit.Run());
  double units = 0.0;
  for (const base::Quantity day : forecasts[0]) units += static_cast<double>(day.milli()) / 1000.0;
  EXPECT_NEAR(units, 3.0 * kWeekUnits, 0.15 * kWeekUnits);
}

// Half the price sells twice as much; days before the history and beyond the last known price.
TEST(FitProfileTest, FollowsAPriceThatIsKnownInAdvance) {
  Promoted all;
  for (std::int32_t i = 0; i < 20; ++i) {
    History& history = all.histories.emplace_back(Selling(10.0));
    const std::int32_t cut = 50 + 15 * i;
    all.drivers.emplace_back().prices = {{kFirst - 500, 4.0},
                                         {kFirst + (cut + 28), 4.0},
                                         {kFirst + cut, 2.0},
                                         {kFirst - 900, 9.0},
                                         {kFirst + 30, 0.0}};
    for (std::int32_t t = cut; t < cut + 28; ++t) {
      history.value_milli[static_cast<std::size_t>(t)] *= 2;
    }
  }
  EXPECT_NEAR(WeeksOf(all)[0][0], kWeekUnits, 0.05 * kWeekUnits);
  all.drivers[0].prices.push_back({kFirst + kDays + 7, 2.0});
  const auto weeks = WeeksOf(all);
  EXPECT_NEAR(weeks[0][0], kWeekUnits, 0.05 * kWeekUnits);
  EXPECT_NEAR(weeks[0][1], 2.0 * kWeekUnits, 0.2 * kWeekUnits);
  EXPECT_NEAR(weeks[1][1], kWeekUnits, 0.05 * kWeekUnits);
}

// An earlier origin knows what lay ahead of it as far as is known ahead now, and no more.
TEST(FitProfileTest, AnEarlierOriginLooksAsFarAheadAsNow) {
  Promoted all = SellingPromoted(2.0, 0.0);
  const auto from = [&all](std::size_t back) {
    ProfileFit fit(kFirst, kDays, kHorizon, {});
    for (std::size_t i = 0; i < all.histories.size(); ++i) {
      EXPECT_TRUE(fit.Add(all.histories[i].view(), "", all.drivers[i]));
    }
    const auto units = fit.UnitsFrom(back);
    EXPECT_THAT(units, testing::IsOk());
    double first_week = 0.0;
    for (std::size_t h = 0; h < 7; ++h) first_week += (*units)[h];
    return first_week;
  };
  const std::size_t back = kDays - (7 + 70 * 4);  // Item 0's fifth promotion began the day after.
  EXPECT_NEAR(from(back), 2.0 * kWeekUnits, 0.2 * kWeekUnits);
  all.drivers[0].promotions.pop_back();  // Nobody plans ahead now.
  EXPECT_NEAR(from(back), kWeekUnits, 0.1 * kWeekUnits);
}

// More mechanisms than there are kinds: the frequent ones keep theirs.
TEST(FitProfileTest, FrequentMechanismsAreKindsOfTheirOwn) {
  Promoted all = SellingPromoted(2.0, 0.0);
  for (std::size_t i = 1; i < all.drivers.size(); ++i) {
    // A rare kind that did nothing.
    const std::int32_t first = 3 * static_cast<std::int32_t>(i) + 50;
    all.drivers[i].promotions.push_back(
        {kFirst + first, kFirst + first + 6, "rare " + std::to_string(i), 0.0});
  }
  all.drivers[1].promotions.push_back({kFirst + kDays, kFirst + kDays + 6, "rare 3", 0.0});
  const auto weeks = WeeksOf(all);
  EXPECT_NEAR(weeks[0][0], 2.0 * kWeekUnits, 0.1 * kWeekUnits);
  EXPECT_NEAR(weeks[1][0], kWeekUnits, 0.1 * kWeekUnits);
}

// One day, all zero, only returns, and sizes beyond a forecast's: never a NaN, never below zero.
TEST(FitProfileTest, OddHistoriesHaveForecastsOrAnError) {
  History one;
  std::fill(one.known.begin(), one.known.end() - 1, char{0});
  one.value_milli.back() = 3'000;
  for (const base::Quantity quantity : ForecastOf(one)) {
    EXPECT_GE(quantity.milli(), 0);
    EXPECT_LE(quantity.milli(), 3'000 * 7);
  }
  for (const base::Quantity quantity : ForecastOf(History())) EXPECT_EQ(quantity.milli(), 0);
  for (const base::Quantity quantity : ForecastOf(Selling(-5.0))) EXPECT_EQ(quantity.milli(), 0);
  History huge;
  std::fill(huge.value_milli.begin(), huge.value_milli.end(), base::Quantity::kMilliMax);
  ProfileFit fit(kFirst, kDays, kHorizon, {});
  ASSERT_TRUE(fit.Add(huge.view(), ""));
  const auto forecasts = fit.Run();
  if (!forecasts.ok()) {
    EXPECT_EQ(forecasts.status().code(), absl::StatusCode::kOutOfRange);
  }
}

}  // namespace
}  // namespace tandem::forecast

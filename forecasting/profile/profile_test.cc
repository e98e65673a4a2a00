#include "forecasting/profile/profile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/profile/ridge.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using testing::HasSubstr;

constexpr std::size_t kDays = 730;
constexpr std::size_t kHorizon = 28;

// Weekdays in a row, months of 30 days; event 0 is on every 50th day.
RetailCalendar Calendar() {
  RetailCalendar calendar{.event_count = 1};
  for (std::size_t t = 0; t < kDays + kHorizon; ++t) {
    calendar.days.push_back({.weekday = static_cast<int>(t % 7),
                             .day_of_month = static_cast<int>(t % 30) + 1,
                             .day_of_year = static_cast<int>(t % 365) + 1});
    if (t % 50 == 0) calendar.days.back().events.push_back(0);
  }
  calendar.regional.assign(1, std::vector<float>(calendar.days.size(), 0.0F));
  return calendar;
}

double TrueIndex(std::size_t t) { return (t % 7 == 5 ? 2.0 : 1.0) * (t % 50 == 0 ? 1.5 : 1.0); }

TEST(RidgeTest, AgreesWithTheCaseWorkedByHand) {
  // One column of ones, targets 1 and 3, penalty 2: (1 + 3) / (2 + 2) = 1.
  std::vector<SparseRow> rows(2);
  for (SparseRow& row : rows) row.Add(0, 1.0);
  const std::vector<double> targets = {1.0, 3.0};
  const auto got = SolveRobustRidge({rows, targets, {2.0}, {}}, {.reweightings = 1}).value();
  EXPECT_DOUBLE_EQ(got[0], 1.0);
  EXPECT_TRUE(absl::IsInvalidArgument(SolveRobustRidge({rows, targets, {0.0}, {}}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SolveRobustRidge({rows, {}, {1.0}, {}}, {}).status()));
}

TEST(SeasonTest, FindsWeekdaysAndEvents) {
  const RetailCalendar calendar = Calendar();
  std::vector<double> units;
  for (std::size_t t = 0; t < kDays; ++t) units.push_back(100.0 * TrueIndex(t));
  const Season season =
      FitSeason({.history_units = units, .calendar = &calendar, .regional = calendar.regional[0]},
                {})
          .value();
  for (std::size_t t = kDays; t < kDays + kHorizon; ++t) {
    const double forecast = season.level_units * season.index[t];
    // The ridge draws a coefficient in by a few days' weight of hundreds.
    EXPECT_NEAR(forecast, 100.0 * TrueIndex(t), 5.0 * TrueIndex(t)) << t;
  }
}

// A store-department that sells one or two units a day: days without a sale are chance, and events
// on which it happened are not closed ones.
TEST(SeasonTest, ThinSalesAreNoClosedDays) {
  const RetailCalendar calendar = Calendar();
  std::mt19937 random(11);
  for (const double rate : {0.8, 1.0, 2.0, 4.0}) {
    std::poisson_distribution<int> sales(rate);
    double forecast = 0.0;
    double event_least = 1e9;
    constexpr int kWorlds = 20;
    for (int world = 0; world < kWorlds; ++world) {
      std::vector<double> units(kDays);
      for (double& value : units) value = sales(random);
      const Season season =
          FitSeason(
              {.history_units = units, .calendar = &calendar, .regional = calendar.regional[0]}, {})
              .value();
      for (std::size_t t = kDays; t < kDays + kHorizon; ++t) {
        forecast += season.level_units * season.index[t] / (kWorlds * kHorizon);
      }
      event_least = std::min(event_least, season.index[750]);
      EXPECT_THAT(season.closed, testing::Each(false));
    }
    EXPECT_NEAR(forecast, rate, 0.15 * rate + 0.05) << rate;
    EXPECT_GT(event_least, 0.1) << rate;
  }
}

TEST(SeasonTest, ForecastsAClosedEventAsClosed) {
  const RetailCalendar calendar = Calendar();
  std::vector<double> units;
  for (std::size_t t = 0; t < kDays; ++t) units.push_back(t % 50 == 0 ? 0.0 : 100.0);
  const Season season =
      FitSeason({.history_units = units, .calendar = &calendar, .regional = calendar.regional[0]},
                {})
          .value();
  EXPECT_LT(season.level_units * season.index[750], 1.0);
  EXPECT_NEAR(season.level_units * season.index[751], 100.0, 5.0);
}

TEST(SeasonTest, RefusesBadInput) {
  const RetailCalendar calendar = Calendar();
  const auto status = [&](std::vector<double> units, SeasonOptions options) {
    return FitSeason(
               {.history_units = units, .calendar = &calendar, .regional = calendar.regional[0]},
               options)
        .status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(status({}, {})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({1.0, -1.0}, {})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({std::nan("")}, {})));
  EXPECT_TRUE(absl::IsInvalidArgument(status(std::vector<double>(kDays + 1, 1.0), {})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({1.0}, {.level_alpha = 0.0})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({1.0}, {.knot_days = 0})));
  EXPECT_TRUE(status({0.0, 0.0}, {}).ok());
  EXPECT_TRUE(status({3.0}, {}).ok());
}

// By hand: a constant rate under a changing season is found at once, since the prior is its own
// mean.
TEST(ItemLevelTest, IsTheRateOfAConstantDemand) {
  std::vector<float> units;
  std::vector<double> index;
  for (std::size_t t = 0; t < 100; ++t) {
    index.push_back(TrueIndex(t + 1));
    units.push_back(static_cast<float>(4.0 * index.back()));
  }
  EXPECT_NEAR(FitItemLevel({.units = units, .index = index}, {})->level_units, 4.0, 1e-9);
  EXPECT_EQ(FitItemLevel({.units = std::vector<float>(100, 0.0F), .index = index}, {})->level_units,
            0.0);
  EXPECT_EQ(FitItemLevel({.units = units, .index = index, .first_day = 200}, {})->level_units, 0.0);
  EXPECT_TRUE(absl::IsInvalidArgument(FitItemLevel({.units = units}, {}).status()));
  units[3] = -1.0F;
  EXPECT_TRUE(absl::IsInvalidArgument(FitItemLevel({.units = units, .index = index}, {}).status()));
}

TEST(ItemLevelTest, FollowsAShiftAndScales) {
  std::mt19937 random(9);
  std::vector<float> units;
  std::vector<float> eightfold;
  const std::vector<double> index(400, 1.0);
  for (std::size_t t = 0; t < 400; ++t) {
    std::poisson_distribution<int> demand(t < 200 ? 2.0 : 6.0);
    units.push_back(static_cast<float>(demand(random)));
    eightfold.push_back(8.0F * units.back());
  }
  const ItemLevel level = FitItemLevel({.units = units, .index = index}, {}).value();
  EXPECT_NEAR(level.level_units, 6.0, 1.0);
  EXPECT_NEAR(FitItemLevel({.units = eightfold, .index = index}, {})->level_units,
              8.0 * level.level_units, 1e-9);
}

// Every third day nothing is known, every fifth the shelf was empty after a single unit.
TEST(ItemLevelTest, LearnsFromKnownDaysAndFromBoundsAboveWhatIsExpected) {
  std::vector<float> units(200, 4.0F);
  const std::vector<double> index(200, 1.0);
  std::vector<Knowledge> knowledge(200, Knowledge::kKnown);
  for (std::size_t t = 0; t < 200; ++t) {
    if (t % 3 == 1) {
      knowledge[t] = Knowledge::kGap;
      units[t] = 0.0F;
    } else if (t % 5 == 1) {
      knowledge[t] = Knowledge::kLowerBound;
      units[t] = 1.0F;
    }
  }
  const ItemHistory history = {.units = units, .index = index, .knowledge = knowledge};
  const ItemLevel level = FitItemLevel(history, {}).value();
  EXPECT_NEAR(level.level_units, 4.0, 1e-9);
  EXPECT_NEAR(level.rate, 4.0, 1e-9);
  EXPECT_NEAR(level.squared_error, 0.0, 1e-9);
  for (std::size_t t = 100; t < 200; ++t) {
    if (knowledge[t] == Knowledge::kLowerBound) units[t] = 9.0F;
  }
  EXPECT_GT(FitItemLevel(history, {})->level_units, 4.2);
  // Where no day is known the bounds are all there is.
  std::ranges::fill(knowledge, Knowledge::kLowerBound);
  std::ranges::fill(units, 3.0F);
  EXPECT_NEAR(FitItemLevel(history, {})->level_units, 3.0, 1e-9);
  std::ranges::fill(knowledge, Knowledge::kGap);
  EXPECT_EQ(FitItemLevel(history, {})->level_units, 0.0);
  const std::vector<Knowledge> few(3, Knowledge::kKnown);
  EXPECT_TRUE(absl::IsInvalidArgument(
      FitItemLevel({.units = units, .index = index, .knowledge = few}, {}).status()));
}

ProfilePanel PanelOf(const std::vector<std::vector<float>>& histories, const RetailCalendar* days) {
  ProfilePanel panel{.groups = {{.pool = 0, .region = 0}}, .pool_count = 1, .calendar = days};
  for (const auto& history : histories) panel.series.push_back({.history_units = history});
  return panel;
}

TEST(ProfileTest, ItemsAddUpToTheirGroup) {
  const RetailCalendar calendar = Calendar();
  std::mt19937 random(13);
  std::vector<std::vector<float>> histories(5);
  for (std::size_t i = 0; i < histories.size(); ++i) {
    for (std::size_t t = 0; t < kDays; ++t) {
      std::poisson_distribution<int> demand(static_cast<double>(i + 1) * TrueIndex(t));
      histories[i].push_back(static_cast<float>(demand(random)));
    }
  }
  Profile profile = Profile::Make(PanelOf(histories, &calendar), {}).value();
  ASSERT_TRUE(profile.FitPool(0).ok());
  ASSERT_TRUE(profile.FitGroup(0).ok());
  for (std::size_t i = 0; i < histories.size(); ++i) ASSERT_TRUE(profile.FitSeries(i).ok());
  profile.Align();
  std::vector<double> sum(kHorizon, 0.0);
  std::vector<double> one(kHorizon);
  for (std::size_t i = 0; i < histories.size(); ++i) {
    profile.Forecast(i, one);
    for (std::size_t h = 0; h < kHorizon; ++h) sum[h] += one[h];
    EXPECT_NEAR(one[1] / TrueIndex(kDays + 1), static_cast<double>(i + 1),
                0.35 * (1.0 + double(i)));
  }
  const Season& season = profile.season_of_group(0);
  for (std::size_t h = 0; h < kHorizon; ++h) {
    EXPECT_NEAR(sum[h], season.level_units * season.index[kDays + h], 1e-9);
  }
}

// Two items of ten a day; of one the last fortnight is not known but for a bound on each day. Its
// group goes on as before, and so do both.
TEST(ProfileTest, WhatIsNotKnownDoesNotLowerTheSum) {
  const RetailCalendar calendar = Calendar();
  std::vector<std::vector<float>> histories(2);
  for (std::vector<float>& history : histories) {
    for (std::size_t t = 0; t < kDays; ++t) {
      history.push_back(static_cast<float>(10.0 * TrueIndex(t)));
    }
  }
  std::vector<Knowledge> knowledge(kDays, Knowledge::kKnown);
  for (std::size_t t = kDays - 14; t < kDays; ++t) {
    knowledge[t] = t % 2 == 0 ? Knowledge::kGap : Knowledge::kLowerBound;
    histories[1][t] = t % 2 == 0 ? 0.0F : 2.0F;
  }
  ProfilePanel panel = PanelOf(histories, &calendar);
  panel.series[1].knowledge = knowledge;
  Profile profile = Profile::Make(panel, {}).value();
  ASSERT_TRUE(profile.FitPool(0).ok());
  ASSERT_TRUE(profile.FitGroup(0).ok());
  for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(profile.FitSeries(i).ok());
  profile.Align();
  std::vector<double> forecast(kHorizon);
  for (std::size_t i = 0; i < 2; ++i) {
    profile.Forecast(i, forecast);
    for (std::size_t h = 0; h < kHorizon; ++h) {
      EXPECT_NEAR(forecast[h] / TrueIndex(kDays + h), 10.0, 0.6) << i << " " << h;
    }
  }
}

TEST(ProfileTest, NamesWhatIsWrong) {
  const RetailCalendar calendar = Calendar();
  const std::vector<std::vector<float>> histories = {{1.0F, 2.0F}, {1.0F}};
  const std::vector<std::vector<float>> whole = {histories[0]};
  EXPECT_TRUE(absl::IsInvalidArgument(Profile::Make({}, {}).status()));
  const absl::Status length = Profile::Make(PanelOf(histories, &calendar), {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(length));
  EXPECT_THAT(std::string(length.message()), HasSubstr("series 1"));
  ProfilePanel panel = PanelOf(whole, &calendar);
  panel.series[0].group = 7;
  EXPECT_TRUE(absl::IsInvalidArgument(Profile::Make(panel, {}).status()));
  panel = PanelOf(whole, &calendar);
  const std::vector<Knowledge> few(1, Knowledge::kKnown);
  panel.series[0].knowledge = few;
  EXPECT_THAT(std::string(Profile::Make(panel, {}).status().message()),
              HasSubstr("series 0: what is known of 1 days, not 2"));
  RetailCalendar broken = calendar;
  broken.days[3].weekday = 7;
  const absl::Status day = Profile::Make(PanelOf(whole, &broken), {}).status();
  EXPECT_THAT(std::string(day.message()), HasSubstr("day 3"));
}

}  // namespace
}  // namespace tandem::forecasting

#include "services/forecast/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "services/base/quantity.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// Whole units; nullopt is a day that is not known.
using Days = std::vector<std::optional<std::int64_t>>;

std::vector<std::int64_t> Fit(const std::string& method, const Days& days, int horizon) {
  std::vector<std::int64_t> values;
  std::vector<char> known;
  for (const auto& day : days) {
    values.push_back(day.value_or(0) * 1'000);
    known.push_back(day.has_value() ? 1 : 0);
  }
  const auto fitted = FitSeries(method, {values, known}, horizon);
  EXPECT_THAT(fitted, testing::IsOk());
  std::vector<std::int64_t> milli;
  if (!fitted.ok() || !fitted->has_value()) return milli;
  for (const base::Quantity quantity : **fitted) milli.push_back(quantity.milli());
  return milli;
}

TEST(FitTest, RepeatsTheLastWeek) {
  EXPECT_THAT(Fit("seasonal-naive", {9, 9, 9, 1, 2, 3, 4, 5, 6, 7}, 9),
              ElementsAre(1'000, 2'000, 3'000, 4'000, 5'000, 6'000, 7'000, 1'000, 2'000));
}

// By hand: the last week is 8..14; its first day is not known, nor a week before, so it takes the
// day two weeks before, which is not there: the mean of the known ones, (2+..+7 + 9+..+14) / 12
// = 8.
TEST(FitTest, TakesTheWeekdayBeforeWhereADayIsNotKnown) {
  const std::optional<std::int64_t> no;
  EXPECT_THAT(Fit("seasonal-naive", {no, 2, 3, 4, 5, 6, 7, no, 9, no, 11, 12, 13, 14}, 7),
              ElementsAre(7'818, 9'000, 3'000, 11'000, 12'000, 13'000, 14'000));
}

TEST(FitTest, SmoothsTheKnownDaysFromTheFirstSaleOn) {
  const std::optional<std::int64_t> no;
  EXPECT_THAT(Fit("ses", {no, 0, 0, 5, no, 5, 5}, 3), Each(5'000));
  EXPECT_THAT(Fit("ses", {0, 0, no, 0}, 2), Each(0));
  // A day out of stock counts as if it had not been: the same as without it.
  EXPECT_EQ(Fit("ses", {3, 1, no, 4, 1, 5}, 1), Fit("ses", {3, 1, 4, 1, 5}, 1));
}

TEST(FitTest, WhatIsNeverKnownHasNoForecast) {
  EXPECT_TRUE(Fit("ses", {std::nullopt, std::nullopt}, 3).empty());
  EXPECT_TRUE(Fit("seasonal-naive", {}, 3).empty());
}

TEST(FitTest, IsNeverBelowZero) {
  EXPECT_THAT(Fit("seasonal-naive", {-3, 1}, 7), ElementsAre(0, 0, 0, 0, 0, 0, 1'000));
}

TEST(FitTest, HasSevenDaysWhateverTheHistory) {
  EXPECT_THAT(Fit("seasonal-naive", {4}, 8), Each(4'000));
}

}  // namespace
}  // namespace tandem::forecast

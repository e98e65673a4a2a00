#include "forecasting/effects/holidays.h"

#include <chrono>
#include <numeric>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

std::int64_t Day(int y, unsigned m, unsigned d) {
  return sys_days(year_month_day(year(y), month(m), day(d))).time_since_epoch().count();
}

std::optional<std::int64_t> In(const HolidayRule& rule, int y) {
  const auto holiday = DayOfHoliday(rule, y);
  EXPECT_TRUE(holiday.ok()) << holiday.status();
  return holiday.value_or(std::nullopt);
}

// Published dates (US Naval Observatory; the years 1818 and 2038 are the earliest and latest
// Easters there are: 22 March and 25 April).
TEST(DayOfHoliday, Easter) {
  const HolidayRule easter{.kind = HolidayKind::kEaster};
  EXPECT_EQ(In(easter, 1818), Day(1818, 3, 22));
  EXPECT_EQ(In(easter, 2000), Day(2000, 4, 23));
  EXPECT_EQ(In(easter, 2013), Day(2013, 3, 31));
  EXPECT_EQ(In(easter, 2016), Day(2016, 3, 27));
  EXPECT_EQ(In(easter, 2024), Day(2024, 3, 31));
  EXPECT_EQ(In(easter, 2025), Day(2025, 4, 20));
  EXPECT_EQ(In(easter, 2038), Day(2038, 4, 25));
  EXPECT_EQ(In({.kind = HolidayKind::kEaster, .offset_days = -2}, 2024), Day(2024, 3, 29));
}

TEST(DayOfHoliday, OrthodoxEaster) {
  const HolidayRule easter{.kind = HolidayKind::kOrthodoxEaster};
  EXPECT_EQ(In(easter, 2013), Day(2013, 5, 5));
  EXPECT_EQ(In(easter, 2016), Day(2016, 5, 1));
  EXPECT_EQ(In(easter, 2024), Day(2024, 5, 5));
  EXPECT_EQ(In(easter, 2025), Day(2025, 4, 20));
}

// Laws: both are Sundays, western Easter lies in 22 March .. 25 April, eastern never before it.
TEST(DayOfHoliday, EastersAreSundaysInTheirRange) {
  for (int y = 1900; y <= 2099; ++y) {
    const std::int64_t west = *In({.kind = HolidayKind::kEaster}, y);
    const std::int64_t east = *In({.kind = HolidayKind::kOrthodoxEaster}, y);
    EXPECT_EQ((west + 4) % 7, 0) << y;  // 1970-01-01 was a Thursday.
    EXPECT_EQ((east + 4) % 7, 0) << y;
    EXPECT_GE(west, Day(y, 3, 22));
    EXPECT_LE(west, Day(y, 4, 25));
    EXPECT_GE(east, west);
  }
}

TEST(DayOfHoliday, ByWeekdayDateAndList) {
  const HolidayRule thanksgiving{
      .kind = HolidayKind::kNthWeekday, .month = 11, .weekday = 4, .nth = 4};
  EXPECT_EQ(In(thanksgiving, 2026), Day(2026, 11, 26));
  EXPECT_EQ(In(thanksgiving, 2012), Day(2012, 11, 22));
  const HolidayRule memorial{.kind = HolidayKind::kNthWeekday, .month = 5, .weekday = 1, .nth = -1};
  EXPECT_EQ(In(memorial, 2016), Day(2016, 5, 30));
  const HolidayRule mothers{.kind = HolidayKind::kNthWeekday, .month = 5, .weekday = 7, .nth = 2};
  EXPECT_EQ(In(mothers, 2016), Day(2016, 5, 8));
  const HolidayRule fifth{.kind = HolidayKind::kNthWeekday, .month = 2, .weekday = 1, .nth = 5};
  EXPECT_EQ(In(fifth, 2016), Day(2016, 2, 29));
  EXPECT_EQ(In(fifth, 2015), std::nullopt);
  const HolidayRule leap{.kind = HolidayKind::kFixed, .month = 2, .day = 29};
  EXPECT_EQ(In(leap, 2024), Day(2024, 2, 29));
  EXPECT_EQ(In(leap, 2023), std::nullopt);
  const std::int64_t eid[] = {Day(2024, 4, 10), Day(2025, 3, 30)};
  const HolidayRule listed{.kind = HolidayKind::kListed, .listed = eid};
  EXPECT_EQ(In(listed, 2025), eid[1]);
  EXPECT_EQ(In(listed, 2026), std::nullopt);
}

std::optional<int> WindowOn(const HolidayRule& rule, std::int64_t on) {
  return HolidayWindow(rule, on).value_or(std::nullopt);
}

TEST(HolidayWindow, ReachesOverNewYear) {
  const HolidayRule christmas{
      .kind = HolidayKind::kFixed, .month = 12, .day = 25, .lead_days = 10, .lag_days = 10};
  EXPECT_EQ(WindowOn(christmas, Day(2024, 12, 14)), std::nullopt);
  EXPECT_EQ(WindowOn(christmas, Day(2024, 12, 15)), 0);
  EXPECT_EQ(WindowOn(christmas, Day(2024, 12, 25)), 10);
  EXPECT_EQ(WindowOn(christmas, Day(2025, 1, 4)), 20);
  EXPECT_EQ(WindowOn(christmas, Day(2025, 1, 5)), std::nullopt);
  const HolidayRule after{.kind = HolidayKind::kFixed, .month = 12, .day = 31, .offset_days = 366};
  EXPECT_EQ(WindowOn(after, Day(2024, 12, 31) + 366), 0);
}

TEST(HolidayWindow, TheNearerOfTwoCounts) {
  const std::int64_t days[] = {100, 106};
  const HolidayRule rule{
      .kind = HolidayKind::kListed, .listed = days, .lead_days = 5, .lag_days = 5};
  EXPECT_EQ(WindowOn(rule, 101), 6);
  EXPECT_EQ(WindowOn(rule, 102), 7);
  EXPECT_EQ(WindowOn(rule, 103), 2);  // As near to both: the coming one.
  EXPECT_EQ(WindowOn(rule, 104), 3);
}

TEST(HolidayDrivers, OneFlagAWindowDayAndRule) {
  const HolidayRule rules[] = {{.kind = HolidayKind::kEaster, .lead_days = 2, .lag_days = 1},
                               {.kind = HolidayKind::kFixed, .month = 4, .day = 1}};
  const std::int64_t first = Day(2024, 3, 1);
  const auto drivers = HolidayDrivers(first, 60, rules);
  ASSERT_TRUE(drivers.ok()) << drivers.status();
  ASSERT_EQ(drivers->size(), 60U * 5U);
  EXPECT_EQ(std::accumulate(drivers->begin(), drivers->end(), 0.0), 5.0);
  const auto at = [&](std::int64_t on, std::size_t column) {
    return (*drivers)[static_cast<std::size_t>(on - first) * 5 + column];
  };
  EXPECT_EQ(at(Day(2024, 3, 29), 0), 1.0);
  EXPECT_EQ(at(Day(2024, 3, 31), 2), 1.0);
  EXPECT_EQ(at(Day(2024, 4, 1), 3), 1.0);
  EXPECT_EQ(at(Day(2024, 4, 1), 4), 1.0);
}

// The rows are the same whether asked for at once or day by day.
TEST(HolidayDrivers, AreOfTheDayAlone) {
  const HolidayRule rules[] = {{.kind = HolidayKind::kEaster, .lead_days = 20, .lag_days = 20},
                               {.kind = HolidayKind::kFixed, .month = 1, .day = 1, .lead_days = 9}};
  const std::int64_t first = Day(2019, 12, 1);
  const std::vector<double> all = *HolidayDrivers(first, 800, rules);
  for (int d = 0; d < 800; ++d) {
    const std::vector<double> row = *HolidayDrivers(first + d, 1, rules);
    for (std::size_t c = 0; c < row.size(); ++c) {
      ASSERT_EQ(row[c], all[static_cast<std::size_t>(d) * row.size() + c]) << d;
    }
  }
}

TEST(HolidayDrivers, RefusesWithTheRuleAndTheField) {
  const auto message = [](const HolidayRule& rule) {
    const HolidayRule rules[] = {{}, rule};
    return std::string(HolidayDrivers(0, 10, rules).status().message());
  };
  EXPECT_EQ(message({}), "");
  EXPECT_THAT(message({.month = 13}), ::testing::HasSubstr("holiday 1: month"));
  EXPECT_THAT(message({.day = 0}), ::testing::HasSubstr("day"));
  EXPECT_THAT(message({.weekday = 8}), ::testing::HasSubstr("weekday"));
  EXPECT_THAT(message({.nth = 0}), ::testing::HasSubstr("nth"));
  EXPECT_THAT(message({.offset_days = 400}), ::testing::HasSubstr("offset_days"));
  EXPECT_THAT(message({.lag_days = 61}), ::testing::HasSubstr("lag_days"));
  const std::int64_t unsorted[] = {2, 1};
  EXPECT_THAT(message({.kind = HolidayKind::kListed, .listed = unsorted}),
              ::testing::HasSubstr("listed"));
  EXPECT_FALSE(HolidayDrivers(0, -1, {}).ok());
  EXPECT_FALSE(HolidayDrivers(100'000'000, 1, {}).ok());
  EXPECT_FALSE(HolidayWindow({}, -100'000'000).ok());
  EXPECT_FALSE(DayOfHoliday({}, 0).ok());
}

}  // namespace
}  // namespace tandem::forecasting

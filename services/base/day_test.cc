#include "services/base/day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/base/reason.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::base {
namespace {

using testing::HasReason;
using testing::IsOk;

TEST(DayTest, ReadsDaysOfTheCalendar) {
  struct Case {
    const char* text;
    std::int32_t number;
    int weekday;
  };
  const Case cases[] = {
      {"1990-01-01", Day::kFirst, 0},  // Both ends of the range, a Monday and a Thursday.
      {"2099-12-31", Day::kLast, 3},
      {"2000-02-29", 11'016, 1},  // 2000 is a leap year, 2100 is not in range.
      {"2011-01-29", 15'003, 5},  // The first day of the M5 data, a Saturday.
      {"2016-05-22", 16'943, 6},  // Its last, a Sunday: 1,940 days later.
      {"2026-11-22", 20'779, 6},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    TANDEM_ASSERT_OK_AND_ASSIGN(const Day day, Day::Parse(c.text));
    EXPECT_EQ(day.number(), c.number);
    EXPECT_EQ(day.Weekday(), c.weekday);
    EXPECT_EQ(day.ToString(), c.text);
    EXPECT_TRUE(day.InRange());
  }
}

TEST(DayTest, RefusesWhatIsNoDate) {
  using enum Reason;
  struct Case {
    const char* text;
    Reason want;
  };
  const Case cases[] = {
      {"", kBadDate},
      {"2016-5-22", kBadDate},
      {"2016-05-2", kBadDate},
      {"2016/05/22", kBadDate},
      {"20160522", kBadDate},
      {"2016-05-22 ", kBadDate},
      {" 2016-05-22", kBadDate},
      {"2016-05-22T00:00", kBadDate},
      {"+016-05-22", kBadDate},
      {"2016-0a-22", kBadDate},
      {"2016-00-10", kBadDate},
      {"2016-13-10", kBadDate},
      {"2016-04-00", kBadDate},
      {"2016-04-31", kBadDate},
      {"2015-02-29", kBadDate},
      {"1900-02-29", kBadDate},
      {"0000-01-01", kBadDate},
      {"1989-12-31", kDayOutOfRange},
      {"2100-01-01", kDayOutOfRange},
      {"0001-01-01", kDayOutOfRange},
      {"9999-12-31", kDayOutOfRange},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_THAT(Day::Parse(c.text), HasReason(c.want));
  }
}

TEST(DayTest, RefusesPartsOutsideTheCalendar) {
  EXPECT_THAT(Day::FromCivil(2016, 5, 22), IsOk());
  EXPECT_THAT(Day::FromCivil(10'000, 1, 1), HasReason(Reason::kBadDate));
  EXPECT_THAT(Day::FromCivil(-1, 1, 1), HasReason(Reason::kBadDate));
  EXPECT_THAT(Day::FromCivil(2016, -1, 1), HasReason(Reason::kBadDate));
  EXPECT_THAT(Day::FromCivil(2016, 1, 257), HasReason(Reason::kBadDate));  // 1 in eight bits.
  EXPECT_THAT(Day::FromCivil(2016, 257, 1), HasReason(Reason::kBadDate));
}

TEST(DayTest, ShowsOnlyTheStartOfALongText) {
  const auto refusal = RefusalOf(Day::Parse(std::string(1'000'000, '2')).status());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->details.front().second, std::string(40, '2'));
}

TEST(DayTest, CountsEveryDayOfTheRange) {
  int weekday = 0;
  for (std::int32_t number = Day::kFirst; number <= Day::kLast; ++number) {
    const Day day = Day::FromNumber(number);
    const absl::StatusOr<Day> read = Day::Parse(day.ToString());
    ASSERT_THAT(read, IsOk());
    ASSERT_EQ(*read, day);
    ASSERT_EQ(day.Weekday(), weekday);
    weekday = (weekday + 1) % 7;
  }
  EXPECT_FALSE(Day::FromNumber(Day::kFirst - 1).InRange());
  EXPECT_FALSE(Day::FromNumber(Day::kLast + 1).InRange());
}

TEST(DayTest, AddsAndSubtracts) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const Day first, Day::Parse("2011-01-29"));
  TANDEM_ASSERT_OK_AND_ASSIGN(const Day last, Day::Parse("2016-05-22"));
  EXPECT_EQ(last - first, 1'940);
  EXPECT_EQ(first + 1'940, last);
  EXPECT_EQ(last - 1'940, first);
  EXPECT_LT(first, last);
}

TEST(DayTest, NeverAcceptsWhatItWouldNotWrite) {
  testing::Random random;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = Day::FromNumber(static_cast<std::int32_t>(random.Below(60'000))).ToString();
    text[random.Below(text.size())] = "0123456789-/ T"[random.Below(14)];
    const absl::StatusOr<Day> day = Day::Parse(text);
    if (day.ok()) {
      ASSERT_EQ(day->ToString(), text);
    }
  }
}

}  // namespace
}  // namespace tandem::base

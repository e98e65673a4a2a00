#include "services/tandem/cli/long_calendar.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::cli {
namespace {

using forecasting::BucketLength;
using ::testing::ElementsAre;

// The three dates that follow the rows'.
std::vector<std::string> After(BucketLength length, const std::vector<std::string>& rows) {
  LongCalendar calendar(length);
  std::int64_t last = 0;
  for (const std::string& row : rows) {
    const auto bucket = calendar.BucketOf(row);
    EXPECT_TRUE(bucket.ok()) << row;
    last = bucket.value_or(0);
  }
  return {calendar.TextOf(last + 1), calendar.TextOf(last + 2), calendar.TextOf(last + 3)};
}

// The first row alone used to decide: files on the 28th that begin in February became month ends.
TEST(LongCalendarTest, AllRowsTellTheDayOfTheMonth) {
  constexpr auto kMonth = BucketLength::kMonth;
  EXPECT_THAT(After(kMonth, {"2010-02-28", "2010-03-28", "2010-04-28"}),
              ElementsAre("2010-05-28", "2010-06-28", "2010-07-28"));
  EXPECT_THAT(After(kMonth, {"2010-02-28", "2010-03-31", "2010-04-30"}),
              ElementsAre("2010-05-31", "2010-06-30", "2010-07-31"));
  EXPECT_THAT(After(kMonth, {"2010-02-28"}), ElementsAre("2010-03-31", "2010-04-30", "2010-05-31"));
  EXPECT_THAT(After(kMonth, {"2010-02-28", "2010-03-30", "2010-04-30"}),
              ElementsAre("2010-05-30", "2010-06-30", "2010-07-30"));
  EXPECT_THAT(After(kMonth, {"2010-11-01", "2010-12-01"}),
              ElementsAre("2011-01-01", "2011-02-01", "2011-03-01"));
  // Nothing that all agree on: as the first.
  EXPECT_THAT(After(kMonth, {"2010-11-07", "2010-12-09"}),
              ElementsAre("2011-01-07", "2011-02-07", "2011-03-07"));
  EXPECT_THAT(After(BucketLength::kQuarter, {"2010-03-31", "2010-06-30"}),
              ElementsAre("2010-09-30", "2010-12-31", "2011-03-31"));
  EXPECT_THAT(After(BucketLength::kYear, {"2011-02-28", "2012-02-28"}),
              ElementsAre("2013-02-28", "2014-02-28", "2015-02-28"));
}

TEST(LongCalendarTest, MidnightIsPartOfADay) {
  EXPECT_THAT(After(BucketLength::kDay, {"2000-01-01 00:00:00"}),
              ElementsAre("2000-01-02 00:00:00", "2000-01-03 00:00:00", "2000-01-04 00:00:00"));
  EXPECT_THAT(After(BucketLength::kWeek, {"2000-01-01T00:00:00Z"}),
              ElementsAre("2000-01-08T00:00:00Z", "2000-01-15T00:00:00Z", "2000-01-22T00:00:00Z"));
  EXPECT_THAT(After(BucketLength::kMonth, {"2000-01-31 00:00"}),
              ElementsAre("2000-02-29 00:00", "2000-03-31 00:00", "2000-04-30 00:00"));
  EXPECT_THAT(After(BucketLength::kHour, {"2000-01-01 22:00"}),
              ElementsAre("2000-01-01 23:00", "2000-01-02 00:00", "2000-01-02 01:00"));
  LongCalendar days(BucketLength::kDay);
  for (const char* bad : {"2000-01-01 01:00:00", "2000-01-01 00:00:01", "2000-01-01 0",
                          "2000-01-01 ", "2000-01-01x00:00:00", "2000-01-01Z"}) {
    EXPECT_FALSE(days.BucketOf(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace tandem::cli

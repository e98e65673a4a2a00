#include "services/exchange/csv/m5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;
using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;

constexpr char kCalendarHead[] =
    "date,wm_yr_wk,weekday,wday,month,year,d,event_name_1,event_type_1,event_name_2,event_type_2,"
    "snap_CA,snap_TX,snap_WI\n";

absl::StatusOr<M5Calendar> Calendar(const std::string& rows) {
  const std::string text = kCalendarHead + rows;
  TextSource source(text);
  return ReadM5Calendar(source);
}

M5Calendar FourDays() {
  return *Calendar(
      "2011-01-28,11101,Friday,7,1,2011,d_1,,,,,1,0,0\n"
      "2011-01-29,11101,Saturday,1,1,2011,d_2,Father's day,Cultural,,,1,1,0\n"
      "2011-01-30,11102,Sunday,2,1,2011,d_3,,,,,0,0,0\n"
      "2011-01-31,11102,Monday,3,1,2011,d_4,,,,,1,0,0\n");
}

TEST(M5CalendarTest, GivesEventsOfTheStoresThatAreThere) {
  const M5Calendar calendar = FourDays();
  EXPECT_EQ(calendar.DayOf(4).ToString(), "2011-01-31");
  const std::vector<v1::Event> events = M5Events(calendar, {{"CA", {"CA_1", "CA_2"}}});
  std::vector<std::string> got;
  got.reserve(events.size());
  for (const v1::Event& event : events) {
    got.push_back(event.event() + " " + std::to_string(event.end_date().day()) + " " +
                  std::to_string(event.locations_size()));
  }
  EXPECT_THAT(got, ElementsAre("Father-s-day_2011-01-29 29 0", "SNAP-CA_2011-01-28 29 2",
                               "SNAP-CA_2011-01-31 31 2"));
}

TEST(M5CalendarTest, RefusesDaysOutOfOrder) {
  EXPECT_THAT(Calendar(""), HasReason(Reason::kFileMalformed));
  EXPECT_THAT(Calendar("2011-01-28,11101,,,,,d_2,,,,,0,0,0\n"), HasReason(Reason::kFileMalformed));
  EXPECT_THAT(Calendar("2011-01-28,11101,,,,,d_1,,,,,0,0,0\n2011-01-30,11101,,,,,d_2,,,,,0,0,0\n"),
              HasReason(Reason::kFileMalformed));
}

constexpr char kSales[] =
    "item_id,dept_id,cat_id,store_id,state_id,d_1,d_2,d_3,d_4\n"
    "A_1_001,A_1,A,CA_1,CA,0,0,3,14\n"
    "A_1_002,A_1,A,CA_1,CA,1,2,3,4\n"
    "A_1_001,A_1,A,CA_2,CA,5,6,7,8\n";

TEST(M5BlocksTest, LeavesOutDaysBeforeTheFirstListing) {
  const M5Calendar calendar = FourDays();
  M5Listings listings;
  TextSource listed("store_id,item_id,first_listed_d\nCA_1,A_1_001,3\n");
  ASSERT_THAT(listings.Read(listed), IsOk());
  std::vector<std::pair<std::string, v1::SeriesBlock>> sent;
  M5Blocks blocks(calendar, listings, {.first = 2, .last = 4}, {},
                  [&](const std::string& location, v1::SeriesBlock block) {
                    sent.emplace_back(location, std::move(block));
                    return absl::OkStatus();
                  });
  TextSource source(kSales);
  ASSERT_THAT(ReadM5Sales(
                  source, [&](const M5Series& series) { return blocks.Add(series); },
                  [](const Reject& reject) { FAIL() << reject.message; }),
              IsOk());
  ASSERT_THAT(blocks.Finish(), IsOk());
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].first, "CA_1");
  EXPECT_THAT(sent[0].second.items(), ElementsAre("A_1_001", "A_1_002"));
  EXPECT_THAT(sent[0].second.run_length(), ElementsAre(2, 3));
  EXPECT_THAT(sent[0].second.run_first_day(),
              ElementsAre(calendar.DayOf(3).number(), calendar.DayOf(2).number()));
  EXPECT_THAT(sent[0].second.value_milli(), ElementsAre(3'000, 14'000, 2'000, 3'000, 4'000));
  EXPECT_EQ(sent[1].first, "CA_2");
}

TEST(M5SalesTest, RejectsCellsThatAreNoUnits) {
  TextSource source(
      "item_id,dept_id,cat_id,store_id,state_id,d_1,d_2\n"
      "A,D,C,S,ST,1,x\n"
      "A,D,C,S,ST,,1\n"
      "A,D,C,S,ST,-1,1\n"
      "A,D,C,S,ST,1\n"
      "A B,D,C,S,ST,1,1\n"
      "A,D,C,S,ST,1,1234567890\n"
      "A,D,C,S,ST,123456789,0\n");
  std::vector<std::string> rejects;
  int taken = 0;
  ASSERT_THAT(ReadM5Sales(
                  source,
                  [&](const M5Series& series) {
                    EXPECT_THAT(series.units, ElementsAre(123'456'789, 0));
                    ++taken;
                    return absl::OkStatus();
                  },
                  [&](const Reject& reject) {
                    rejects.push_back(std::to_string(reject.line) + reject.column);
                  }),
              IsOk());
  EXPECT_EQ(taken, 1);
  EXPECT_THAT(rejects, ElementsAre("2d_2", "3d_1", "4d_1", "5", "6item_id", "7d_2"));
}

// The second day is not needed: what stands there cannot stop the first.
TEST(M5SalesTest, BehindTheNeededDaysABadCellOnlyEndsTheRow) {
  TextSource source(
      "item_id,dept_id,cat_id,store_id,state_id,d_1,d_2,d_3\n"
      "A,D,C,S,ST,1,2,x\n"
      "B,D,C,S,ST,1,,3\n"
      "C,D,C,S,ST,,2,3\n");
  std::vector<std::size_t> days;
  std::vector<std::int64_t> rejected;
  ASSERT_THAT(ReadM5Sales(
                  source,
                  [&](const M5Series& series) {
                    days.push_back(series.units.size());
                    return absl::OkStatus();
                  },
                  [&](const Reject& reject) { rejected.push_back(reject.line); }, 1),
              IsOk());
  EXPECT_THAT(days, ElementsAre(2, 1));
  EXPECT_THAT(rejected, ElementsAre(4));
}

TEST(M5SalesTest, RefusesAnotherHeader) {
  for (const char* header : {"item_id,dept_id,cat_id,store_id,d_1\n", "",
                             "item_id,dept_id,cat_id,store_id,state_id,d_1,d_3\n",
                             "item_id,dept_id,cat_id,store_id,state_id\n"}) {
    TextSource source(header);
    EXPECT_THAT(ReadM5Sales(
                    source, [](const M5Series&) { return absl::OkStatus(); }, [](const Reject&) {}),
                HasReason(Reason::kFileMalformed))
        << header;
  }
}

TEST(M5PricesTest, TurnsWeeksIntoDays) {
  const M5Calendar calendar = FourDays();
  TextSource source(
      "store_id,item_id,first_wm_yr_wk,last_wm_yr_wk,sell_price\n"
      "CA_1,A,11101,11102,9.58\n"
      "CA_1,A,11102,11109,8\n"
      "CA_1,A,11109,11110,8\n"    // After the calendar's end: passed over.
      "CA_1,A,11001,11100,8\n");  // Before its beginning.
  std::vector<std::string> got;
  int rejected = 0;
  ASSERT_THAT(ReadM5Prices(
                  source, calendar,
                  [&](const PriceRow& row) {
                    got.push_back(row.first_day.ToString() + ".." + row.last_day.ToString() + " " +
                                  ToString(row.price));
                    return absl::OkStatus();
                  },
                  [&](const Reject&) { ++rejected; }),
              IsOk());
  EXPECT_THAT(got, ElementsAre("2011-01-28..2011-01-31 9.58", "2011-01-30..2011-01-31 8"));
  EXPECT_EQ(rejected, 1);
}

TEST(M5SalesTest, TakesAnyBytes) {
  testing::Random random;
  for (int round = 0; round < 500; ++round) {
    std::string text = kSales;
    for (int k = 0; k < 4; ++k) text[random.Below(text.size())] = ",\"\n\r0x\xFF"[random.Below(7)];
    TextSource source(text);
    (void)ReadM5Sales(
        source, [](const M5Series&) { return absl::OkStatus(); }, [](const Reject&) {});
  }
}

}  // namespace
}  // namespace tandem::exchange::csv

#include "sequencing/lineorder/schedule.h"

#include <algorithm>
#include <set>

#include "gtest/gtest.h"

namespace tandem::sequencing {
namespace {

TEST(ScheduleTest, LaysOutAllMovesAndNoMore) {
  for (const std::int64_t iterations : {1, 2, 7, 100, 4096, 1'000'003}) {
    SCOPED_TRACE(iterations);
    Schedule schedule(iterations, 1, 10);
    std::int64_t moves = 0;
    while (const auto leg = schedule.Next({})) {
      ASSERT_GT(leg->moves, 0);
      moves += leg->moves;
    }
    EXPECT_EQ(moves, iterations);
  }
}

// Whatever heat does best in the trials has the longest leg.
TEST(ScheduleTest, TheBestTrialGetsTheLongLeg) {
  std::set<double> heats;
  Schedule first(1'000'000, 1000, 100);
  for (auto leg = first.Next({}); leg.has_value(); leg = first.Next({})) {
    if (leg->from_base) heats.insert(leg->heat);
  }
  ASSERT_GT(heats.size(), 2u);
  EXPECT_EQ(*heats.begin(), 1000.0);
  for (const double best : heats) {
    Schedule schedule(1'000'000, 1000, 100);
    Leg last;
    Leg longest;
    for (auto leg = schedule.Next({}); leg.has_value();
         leg = schedule.Next({.score = last.heat == best ? -1 : 0})) {
      last = *leg;
      if (last.moves > longest.moves) longest = last;
    }
    EXPECT_EQ(longest.heat, best);
    EXPECT_FALSE(longest.from_base);
    EXPECT_GT(longest.moves, 300'000);
    EXPECT_EQ(last.heat, 1000.0);  // What has been hot is polished.
  }
}

// Half a violation of the first objective is the hottest that there is, and only while it may help.
TEST(ScheduleTest, NoHeatForAnObjectiveThatIsSettled) {
  for (const bool settled : {false, true}) {
    for (const std::int64_t unit : {1, 1000, 1'000'000}) {
      SCOPED_TRACE(testing::Message() << "settled " << settled << ", unit " << unit);
      Schedule schedule(1'000'000, unit, 100);
      double hottest = 0.0;
      std::int64_t moves = 0;
      while (const auto leg = schedule.Next({.settled = settled})) {
        if (leg->heat != static_cast<double>(unit)) hottest = std::max(hottest, leg->heat);
        moves += leg->moves;
      }
      EXPECT_EQ(moves, 1'000'000);
      if (settled) {
        EXPECT_LT(hottest, 500'000.0);
      } else {
        EXPECT_EQ(hottest, 500'000.0);
      }
    }
  }
}

// 150,000 moves a vehicle make a leg: of what is more, the other heats get a share.
TEST(ScheduleTest, ASmallDayGetsSeveralLongLegs) {
  Schedule schedule(100'000'000, 1, 10);
  int long_legs = 0;
  std::set<double> heats;
  std::int64_t moves = 0;
  for (auto leg = schedule.Next({}); leg.has_value(); leg = schedule.Next({})) {
    moves += leg->moves;
    if (leg->from_base || moves < 60'000'000 || leg->moves < 1'000'000) continue;
    heats.insert(leg->heat);
    ++long_legs;
  }
  EXPECT_EQ(moves, 100'000'000);
  EXPECT_GT(long_legs, 5);
  EXPECT_GT(heats.size(), 3u);
}

}  // namespace
}  // namespace tandem::sequencing

#include "sequencing/lineorder/schedule.h"

#include <set>

#include "gtest/gtest.h"

namespace tandem::sequencing {
namespace {

TEST(ScheduleTest, LaysOutAllMovesAndNoMore) {
  for (const std::int64_t iterations : {1, 2, 7, 100, 4096, 1'000'003}) {
    SCOPED_TRACE(iterations);
    Schedule schedule(iterations, 1, 10);
    std::int64_t moves = 0;
    while (const auto leg = schedule.Next(0)) {
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
  for (auto leg = first.Next(0); leg.has_value(); leg = first.Next(0)) {
    if (leg->from_base) heats.insert(leg->heat);
  }
  ASSERT_GT(heats.size(), 2u);
  EXPECT_EQ(*heats.begin(), 1000.0);
  for (const double best : heats) {
    Schedule schedule(1'000'000, 1000, 100);
    Leg last;
    Leg longest;
    for (auto leg = schedule.Next(0); leg.has_value();
         leg = schedule.Next(last.heat == best ? -1 : 0)) {
      last = *leg;
      if (last.moves > longest.moves) longest = last;
    }
    EXPECT_EQ(longest.heat, best);
    EXPECT_FALSE(longest.from_base);
    EXPECT_GT(longest.moves, 300'000);
    EXPECT_EQ(last.heat, 1000.0);  // What has been hot is polished.
  }
}

// 400,000 moves a vehicle make a leg: what is more goes to the two best heats in turn.
TEST(ScheduleTest, ASmallDayGetsSeveralLongLegs) {
  Schedule schedule(100'000'000, 1, 10);
  int long_legs = 0;
  std::set<double> heats;
  std::int64_t moves = 0;
  for (auto leg = schedule.Next(0); leg.has_value(); leg = schedule.Next(0)) {
    moves += leg->moves;
    if (leg->from_base || moves < 60'000'000 || leg->moves < 1'000'000) continue;
    heats.insert(leg->heat);
    ++long_legs;
  }
  EXPECT_EQ(moves, 100'000'000);
  EXPECT_GT(long_legs, 5);
  EXPECT_EQ(heats.size(), 2u);
}

}  // namespace
}  // namespace tandem::sequencing

#include "sequencing/lineorder/timed_search.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "sequencing/lineorder/line_search.h"
#include "sequencing/lineorder/score.h"
#include "sequencing/lineorder/test_problems.h"

namespace tandem::sequencing {
namespace {

LineProblem SomeProblem() {
  std::mt19937_64 random(41);
  return RandomProblem(random, {.vehicles = 80, .ratios = 8, .colours = 9, .paint_batch_max = 4});
}

// A clock that goes on by 4 milliseconds each time it is asked.
struct Ticks {
  int asked = 0;
  double operator()() { return 0.004 * ++asked; }
};

TEST(TimedSearchTest, LaysOutAsManyMovesAsFitAndTheyGiveTheSameOrderAgain) {
  const LineProblem problem = SomeProblem();
  Ticks ticks;
  const auto found =
      SearchFor(problem, {.seed = 3, .seconds = 0.3, .now_seconds = [&] { return ticks(); }});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GT(found->iterations, 500'000);  // It looks after each 20,000.
  EXPECT_LT(ticks.asked, 90);
  EXPECT_EQ(found->done, found->iterations);
  EXPECT_GT(found->judged, found->done / 2);
  auto search = LineSearch::Begin(problem, {.seed = 3, .iterations = found->iterations});
  ASSERT_TRUE(search.ok());
  while (search->Advance(1'000'000)) {
  }
  EXPECT_EQ(search->BestOrder(), found->order);
}

TEST(TimedSearchTest, TheSecondsStopItWhateverTheIterations) {
  const LineProblem problem = SomeProblem();
  Ticks ticks;
  std::int64_t shown = 0;
  const auto found = SearchFor(problem, {.seed = 3,
                                         .iterations = 1'000'000'000'000,
                                         .seconds = 0.2,
                                         .now_seconds = [&] { return ticks(); },
                                         .on_progress =
                                             [&](std::int64_t done, std::int64_t all) {
                                               EXPECT_EQ(all, 1'000'000'000'000);
                                               EXPECT_GT(done, shown);
                                               shown = done;
                                             }});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_LT(found->done, 1'100'000);
  EXPECT_GT(shown, 0);
  EXPECT_TRUE(ScoreOf(problem, found->order).ok());
}

TEST(TimedSearchTest, StopsAtTheFirstLookWithAScoreThatIsEnough) {
  const LineProblem problem = SomeProblem();
  double now = 0.0;
  const TimedOptions whole{
      .seed = 3, .iterations = 600'000, .seconds = 9.0, .now_seconds = [&] { return now; }};
  const auto best = SearchFor(problem, whole);
  ASSERT_TRUE(best.ok()) << best.status();
  TimedOptions options = whole;
  options.enough_score = ScoreOf(problem, best->order)->score + 2000;
  const auto found = SearchFor(problem, options);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_LT(found->done, best->done);
  EXPECT_EQ(found->done % 20'000, 0);
  EXPECT_LE(ScoreOf(problem, found->order)->score, *options.enough_score);
  auto search = LineSearch::Begin(problem, {.seed = 3, .iterations = 600'000});
  ASSERT_TRUE(search.ok());
  search->Advance(found->done - 20'000);
  EXPECT_GT(search->best_score(), *options.enough_score);  // Not a look later than need be.
  search->Advance(20'000);
  EXPECT_EQ(search->BestOrder(), found->order);
  options.enough_score = ScoreOf(problem, best->order)->score - 1;  // Out of reach.
  EXPECT_EQ(SearchFor(problem, options)->order, best->order);
}

TEST(TimedSearchTest, StopsWhereItIsAskedToWithTheBestOrderSoFar) {
  const LineProblem problem = SomeProblem();
  for (const std::int64_t iterations : {std::int64_t{0}, std::int64_t{1'000'000'000'000}}) {
    for (const int looks : {1, 3, 30}) {
      SCOPED_TRACE(looks);
      int asked = 0;
      const auto found = SearchFor(problem, {.seed = 3,
                                             .iterations = iterations,
                                             .seconds = 1e6,
                                             .now_seconds = [&] { return 1e-4 * asked; },
                                             .stop = [&] { return ++asked >= looks; }});
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_LT(found->done, found->iterations);
      auto search = LineSearch::Begin(problem, {.seed = 3, .iterations = found->iterations});
      ASSERT_TRUE(search.ok());
      search->Advance(found->done);
      EXPECT_EQ(search->BestOrder(), found->order);
    }
  }
}

// The long search begins anew after the pilots, and has not got so far when it is stopped at once.
TEST(TimedSearchTest, WhatAPilotFoundIsNotLostWhereTheLongSearchIsStopped) {
  const LineProblem problem = SomeProblem();
  std::int64_t last = INT64_MAX;
  for (const int looks :
       {5, 8, 17, 19}) {  // In the first pilot, in the second, at its end, behind.
    SCOPED_TRACE(looks);
    int asked = 0;
    const auto found = SearchFor(problem, {.seed = 3,
                                           .seconds = 50.0,
                                           .now_seconds = [&] { return 0.1 * asked; },
                                           .stop = [&] { return ++asked >= looks; }});
    ASSERT_TRUE(found.ok()) << found.status();
    auto search = LineSearch::Begin(problem, {.seed = 3, .iterations = found->iterations});
    ASSERT_TRUE(search.ok());
    search->Advance(found->done);
    EXPECT_EQ(search->BestOrder(), found->order);
    const std::int64_t score = ScoreOf(problem, found->order)->score;
    EXPECT_LE(score, last);
    last = score;
  }
}

// As where the process was stopped for a while.
TEST(TimedSearchTest, KeepsWhatThePilotFoundIfItUsedUpTheTime) {
  const LineProblem problem = SomeProblem();
  double now = 0.0;
  const auto found =
      SearchFor(problem, {.seed = 3, .seconds = 0.5, .now_seconds = [&] { return now += 1.0; }});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GE(found->done, 20'000);
  auto search = LineSearch::Begin(problem, {.seed = 3, .iterations = found->iterations});
  ASSERT_TRUE(search.ok());
  search->Advance(found->done);
  EXPECT_EQ(search->BestOrder(), found->order);
}

TEST(TimedSearchTest, RefusesOptionsThatMakeNoSense) {
  const LineProblem problem = SomeProblem();
  Ticks ticks;
  const auto clock = [&] { return ticks(); };
  EXPECT_FALSE(SearchFor(problem, {.seconds = 0.0, .now_seconds = clock}).ok());
  EXPECT_FALSE(SearchFor(problem, {.seconds = std::nan(""), .now_seconds = clock}).ok());
  EXPECT_FALSE(SearchFor(problem, {.seconds = 1.0}).ok());
  EXPECT_FALSE(SearchFor(problem, {.iterations = -1, .now_seconds = clock}).ok());
  EXPECT_FALSE(SearchFor({}, {.now_seconds = clock}).ok());
}

}  // namespace
}  // namespace tandem::sequencing

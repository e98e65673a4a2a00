#include "sequencing/lineorder/start_order.h"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "sequencing/lineorder/score.h"
#include "sequencing/lineorder/test_problems.h"

namespace tandem::sequencing {
namespace {

// Whether any order of the day keeps the rules, by trying all.
bool AnyOrder(const LineProblem& problem) {
  std::vector<int> order(problem.day.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    if (ScoreOf(problem, order).ok()) return true;
  } while (std::ranges::next_permutation(order).found);
  return false;
}

TEST(StartOrderTest, FindsAnOrderWithinThePaintLimitExactlyWhereThereIsOne) {
  std::mt19937_64 random(21);
  int without = 0;
  for (int round = 0; round < 2000; ++round) {
    const LineProblem problem = RandomProblem(random, {.vehicles = Between(random, 1, 7),
                                                       .previous = Between(random, 0, 2),
                                                       .colours = Between(random, 1, 3),
                                                       .paint_batch_max = Between(random, 1, 3)});
    const auto start = StartOrder(problem);
    ASSERT_EQ(start.ok(), AnyOrder(problem)) << "round " << round;
    if (start.ok()) {
      ASSERT_TRUE(ScoreOf(problem, *start).ok());
    } else {
      EXPECT_EQ(start.status().code(), absl::StatusCode::kFailedPrecondition);
      ++without;
    }
  }
  EXPECT_GT(without, 100);
}

TEST(StartOrderTest, FrozenVehiclesStandAtTheirPlaces) {
  std::mt19937_64 random(22);
  int found = 0;
  for (int round = 0; round < 1000; ++round) {
    LineProblem problem =
        RandomProblem(random, {.vehicles = 12, .colours = 4, .paint_batch_max = 3});
    problem.planned_position = RandomOrder(random, problem);
    for (int v = 0; v < 12; v += 3) problem.frozen_vehicles.push_back(v);
    const auto start = StartOrder(problem);
    if (!start.ok()) continue;
    ++found;
    ASSERT_TRUE(ScoreOf(problem, *start).ok()) << ScoreOf(problem, *start).status();
  }
  EXPECT_GT(found, 900);
}

}  // namespace
}  // namespace tandem::sequencing

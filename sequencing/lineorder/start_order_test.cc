#include "sequencing/lineorder/start_order.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "sequencing/lineorder/score.h"
#include "sequencing/lineorder/test_problems.h"

namespace tandem::sequencing {
namespace {

using testing::HasSubstr;

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

TEST(StartOrderTest, FindsAnOrderAroundFrozenVehiclesExactlyWhereThereIsOne) {
  std::mt19937_64 random(23);
  int without = 0;
  int with = 0;
  for (int round = 0; round < 2000; ++round) {
    LineProblem problem = RandomProblem(random, {.vehicles = Between(random, 2, 6),
                                                 .previous = Between(random, 0, 2),
                                                 .ratios = 0,
                                                 .colours = Between(random, 2, 4),
                                                 .paint_batch_max = Between(random, 1, 2)});
    problem.planned_position = RandomOrder(random, problem);
    for (std::size_t v = 0; v < problem.day.size(); ++v) {
      if (Between(random, 0, 2) == 0) problem.frozen_vehicles.push_back(static_cast<int>(v));
    }
    const auto start = StartOrder(problem);
    const bool possible = AnyOrder(problem);
    ASSERT_EQ(start.ok(), possible) << "round " << round << " " << start.status();
    ++(possible ? with : without);
    if (start.ok()) {
      ASSERT_TRUE(ScoreOf(problem, *start).ok()) << ScoreOf(problem, *start).status();
    } else {
      EXPECT_THAT(std::string(start.status().message()), HasSubstr("there is no order"));
    }
  }
  EXPECT_GT(with, 200);
  EXPECT_GT(without, 200);
}

// One limit, colours 1, 1, 0 and the second vehicle frozen last: only the first one, then the
// third.
TEST(StartOrderTest, FindsTheOneOrderThatAFrozenVehicleLeaves) {
  LineProblem problem;
  problem.objectives = {Objective::kColourChanges};
  problem.paint_batch_max = 1;
  problem.day = {{.ident = "a", .colour = 1}, {.ident = "b", .colour = 1}, {.ident = "c"}};
  problem.planned_position = {1, 2, 0};
  problem.frozen_vehicles = {1};
  const auto start = StartOrder(problem);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_THAT(*start, testing::ElementsAre(0, 2, 1));
}

// As many of every colour as can be in a large day, with vehicles frozen from an order that keeps
// the limit.
TEST(StartOrderTest, FindsAnOrderOfALargeDayWithFrozenVehicles) {
  std::mt19937_64 random(24);
  for (int round = 0; round < 8; ++round) {
    LineProblem problem;
    problem.objectives = {Objective::kColourChanges};
    problem.paint_batch_max = Between(random, 1, 5);
    int last = -1;
    int run = 0;
    for (int p = 0; p < 1'000; ++p) {
      int colour = Between(random, 0, 1) == 0 ? 0 : Between(random, 1, 8);
      if (colour == last && run == problem.paint_batch_max) colour = (colour + 1) % 9;
      run = colour == last ? run + 1 : 1;
      last = colour;
      problem.day.push_back({.ident = std::to_string(p), .colour = colour});
      problem.planned_position.push_back(p);
      if (Between(random, 0, 9) < round) problem.frozen_vehicles.push_back(p);
    }
    // The others have no plan that could be taken as it is.
    const std::vector<int> planned =
        std::exchange(problem.planned_position, std::vector<int>(problem.day.size(), kNoPlan));
    for (const int v : problem.frozen_vehicles) {
      const auto frozen = static_cast<std::size_t>(v);
      problem.planned_position[frozen] = planned[frozen];
    }
    std::ranges::sort(problem.frozen_vehicles);
    const auto start = StartOrder(problem);
    ASSERT_TRUE(start.ok()) << "round " << round << " " << start.status();
    ASSERT_TRUE(ScoreOf(problem, *start).ok());
  }
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

#include "sequencing/lineorder/line_search.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/lineorder/test_problems.h"

namespace tandem::sequencing {
namespace {

using Worth = std::pair<std::int64_t, std::vector<TermValue>>;

std::vector<int> Searched(const LineProblem& problem, const SearchOptions& options) {
  auto search = LineSearch::Begin(problem, options);
  EXPECT_TRUE(search.ok()) << search.status();
  while (search->Advance(100'000)) {
  }
  return search->BestOrder();
}

// The least (score, extra terms) of all orders that keep the rules.
std::optional<Worth> Optimum(const LineProblem& problem) {
  std::vector<int> order(problem.day.size());
  std::iota(order.begin(), order.end(), 0);
  std::optional<Worth> best;
  do {
    const auto score = ScoreOf(problem, order);
    if (!score.ok()) continue;
    Worth worth(score->score, score->extras);
    if (!best.has_value() || worth < *best) best = std::move(worth);
  } while (std::ranges::next_permutation(order).found);
  return best;
}

void ExpectOptimum(const LineProblem& problem) {
  const std::optional<Worth> optimum = Optimum(problem);
  if (!optimum.has_value()) {
    EXPECT_EQ(LineSearch::Begin(problem, {}).status().code(),
              absl::StatusCode::kFailedPrecondition);
    return;
  }
  const auto score = ScoreOf(problem, Searched(problem, {.seed = 3, .iterations = 30'000}));
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_EQ(Worth(score->score, score->extras), *optimum);
}

TEST(LineSearchTest, FindsTheOptimumOfAllPermutations) {
  std::mt19937_64 random(31);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    ExpectOptimum(RandomProblem(random, {.vehicles = Between(random, 1, 7),
                                         .previous = Between(random, 0, 5),
                                         .paint_batch_max = Between(random, 0, 3)}));
  }
}

TEST(LineSearchTest, FindsTheOptimumOfEightVehicles) {
  std::mt19937_64 random(32);
  for (int round = 0; round < 5; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    ExpectOptimum(RandomProblem(random, {.vehicles = 8, .previous = 5, .paint_batch_max = 2}));
  }
}

TEST(LineSearchTest, FindsTheOptimumOfExtraTermsBelowTheScore) {
  std::mt19937_64 random(33);
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    LineProblem problem = RandomProblem(random, {.vehicles = Between(random, 2, 7), .ratios = 2});
    problem.extra_terms = {ExtraTerm::kLevelUsage, ExtraTerm::kPlanDistance};
    if ((random() & 1) != 0) std::swap(problem.extra_terms[0], problem.extra_terms[1]);
    for (int part = 0; part < 2; ++part) {
      std::vector<int>& uses = problem.part_uses.emplace_back();
      for (std::size_t v = 0; v < problem.day.size(); ++v) uses.push_back(Between(random, 0, 2));
    }
    problem.planned_position = RandomOrder(random, problem);
    ExpectOptimum(problem);
  }
}

TEST(LineSearchTest, FrozenVehiclesNeverMoveAndTheRestIsOptimal) {
  std::mt19937_64 random(34);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    LineProblem problem = RandomProblem(random, {.vehicles = Between(random, 3, 7)});
    problem.planned_position = RandomOrder(random, problem);
    const int frozen = Between(random, 1, static_cast<int>(problem.day.size()));
    for (int v = 0; v < frozen; ++v) problem.frozen_vehicles.push_back(v);
    ExpectOptimum(problem);
  }
}

TEST(LineSearchTest, TheSameSeedAndIterationsGiveTheSameOrderHoweverItIsCut) {
  std::mt19937_64 random(35);
  const LineProblem problem =
      RandomProblem(random, {.vehicles = 120, .ratios = 8, .colours = 9, .paint_batch_max = 4});
  const std::vector<int> whole = Searched(problem, {.seed = 5, .iterations = 200'000});
  auto search = LineSearch::Begin(problem, {.seed = 5, .iterations = 200'000});
  ASSERT_TRUE(search.ok());
  std::int64_t asked = 0;
  for (std::int64_t moves = 1; search->Advance(moves); moves = moves * 7 % 5003) asked += moves;
  EXPECT_EQ(search->BestOrder(), whole);
  EXPECT_EQ(search->iterations_done(), 200'000);
  EXPECT_GE(search->iterations_done(), asked);
  EXPECT_NE(Searched(problem, {.seed = 6, .iterations = 200'000}), whole);
}

TEST(LineSearchTest, HasTheBestOrderSoFarAtAnyTime) {
  std::mt19937_64 random(36);
  const LineProblem problem =
      RandomProblem(random, {.vehicles = 100, .ratios = 8, .colours = 9, .paint_batch_max = 4});
  auto search = LineSearch::Begin(problem, {.seed = 5, .iterations = 300'000});
  ASSERT_TRUE(search.ok());
  std::int64_t last = search->best_score();
  while (search->Advance(1'000)) {
    const auto score = ScoreOf(problem, search->BestOrder());
    ASSERT_TRUE(score.ok()) << score.status();
    ASSERT_EQ(score->score, search->best_score());
    ASSERT_LE(score->score, last);
    last = score->score;
  }
}

TEST(LineSearchTest, StopsWhereNothingCanBeBetter) {
  LineProblem problem;
  problem.objectives = {Objective::kColourChanges};
  problem.paint_batch_max = 2;
  for (int v = 0; v < 9; ++v) {
    problem.day.push_back({.ident = std::to_string(v), .colour = v % 3, .options = 0});
  }
  auto search = LineSearch::Begin(problem, {.seed = 1, .iterations = 1'000'000'000});
  ASSERT_TRUE(search.ok());
  while (search->Advance(1'000'000)) {
  }
  EXPECT_TRUE(search->optimal());
  EXPECT_EQ(search->best_score(), 5'000'000);  // Three colours of three: two batches each.
}

TEST(LineSearchTest, RefusesWhatMakesNoSense) {
  LineProblem problem;
  EXPECT_EQ(LineSearch::Begin(problem, {}).status().code(), absl::StatusCode::kInvalidArgument);
  problem.day = {{.ident = "a", .colour = 1, .options = 0},
                 {.ident = "b", .colour = 1, .options = 0}};
  problem.objectives = {Objective::kColourChanges};
  EXPECT_EQ(LineSearch::Begin(problem, {.seed = 1, .iterations = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(LineSearch::Begin(problem, {}).ok());
  problem.paint_batch_max = 1;
  EXPECT_EQ(LineSearch::Begin(problem, {}).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tandem::sequencing

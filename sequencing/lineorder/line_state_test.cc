#include "sequencing/lineorder/line_state.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "sequencing/lineorder/score.h"
#include "sequencing/lineorder/start_order.h"
#include "sequencing/lineorder/test_problems.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kAny = LineState::kTooMuch - 1;

LineScore Scored(const LineProblem& problem, const std::vector<int>& order) {
  LineProblem free = problem;  // The limit is looked at apart.
  free.paint_batch_max = 0;
  const auto score = ScoreOf(free, order);
  EXPECT_TRUE(score.ok()) << score.status();
  return *score;
}

std::vector<int> Moved(const Move& move, std::vector<int> order) {
  Rearrange(move, std::span(order));
  return order;
}

// Makes moves at random, and compares delta and state with a full count of each order.
void WalkAndCompare(std::mt19937_64& random, const LineProblem& problem, int moves) {
  LineState state(problem, RandomOrder(random, problem));
  for (int i = 0; i < moves; ++i) {
    const Move move = RandomMove(random, state.size());
    const LineScore before = Scored(problem, state.order());
    const std::vector<int> next = Moved(move, state.order());
    const LineScore after = Scored(problem, next);
    const std::int64_t delta = state.Delta(move, kAny);
    ASSERT_EQ(delta, after.score - before.score)
        << "kind " << static_cast<int>(move.kind) << " from " << move.at.first << " to "
        << move.at.second;
    for (std::size_t term = 0; term < problem.extra_terms.size(); ++term) {
      ASSERT_EQ(state.extras().Delta(problem.extra_terms[term], move, state.order()),
                after.extras[term] - before.extras[term])
          << "term " << term << ", kind " << static_cast<int>(move.kind);
    }
    ASSERT_TRUE(state.TryMove(move, delta));
    ASSERT_EQ(state.order(), next);
    ASSERT_EQ(state.score(), after.score);
    ASSERT_EQ(state.extras().values(), after.extras);
    for (int p = 0; p < state.size(); ++p) {
      ASSERT_EQ(state.PositionOf(next[static_cast<std::size_t>(p)]), p);
    }
  }
}

TEST(LineStateTest, DeltasAreThoseOfAFullCount) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    WalkAndCompare(random,
                   RandomProblem(random, {.vehicles = Between(random, 2, 40),
                                          .previous = Between(random, 0, 12),
                                          .ratios = Between(random, 1, 6),
                                          .q_max = Between(random, 1, 20)}),
                   40);
    if (HasFatalFailure()) return;
  }
}

// Windows and distances beyond the 63 bits that are looked at together.
TEST(LineStateTest, DeltasAreThoseOfAFullCountInWideWindows) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    WalkAndCompare(random,
                   RandomProblem(random, {.vehicles = Between(random, 120, 400),
                                          .previous = Between(random, 0, 200),
                                          .ratios = 3,
                                          .q_max = 310}),
                   25);
    if (HasFatalFailure()) return;
  }
}

// Where what is looked at in one piece ends, and longer moves begin.
TEST(LineStateTest, DeltasAreThoseOfAFullCountAboutOnePiece) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    WalkAndCompare(random,
                   RandomProblem(random, {.vehicles = Between(random, 62, 76),
                                          .previous = Between(random, 0, 70),
                                          .ratios = 4,
                                          .q_max = Between(random, 2, 70)}),
                   40);
    if (HasFatalFailure()) return;
  }
}

TEST(LineStateTest, ExtraTermsFollowEachMove) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    LineProblem problem = RandomProblem(random, {.vehicles = Between(random, 2, 30)});
    problem.extra_terms = {ExtraTerm::kLevelUsage, ExtraTerm::kPlanDistance};
    if ((random() & 1) != 0) std::swap(problem.extra_terms[0], problem.extra_terms[1]);
    for (int part = 0; part < 3; ++part) {
      std::vector<int>& uses = problem.part_uses.emplace_back();
      const int most = part == 0 ? 1'000'000'000 : 4;  // Beyond 64 bits when squared.
      for (std::size_t v = 0; v < problem.day.size(); ++v) uses.push_back(Between(random, 0, most));
    }
    problem.planned_position = RandomOrder(random, problem);
    for (int& position : problem.planned_position) {
      if (Between(random, 0, 4) == 0) position = kNoPlan;
    }
    WalkAndCompare(random, problem, 40);
    if (HasFatalFailure()) return;
  }
}

TEST(LineStateTest, TooMuchIsSaidOnlyOfMovesThatAre) {
  std::mt19937_64 random(10);
  for (int round = 0; round < 3000; ++round) {
    const LineProblem problem = RandomProblem(random, {.vehicles = 20, .q_max = 8});
    LineState state(problem, RandomOrder(random, problem));
    const Move move = RandomMove(random, state.size());
    const std::int64_t exact = state.Delta(move, kAny);
    const std::int64_t most = exact + Between(random, -3000, 3000);
    const std::int64_t delta = state.Delta(move, most);
    if (exact <= most) {
      ASSERT_EQ(delta, exact) << "round " << round;
    } else {
      ASSERT_GT(delta, most) << "round " << round;
    }
  }
}

TEST(LineStateTest, RefusesMovesThatBreakThePaintLimitAndStaysAsItWas) {
  std::mt19937_64 random(11);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    const LineProblem problem = RandomProblem(
        random, {.vehicles = Between(random, 4, 14), .colours = 3, .paint_batch_max = 2});
    const auto start = StartOrder(problem);
    if (!start.ok()) continue;
    LineState state(problem, *start);
    for (int i = 0; i < 40; ++i) {
      const Move move = RandomMove(random, state.size());
      const std::vector<int> before = state.order();
      const std::vector<int> next = Moved(move, before);
      const std::int64_t delta = state.Delta(move, kAny);
      const bool fits = ScoreOf(problem, next).ok();
      ASSERT_EQ(state.TryMove(move, delta), fits) << "round " << round;
      ASSERT_EQ(state.order(), fits ? next : before);
      ASSERT_EQ(state.score(), Scored(problem, state.order()).score);
      refused += fits ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(MoveTest, TheInverseUndoesAMoveAndSourcesNameTheVehicles) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 2000; ++round) {
    const int size = Between(random, 2, 20);
    std::vector<int> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), 0);
    const Move move = RandomMove(random, size);
    const std::vector<int> next = Moved(move, order);
    for (int p = move.at.first; p <= move.at.second; ++p) {
      ASSERT_EQ(next[static_cast<std::size_t>(p)], SourceOf(move, p));
    }
    ASSERT_EQ(Moved(Inverse(move), next), order);
  }
}

}  // namespace
}  // namespace tandem::sequencing

#include "sequencing/recovery/choose.h"

#include <cstdint>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tandem::sequencing {
namespace {

using Value = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // Stop, moves, money.
using ::testing::ElementsAre;

constexpr Value kNever{std::numeric_limits<std::int64_t>::max(), 0, 0};

// What the choice comes to; kNever if a resource serves too many.
Value ValueOf(const ChoiceProblem& problem, const std::vector<std::int32_t>& chosen,
              std::int64_t stop_least_ms) {
  std::vector<std::int32_t> used(problem.capacity.size(), 0);
  Value value{stop_least_ms, 0, 0};
  for (std::size_t n = 0; n < chosen.size(); ++n) {
    const auto index =
        static_cast<std::size_t>(problem.first[n]) + static_cast<std::size_t>(chosen[n]);
    const ChoiceOption& option = problem.options[index];
    std::get<0>(value) = std::max(std::get<0>(value), option.late[kMedian]);
    std::get<1>(value) += option.moves;
    std::get<2>(value) += option.money;
    if (option.resource == kNoResource) continue;
    const auto r = static_cast<std::size_t>(option.resource);
    if (++used[r] > problem.capacity[r]) return kNever;
  }
  return value;
}

Value Least(const ChoiceProblem& problem, std::vector<std::int32_t>& chosen, std::int64_t least) {
  const std::size_t n = chosen.size();
  if (n + 1 == problem.first.size()) return ValueOf(problem, chosen, least);
  Value best = kNever;
  for (std::int32_t o = 0; o < problem.first[n + 1] - problem.first[n]; ++o) {
    chosen.push_back(o);
    best = std::min(best, Least(problem, chosen, least));
    chosen.pop_back();
  }
  return best;
}

ChoiceProblem Drawn(std::mt19937_64& random) {
  const auto draw = [&random](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1));
  };
  ChoiceProblem problem;
  const auto needs = 1 + draw(4);
  const auto shared = draw(3);
  for (std::int64_t r = 0; r < shared; ++r) {
    problem.capacity.push_back(static_cast<std::int32_t>(draw(2)));
  }
  for (std::int64_t n = 0; n < needs; ++n) problem.capacity.push_back(1);  // Their own parts.
  for (std::int64_t n = 0; n < needs; ++n) {
    const std::int64_t late = draw(1) == 0 ? 0 : draw(9);
    problem.options.push_back(
        {.resource = static_cast<std::int32_t>(shared + n), .late = {late, late, late}});
    for (std::size_t r = 0; r < problem.capacity.size(); ++r) {
      if (static_cast<std::int64_t>(r) == shared + n || draw(1) == 0) continue;
      const std::int64_t other = draw(6);
      problem.options.push_back({.resource = static_cast<std::int32_t>(r),
                                 .late = {other, other, other},
                                 .moves = draw(2),
                                 .money = draw(3)});
    }
    if (draw(3) == 0) problem.options.push_back({.moves = draw(1), .money = draw(9)});
    problem.first.push_back(static_cast<std::int32_t>(problem.options.size()));
  }
  return problem;
}

TEST(ChooseTest, MeetsTheBestOfAllChoices) {
  const std::uint64_t seed = 20'261'126;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    SCOPED_TRACE(round);
    const ChoiceProblem problem = Drawn(random);
    const std::int64_t least = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 5);
    std::vector<std::int32_t> chosen;
    const Value best = Least(problem, chosen, least);
    ASSERT_EQ(ValueOf(problem, Choose(problem, kMedian, least), least), best);
  }
}

// Needs 0 and 1 are late by 5; the part of need 2 serves either, a place in a truck costs 7. Need 2
// has nothing else in time. So one of them waits for the truck's only place, and the other one's
// lateness is the stop, at no cost: nobody moves for less than the stop that remains.
TEST(ChooseTest, SpendsNothingBelowTheStopThatRemains) {
  ChoiceProblem problem;
  problem.capacity = {1, 1, 1, 1};  // The truck, then each one's part.
  problem.options = {{.resource = 1, .late = {5, 5, 5}},
                     {.resource = 0, .money = 7},
                     {.resource = 2, .late = {5, 5, 5}},
                     {.resource = 0, .money = 7},
                     {.resource = 3}};
  problem.first = {0, 2, 4, 5};
  EXPECT_THAT(Choose(problem, kMedian, 0), ElementsAre(0, 0, 0));
  problem.capacity[0] = 2;
  EXPECT_THAT(Choose(problem, kMedian, 0), ElementsAre(1, 1, 0));
  EXPECT_THAT(Choose(problem, kMedian, 5), ElementsAre(0, 0, 0));  // The line stops so long anyway.
}

TEST(ChooseTest, HandsPartsDownAChain) {
  // Need 0 can have 1's part, 1 can have 2's, and 2 the free one, each for one move.
  ChoiceProblem problem;
  problem.capacity = {1, 1, 1, 1};
  problem.options = {{.resource = kNoResource, .late = {9, 9, 9}},
                     {.resource = 0, .moves = 1},
                     {.resource = 0},
                     {.resource = 1, .moves = 1},
                     {.resource = 1},
                     {.resource = 2, .moves = 1}};
  problem.first = {0, 2, 4, 6};
  EXPECT_THAT(Choose(problem, kMedian, 0), ElementsAre(1, 1, 1));
}

}  // namespace
}  // namespace tandem::sequencing

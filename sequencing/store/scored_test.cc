#include "sequencing/store/scored.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Vehicles = std::vector<ScoredVehicle>;
using Order = std::vector<std::int32_t>;

std::int64_t CostOf(const Vehicles& vehicles, const Order& order, const ScoredOptions& options) {
  std::int64_t cost = 0;
  for (std::size_t p = 0; p < order.size(); ++p) {
    const ScoredVehicle& v = vehicles[static_cast<std::size_t>(order[p])];
    const auto at = [&](std::size_t q) { return vehicles[static_cast<std::size_t>(order[q])]; };
    cost += options.late_cost * std::max<std::int64_t>(0, static_cast<std::int64_t>(p) - v.rank);
    if (p > 0 && at(p - 1).colour != v.colour) cost += options.colour_cost;
    for (std::size_t r = 0; r < options.rules.size(); ++r) {
      if ((v.options >> r & 1U) == 0) continue;
      std::int64_t count = 0;
      for (std::size_t q = p; q != std::numeric_limits<std::size_t>::max() &&
                              static_cast<std::int64_t>(p - q) < options.rules[r].window;
           --q) {
        count += at(q).options >> r & 1U;
      }
      cost += options.violation_cost * std::max<std::int64_t>(0, count - options.rules[r].most);
    }
  }
  return cost;
}

// A vehicle leaves at place p only if it has come by then: the first p + 1 + slots have.
bool CanLeave(const Order& order, std::int64_t slots) {
  for (std::size_t p = 0; p < order.size(); ++p) {
    if (order[p] > static_cast<std::int64_t>(p) + slots) return false;
  }
  return true;
}

TEST(ReleaseByScoreTest, IsTheBestOfAllOrdersWhereItSeesTheWholeRest) {
  std::mt19937_64 random(95);
  const std::vector<RatioRule> rules = {{1, 2}, {1, 3}};
  for (int run = 0; run < 400; ++run) {
    SCOPED_TRACE(run);
    Vehicles vehicles(1 + random() % 5);
    Order ranks(vehicles.size());
    std::iota(ranks.begin(), ranks.end(), 0);
    std::ranges::shuffle(ranks, random);
    for (std::size_t i = 0; i < vehicles.size(); ++i) {
      vehicles[i] = {.rank = ranks[i],
                     .colour = static_cast<std::int32_t>(random() % 2),
                     .options = static_cast<std::uint32_t>(random() % 4)};
    }
    // With one slot there are at most 16 orders: the beam drops none.
    const ScoredOptions options = {.slots = 1,
                                   .late_cost = static_cast<std::int64_t>(random() % 3),
                                   .colour_cost = static_cast<std::int64_t>(random() % 5),
                                   .violation_cost = static_cast<std::int64_t>(random() % 7),
                                   .rules = rules,
                                   .look_ahead = 5};
    const ScoredOrder released = ReleaseByScore(vehicles, options).value();
    ASSERT_TRUE(CanLeave(released.order, 1));
    ASSERT_EQ(CostOf(vehicles, released.order, options), released.cost);
    std::int64_t best = released.cost;
    Order order(vehicles.size());
    std::iota(order.begin(), order.end(), 0);
    do {
      if (CanLeave(order, 1)) best = std::min(best, CostOf(vehicles, order, options));
    } while (std::ranges::next_permutation(order).found);
    ASSERT_EQ(released.cost, best);
  }
}

TEST(ReleaseByScoreTest, BatchesColoursWithinTheStore) {
  Vehicles vehicles;
  for (int i = 0; i < 6; ++i) vehicles.push_back({.rank = i, .colour = i % 2});
  const auto released =
      ReleaseByScore(vehicles, {.slots = 2, .colour_cost = 1, .look_ahead = 3}).value();
  EXPECT_EQ(released.cost, 1);
  EXPECT_THAT(released.order, ElementsAre(0, 2, 4, 1, 3, 5));
}

TEST(ReleaseByScoreTest, WhatIsOverdueGoesWhateverItCosts) {
  Vehicles vehicles = {{.rank = 0, .colour = 9}};
  for (int i = 1; i < 8; ++i) vehicles.push_back({.rank = i, .colour = 1});
  const auto place_of_first = [&vehicles](std::int64_t overdue_places) {
    const auto released = ReleaseByScore(
        vehicles,
        {.slots = 1, .colour_cost = 1, .overdue_places = overdue_places, .look_ahead = 3});
    return std::ranges::find(released->order, 0) - released->order.begin();
  };
  EXPECT_EQ(place_of_first(0), 7);  // Never in the way of the other colour.
  EXPECT_EQ(place_of_first(2), 3);  // Two places late is allowed, three is not.
}

TEST(ReleaseByScoreTest, RefusesByName) {
  const auto refused = [](const Vehicles& vehicles, const ScoredOptions& options) {
    const auto released = ReleaseByScore(vehicles, options);
    EXPECT_EQ(released.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(released.status().message());
  };
  const std::vector<RatioRule> wrong = {{1, 2}, {3, 2}};
  const std::vector<RatioRule> many(33);
  EXPECT_THAT(refused({}, {.rules = wrong}), HasSubstr("rule 1: 3 in 2"));
  EXPECT_THAT(refused({}, {.rules = many}), HasSubstr("33 rules"));
  EXPECT_THAT(refused({{.rank = 1}, {.rank = 1}}, {}), HasSubstr("vehicle 1: its rank"));
  EXPECT_THAT(refused({{.rank = -1}}, {}), HasSubstr("vehicle 0: no such rank"));
  EXPECT_THAT(refused({{.options = 1}}, {}), HasSubstr("vehicle 0: an option has no rule"));
  EXPECT_THAT(refused({}, {.colour_cost = -1}), HasSubstr("a cost is -1"));
  EXPECT_THAT(refused({}, {.look_ahead = 6}), HasSubstr("looking 6 ahead"));
  EXPECT_THAT(refused({}, {.beam = 51}), HasSubstr("beam of 51"));
  EXPECT_THAT(refused({}, {.slots = -1}), HasSubstr("-1 slots"));
  Vehicles late;  // The sum of what it costs that they leave late would be no number.
  for (std::int64_t k = 0; k < (1 << 16); ++k) late.push_back({.rank = k});
  EXPECT_EQ(ReleaseByScore(late, {.late_cost = std::int64_t{1} << 31}).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tandem::sequencing

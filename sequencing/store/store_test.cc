#include "sequencing/store/store.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sequencing/adherence/increasing.h"
#include "sequencing/adherence/order.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ranks = std::vector<std::int64_t>;

Ranks Plan(std::size_t size) {
  Ranks ranks(size);
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

std::vector<std::int32_t> Narrow(const Ranks& ranks) { return {ranks.begin(), ranks.end()}; }

Ranks Shuffled(std::size_t size, std::mt19937_64& random) {
  Ranks ranks = Plan(size);
  if (random() % 2 == 0) {
    std::ranges::shuffle(ranks, random);
    return ranks;
  }
  for (std::size_t late = 0; late < size / 5; ++late) {
    const auto from = static_cast<std::ptrdiff_t>(random() % size);
    const auto to = std::min(std::ssize(ranks), from + static_cast<std::ptrdiff_t>(random() % 15));
    if (from < to) std::rotate(ranks.begin() + from, ranks.begin() + from + 1, ranks.begin() + to);
  }
  return ranks;
}

TEST(RandomAccessStoreTest, TheSmallestLeavesOnceItIsFull) {
  RandomAccessStore store = RandomAccessStore::Make(1).value();
  EXPECT_FALSE(store.Enter(5)->has_value());
  EXPECT_EQ(store.Enter(3).value(), 3);  // It has just come.
  EXPECT_EQ(store.Enter(7).value(), 5);
  EXPECT_EQ(store.Enter(7).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(store.inside(), ElementsAre(7));
  EXPECT_THAT(store.Drain(), ElementsAre(7));
  EXPECT_FALSE(RandomAccessStore::Make(-1).ok());
}

// The theorem of the header: overtaken counts fall by exactly B, and B >= max b restores the plan.
TEST(RandomAccessStoreTest, EachVehicleIsOvertakenByBLess) {
  std::mt19937_64 random(71);
  for (int run = 0; run < 1'000; ++run) {
    SCOPED_TRACE(run);
    const Ranks in = Shuffled(1 + random() % 40, random);
    const auto slots = static_cast<std::int64_t>(random() % 12);
    const Ranks out = OrderFrom(RandomAccessStore::Make(slots).value(), in).value();
    const auto before = OvertakenCounts(Narrow(in)).value();
    const auto after = OvertakenCounts(Narrow(out)).value();
    for (std::size_t k = 0; k < in.size(); ++k) {
      const auto at = static_cast<std::size_t>(std::ranges::find(out, in[k]) - out.begin());
      ASSERT_EQ(after[at], std::max<std::int64_t>(0, before[k] - slots));
    }
    const bool restored = out == Plan(in.size());
    ASSERT_EQ(restored, slots >= *std::ranges::max_element(before));
  }
}

TEST(LaneStoreTest, StoresByTailAndReleasesTheSmallestHead) {
  LaneStore store = LaneStore::Make({.lanes = 2, .lane_places = 2, .fill_target = 4}).value();
  EXPECT_THAT(store.Enter(4).value(), IsEmpty());
  EXPECT_THAT(store.Enter(2).value(), IsEmpty());  // Below the tail 4: an empty lane.
  EXPECT_THAT(store.Enter(5).value(), IsEmpty());  // Behind 4, the larger tail.
  EXPECT_THAT(store.Enter(1).value(), IsEmpty());  // Only behind 2 is there room.
  EXPECT_THAT(store.lanes()[0], ElementsAre(4, 5));
  EXPECT_THAT(store.lanes()[1], ElementsAre(2, 1));
  // No room: 2 goes. Then 0 blocks nobody behind 1; the heads are 4 and 1, and nothing is next.
  EXPECT_THAT(store.Enter(0).value(), ElementsAre(2));
  EXPECT_THAT(store.Drain(), ElementsAre(1, 0, 4, 5));
}

TEST(LaneStoreTest, TheNextRankLeavesAtOnce) {
  LaneStore store = LaneStore::Make({.lanes = 2, .lane_places = 9, .fill_target = 18}).value();
  EXPECT_THAT(store.Enter(1).value(), IsEmpty());
  EXPECT_THAT(store.Enter(0).value(), ElementsAre(0, 1));
  EXPECT_THAT(store.Enter(3).value(), IsEmpty());
  EXPECT_THAT(store.Enter(2).value(), ElementsAre(2, 3));
}

TEST(LaneStoreTest, SortsFullyIffTheLanesAreAsManyAsTheLongestDescent) {
  std::mt19937_64 random(72);
  for (int run = 0; run < 600; ++run) {
    SCOPED_TRACE(run);
    const Ranks in = Shuffled(1 + random() % 30, random);
    std::vector<std::int32_t> mirrored = Narrow(in);
    for (std::int32_t& rank : mirrored) rank = -rank;
    const std::int32_t descent = IncreasingLength(mirrored);
    const auto size = static_cast<std::int32_t>(in.size());
    for (const std::int32_t lanes : {descent - 1, descent}) {
      if (lanes < 1) continue;
      const auto store =
          LaneStore::Make({.lanes = lanes, .lane_places = size, .fill_target = size});
      const Ranks out = OrderFrom(*store, in).value();
      if (lanes == descent) {
        ASSERT_EQ(out, Plan(in.size()));
      } else {
        ASSERT_NE(out, Plan(in.size()));
      }
    }
  }
}

TEST(LaneStoreTest, EveryVehicleLeavesOnceAndNoLaneOverflows) {
  std::mt19937_64 random(73);
  for (int run = 0; run < 300; ++run) {
    const Ranks in = Shuffled(1 + random() % 200, random);
    const auto places = static_cast<std::int32_t>(1 + random() % 6);
    LaneStore store = LaneStore::Make({.lanes = 1 + static_cast<std::int32_t>(random() % 5),
                                       .lane_places = places})
                          .value();
    Ranks out;
    for (const std::int64_t rank : in) {
      const Ranks released = store.Enter(rank).value();
      out.insert(out.end(), released.begin(), released.end());
      for (const auto& lane : store.lanes()) ASSERT_LE(std::ssize(lane), places);
    }
    const Ranks rest = store.Drain();
    out.insert(out.end(), rest.begin(), rest.end());
    std::ranges::sort(out);
    ASSERT_EQ(out, Plan(in.size()));
  }
}

TEST(LaneStoreTest, RefusesByRank) {
  EXPECT_FALSE(LaneStore::Make({.lanes = 0}).ok());
  EXPECT_THAT(std::string(LaneStore::Make({.lanes = 2'000'000'000}).status().message()),
              HasSubstr("2000000000 lanes"));
  EXPECT_FALSE(LaneStore::Make({.lanes = kLanesMax + 1}).ok());
  EXPECT_TRUE(LaneStore::Make({.lanes = kLanesMax}).ok());
  EXPECT_FALSE(LaneStore::Make({.lane_places = 0}).ok());
  EXPECT_FALSE(LaneStore::Make({.fill_target = -1}).ok());
  LaneStore store = LaneStore::Make({.lanes = 2, .lane_places = 5}).value();
  EXPECT_FALSE(store.Enter(-1).ok());
  ASSERT_TRUE(store.Enter(4).ok());
  EXPECT_THAT(std::string(store.Enter(4).status().message()), HasSubstr("rank 4"));
}

TEST(PullOffTest, LiftsOnlyWhatIsReallyPassed) {
  const PullOff pull_off = PullOffTowardsPlan(Ranks{2, 0, 1, 3}, 1).value();
  EXPECT_THAT(pull_off.order, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(pull_off.lifted, ElementsAre(2));
  EXPECT_THAT(PullOffTowardsPlan(Plan(5), 3)->lifted, IsEmpty());
  EXPECT_FALSE(PullOffTowardsPlan(Ranks{1, 1}, 3).ok());
  EXPECT_FALSE(PullOffTowardsPlan({}, -1).ok());
}

TEST(PullOffTest, CountsThoseThatALaterOneLeftBefore) {
  std::mt19937_64 random(74);
  for (int run = 0; run < 500; ++run) {
    const Ranks in = Shuffled(1 + random() % 25, random);
    const PullOff pull_off =
        PullOffTowardsPlan(in, static_cast<std::int64_t>(random() % 5)).value();
    Ranks passed;
    for (std::size_t k = 0; k < in.size(); ++k) {
      const auto left = std::ranges::find(pull_off.order, in[k]);
      const bool is_passed = std::any_of(pull_off.order.begin(), left, [&](std::int64_t rank) {
        return std::ranges::find(in, rank) - in.begin() > static_cast<std::ptrdiff_t>(k);
      });
      if (is_passed) passed.push_back(in[k]);
    }
    ASSERT_EQ(pull_off.lifted, passed);
  }
}

TEST(SwapOrdersTest, GivesEachSpecificationItsRanksInOrder) {
  const std::vector<Body> bodies = {{3, 7}, {0, 8}, {1, 7}, {2, 7}};
  EXPECT_THAT(SwapOrders(bodies), ElementsAre(1, 0, 2, 3));
}

// No other assignment of ranks within the specifications has fewer inversions.
TEST(SwapOrdersTest, HasTheFewestInversionsOfAllSwaps) {
  std::mt19937_64 random(75);
  const auto inversions = [](const Ranks& ranks) {
    return MeasureOrder(Narrow(ranks))->inversions;
  };
  for (int run = 0; run < 200; ++run) {
    const Ranks ranks = Shuffled(6, random);
    std::vector<Body> bodies;
    for (const std::int64_t rank : ranks) {
      bodies.push_back({rank, static_cast<std::int64_t>(random() % 2)});
    }
    std::int64_t best = inversions(ranks);
    Ranks tried = Plan(6);
    do {
      bool allowed = true;
      for (std::size_t k = 0; k < 6; ++k) {
        const auto owner = std::ranges::find(bodies, tried[k], &Body::rank);
        allowed = allowed && owner->spec == bodies[k].spec;
      }
      if (allowed) best = std::min(best, inversions(tried));
    } while (std::ranges::next_permutation(tried).found);
    ASSERT_EQ(inversions(SwapOrders(bodies)), best);
  }
}

}  // namespace
}  // namespace tandem::sequencing

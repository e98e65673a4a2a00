#include "sequencing/racks/lanes.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::Each;
using testing::ElementsAre;
using Ranks = std::vector<std::int64_t>;

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

// The fewest lanes over every way to place the racks one after another.
std::int32_t LanesByTrying(const Ranks& ranks, std::size_t next, std::vector<Ranks>& lanes,
                           std::int64_t places, LaneAccess access) {
  if (next == ranks.size()) return static_cast<std::int32_t>(lanes.size());
  std::int32_t best = std::numeric_limits<std::int32_t>::max();
  for (std::size_t i = 0; i <= lanes.size(); ++i) {
    if (i == lanes.size()) {
      lanes.emplace_back();
    } else {
      const bool falls = ranks[next] <= lanes[i].back();
      const bool rises = ranks[next] >= lanes[i].back();
      if (!(access == LaneAccess::kLifo ? falls : rises) || std::ssize(lanes[i]) == places) {
        continue;
      }
    }
    lanes[i].push_back(ranks[next]);
    best = std::min(best, LanesByTrying(ranks, next + 1, lanes, places, access));
    lanes[i].pop_back();
    if (lanes[i].empty()) {
      lanes.pop_back();
      break;
    }
  }
  return best;
}

// Each lane receives ranks in its order, and holds no more than its places.
void ExpectValid(const Ranks& ranks, const LanePlan& plan, LaneAccess access, std::int64_t places) {
  ASSERT_EQ(plan.lane_of.size(), ranks.size());
  std::vector<Ranks> lanes(static_cast<std::size_t>(plan.lanes));
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    if (plan.lane_of[k] == kSetAside) continue;
    Ranks& lane = lanes.at(static_cast<std::size_t>(plan.lane_of[k]));
    if (!lane.empty() && access == LaneAccess::kLifo) {
      ASSERT_LE(ranks[k], lane.back());
    }
    if (!lane.empty() && access == LaneAccess::kFifo) {
      ASSERT_GE(ranks[k], lane.back());
    }
    lane.push_back(ranks[k]);
    ASSERT_LE(std::ssize(lane), places);
  }
}

Ranks Draw(std::size_t size, std::uint64_t below, std::mt19937_64& random) {
  Ranks ranks(size);
  for (std::int64_t& rank : ranks) rank = static_cast<std::int64_t>(random() % below);
  return ranks;
}

TEST(FewestLanesTest, IsTheFewestOfAllPlacements) {
  std::mt19937_64 random(41);
  for (int run = 0; run < 1'500; ++run) {
    SCOPED_TRACE(run);
    const Ranks ranks = Draw(random() % 8, 8, random);
    for (const LaneAccess access : {LaneAccess::kLifo, LaneAccess::kFifo}) {
      std::vector<Ranks> lanes;
      const LanePlan plan = FewestLanes(ranks, access, std::nullopt).value();
      ASSERT_EQ(plan.lanes, LanesByTrying(ranks, 0, lanes, kNoLimit, access));
      ExpectValid(ranks, plan, access, kNoLimit);
      const auto places = static_cast<std::int32_t>(1 + random() % 4);
      const LanePlan limited = FewestLanes(ranks, access, places).value();
      ASSERT_TRUE(limited.exact);
      ASSERT_EQ(limited.lanes, LanesByTrying(ranks, 0, lanes, places, access));
      ExpectValid(ranks, limited, access, places);
    }
  }
}

TEST(FewestLanesTest, GreedyIsNotEnoughForShortLanes) {
  // 3, 2, 0, 1 with two places: greedy loads 3, 2 and then 0, and needs a third lane for 1.
  const LanePlan plan = FewestLanes(Ranks{3, 2, 0, 1}, LaneAccess::kLifo, 2).value();
  EXPECT_EQ(plan.lanes, 2);
  EXPECT_TRUE(plan.exact);
}

TEST(FewestLanesTest, SaysWhereItIsGreedy) {
  std::mt19937_64 random(42);
  const Ranks ranks = Draw(200, 1'000, random);
  const LanePlan plan = FewestLanes(ranks, LaneAccess::kLifo, 5).value();
  ExpectValid(ranks, plan, LaneAccess::kLifo, 5);
  const Ranks falling = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3};
  EXPECT_TRUE(FewestLanes(falling, LaneAccess::kLifo, 5)->exact);  // It meets the lower bound.
  // Thirteen racks for which it does not.
  const Ranks hard = {3, 2, 0, 1, 13, 12, 10, 11, 23, 22, 20, 21, 30};
  const LanePlan greedy = FewestLanes(hard, LaneAccess::kLifo, 2).value();
  EXPECT_FALSE(greedy.exact);
}

TEST(FewestLanesTest, EqualRanksShareALane) {
  EXPECT_EQ(FewestLanes(Ranks{4, 4, 4}, LaneAccess::kLifo, std::nullopt)->lanes, 1);
  EXPECT_EQ(FewestLanes(Ranks{4, 4, 4}, LaneAccess::kFifo, std::nullopt)->lanes, 1);
  EXPECT_EQ(FewestLanes({}, LaneAccess::kFifo, std::nullopt)->lanes, 0);
  const Ranks ends = {std::numeric_limits<std::int64_t>::min(), kNoLimit};
  EXPECT_EQ(FewestLanes(ends, LaneAccess::kFifo, std::nullopt)->lanes, 1);
  EXPECT_FALSE(FewestLanes({}, LaneAccess::kFifo, 0).ok());
}

// By trying every set of racks that stays.
std::int64_t SetAsideByTrying(const Ranks& ranks, LaneAccess access, std::int32_t lanes) {
  std::int64_t best = std::ssize(ranks);
  for (std::uint32_t set = 0; set < (1U << ranks.size()); ++set) {
    Ranks kept;
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      if ((set >> k & 1U) != 0) kept.push_back(ranks[k]);
    }
    if (FewestLanes(kept, access, std::nullopt)->lanes > lanes) continue;
    best = std::min(best, std::ssize(ranks) - std::ssize(kept));
  }
  return best;
}

TEST(FewestSetAsideTest, IsTheFewestOfAllSets) {
  std::mt19937_64 random(43);
  for (int run = 0; run < 400; ++run) {
    SCOPED_TRACE(run);
    const Ranks ranks = Draw(random() % 10, 12, random);
    for (const LaneAccess access : {LaneAccess::kLifo, LaneAccess::kFifo}) {
      const auto lanes = static_cast<std::int32_t>(random() % 4);
      const LanePlan plan = FewestSetAside(ranks, access, lanes).value();
      ASSERT_LE(plan.lanes, lanes);
      ExpectValid(ranks, plan, access, kNoLimit);
      ASSERT_EQ(std::ranges::count(plan.lane_of, kSetAside),
                SetAsideByTrying(ranks, access, lanes));
    }
  }
}

TEST(FewestSetAsideTest, RefusesWhatItCannotCount) {
  EXPECT_FALSE(FewestSetAside({}, LaneAccess::kLifo, -1).ok());
  EXPECT_FALSE(FewestSetAside(Ranks(513), LaneAccess::kLifo, 1).ok());
  EXPECT_THAT(FewestSetAside(Ranks{1, 2}, LaneAccess::kLifo, 0)->lane_of, Each(kSetAside));
}

TEST(TourRanksTest, GoByStopThenByRank) {
  const std::vector<TourRack> racks = {{2, 0}, {1, 9}, {1, 3}, {2, 0}, {1, 9}};
  EXPECT_THAT(TourRanks(racks), ElementsAre(2, 1, 0, 2, 1));
}

}  // namespace
}  // namespace tandem::sequencing

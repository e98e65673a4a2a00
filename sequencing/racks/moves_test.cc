#include "sequencing/racks/moves.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Numbers = std::vector<std::int64_t>;

// The best of all increasing subsequences, and of these the one with the earlier places.
std::vector<std::int32_t> KeptByTrying(const Numbers& ranks, const Numbers& effort,
                                       KeepFirst keep) {
  std::tuple<std::int64_t, std::int64_t> best = {-1, -1};
  std::vector<std::int32_t> kept;
  for (std::uint32_t set = 0; set < (1U << ranks.size()); ++set) {
    std::vector<std::int32_t> places;
    std::int64_t weight = 0;
    bool rises = true;
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      if ((set >> k & 1U) == 0) continue;
      rises =
          rises && (places.empty() || ranks[static_cast<std::size_t>(places.back())] < ranks[k]);
      places.push_back(static_cast<std::int32_t>(k));
      weight += effort.empty() ? 1 : effort[k];
    }
    if (!rises) continue;
    std::tuple<std::int64_t, std::int64_t> worth = {std::ssize(places), weight};
    if (keep == KeepFirst::kHeaviest) worth = {weight, std::ssize(places)};
    if (worth > best || (worth == best && places < kept)) {
      best = worth;
      kept = places;
    }
  }
  return kept;
}

TEST(FewestMovesTest, LiftsTheOneThatIsLate) {
  const Moves moves = FewestMoves(Numbers{10, 40, 20, 30}, {}, KeepFirst::kMost).value();
  EXPECT_THAT(moves.kept, ElementsAre(0, 2, 3));
  EXPECT_THAT(moves.lifted, ElementsAre(1));
}

TEST(FewestMovesTest, KeepsTheHeavyOneWhereEffortComesFirst) {
  const Numbers ranks = {2, 0, 1};
  const Numbers effort = {5, 2, 2};
  EXPECT_THAT(FewestMoves(ranks, effort, KeepFirst::kMost)->kept, ElementsAre(1, 2));
  EXPECT_THAT(FewestMoves(ranks, effort, KeepFirst::kHeaviest)->kept, ElementsAre(0));
}

TEST(FewestMovesTest, IsTheBestOfAllSubsequences) {
  std::mt19937_64 random(99);
  for (int run = 0; run < 5'000; ++run) {
    SCOPED_TRACE(run);
    Numbers ranks(random() % 9);
    std::iota(ranks.begin(), ranks.end(), 0);
    std::ranges::shuffle(ranks, random);
    Numbers effort;
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      effort.push_back(static_cast<std::int64_t>(random() % 4));
    }
    for (const KeepFirst keep : {KeepFirst::kMost, KeepFirst::kHeaviest}) {
      ASSERT_EQ(FewestMoves(ranks, effort, keep)->kept, KeptByTrying(ranks, effort, keep));
      ASSERT_EQ(FewestMoves(ranks, {}, keep)->kept, KeptByTrying(ranks, {}, keep));
    }
  }
}

TEST(FewestMovesTest, NothingToOrderMovesNothing) {
  EXPECT_THAT(FewestMoves({}, {}, KeepFirst::kMost)->lifted, IsEmpty());
}

TEST(FewestMovesTest, RefusesWhatIsNoOrder) {
  const auto message = [](const Numbers& ranks, const Numbers& effort) {
    const auto moves = FewestMoves(ranks, effort, KeepFirst::kMost);
    EXPECT_EQ(moves.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(moves.status().message());
  };
  EXPECT_THAT(message({3, 4, 3}, {}), HasSubstr("place 2: rank 3 also stands at place 0"));
  EXPECT_THAT(message({3, 4}, {1}), HasSubstr("1 efforts for 2 ranks"));
  EXPECT_THAT(message({3, 4}, {1, -1}), HasSubstr("place 1: effort -1"));
  EXPECT_THAT(message(Numbers((1 << 20) + 1), {}), HasSubstr("1048577 ranks"));
}

}  // namespace
}  // namespace tandem::sequencing

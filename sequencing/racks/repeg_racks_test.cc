#include "sequencing/racks/repeg_racks.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Variants = std::vector<std::int32_t>;

std::vector<LoadedRack> Loaded(const std::vector<Variants>& racks, std::int32_t capacity) {
  std::vector<LoadedRack> loaded;
  loaded.reserve(racks.size());
  for (const Variants& rack : racks) loaded.push_back({.slots = rack, .capacity = capacity});
  return loaded;
}

// The fewest pulls over every way to cut the rest of the need.
std::int64_t PullsByTrying(std::span<const LoadedRack> racks, std::span<const std::int32_t> need) {
  if (racks.empty()) return need.empty() ? 0 : std::numeric_limits<std::int32_t>::max();
  std::int64_t best = std::numeric_limits<std::int32_t>::max();
  for (std::size_t b = 0; b <= need.size(); ++b) {
    const auto block = need.first(b);
    if (std::ranges::count_if(block, [](auto v) { return v != kNoPart; }) > racks[0].capacity) {
      break;
    }
    const auto repeg = RepegRack(racks[0].slots, block, {});
    best =
        std::min(best, std::ssize(repeg->pulls) + PullsByTrying(racks.subspan(1), need.subspan(b)));
  }
  return best;
}

TEST(RepegRacksTest, MovesTheCutInsteadOfTheParts) {
  // The first rack's 1 has been fitted from elsewhere: everything moves up, and nothing is pulled.
  const std::vector<Variants> racks = {{1, 2, 3}, {4, 5, 6}};
  const auto repeg = RepegRacks(Loaded(racks, 3), Variants{2, 3, 4, 5, 6}, std::nullopt).value();
  EXPECT_EQ(repeg.pulls, 1);
  EXPECT_EQ(repeg.inserts, 0);
  EXPECT_EQ(repeg.racks[0].end, 2);
  EXPECT_THAT(repeg.racks[1].repeg.kept,
              ElementsAre(KeptPart{0, 2}, KeptPart{1, 3}, KeptPart{2, 4}));
}

TEST(RepegRacksTest, ARackThatIsMostlyWrongIsRebuilt) {
  const std::vector<Variants> racks = {{1, 2, 3}, {4, 5, 6}};
  const auto repeg = RepegRacks(Loaded(racks, 3), Variants{1, 2, 3, 7, 8, 6}, 3).value();
  EXPECT_FALSE(repeg.racks[0].rebuild);
  EXPECT_TRUE(repeg.racks[1].rebuild);  // Two pulls and two inserts.
  EXPECT_FALSE(RepegRacks(Loaded(racks, 3), Variants{1, 2, 3, 7, 8, 6}, 4)->racks[1].rebuild);
}

TEST(RepegRacksTest, HasTheFewestPullsOfAllCuts) {
  std::mt19937_64 random(5);
  for (int run = 0; run < 3'000; ++run) {
    SCOPED_TRACE(run);
    std::vector<Variants> racks(1 + random() % 3);
    const auto capacity = static_cast<std::int32_t>(1 + random() % 4);
    for (Variants& rack : racks) {
      for (std::size_t k = random() % static_cast<std::size_t>(capacity + 1); k > 0; --k) {
        rack.push_back(static_cast<std::int32_t>(random() % 4) - 1);
      }
    }
    Variants need(random() % (racks.size() * static_cast<std::size_t>(capacity) + 1));
    for (std::int32_t& v : need) v = static_cast<std::int32_t>(random() % 4) - 1;
    const std::vector<LoadedRack> loaded = Loaded(racks, capacity);
    const auto repeg = RepegRacks(loaded, need, std::nullopt).value();
    ASSERT_EQ(repeg.pulls, PullsByTrying(loaded, need));
    std::int32_t next = 0;
    for (const RackCut& cut : repeg.racks) {
      ASSERT_EQ(cut.first, next);
      next = cut.end;
    }
    ASSERT_EQ(next, std::ssize(need));
  }
}

TEST(RepegRacksTest, IsTheWholeAlignmentWhereNoBlockOverflows) {
  std::mt19937_64 random(6);
  for (int run = 0; run < 50; ++run) {
    std::vector<Variants> racks(1 + random() % 5, Variants(1 + random() % 100));
    Variants whole;
    for (Variants& rack : racks) {
      for (std::int32_t& v : rack) v = static_cast<std::int32_t>(random() % 6);
      whole.insert(whole.end(), rack.begin(), rack.end());
    }
    Variants need = whole;
    std::swap(need.front(), need[random() % need.size()]);
    const auto apart = RepegRacks(Loaded(racks, 1'000), need, std::nullopt).value();
    ASSERT_EQ(apart.pulls, std::ssize(RepegRack(whole, need, {})->pulls));
  }
}

TEST(RepegRacksTest, NoRackHoldsNothing) {
  EXPECT_THAT(RepegRacks({}, {}, std::nullopt)->racks, IsEmpty());
}

TEST(RepegRacksTest, RefusesWhatDoesNotFit) {
  const auto status = [](const std::vector<Variants>& racks, const Variants& need) {
    return RepegRacks(Loaded(racks, 2), need, std::nullopt).status();
  };
  EXPECT_THAT(std::string(status({{1, 2, 3}}, {}).message()), HasSubstr("rack 0 holds 3 parts"));
  EXPECT_THAT(std::string(status({{1}, {-9}}, {}).message()), HasSubstr("rack 1, slot 0"));
  EXPECT_THAT(std::string(status({{1}}, {-9}).message()), HasSubstr("position 0"));
  const absl::Status full = status({{1}, {2}}, {1, 2, 3, kNoPart, 4, 5});
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(full.message()), HasSubstr("5 positions need a part"));
}

}  // namespace
}  // namespace tandem::sequencing

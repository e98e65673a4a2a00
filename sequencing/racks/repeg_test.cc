#include "sequencing/racks/repeg.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "sequencing/racks/alignment_table.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Variants = std::vector<std::int32_t>;
using Efforts = std::vector<std::int64_t>;
using Random = std::mt19937_64;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::size_t Draw(Random& random, std::size_t below) { return random() % below; }

// What is best, by trying every set of slots: most kept, most effort, earliest slots, and of these
// the earliest positions.
std::vector<KeptPart> BestByTrying(const Variants& rack, const Variants& need,
                                   const Efforts& effort) {
  std::vector<KeptPart> best;
  std::int64_t best_effort = -1;
  for (std::uint32_t set = 0; set < (1U << rack.size()); ++set) {
    std::vector<KeptPart> kept;
    std::int64_t sum = 0;
    std::size_t next = 0;
    bool fits = true;
    for (std::size_t i = 0; i < rack.size() && fits; ++i) {
      if ((set >> i & 1U) == 0) continue;
      while (next < need.size() && need[next] != rack[i]) ++next;
      fits = rack[i] != kNoPart && next < need.size();
      kept.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(next++)});
      sum += effort.empty() ? 0 : effort[i];
    }
    if (!fits) continue;
    const auto slots_before =
        std::ranges::lexicographical_compare(kept, best, {}, &KeptPart::slot, &KeptPart::slot);
    if (kept.size() > best.size() ||
        (kept.size() == best.size() &&
         (sum > best_effort || (sum == best_effort && slots_before)))) {
      best = kept;
      best_effort = sum;
    }
  }
  return best;
}

// `rack` with `lifts` parts taken out and put in elsewhere, at most `reach` places away.
Variants Reordered(Variants rack, std::size_t lifts, std::size_t reach, Random& random) {
  for (std::size_t k = 0; k < lifts; ++k) {
    const std::size_t from = Draw(random, rack.size());
    const std::size_t low = from > reach ? from - reach : 0;
    const std::size_t to = std::min(rack.size() - 1, low + Draw(random, 2 * reach + 1));
    const std::int32_t part = rack[from];
    rack.erase(rack.begin() + static_cast<std::ptrdiff_t>(from));
    rack.insert(rack.begin() + static_cast<std::ptrdiff_t>(to), part);
  }
  return rack;
}

Variants DrawVariants(std::size_t size, std::size_t variants, Random& random) {
  Variants drawn(size);
  for (std::int32_t& v : drawn) v = static_cast<std::int32_t>(Draw(random, variants));
  return drawn;
}

TEST(RepegRackTest, KeepsWhatCanStay) {
  // A B A C loaded, B A C A needed: only the first A must go.
  const auto repeg = RepegRack(Variants{0, 1, 0, 2}, Variants{1, 0, 2, 0}, {}).value();
  EXPECT_THAT(repeg.kept, ElementsAre(KeptPart{1, 0}, KeptPart{2, 1}, KeptPart{3, 2}));
  EXPECT_THAT(repeg.pulls, ElementsAre(0));
  EXPECT_THAT(repeg.inserts, ElementsAre(3));
}

TEST(RepegRackTest, PassesOverWhatHoldsAndNeedsNothing) {
  const auto repeg = RepegRack(Variants{kNoPart, 5, kNoPart, 6}, Variants{5, kNoPart, 7, 6}, {});
  EXPECT_THAT(repeg->kept, ElementsAre(KeptPart{1, 0}, KeptPart{3, 3}));
  EXPECT_THAT(repeg->pulls, IsEmpty());
  EXPECT_THAT(repeg->inserts, ElementsAre(2));
}

TEST(RepegRackTest, EmptyRacksAndNeedsAreRacksAndNeeds) {
  EXPECT_EQ(RepegRack({}, {}, {}).value(), RackRepeg{});
  EXPECT_THAT(RepegRack(Variants{1, 2}, {}, {})->pulls, ElementsAre(0, 1));
  EXPECT_THAT(RepegRack({}, Variants{1, 2}, {})->inserts, ElementsAre(0, 1));
}

TEST(RepegRackTest, IsTheBestOfAllSetsOfSlots) {
  Random random(20'261'126);
  for (int run = 0; run < 10'000; ++run) {
    SCOPED_TRACE(run);
    const std::size_t variants = 1 + Draw(random, 4);
    const Variants rack = DrawVariants(Draw(random, 9), variants, random);
    const Variants need = DrawVariants(Draw(random, 9), variants, random);
    Efforts effort;
    if (run % 2 == 0) {
      for (std::size_t i = 0; i < rack.size(); ++i) {
        effort.push_back(static_cast<std::int64_t>(Draw(random, 4)));
      }
    }
    ASSERT_EQ(RepegRack(rack, need, {.effort = effort})->kept, BestByTrying(rack, need, effort));
  }
}

// Across words, blocks of rows and bands; with few and many variants, near and far orders.
TEST(RepegRackTest, IsTheTablesBestOnLongRacks) {
  Random random(20'261'127);
  for (int run = 0; run < 250; ++run) {
    SCOPED_TRACE(run);
    const std::size_t size = 1 + Draw(random, 700);
    const std::size_t variants = run % 3 == 0 ? 2 * size : 1 + Draw(random, 30);
    const Variants rack = DrawVariants(size, variants, random);
    Variants need = Reordered(rack, Draw(random, 1 + size / (1 + Draw(random, 20))),
                              1 + Draw(random, size), random);
    need.resize(need.size() - Draw(random, 1 + need.size() / 3));
    const std::vector<KeptPart> want = AlignedByTable(rack, need);
    ASSERT_EQ(RepegRack(rack, need, {})->kept, want);
    const Efforts equal(rack.size(), 7);
    ASSERT_EQ(RepegRack(rack, need, {.effort = equal})->kept, want);
    ASSERT_EQ(RepegRack(need, rack, {})->kept, AlignedByTable(need, rack));
  }
}

TEST(RepegRackTest, VariantsMayBeAnyNumbers) {
  Random random(7);
  const Variants rack = DrawVariants(300, 9, random);
  const Variants need = Reordered(rack, 40, 300, random);
  const auto spread = [](Variants variants) {
    for (std::int32_t& v : variants) v = std::numeric_limits<std::int32_t>::max() - 1'000'003 * v;
    return variants;
  };
  EXPECT_EQ(RepegRack(spread(rack), spread(need), {}).value(), RepegRack(rack, need, {}).value());
}

TEST(RepegRackTest, NumberedSlotsMustHoldTheirOwn) {
  const auto repeg = RepegRack(Variants{1, 2, kNoPart, 3}, Variants{1, 3, 2, kNoPart},
                               {.order = SlotOrder::kNumbered});
  EXPECT_THAT(repeg->kept, ElementsAre(KeptPart{0, 0}));
  EXPECT_THAT(repeg->pulls, ElementsAre(1, 3));
  EXPECT_THAT(repeg->inserts, ElementsAre(1, 2));
}

TEST(RepegRackTest, RandomAccessPullsTheDifferenceAndTheLightestParts) {
  const auto repeg = RepegRack(Variants{4, 4, 9, 4}, Variants{9, 4, 4, 5},
                               {.order = SlotOrder::kAny, .effort = Efforts{2, 1, 0, 3}});
  EXPECT_THAT(repeg->kept, ElementsAre(KeptPart{0, 1}, KeptPart{2, 0}, KeptPart{3, 2}));
  EXPECT_THAT(repeg->pulls, ElementsAre(1));
  EXPECT_THAT(repeg->inserts, ElementsAre(3));
}

TEST(RepegRackTest, RandomAccessPullsTheMultisetDifference) {
  Random random(11);
  for (int run = 0; run < 500; ++run) {
    const Variants rack = DrawVariants(Draw(random, 30), 5, random);
    const Variants need = DrawVariants(Draw(random, 30), 5, random);
    std::size_t common = 0;
    for (std::int32_t v = 0; v < 5; ++v) {
      common += static_cast<std::size_t>(
          std::min(std::ranges::count(rack, v), std::ranges::count(need, v)));
    }
    const auto repeg = RepegRack(rack, need, {.order = SlotOrder::kAny}).value();
    ASSERT_EQ(repeg.kept.size(), common);
    ASSERT_EQ(repeg.pulls.size(), rack.size() - common);
    ASSERT_EQ(repeg.inserts.size(), need.size() - common);
    for (const KeptPart& part : repeg.kept) {
      ASSERT_EQ(rack[static_cast<std::size_t>(part.slot)],
                need[static_cast<std::size_t>(part.position)]);
    }
  }
}

TEST(RepegRackTest, RefusesWhatIsNoRack) {
  const Variants two = {1, 2};
  struct Case {
    const char* name;
    Variants rack;
    Variants need;
    RepegOptions options;
    const char* want;
  };
  const Efforts one_effort = {1};
  const Efforts negative = {1, -1};
  const Efforts large = {1, std::int64_t{1} << 40};
  const Case cases[] = {
      {"variant in the rack", {0, -2}, two, {}, "slot 1: variant -2"},
      {"variant in the need", two, {-5}, {}, "position 0: variant -5"},
      {"efforts", two, two, {.effort = one_effort}, "1 efforts for 2 slots"},
      {"negative effort", two, two, {.effort = negative}, "slot 1: effort -1"},
      {"effort too large", two, two, {.effort = large}, "slot 1: effort"},
      {"numbered", two, {1}, {.order = SlotOrder::kNumbered}, "1 positions for 2 numbered slots"},
      {"too long", Variants(kSlotsMax + 1), {}, {}, "65537 slots"},
      {"too long a need", {}, Variants(kSlotsMax + 1), {}, "65537 positions"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto repeg = RepegRack(c.rack, c.need, c.options);
    EXPECT_EQ(repeg.status().code(), kInvalid);
    EXPECT_THAT(std::string(repeg.status().message()), HasSubstr(c.want));
  }
}

}  // namespace
}  // namespace tandem::sequencing

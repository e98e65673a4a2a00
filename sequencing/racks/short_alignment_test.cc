#include "sequencing/racks/short_alignment.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/racks/alignment_table.h"

namespace tandem::sequencing {
namespace {

using Variants = std::vector<std::int32_t>;

Variants Drawn(std::mt19937_64& random, std::size_t size, std::int32_t variants) {
  Variants drawn(size);
  // Apart, so that they fall onto each other in a small table as well.
  const auto count = static_cast<std::uint64_t>(variants);
  for (auto& v : drawn) v = static_cast<std::int32_t>(random() % count) * 0x2000003 - 7;
  return drawn;
}

TEST(ShortAlignmentTest, IsTheLongestThatKeepsTheEarliestSlots) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20'000; ++round) {
    SCOPED_TRACE(round);
    const auto variants = static_cast<std::int32_t>(1 + random() % 60);
    const Variants rack = Drawn(random, random() % (kShortRack + 1), variants);
    Variants need = Drawn(random, random() % (kShortNeed + 1), variants);
    // Half of them begin alike.
    const std::size_t head = random() % 2 * (random() % (std::min(rack.size(), need.size()) + 1));
    std::copy_n(rack.begin(), head, need.begin());
    ASSERT_TRUE(FitsShort(rack, need));
    ASSERT_EQ(ShortAlignment(rack, need), AlignedByTable(rack, need));
  }
}

TEST(ShortAlignmentTest, FitsUpToAWordOfPositions) {
  const Variants word(kShortNeed, 3);
  EXPECT_TRUE(FitsShort(word, word));
  EXPECT_EQ(ShortAlignment(word, word).size(), kShortNeed);
  const Variants more(kShortNeed + 1, 3);
  EXPECT_FALSE(FitsShort(word, more));
  EXPECT_FALSE(FitsShort(Variants(kShortRack + 1, 3), word));
  // One more of either is the band's work, and comes to the same.
  EXPECT_EQ(LongestAlignment(word, more), AlignedByTable(word, more));
}

// A band that narrows as pulls are used up must not lose a longest alignment: several hundred
// slots, so that it narrows, and pulls at one end, at both, and throughout.
TEST(LongestAlignmentTest, NarrowsTheBandWithoutLoss) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    const auto variants = static_cast<std::int32_t>(2 + random() % 30);
    Variants rack = Drawn(random, 300 + random() % 500, variants);
    Variants need = rack;
    const auto size = need.size();
    const std::size_t from = round % 3 == 0 ? size / 2 : 0;
    const std::size_t end = round % 3 == 1 ? size / 2 : size;
    for (std::size_t lift = random() % 150; lift > 0; --lift) {
      const auto a = from + random() % (end - from);
      const auto b = from + random() % (end - from);
      const auto at = [&need](std::size_t k) {
        return need.begin() + static_cast<std::ptrdiff_t>(k);
      };
      if (a < b) std::rotate(at(a), at(a + 1), at(b + 1));
      if (b < a) std::rotate(at(b), at(a), at(a + 1));
    }
    need.resize(size - random() % 20);
    if (random() % 2 == 0) std::swap(rack, need);
    ASSERT_EQ(LongestAlignment(rack, need), AlignedByTable(rack, need));
  }
}

}  // namespace
}  // namespace tandem::sequencing

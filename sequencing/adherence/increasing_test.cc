#include "sequencing/adherence/increasing.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using Ranks = std::vector<std::int32_t>;

// The longest of all increasing subsequences, the earliest places of several.
Ranks PlacesByTrying(const Ranks& ranks) {
  Ranks best;
  for (std::uint32_t set = 0; set < (1U << ranks.size()); ++set) {
    Ranks places;
    bool rises = true;
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      if ((set >> k & 1U) == 0) continue;
      rises =
          rises && (places.empty() || ranks[static_cast<std::size_t>(places.back())] < ranks[k]);
      places.push_back(static_cast<std::int32_t>(k));
    }
    const bool better =
        places.size() > best.size() || (places.size() == best.size() && places < best);
    if (rises && better) best = places;
  }
  return best;
}

TEST(IncreasingTest, IsTheBestOfAllSubsequences) {
  std::mt19937_64 random(3);
  for (int run = 0; run < 20'000; ++run) {
    SCOPED_TRACE(run);
    Ranks ranks(random() % 10);
    for (std::int32_t& rank : ranks) rank = static_cast<std::int32_t>(random() % 12);  // Repeats.
    const Ranks want = PlacesByTrying(ranks);
    ASSERT_EQ(IncreasingPlaces(ranks), want);
    ASSERT_EQ(IncreasingLength(ranks), std::ssize(want));
  }
}

// Long enough that both ways of searching are taken.
TEST(IncreasingTest, LengthIsThatOfThePlacesOnLongOrders) {
  std::mt19937_64 random(4);
  for (int run = 0; run < 40; ++run) {
    Ranks ranks(1'500);
    std::iota(ranks.begin(), ranks.end(), 0);
    if (run % 2 == 0) std::ranges::shuffle(ranks, random);
    for (int late = 0; late < 150; ++late) {
      const std::size_t from = random() % ranks.size();
      const std::size_t to = std::min(ranks.size() - 1, from + random() % 200);
      std::rotate(ranks.begin() + static_cast<std::ptrdiff_t>(from),
                  ranks.begin() + static_cast<std::ptrdiff_t>(from) + 1,
                  ranks.begin() + static_cast<std::ptrdiff_t>(to) + 1);
    }
    // The textbook's recursion, O(n^2).
    std::vector<std::int32_t> length(ranks.size(), 1);
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      for (std::size_t j = 0; j < k; ++j) {
        if (ranks[j] < ranks[k]) length[k] = std::max(length[k], length[j] + 1);
      }
    }
    ASSERT_EQ(IncreasingLength(ranks), *std::ranges::max_element(length));
    ASSERT_EQ(std::ssize(IncreasingPlaces(ranks)), IncreasingLength(ranks));
  }
}

}  // namespace
}  // namespace tandem::sequencing

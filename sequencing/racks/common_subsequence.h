// The longest common subsequence of what a rack holds and what the line needs, with its alignment:
// the parts that need not be touched. Parts never touched keep their order, so they form a common
// subsequence; a longest one therefore has the fewest pulls. Bit-parallel after Crochemore et al.,
// "A fast and practical bit-vector algorithm for the longest common subsequence problem" (2001), in
// a band about the diagonal that is doubled until the result is proven, after Ukkonen (1985).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tandem::sequencing {

// A part that stays: what is in slot `slot` serves position `position` of the need. Both from 0.
struct KeptPart {
  std::int32_t slot = 0;
  std::int32_t position = 0;

  friend bool operator==(const KeptPart&, const KeptPart&) = default;
};

// The longest alignment of `rack` with `need`, ascending in both. Of several longest the one that
// keeps the earlier slots (the lexicographically least list of slots), then serves the earlier
// positions. Exact. Equal numbers are equal variants; any int32 is one.
// O((n + m) b / 64) time and n b / 32 bytes for b about the larger length less the result, at most
// O(n m / 64) and n m / 8 bytes.
std::vector<KeptPart> LongestAlignment(std::span<const std::int32_t> rack,
                                       std::span<const std::int32_t> need);

// Of the longest alignments the one whose kept slots weigh the most, then as LongestAlignment.
// `weight` holds one value a slot, each at least 0, all together below 2^62 / (n + 1): else a bug.
// O(n (p + q)) time and n (p + q) / 8 bytes, for p slots and q positions not aligned.
std::vector<KeptPart> HeaviestLongestAlignment(std::span<const std::int32_t> rack,
                                               std::span<const std::int32_t> need,
                                               std::span<const std::int64_t> weight);

}  // namespace tandem::sequencing

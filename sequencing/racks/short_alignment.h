// The longest alignment of one rack's slots, where a row of the table is one word: the same as
// common_subsequence.h gives, without its tables. For the files of this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/racks/common_subsequence.h"

namespace tandem::sequencing {

inline constexpr std::size_t kShortNeed = 64;   // Bits of a word.
inline constexpr std::size_t kShortRack = 128;  // Rows kept on the stack.

// What ShortAlignment takes.
inline bool FitsShort(std::span<const std::int32_t> rack, std::span<const std::int32_t> need) {
  return rack.size() <= kShortRack && need.size() <= kShortNeed;
}

// As LongestAlignment, for what fits. O(n + m) time, no space but the result's.
std::vector<KeptPart> ShortAlignment(std::span<const std::int32_t> rack,
                                     std::span<const std::int32_t> need);

}  // namespace tandem::sequencing

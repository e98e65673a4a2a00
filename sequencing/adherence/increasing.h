// Longest increasing subsequences: what of an order still stands. Reference: Fredman, "On computing
// the length of longest increasing subsequences", Discrete Mathematics 11 (1975).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tandem::sequencing {

// The length of a longest strictly increasing subsequence. O(n log n); close to O(n) where few
// ranks are late. At most 2^31 - 1 ranks.
std::int32_t IncreasingLength(std::span<const std::int32_t> ranks);

// The places, ascending, of one that keeps the earliest places it can. O(n log n).
std::vector<std::int32_t> IncreasingPlaces(std::span<const std::int32_t> ranks);

}  // namespace tandem::sequencing

// Which vehicles or bound parts must be lifted so that the rest stands in a new order: all but a
// longest, and of these a heaviest, increasing subsequence. Reference: Fredman, "On computing the
// length of longest increasing subsequences" (1975); with weights over a tree of prefix maxima.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

struct Moves {
  std::vector<std::int32_t> kept{};    // Old places that are not touched, ascending.
  std::vector<std::int32_t> lifted{};  // Old places to be lifted and put in again, ascending.
};

enum class KeepFirst {
  kMost,      // Fewest moves; among these the least effort.
  kHeaviest,  // Least effort of what is moved; among these the fewest moves.
};

// `new_ranks[k]` is where what now stands at place k shall stand; distinct, any numbers. `effort`
// is what moving each costs, at least 0 and all together at most 2^40; empty if all are equal. Of
// several best ones the one that keeps the earlier places. O(n log n).
// Returns kInvalidArgument, naming the place, for a rank that stands twice, a negative effort, or
// efforts of another number than ranks; and for more than 2^20 ranks.
absl::StatusOr<Moves> FewestMoves(std::span<const std::int64_t> new_ranks,
                                  std::span<const std::int64_t> effort, KeepFirst keep);

}  // namespace tandem::sequencing

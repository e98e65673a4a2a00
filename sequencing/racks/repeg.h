// Re-pegging a rack: the line's order has changed, and equal variants are interchangeable, so the
// parts in the rack are given to other vehicles with the fewest pulls. What stays is an alignment
// of what the rack holds with what is needed, and is its own proof: nobody can keep more.
//
//   // Loaded A B A C, now needed B A C A: pull the first A, insert one at the end.
//   const auto repeg = RepegRack({{0, 1, 0, 2}}, {{1, 0, 2, 0}}, {});
//   // repeg->kept = {(1, 0), (2, 1), (3, 2)}, repeg->pulls = {0}, repeg->inserts = {3}.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/racks/common_subsequence.h"

namespace tandem::sequencing {

// In a rack: an empty slot or a documented hole. In a need: a vehicle that needs nothing. Passed
// over on both sides, never pulled, inserted or kept.
inline constexpr std::int32_t kNoPart = -1;

// More slots or positions in one call are refused: the table of 65,536 of each takes 512 MiB.
inline constexpr std::int32_t kSlotsMax = 65'536;

// What the order in a rack means for the parts that stay.
enum class SlotOrder {
  kSliding,   // They slide together (lanes, stacks, belts), or the line passes over holes.
  kNumbered,  // Slot k must hold what position k needs.
  kAny,       // Random access: only what is in the rack counts.
};

struct RepegOptions {
  SlotOrder order = SlotOrder::kSliding;
  // What it costs to move the part of each slot, at least 0; equal if empty. Of the repegs with the
  // fewest pulls, one with the least effort is taken. All together at most 2^40.
  std::span<const std::int64_t> effort{};
};

// Slots and positions count from 0; each list is ascending. A move is one pull and one insert.
struct RackRepeg {
  std::vector<KeptPart> kept{};         // By slot. For kAny the positions need not ascend.
  std::vector<std::int32_t> pulls{};    // Slots whose part is taken out.
  std::vector<std::int32_t> inserts{};  // Positions whose part comes from elsewhere (5a).

  friend bool operator==(const RackRepeg&, const RackRepeg&) = default;
};

// The repeg with the fewest pulls, hence the fewest inserts; among these with the least effort;
// among these keeping the earlier slots, serving the earlier positions. `rack` is the variant in
// each slot and `need` the variant at each position, both in the order in which the line takes
// them (a LIFO rack: from the last slot to the first). A part bound to one vehicle is a variant of
// its own. Variants are 0 or more, or kNoPart.
// Time and space as LongestAlignment; with efforts as HeaviestLongestAlignment. O(n log n) for
// kNumbered and kAny.
// Returns kInvalidArgument, naming the slot or position, for a variant below kNoPart, a negative
// effort, efforts of another number than slots or too large, more than kSlotsMax slots or
// positions, and for kNumbered another number of positions than slots.
absl::StatusOr<RackRepeg> RepegRack(std::span<const std::int32_t> rack,
                                    std::span<const std::int32_t> need,
                                    const RepegOptions& options);

}  // namespace tandem::sequencing

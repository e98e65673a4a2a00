// Re-pegging several racks that the line takes one after another: where to cut what is needed into
// racks, so that the fewest parts are pulled in all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/racks/repeg.h"

namespace tandem::sequencing {

struct LoadedRack {
  std::span<const std::int32_t> slots{};  // Variants in the order in which the line takes them.
  std::int32_t capacity = 0;              // Places less documented holes.
};

struct RackCut {
  std::int32_t first = 0;  // Of the positions in the need; those of the racks follow each other.
  std::int32_t end = 0;    // One behind the last.
  RackRepeg repeg{};       // Its positions are those of the whole need.
  bool rebuild = false;    // A new rack takes fewer moves.
};

struct RacksRepeg {
  std::vector<RackCut> racks{};  // One for each given.
  std::int64_t pulls = 0;
  std::int64_t inserts = 0;
};

// Cuts `need` into consecutive blocks, one a rack and at most its capacity each, with the fewest
// pulls over all racks: the sum of |rack| - LCS(rack, block). Positions of kNoPart take no place.
// Of several best cuts the one with most positions in the first rack, then in the second, and so
// on. A rack whose pulls and inserts exceed `rebuild_moves` is to be rebuilt. O(sum over racks of
// (s + 1) c |rack| / 64) time, for s places more than positions (at most n) and capacities c.
// Returns kInvalidArgument, naming the rack, for what RepegRack refuses, a negative capacity or
// more parts than it; kFailedPrecondition if there are fewer places than positions that need a
// part.
absl::StatusOr<RacksRepeg> RepegRacks(std::span<const LoadedRack> racks,
                                      std::span<const std::int32_t> need,
                                      std::optional<std::int64_t> rebuild_moves);

}  // namespace tandem::sequencing

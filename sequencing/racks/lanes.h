// Truck lanes: racks become ready in one order and are consumed in another, and nobody wants to
// re-handle them. Patience sorting gives the fewest lanes; by Dilworth no fewer can do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

enum class LaneAccess {
  kLifo,  // Unloaded from where it was loaded: must receive decreasing consumption ranks.
  kFifo,  // Drive-through: must receive increasing ranks.
};

inline constexpr std::int32_t kSetAside = -1;

struct LanePlan {
  std::vector<std::int32_t> lane_of{};  // By ready order; kSetAside: loaded at the end.
  std::int32_t lanes = 0;
  bool exact = true;  // False: the best that a greedy rule found; fewer lanes may do.
};

// `ranks[k]` is the consumption rank of the k-th rack that becomes ready; equal ranks may share a
// lane. Without `lane_places` the fewest lanes (LIFO: the longest increasing, FIFO: the longest
// decreasing subsequence), O(n log n). With it, at most so many racks a lane: NP-hard in general,
// so exact by search up to 12 racks, else greedy. Lanes are numbered in the order of their first
// rack. Returns kInvalidArgument for lanes of less than one place.
absl::StatusOr<LanePlan> FewestLanes(std::span<const std::int64_t> ranks, LaneAccess access,
                                     std::optional<std::int32_t> lane_places);

// With `lanes` lanes, however few, the fewest racks to set aside and load at the end: all but a
// largest union of so many subsequences (Greene and Kleitman), by min-cost flow. Exact.
// O(lanes n^3) at worst. Returns kInvalidArgument for a negative number of lanes or more than 512
// racks.
absl::StatusOr<LanePlan> FewestSetAside(std::span<const std::int64_t> ranks, LaneAccess access,
                                        std::int32_t lanes);

struct TourRack {
  std::int32_t stop = 0;  // Of the tour, in the order of travel.
  std::int64_t rank = 0;  // Consumption rank inside of the stop.
};

// One rank for a tour over several docks: by stop, then by rank inside it, numbered densely, equal
// for equal ones. The lane rules then load the last stop deepest.
std::vector<std::int64_t> TourRanks(std::span<const TourRack> racks);

}  // namespace tandem::sequencing

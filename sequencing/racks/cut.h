// Building racks from the line's order: which position goes into which slot of which rack, and
// where one load ends and the next begins.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

// How a rack is emptied at the line. Slots count from 0 in the order in which they are filled.
enum class RackAccess {
  kFifo,    // First in, first out: slot k holds the k-th next position.
  kLifo,    // Last in, first out: filled in reverse order, so slot 0 holds the last position.
  kRandom,  // Any slot can be reached; filled in line order, each labelled.
};

// The slot of position `position` of the `count` that the rack holds, both from 0 in line order;
// and, since the rule is its own inverse, the position in a slot.
std::int32_t SlotOf(RackAccess access, std::int32_t position, std::int32_t count);

enum class HeldVehicle {
  kNo,
  kReturns,  // Pulled out of the line, and back before the rack is used: keeps its slot.
  kUnknown,  // Pulled out, and nobody knows when it comes back.
};

// What a vehicle whose return is unknown does to the rack; which costs least is 5c's to say.
enum class HeldRule {
  kLeaveSlot,    // Its slot stays empty, as a hole to be documented.
  kPullForward,  // The next vehicle takes its place in the rack.
  kCut,          // The rack ends before it.
};

inline constexpr std::int32_t kPiecesMax = 1'000;  // Of one family in one vehicle.

struct LinePosition {
  std::int64_t sequence_number = 0;
  std::int64_t vehicle = 0;
  std::int64_t need_ms = 0;
  std::int32_t location = 0;  // Of the line.
  std::int32_t dock = 0;
  HeldVehicle held = HeldVehicle::kNo;
  std::int32_t pieces = 1;  // That its vehicle needs, 0 to kPiecesMax: so many slots in a row.
};

struct CutOptions {
  std::int32_t capacity = 1;  // Slots of a rack.
  RackAccess access = RackAccess::kFifo;
  std::int64_t dwell_max_ms = 0;  // Between the needs of a rack's first and last slot.
  HeldRule held_rule = HeldRule::kLeaveSlot;
  // Whether a vehicle's pieces may lie in two racks. Else a rack ends before a vehicle whose pieces
  // no longer all fit: a set stays together.
  bool split_sets = false;
};

struct PlannedSlot {
  std::int32_t position = 0;  // Index into the positions given.
  bool hole = false;          // To be left empty.
  std::int32_t piece = 0;     // Of the vehicle's, from 0 in the order in which the line takes them.

  friend bool operator==(const PlannedSlot&, const PlannedSlot&) = default;
};

struct PlannedRack {
  std::vector<PlannedSlot> slots{};  // In the order in which they are filled.
};

struct RackPlan {
  std::vector<PlannedRack> racks{};      // In line order.
  std::vector<std::int32_t> left_out{};  // Positions of held vehicles that have no slot.
};

// Fills each rack as far as it can be, which makes the fewest racks; a rack ends before a position
// of another location or dock, before one needed more than `dwell_max_ms` after its first, and
// where `held_rule` says. A vehicle that needs no piece is passed over. O(slots). Returns
// kInvalidArgument for options out of range; and, naming vehicle and position, for a vehicle twice,
// a sequence number that does not rise, a need before that of the position before it at the same
// location, and pieces out of range or more than a rack holds of a set that stays together.
absl::StatusOr<RackPlan> CutRacks(std::span<const LinePosition> positions,
                                  const CutOptions& options);

struct TruckOptions {
  std::int32_t capacity = 1;                      // Positions that one truck carries.
  std::span<const std::int64_t> departures_ms{};  // Windows, ascending.
  std::int64_t lead_ms = 0;  // Travel (95 %), unloading and internal transport together.
  std::int64_t truck_cost = 0;
  std::int64_t early_cost = 0;   // For each millisecond that a part is there before its need, less
                                 // what the load's first is.
  std::int64_t missed_cost = 0;  // For a load that no departure serves; makes it the last resort.
};

struct TruckLoad {
  std::int32_t first = 0;  // Positions first .. end - 1.
  std::int32_t end = 0;
  std::optional<std::int32_t> departure{};  // The latest that arrives in time; none: missed.

  friend bool operator==(const TruckLoad&, const TruckLoad&) = default;
};

struct TruckPlan {
  std::vector<TruckLoad> loads{};
  std::int64_t cost = 0;
};

// Cuts positions into truck loads at the least cost: the sum over loads [a, b) of truck_cost,
// early_cost times the sum of need(i) - need(a), and missed_cost if no departure d has
// d + lead <= need(a). Of several the one whose last load is shortest, then the one before it, and
// so on. O(n capacity).
// Returns kInvalidArgument, naming the position or departure, for times that fall or are out of
// range, a negative cost or a capacity below 1; kOutOfRange if the cost is not an int64.
absl::StatusOr<TruckPlan> PlanTrucks(std::span<const std::int64_t> need_ms,
                                     const TruckOptions& options);

struct StreamPosition {
  std::int32_t stream = 0;
  std::int32_t position = 0;

  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

// One order for what several lines or locations need of one supplier: by need time, not by sequence
// number; ties by stream, then by position. Racks are so sorted by their first need. Within a
// stream needs must not fall: else kInvalidArgument, naming stream and position. O(n log n).
absl::StatusOr<std::vector<StreamPosition>> MergeByNeed(
    std::span<const std::vector<std::int64_t>> need_ms_by_stream);

}  // namespace tandem::sequencing

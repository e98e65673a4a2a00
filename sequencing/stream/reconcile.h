// Comparing our own order of the next vehicles with the car maker's snapshot of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

struct MovedVehicle {
  std::int64_t vehicle = 0;
  std::int64_t from = 0;  // Its place in our own list, from 0.
  std::int64_t to = 0;    // Its place in the snapshot.

  friend bool operator==(const MovedVehicle&, const MovedVehicle&) = default;
};

struct PlacedVehicle {
  std::int64_t vehicle = 0;
  std::int64_t place = 0;

  friend bool operator==(const PlacedVehicle&, const PlacedVehicle&) = default;
};

// How much may differ and still be healed by taking the snapshot's order.
struct HealTolerance {
  std::int64_t added_max = 0;
  std::int64_t removed_max = 0;
  std::int64_t moved_max = 0;
};

struct SnapshotDiff {
  std::vector<PlacedVehicle> added{};    // In the snapshot only, with their places there.
  std::vector<PlacedVehicle> removed{};  // In our own list only, with their places here.
  std::vector<MovedVehicle> moved{};     // The fewest whose moving makes the common ones agree.
  bool heal = false;                     // Within the tolerance: take the snapshot. Else: alarm.
};

// O(n log n). Returns kInvalidArgument, naming the vehicle, for one that stands twice in a list.
absl::StatusOr<SnapshotDiff> DiffSnapshot(std::span<const std::int64_t> own,
                                          std::span<const std::int64_t> snapshot,
                                          const HealTolerance& tolerance);

// Where numbers have natural holes, a lost call shows by its vehicle: those that have passed the
// next status point and were planned for the family, yet no call named them. In the order of
// `passed`, each once. O(n log n).
std::vector<std::int64_t> VehiclesWithoutCall(std::span<const std::int64_t> passed,
                                              std::span<const std::int64_t> called);

}  // namespace tandem::sequencing

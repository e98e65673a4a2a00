// How stable a plan is from one version to the next, and how well a status point foretells it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/adherence/share.h"

namespace tandem::sequencing {

// Two versions of the plan, as vehicles in line order.
struct PlanVersions {
  std::span<const std::int64_t> before{};
  std::span<const std::int64_t> after{};
  // Vehicles that had passed the reference point when `after` was published; they count in neither.
  std::span<const std::int64_t> passed{};
};

// The positions offset .. offset + window - 1, counted from the vehicle next at the reference
// point.
struct StabilityWindow {
  std::int64_t offset = 0;  // h, at least 0.
  std::int64_t size = 0;    // W, at least 1.
};

struct Stability {
  Share stability{};                  // LIS of the common vehicles / the longer window's vehicles.
  std::vector<std::int64_t> added{};  // In the window of `after` only, as it orders them.
  std::vector<std::int64_t> removed{};  // In the window of `before` only, as it orders them.
  std::int64_t before = 0;              // Vehicles in its window; fewer than W at the plan's end.

  // (added + removed) / before. May exceed 1.
  Share Churn() const { return {std::ssize(added) + std::ssize(removed), before}; }
};

// O(n log n) in the vehicles given. Returns kInvalidArgument for a vehicle that stands twice in a
// version, naming it, and for a negative offset or a window below 1.
absl::StatusOr<Stability> MeasureStability(const PlanVersions& versions,
                                           const StabilityWindow& window);

// Actual less announced position of each vehicle, at one status point. The p99 of these sets the
// safety buffer in positions. Both spans hold one value a vehicle.
// Returns kInvalidArgument if their lengths differ or a position is negative.
absl::StatusOr<Distribution> ForecastErrors(std::span<const std::int64_t> announced_positions,
                                            std::span<const std::int64_t> actual_positions);

}  // namespace tandem::sequencing

// What may happen to a plan: the twelve perturbations of the reference (1.5), each a fact with what
// it names. None says what is to be done; that is the proposal's.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "sequencing/recovery/plan.h"

namespace tandem::sequencing {

// 1. Pulled out for rework. With a return before its rack is used up, its slot is kept for it.
struct PulledVehicle {
  std::int64_t vehicle = 0;
  std::optional<std::int64_t> returns_ms{};
};
struct VehiclesPulled {
  std::vector<PulledVehicle> vehicles{};
};
// 1, later. A held vehicle is back, at this position of the new order.
struct VehicleReturned {
  std::int64_t vehicle = 0;
  std::int32_t position = 0;
};
// 2. Skipped, overtaken: these stand in this order now, from position `first` on.
struct VehiclesReordered {
  std::int32_t first = 0;
  std::vector<std::int64_t> vehicles{};
};
// 3. Scrapped, or with another specification: of the families named, one version higher or more.
struct VehiclesScrapped {
  std::vector<std::int64_t> vehicles{};
};
struct NewVariant {
  std::int32_t location = 0;
  std::int32_t family = 0;
  std::int32_t variant = 0;  // kNoPart: it needs nothing any more.
};
struct SpecificationChanged {
  std::int64_t vehicle = 0;
  std::int64_t version = 0;
  std::vector<NewVariant> variants{};
};
// 4. Pairs that changed places. A second scan of one vehicle is refused: VEHICLE_TWICE.
struct SwappedPair {
  std::int64_t first = 0;
  std::int64_t second = 0;
};
struct VehiclesSwapped {
  std::vector<SwappedPair> pairs{};
};
// 5. Stop, other speed, overtime, other shift: the line's runs from now on.
struct LineChanged {
  std::vector<LineRun> runs{};
};
// 6. A part that is at hand is no good, or is of another variant than was thought.
struct PartRejected {
  std::int64_t part = 0;
  std::optional<std::int32_t> found_variant{};
};
// 7. Racks that come at another time (late, another dock), or never.
struct LoadDelayed {
  std::vector<std::int64_t> racks{};
  std::optional<Quantiles> ready{};
};
// 8. A supplier makes nothing from one instant to the other; what it would have made, it makes
// later.
struct SupplierDown {
  std::int32_t supplier = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};
// 9. The calls of these vehicles are missing in the broadcast, so nobody knows yet what they need.
struct CallsMissing {
  std::vector<std::int64_t> vehicles{};
};
// 10. A call is cancelled when its part has been loaded: the part travels.
struct CallCancelled {
  std::int64_t vehicle = 0;
  std::int32_t location = 0;
  std::int32_t family = 0;
};
// 11. Another variant may be fitted from now on.
struct AlternateAllowed {
  std::int32_t location = 0;
  std::int32_t family = 0;
  AllowedAlternate alternate{};
};
// 12. A piece of a set is missing: the set is none until one of its lot completes it.
struct SetBroken {
  std::int64_t part = 0;
};

using Happening =
    std::variant<VehiclesPulled, VehicleReturned, VehiclesReordered, VehiclesScrapped,
                 SpecificationChanged, VehiclesSwapped, LineChanged, PartRejected, LoadDelayed,
                 SupplierDown, CallsMissing, CallCancelled, AlternateAllowed, SetBroken>;

struct Cause {
  std::int64_t id = 0;  // Of the fact, in the caller's log.
  Happening what{};
};

}  // namespace tandem::sequencing

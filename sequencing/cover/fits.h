// Whether a part serves a vehicle, and why not; for the files of this folder.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "sequencing/cover/cover.h"

namespace tandem::sequencing {

class Fits {
 public:
  explicit Fits(std::span<const Alternate> alternates)
      : alternates_(alternates.begin(), alternates.end()) {
    std::ranges::sort(alternates_);
  }

  // Why the part does not serve the vehicle; none if it does.
  std::optional<CoverEnd> Fault(const CoverVehicle& vehicle, const CoverPart& part) const {
    if (part.variant != vehicle.variant &&
        !std::ranges::binary_search(alternates_, Alternate{vehicle.variant, part.variant})) {
      return CoverEnd::kWrongVariant;
    }
    if (!part.usable || (part.expires_ms.has_value() && *part.expires_ms < vehicle.need_ms) ||
        (part.pegged_to.has_value() && *part.pegged_to != vehicle.vehicle)) {
      return CoverEnd::kUnusable;
    }
    if (part.ready_ms > vehicle.need_ms) return CoverEnd::kTooLate;
    return std::nullopt;
  }
  // What else may be fitted where `variant` is needed; ascending.
  std::span<const Alternate> AlternatesOf(std::int32_t variant) const {
    const auto first = std::ranges::lower_bound(alternates_, variant, {}, &Alternate::needed);
    const auto end = std::ranges::upper_bound(alternates_, variant, {}, &Alternate::needed);
    return {first, end};
  }
  bool Serves(const CoverVehicle& vehicle, const CoverPart& part) const {
    return !Fault(vehicle, part).has_value();
  }

 private:
  std::vector<Alternate> alternates_;
};

// When the first need comes that the parts cannot cover, wherever they stand; none if there is
// none.
std::optional<std::int64_t> FirstUncovered(std::span<const CoverVehicle> vehicles,
                                           std::span<const CoverPart* const> parts,
                                           const Fits& fits, bool plain);

}  // namespace tandem::sequencing

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/btree_map.h"
#include "sequencing/cover/fits.h"
#include "sequencing/cover/matching.h"

namespace tandem::sequencing {
namespace {

// Plain variants: the first t at which more pieces are needed (D) than parts are ready (R).
std::optional<std::int64_t> FirstUncoveredPlain(std::span<const CoverVehicle> vehicles,
                                                std::span<const CoverPart* const> parts) {
  struct Supply {
    std::vector<std::int64_t> ready_ms{};
    std::size_t needed = 0;
  };
  absl::btree_map<std::int32_t, Supply> supplies;
  for (const CoverPart* part : parts) {
    if (part->usable) supplies[part->variant].ready_ms.push_back(part->ready_ms);
  }
  for (auto& [variant, supply] : supplies) std::ranges::sort(supply.ready_ms);
  for (const CoverVehicle& vehicle : vehicles) {
    Supply& supply = supplies[vehicle.variant];
    supply.needed += static_cast<std::size_t>(vehicle.pieces);
    const auto ready = std::ranges::upper_bound(supply.ready_ms, vehicle.need_ms);
    if (std::cmp_greater(supply.needed, ready - supply.ready_ms.begin())) return vehicle.need_ms;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> FirstUncovered(std::span<const CoverVehicle> vehicles,
                                           std::span<const CoverPart* const> parts,
                                           const Fits& fits, bool plain) {
  if (plain) return FirstUncoveredPlain(vehicles, parts);
  PieceMatching matching(fits);
  for (const CoverPart* part : parts) matching.AddPart(*part);
  for (const CoverVehicle& vehicle : vehicles) {
    for (std::int32_t k = 0; k < vehicle.pieces; ++k) {
      if (!matching.Add(vehicle)) return vehicle.need_ms;
    }
  }
  return std::nullopt;
}

}  // namespace tandem::sequencing

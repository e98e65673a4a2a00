// Where a vehicle whose part is late may fall back to. For the files of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "sequencing/recovery/proposal.h"
#include "sequencing/recovery/world.h"

namespace tandem::sequencing {

// Why a vehicle cannot fall back.
struct NoFallback {
  DropReason reason = DropReason::kFence;
  std::int32_t family = 0;
  std::int64_t fence_ms = 0;
};

// Behind the first position that is needed when the vehicle's parts are all there at P50, at the
// last resequencing point that it has not passed and that reaches so far. None if it has no part
// that is late and comes at all. Refused where a family whose order of variants would change is
// frozen at the vehicle's position. O(families * distance) at worst.
std::optional<std::variant<Fallback, NoFallback>> FindFallback(const World& world,
                                                               std::int32_t vehicle);

}  // namespace tandem::sequencing

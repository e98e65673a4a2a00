// What a changed order means for one family's racks: who is served by the part that the line takes
// next, and what must be moved. The fewest parts are moved: kept is a longest common subsequence of
// what the racks hold and what is needed (for the rule of the racks), everything else follows.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sequencing/recovery/facts.h"
#include "sequencing/recovery/proposal.h"

namespace tandem::sequencing {

struct RackWork {
  std::vector<std::pair<std::int32_t, std::int32_t>> pegs{};  // (vehicle, part or -1) that changed.
  std::vector<ProposedRack> racks{};
  RackProof proof{};
  std::vector<std::int32_t> fetched{};  // Vehicles inside the fence that wait for their part.
  std::vector<std::int32_t> moved{};    // Vehicles outside whose part is moved for them.
  std::int64_t moves = 0;               // If it is done; inside the fence too.
  std::int64_t idle_moves = 0;          // If nothing is done: all is fetched at the line.
};

// The work for the positions of `window` and the vehicles that the facts name. Nothing at a
// position that is needed before now + F_f is moved in a rack; there only what is at hand changes
// hands. O(n) where the order of variants is the same, else as RepegRack.
RackWork WorkRacks(const FamilyColumns& family, const LineOrder& order, const LineClock& clock,
                   const Window& window, std::int64_t now_ms);

// The first position of the family that is not frozen.
std::int32_t FirstUnfrozen(const PlanFamily& family, const LineOrder& order, const LineClock& clock,
                           std::int64_t now_ms);

}  // namespace tandem::sequencing

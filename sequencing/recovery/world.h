// The line as it would be after a happening and, perhaps, after some vehicles have been let fall
// back: racks re-pegged, and what is late then. For the files of this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/recovery/facts.h"
#include "sequencing/recovery/rack_work.h"

namespace tandem::sequencing {

// A vehicle that is let fall back behind the one that stands at `to`.
struct Fallback {
  std::int32_t vehicle = 0;
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::int32_t point = 0;  // Index into the plan's points.
};

struct FamilyNow {
  RackWork work{};
  std::vector<std::int32_t> pegs{};  // By vehicle, after the racks' work; empty: as in the facts.
  std::vector<LatePosition> late{};  // By position; those inside the fence that are fetched, too.
  std::int32_t unfrozen = 0;         // The first position that is not frozen.
};

struct World {
  const Facts* facts = nullptr;
  LineOrder order{};
  std::vector<Fallback> fallbacks{};  // By vehicle's position before.
  std::vector<FamilyNow> families{};

  FamilyColumns Columns(std::int32_t family) const;  // With the pegs after the racks' work.
  std::int64_t NeedMs(std::int32_t family, std::int32_t position) const {
    return facts->clock().NeedMs(facts->book->plan().families[At(family)], position);
  }
};

// `base`: the world without fallbacks, if there is one: what they do not touch is taken from it.
World WorldOf(const Facts& facts, std::span<const Fallback> fallbacks, const World* base);

// A line's order and pace, and when a need is served that gets no part.
struct LineView {
  const LineOrder& order;
  const LineClock& clock;
  std::int64_t horizon_ms = 0;
};

// The late needs of the window's positions, by position.
std::vector<LatePosition> LatePositions(const FamilyColumns& family, const LineView& line,
                                        const Window& window);

}  // namespace tandem::sequencing

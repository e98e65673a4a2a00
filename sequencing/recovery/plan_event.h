// What makes a book another one: each event says what is so from now on, and Apply makes it part of
// the plan. What happened to the line (happening.h) is such an event too, once it is a fact.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "sequencing/recovery/happening.h"
#include "sequencing/recovery/plan.h"

namespace tandem::sequencing {

// A part is somewhere else, or comes at another time.
struct PartReported {
  std::int64_t part = 0;
  PartPlace place = PartPlace::kPlanned;
  Quantiles ready{};
};
// A part serves this vehicle now; none: nobody.
struct PartPegged {
  std::int64_t part = 0;
  std::optional<std::int64_t> vehicle{};
};
// A part is known that was not. It is behind the family's other parts.
struct PartAdded {
  std::int32_t location = 0;
  std::int32_t family = 0;
  PlanPart part{};
};
// A part is none any more: scrapped, lost, fitted by hand. Its slot is empty then, and the family's
// last part gets its number.
struct PartRemoved {
  std::int64_t part = 0;
};
// A rack as it is now; one that was not known is behind the family's others. Its parts are known.
struct RackReported {
  std::int32_t location = 0;
  std::int32_t family = 0;
  PlanRack rack{};
};
struct RackRemoved {
  std::int64_t rack = 0;
};
// A vehicle joins the line behind the last. What it needs of each of the plan's families.
struct VehicleAdded {
  PlanVehicle vehicle{};
  std::vector<std::int32_t> variants{};
};
// The line has moved on: the first vehicles have left it, with the parts that they had; these are
// removed in the order in which the plan holds them.
struct LineMoved {
  std::int64_t now_ms = 0;
  std::int32_t vehicles = 0;
  std::vector<LineRun> runs{};  // From now on.
};

using PlanEvent = std::variant<PartReported, PartPegged, PartAdded, PartRemoved, RackReported,
                               RackRemoved, VehicleAdded, LineMoved, Happening>;

}  // namespace tandem::sequencing

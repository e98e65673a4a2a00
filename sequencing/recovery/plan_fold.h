// Plans after what was checked already. For the files of this folder.
#pragma once

#include <cstdint>

#include "sequencing/recovery/facts.h"
#include "sequencing/recovery/plan_event.h"

namespace tandem::sequencing {

// The part leaves its slot, and the last part gets its number. It must be known.
void RemovePart(std::int64_t part, PlanFamily& family);
// `order` is the plan's.
void FoldLineMoved(const LineMoved& what, const LineOrder& order, RecoveryPlan& plan);
// `facts` are those of the happening, of a book of this plan.
void FoldHappening(const Happening& what, const Facts& facts, RecoveryPlan& plan);

}  // namespace tandem::sequencing

// What a plan's single values must be; for book.cc. What they name is checked as it is indexed.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "sequencing/recovery/plan.h"

namespace tandem::sequencing {

inline constexpr std::int32_t kPositionsMax = 1 << 20;  // Vehicles, and offsets of locations.

// Reasons as RecoveryBook::Create says.
absl::Status CheckQuantiles(const Quantiles& instants);
absl::Status CheckVehicle(const PlanVehicle& vehicle);
absl::Status CheckTerms(const RecoveryPlan& plan);
absl::Status CheckFamilyTerms(const RecoveryPlan& plan, const PlanFamily& family);
absl::Status CheckAlternate(const PlanFamily& family, const AllowedAlternate& alternate);

}  // namespace tandem::sequencing

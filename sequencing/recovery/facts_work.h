// The steps of which happenings are made; for facts.cc and facts_line.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "sequencing/recovery/facts.h"

namespace tandem::sequencing {

// One happening being made into facts. Each Make refuses before it changes anything that matters:
// facts of a refused one are thrown away.
class FactsWork {
 public:
  explicit FactsWork(const RecoveryBook& book);
  Facts Take() { return std::move(facts_); }

  // The line's order and pace.
  absl::Status Make(const VehiclesPulled& what);
  absl::Status Make(const VehicleReturned& what);
  absl::Status Make(const VehiclesReordered& what);
  absl::Status Make(const VehiclesScrapped& what);
  absl::Status Make(const VehiclesSwapped& what);
  absl::Status Make(const LineChanged& what);
  absl::Status Make(const CallsMissing& what);
  // What vehicles need, and what parts are worth.
  absl::Status Make(const SpecificationChanged& what);
  absl::Status Make(const CallCancelled& what);
  absl::Status Make(const PartRejected& what);
  absl::Status Make(const LoadDelayed& what);
  absl::Status Make(const SupplierDown& what);
  absl::Status Make(const AlternateAllowed& what);
  absl::Status Make(const SetBroken& what);

 private:
  // Numbers of vehicles on the line, each once.
  absl::StatusOr<std::vector<std::int32_t>> OnLine(std::span<const std::int64_t> vehicles) const;
  absl::StatusOr<std::int32_t> OnLine(std::int64_t vehicle) const;
  // The order changed on one side of each location only.
  absl::Status CheckWindow() const;
  void RemoveFromLine(std::span<const std::int32_t> vehicles);
  bool Passed(std::int32_t family, std::int32_t vehicle) const;
  // Whether the vehicle is back before the last need that its part's rack serves.
  bool BackInTime(std::int32_t family, std::int32_t part, std::int64_t returns_ms) const;

  FamilyFacts& Touch(std::int32_t family);
  std::vector<std::int32_t>& Pegs(std::int32_t family);
  std::vector<Quantiles>& Ready(std::int32_t family);
  // The vehicle's part serves others now, or none if it was made for it alone.
  void FreePartOf(std::int32_t family, std::int32_t vehicle);
  void LosePart(std::int32_t family, std::int32_t part);
  void SetNeed(std::int32_t family, std::int32_t vehicle, std::int32_t variant);

  const RecoveryBook& book_;
  Facts facts_;
};

}  // namespace tandem::sequencing

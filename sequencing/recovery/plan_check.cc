#include "sequencing/recovery/plan_check.h"

#include <cstddef>

#include "sequencing/recovery/refuse.h"

namespace tandem::sequencing {
namespace {

constexpr std::int32_t kPartsMax = 1 << 30;  // With kPositionsMax variants an int32.
constexpr std::int32_t kWeightMax = 1'000;

bool Instant(std::int64_t ms) { return ms >= -kInstantMax && ms <= kInstantMax; }
bool Amount(std::int64_t value) { return value >= 0 && value <= kAmountMax; }

absl::Status CheckExpress(const RecoveryPlan& plan, const ExpressTerms& terms) {
  if (terms.origin < 0 || static_cast<std::size_t>(terms.origin) >= plan.origins.size()) {
    return Invalid("UNKNOWN_ORIGIN", "express from origin ", terms.origin, " of ",
                   plan.origins.size());
  }
  const Quantiles& travel = terms.travel_ms;
  if (travel.p10_ms > travel.p50_ms || travel.p50_ms > travel.p90_ms) {
    return Invalid("QUANTILES_FALL", "express travel of ", travel.p10_ms, ", ", travel.p50_ms, ", ",
                   travel.p90_ms, " ms");
  }
  if (!Amount(terms.prepare_ms) || !Amount(travel.p10_ms) || !Amount(travel.p90_ms) ||
      !Amount(terms.travel_q95_ms) || !Amount(terms.unload_ms) || !Amount(terms.internal_ms) ||
      !Amount(terms.part_money)) {
    return Invalid("OUT_OF_RANGE", "an express span or its money is negative or above 2^40");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckQuantiles(const Quantiles& instants) {
  if (!Instant(instants.p10_ms) || !Instant(instants.p90_ms)) {
    return Invalid("OUT_OF_RANGE", "instants ", instants.p10_ms, " to ", instants.p90_ms,
                   " ms; at most 2^50");
  }
  if (instants.p10_ms > instants.p50_ms || instants.p50_ms > instants.p90_ms) {
    return Invalid("QUANTILES_FALL", instants.p10_ms, ", ", instants.p50_ms, ", ", instants.p90_ms,
                   " ms");
  }
  return absl::OkStatus();
}

absl::Status CheckTerms(const RecoveryPlan& plan) {
  if (plan.vehicles.empty()) return Invalid("NO_VEHICLE", "the plan holds no vehicle");
  if (plan.vehicles.size() > static_cast<std::size_t>(kPositionsMax)) {
    return Invalid("OUT_OF_RANGE", plan.vehicles.size(), " vehicles; at most ", kPositionsMax);
  }
  if (!Instant(plan.now_ms) || !Instant(plan.horizon_ms) || plan.horizon_ms < plan.now_ms) {
    return Invalid("OUT_OF_RANGE", "now ", plan.now_ms, " and horizon ", plan.horizon_ms,
                   " ms; at most 2^50, and the horizon is not before now");
  }
  constexpr std::int64_t kVersionMax = std::int64_t{1} << 62;  // An event counts on from it.
  for (const std::int64_t version :
       {plan.versions.plan, plan.versions.pegs, plan.versions.places}) {
    if (version >= -kVersionMax && version <= kVersionMax) continue;
    return Invalid("OUT_OF_RANGE", "version ", version, "; at most 2^62");
  }
  for (const ExpressOrigin& origin : plan.origins) {
    if (origin.places < 1 || origin.places > kPositionsMax || !Amount(origin.money)) {
      return Invalid("OUT_OF_RANGE", "an express truck of ", origin.places, " places for ",
                     origin.money);
    }
  }
  for (const ResequencingPoint& point : plan.points) {
    if (point.position < 0 || point.reach_positions < 0) {
      return Invalid("OUT_OF_RANGE", "point ", point.point, " at position ", point.position,
                     " with a reach of ", point.reach_positions);
    }
  }
  for (const PlanVehicle& vehicle : plan.vehicles) {
    if (absl::Status status = CheckVehicle(vehicle); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckVehicle(const PlanVehicle& vehicle) {
  if (vehicle.weight < 1 || vehicle.weight > kWeightMax) {
    return Invalid("OUT_OF_RANGE", "vehicle ", vehicle.vehicle, ", weight ", vehicle.weight,
                   "; 1 to ", kWeightMax);
  }
  return absl::OkStatus();
}

absl::Status CheckAlternate(const PlanFamily& family, const AllowedAlternate& alternate) {
  const auto known = [&family](std::int32_t variant) {
    return variant >= 0 && variant < family.variant_count;
  };
  if (!known(alternate.needed) || !known(alternate.accepted)) {
    return Invalid("UNKNOWN_VARIANT", "alternate ", alternate.accepted, " for ", alternate.needed,
                   " of ", family.variant_count, " variants");
  }
  if (alternate.needed == alternate.accepted || !Amount(alternate.money)) {
    return Invalid("OUT_OF_RANGE", "alternate ", alternate.accepted, " for ", alternate.needed,
                   " at ", alternate.money);
  }
  return absl::OkStatus();
}

absl::Status CheckFamilyTerms(const RecoveryPlan& plan, const PlanFamily& family) {
  if (family.variant_count < 1 || family.variant_count > kPositionsMax ||
      family.parts.size() > static_cast<std::size_t>(kPartsMax) ||
      family.offset_positions < -kPositionsMax || family.offset_positions > kPositionsMax ||
      !Amount(family.frozen_ms) || !Amount(family.fetch_ms) ||
      !Amount(family.short_money.value_or(0)) || !Amount(family.rebuild_touches.value_or(0))) {
    return Invalid("OUT_OF_RANGE", family.variant_count, " variants, offset ",
                   family.offset_positions, ", frozen ", family.frozen_ms, " ms, fetch ",
                   family.fetch_ms, " ms: one is negative or too large");
  }
  for (const AllowedAlternate& alternate : family.alternates) {
    if (absl::Status status = CheckAlternate(family, alternate); !status.ok()) return status;
  }
  if (!family.express.has_value()) return absl::OkStatus();
  return CheckExpress(plan, *family.express);
}

}  // namespace tandem::sequencing

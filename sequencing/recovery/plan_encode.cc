#include <cstdint>

#include "sequencing/recovery/archive.h"
#include "sequencing/recovery/encode.h"

namespace tandem::sequencing {

// The fields of each struct, in their order.
void Fields(auto& v, const LineRun*, auto each) { each(v.from_ms, v.to_ms, v.takt_ms); }
void Fields(auto& v, const PlanVehicle*, auto each) {
  each(v.vehicle, v.version, v.weight, v.held);
}
void Fields(auto& v, const PlanPart*, auto each) {
  each(v.part, v.variant, v.ready, v.place, v.made_ms, v.lot, v.bound, v.vehicle);
}
void Fields(auto& v, const PlanRack*, auto each) { each(v.rack, v.capacity, v.place, v.slots); }
void Fields(auto& v, const LoosePiece*, auto each) { each(v.piece, v.lot, v.ready); }
void Fields(auto& v, const AllowedAlternate*, auto each) { each(v.needed, v.accepted, v.money); }
void Fields(auto& v, const ExpressTerms*, auto each) {
  each(v.origin, v.prepare_ms, v.travel_ms, v.travel_q95_ms, v.unload_ms, v.internal_ms,
       v.part_money);
}
void Fields(auto& v, const PlanFamily*, auto each) {
  each(v.location, v.family, v.supplier, v.variant_count, v.offset_positions, v.frozen_ms,
       v.slot_order, v.rebuild_touches, v.fetch_ms, v.short_money, v.alternates, v.express, v.sets,
       v.variants, v.parts, v.racks, v.loose);
}
void Fields(auto& v, const ExpressOrigin*, auto each) { each(v.places, v.money); }
void Fields(auto& v, const ResequencingPoint*, auto each) {
  each(v.point, v.position, v.reach_positions);
}
void Fields(auto& v, const RecoveryPlan*, auto each) {
  each(v.versions, v.now_ms, v.horizon_ms, v.runs, v.points, v.origins, v.vehicles, v.families);
}

namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string EncodePlan(const RecoveryPlan& plan) { return EncodeVersion(kVersion, plan); }

absl::StatusOr<RecoveryPlan> DecodePlan(std::string_view bytes) {
  return DecodeVersion<RecoveryPlan>(kVersion, "plan", bytes);
}

}  // namespace tandem::sequencing

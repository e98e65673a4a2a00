#include "sequencing/recovery/encode.h"

#include <cstdint>

#include "sequencing/recovery/archive.h"

namespace tandem::sequencing {

// The fields of each struct, in their order.
void Fields(auto& v, const RecoveryCost*, auto each) {
  each(v.stop_tenths, v.moves, v.transports, v.money);
}
void Fields(auto& v, const UncoveredNeed*, auto each) {
  each(v.vehicle, v.position, v.need_ms, v.late);
}
void Fields(auto& v, const StopAt*, auto each) { each(v.vehicle, v.need_ms); }
void Fields(auto& v, const ProposedRepeg*, auto each) { each(v.part, v.from, v.to, v.alternate); }
void Fields(auto& v, const RackInsert*, auto each) { each(v.vehicle, v.part); }
void Fields(auto& v, const ProposedHole*, auto each) { each(v.slot, v.vehicle, v.reason); }
void Fields(auto& v, const ProposedRack*, auto each) {
  each(v.rack, v.action, v.where, v.pulls, v.inserts, v.holes);
}
void Fields(auto& v, const AlignedRun*, auto each) { each(v.rack, v.slot, v.position, v.count); }
void Fields(auto& v, const RackProof*, auto each) {
  each(v.slots, v.needs, v.pulls, v.skipped, v.kept, v.fewest);
}
void Fields(auto& v, const FamilyProposal*, auto each) {
  each(v.location, v.family, v.uncovered, v.stop_before, v.stop_after, v.repegs, v.racks, v.proof,
       v.fetched, v.built_short, v.surplus, v.completed_by, v.decide_by_ms);
}
void Fields(auto& v, const ExpressPosition*, auto each) {
  each(v.location, v.family, v.vehicle, v.position, v.need_ms, v.arrival);
}
void Fields(auto& v, const ExpressLoad*, auto each) {
  each(v.origin, v.leave_by_ms, v.ready_ms, v.positions);
}
void Fields(auto& v, const ResequencedVehicle*, auto each) {
  each(v.vehicle, v.from, v.to, v.point);
}
void Fields(auto& v, const OptionCost*, auto each) {
  each(v.location, v.family, v.vehicle, v.kind, v.part, v.arrival, v.with, v.more_stop_tenths,
       v.in_use);
}
void Fields(auto& v, const SetCost*, auto each) { each(v.trucks, v.resequenced, v.cost); }
void Fields(auto& v, const DroppedOption*, auto each) {
  each(v.location, v.family, v.vehicle, v.kind, v.reason, v.fence_ms);
}
void Fields(auto& v, const Proposal*, auto each) {
  each(v.cause, v.versions, v.families, v.express, v.resequenced, v.choice, v.do_nothing, v.tried,
       v.not_taken, v.dropped, v.exhaustive);
}

namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string EncodeProposal(const Proposal& proposal) { return EncodeVersion(kVersion, proposal); }

absl::StatusOr<Proposal> DecodeProposal(std::string_view bytes) {
  return DecodeVersion<Proposal>(kVersion, "proposal", bytes);
}

}  // namespace tandem::sequencing

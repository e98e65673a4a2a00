// Proposals and plans as bytes: equal ones are equal bytes, so two who computed one can compare
// hashes.
//
// Stored, never renumbered: what changes gets a new version byte. Version 1: the fields in the
// order of proposal.h and plan.h; numbers as 8 bytes little-endian, flags and enumerations 1 byte,
// texts and lists their length and what is in them, what may be missing a flag before it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sequencing/recovery/plan.h"
#include "sequencing/recovery/proposal.h"

namespace tandem::sequencing {

std::string EncodeProposal(const Proposal& proposal);
// Returns kDataLoss for bytes of another version or that nothing encodes to.
absl::StatusOr<Proposal> DecodeProposal(std::string_view bytes);

// A book is what RecoveryBook::Create makes of its plan.
std::string EncodePlan(const RecoveryPlan& plan);
// As DecodeProposal. What the plan says is Create's to check.
absl::StatusOr<RecoveryPlan> DecodePlan(std::string_view bytes);

}  // namespace tandem::sequencing

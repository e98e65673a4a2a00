// The proposal: what to do about something that happened to the line's supply, and what each choice
// costs in expected seconds of line stop. See README.md for what is exact.
//
//   const auto proposal = Propose(book, {.id = 7, .what = LoadDelayed{.racks = {12},
//                                                                     .ready = arrival}});
//   proposal->choice.StopSeconds();  // proposal->do_nothing.StopSeconds() without it.
#pragma once

#include "absl/status/statusor.h"
#include "sequencing/recovery/book.h"
#include "sequencing/recovery/happening.h"
#include "sequencing/recovery/proposal.h"

namespace tandem::sequencing {

// Nothing is changed: whoever accepts the proposal sends the events that make it true. The choice
// is never worse than doing nothing, and never acts inside of a fence. Errors as FactsOf (facts.h):
// the cause is refused with a reason, and what it names.
absl::StatusOr<Proposal> Propose(const RecoveryBook& book, const Cause& cause);

}  // namespace tandem::sequencing

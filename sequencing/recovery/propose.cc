#include "sequencing/recovery/propose.h"

#include "sequencing/recovery/facts.h"
#include "sequencing/recovery/report.h"
#include "sequencing/recovery/search.h"

namespace tandem::sequencing {

absl::StatusOr<Proposal> Propose(const RecoveryBook& book, const Cause& cause) {
  const auto facts = FactsOf(book, cause.what);
  if (!facts.ok()) return facts.status();
  Proposal proposal = ReportOf(*facts, SearchBest(*facts));
  proposal.cause = cause.id;
  return proposal;
}

}  // namespace tandem::sequencing

#include "sequencing/recovery/propose.h"

#include "sequencing/recovery/facts.h"
#include "sequencing/recovery/report.h"
#include "sequencing/recovery/search.h"

namespace tandem::sequencing {

absl::StatusOr<Proposal> Propose(const RecoveryBook& book, const Cause& cause) {
  const auto facts = FactsOf(book, cause.what);
  if (!facts.ok()) return facts.status();
  const SearchResult result = SearchBest(*facts);
  Proposal proposal = ReportOf(*facts, *result.base, result);
  proposal.cause = cause.id;
  return proposal;
}

}  // namespace tandem::sequencing

#include "services/governance/api_domain.h"

#include <utility>

#include "services/governance/codec.h"
#include "services/governance/model.h"
#include "services/governance/view.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::governance {
namespace {

// The runtime's own facts (audit) concern nobody but the operator.
bool IsOurs(const base::FactRecord& record) { return record.fact.kind >= base::kDomainKindFirst; }

}  // namespace

absl::Status GovernanceDomain::CheckReadable(const base::FactRecord& record) const {
  return DecodeFact(record.fact).status();
}

void GovernanceDomain::Apply(const base::FactRecord& record, base::Rows& rows) const {
  governance::Apply(record, rows);
}

runtime::Audience GovernanceDomain::AudienceOf(const base::FactRecord& record) const {
  runtime::Audience audience;
  if (IsOurs(record)) audience.parties = FirmsOf(record);
  return audience;
}

absl::StatusOr<std::optional<runtime::ViewedFact>> GovernanceDomain::View(
    const base::FactRecord& record, std::string_view viewer, const base::Grants& grants) const {
  if (!IsOurs(record)) return std::nullopt;
  std::optional<SeenFact> seen = SeenBy(record, viewer);
  if (!seen.has_value()) return std::nullopt;
  // That, when and by whom it was ended the parties may always see.
  const bool the_end = record.fact.kind == v1::Fact::kAgreementRevoked;
  if (!the_end && !seen->relation.empty() && base::RetentionEnded(grants, viewer, seen->relation)) {
    return std::nullopt;
  }
  return runtime::ViewedFact{.type_name = std::move(seen->type_name),
                             .payload = std::move(seen->payload),
                             .relation = std::move(seen->relation)};
}

}  // namespace tandem::governance

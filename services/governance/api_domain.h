// Governance as the runtime sees it: how its facts change rows, and which firms see them.
#pragma once

#include "services/runtime/domain.h"

namespace tandem::governance {

// Without state; safe on any thread.
class GovernanceDomain final : public runtime::Domain {
 public:
  base::DomainId id() const override { return base::DomainId::kGovernance; }
  std::uint16_t slots() const override { return 1; }
  absl::Status CheckReadable(const base::FactRecord& record) const override;
  void Apply(const base::FactRecord& record, base::Rows& rows) const override;
  runtime::Audience AudienceOf(const base::FactRecord& record) const override;
  absl::StatusOr<std::optional<runtime::ViewedFact>> View(
      const base::FactRecord& record, std::string_view viewer,
      const base::Grants& grants) const override;
};

}  // namespace tandem::governance

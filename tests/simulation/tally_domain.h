// The smallest domain that shows a lost, doubled or reordered command: a list of what was accepted.
#pragma once

#include <optional>
#include <string>

#include "services/runtime/domain.h"

namespace tandem::simulation {

class TallyDomain final : public runtime::Domain {
 public:
  base::DomainId id() const override { return base::DomainId::kGovernance; }
  std::uint16_t slots() const override { return 1; }
  absl::Status CheckReadable(const base::FactRecord&) const override { return absl::OkStatus(); }
  // A row a fact: its number and payload.
  void Apply(const base::FactRecord& record, base::Rows& rows) const override;
  runtime::Audience AudienceOf(const base::FactRecord&) const override { return {}; }
  absl::StatusOr<std::optional<runtime::ViewedFact>> View(const base::FactRecord&, std::string_view,
                                                          const base::Grants&) const override {
    return std::optional<runtime::ViewedFact>();
  }
};

// Accepts a payload that is not yet in the rows, refuses one that is: so a doubled decision shows.
absl::StatusOr<std::vector<base::Fact>> DecideTally(const base::RowReader& rows,
                                                    const std::string& payload);

}  // namespace tandem::simulation

// Whom a fact of governance concerns, and what of it they see.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/fact.h"

namespace tandem::governance {

// The firms that a fact concerns, ascending: for an agreement its parties, for a suspension the
// firm and its partners, for the rest the firm itself. The fact must be readable.
std::vector<std::string> FirmsOf(const base::FactRecord& record);

// A fact as one of those firms sees it.
struct SeenFact {
  std::string type_name{};  // "tandem.governance.v1.AgreementOffered".
  std::string payload{};
  std::string relation{};  // The agreement's id; "" for what is about a firm.
};
// nullopt for a firm that it does not concern. Agreements are joint records: their parties see them
// whatever is granted, revoked or not; that this ends with the retention is not a view's to know
// (api_domain.h). Nobody sees who else is a suspended firm's partner.
std::optional<SeenFact> SeenBy(const base::FactRecord& record, std::string_view viewer);

}  // namespace tandem::governance

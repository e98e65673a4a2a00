// Whom a fact of forecast concerns, and what of it they see. Joint records: parties keep reading
// them, revoked or not; that this ends with the retention is not a view's to know (api_domain.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/fact.h"

namespace tandem::forecast {

// The firms that a fact concerns: a published version its parties, a staged or dropped one its
// author, a run the firm that asked; a chunk none, since a version's series are read, not followed.
// The fact must be readable.
std::vector<std::string> FirmsOf(const base::FactRecord& record);

// A fact as one of those firms sees it.
struct SeenFact {
  std::string type_name{};  // "tandem.forecast.v1.VersionPublished".
  std::string payload{};
  std::string relation{};
};
// nullopt for any other firm. A basis is cut out: its numbers would tell the volume of what the
// firm may not see (GetVersion gives it sealed).
std::optional<SeenFact> SeenBy(const base::FactRecord& record, std::string_view viewer);

}  // namespace tandem::forecast

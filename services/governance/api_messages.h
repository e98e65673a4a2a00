// Rows as the messages that answers are made of.
#pragma once

#include "services/base/rows.h"
#include "services/governance/model.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::governance {

// The etag of a firm or an agreement.
std::string EtagOf(std::uint64_t revision);

// `with_principals`: for the firm's own eyes.
v1::Firm FirmMessage(const base::RowReader& rows, const Firm& firm, bool with_principals);
v1::Principal PrincipalMessage(const std::string& firm, const Principal& principal);

enum class Items { kWith, kWithout };
// The newest version and the open offer, and the break-glasses that stand now.
v1::Agreement AgreementMessage(const base::RowReader& rows, const Agreement& agreement, Items items,
                               absl::Time now);
v1::BreakGlass BreakGlassMessage(const BreakGlass& glass, absl::Time now);
// An older signed version (1 to agreement.version), without offer and signatures.
v1::Agreement AgreementMessageAsOf(const base::RowReader& rows, const Agreement& agreement,
                                   std::int32_t version);

}  // namespace tandem::governance

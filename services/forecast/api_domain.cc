#include "services/forecast/api_domain.h"

#include <utility>

#include "services/forecast/codec.h"
#include "services/forecast/model.h"
#include "services/forecast/view.h"

namespace tandem::forecast {

absl::Status ForecastDomain::CheckReadable(const base::FactRecord& record) const {
  return DecodeFact(record.fact).status();
}

void ForecastDomain::Apply(const base::FactRecord& record, base::Rows& rows) const {
  forecast::Apply(record, rows);
}

runtime::Audience ForecastDomain::AudienceOf(const base::FactRecord& record) const {
  runtime::Audience audience;
  audience.parties = FirmsOf(record);
  return audience;
}

// Joint records belong to their parties, and staged ones to their author, for as long as the
// agreement's retention says: no grant is asked.
absl::StatusOr<std::optional<runtime::ViewedFact>> ForecastDomain::View(
    const base::FactRecord& record, std::string_view viewer, const base::Grants& grants) const {
  std::optional<SeenFact> seen = SeenBy(record, viewer);
  if (!seen.has_value() || base::RetentionEnded(grants, viewer, seen->relation)) {
    return std::nullopt;
  }
  return runtime::ViewedFact{std::move(seen->type_name), std::move(seen->payload),
                             std::move(seen->relation)};
}

}  // namespace tandem::forecast

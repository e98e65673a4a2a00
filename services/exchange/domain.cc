#include "services/exchange/domain.h"

#include <utility>

#include "services/base/status.h"
#include "services/exchange/model.h"
#include "services/exchange/view.h"

namespace tandem::exchange {

absl::Status ExchangeDomain::CheckReadable(const base::FactRecord& record) const {
  return exchange::CheckReadable(record);
}

void ExchangeDomain::Apply(const base::FactRecord& record, base::Rows& rows) const {
  exchange::Apply(record, rows);
}

runtime::Audience ExchangeDomain::AudienceOf(const base::FactRecord& record) const {
  Touch touch = TouchOf(record);
  return {
      .owner = std::move(touch.owner), .kind = touch.kind, .location = std::move(touch.location)};
}

absl::StatusOr<std::optional<runtime::ViewedFact>> ExchangeDomain::View(
    const base::FactRecord& record, std::string_view viewer, const base::Grants& grants) const {
  TANDEM_ASSIGN_OR_RETURN(std::optional<Seen> seen, ViewOf(record, viewer, grants, registers_));
  if (!seen.has_value()) return std::optional<runtime::ViewedFact>();
  return runtime::ViewedFact{.type_name = std::move(seen->type_name),
                             .payload = std::move(seen->payload)};
}

}  // namespace tandem::exchange

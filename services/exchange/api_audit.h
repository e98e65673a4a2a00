// What the exchange's handlers put into the audit; included by the api's own sources only.
#pragma once

#include <memory>
#include <string>

#include "services/exchange/api.h"
#include "services/runtime/audit.h"

namespace tandem::exchange {

inline runtime::Audit AuditOf(const ExchangeSeams& seams) {
  return {*seams.router, base::DomainId::kExchange};
}

// "firms/shop SALES 2026-01-01..2026-01-31 locations all items i1,i2".
std::string ResourceOf(const v1::ReadSeriesRequest& request);
// "firms/shop/locations/l1 items all".
std::string ResourceOf(const v1::ReadPricesRequest& request);

// `session`, whose refused blocks leave a line each.
std::unique_ptr<IngestSession> AuditedSession(const ExchangeSeams& seams, const Call& call,
                                              std::unique_ptr<IngestSession> session);

}  // namespace tandem::exchange

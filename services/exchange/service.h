// The exchange service over gRPC: one line a method.
#pragma once

#include <memory>

#include "services/exchange/api.h"
#include "services/runtime/door.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tandem::exchange {

// Door and handlers must outlive the service, and the service the server.
std::unique_ptr<grpc::Service> MakeExchangeService(runtime::Door& door, ExchangeApi& api);

}  // namespace tandem::exchange

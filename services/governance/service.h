// The governance service over gRPC: one line a method.
#pragma once

#include <memory>

#include "services/governance/api.h"
#include "services/runtime/door.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tandem::governance {

// Door and handlers must outlive the service, and the service the server.
std::unique_ptr<grpc::Service> MakeGovernanceService(runtime::Door& door, GovernanceApi& api);

}  // namespace tandem::governance

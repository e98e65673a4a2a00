// Governance as other instances of the network follow it, over gRPC: their end is
// runtime/remote_governance.h. Instances alone are let in.
#pragma once

#include <memory>

#include "services/runtime/door.h"
#include "services/runtime/log.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tandem::governance {

// Door and log must outlive the service, and the service the server.
std::unique_ptr<grpc::Service> MakeGovernanceReplicaService(runtime::Door& door, runtime::Log& log);

}  // namespace tandem::governance

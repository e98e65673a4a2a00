// The operator's calls over gRPC: tandem.runtime.v1.OperatorService on the door.
#pragma once

#include <memory>

#include "services/runtime/checkpoints.h"
#include "services/runtime/door.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tandem::runtime {

// Door and checkpoints must outlive the service, and the service the server.
std::unique_ptr<grpc::Service> MakeOperatorService(Door& door, Checkpoints& checkpoints);

}  // namespace tandem::runtime

// The forecast service over gRPC: one line a method.
#pragma once

#include <memory>

#include "services/forecast/api.h"
#include "services/runtime/door.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tandem::forecast {

// Door and handlers must outlive the service, and the service the server.
std::unique_ptr<grpc::Service> MakeForecastService(runtime::Door& door, ForecastApi& api);

}  // namespace tandem::forecast

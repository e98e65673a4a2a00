// The feed over gRPC: tandem.feed.v1.FeedService on the door and the engine of feed.h.
#pragma once

#include <memory>

#include "services/runtime/door.h"
#include "services/runtime/feed.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tandem::runtime {

// Door and feed must outlive the service, and the service the server.
std::unique_ptr<grpc::Service> MakeFeedService(Door& door, Feed& feed);

}  // namespace tandem::runtime

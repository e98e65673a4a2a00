// How an absl::Status crosses the wire: its code and message, and google.rpc.Status with ErrorInfo,
// BadRequest and RetryInfo in the trailer "grpc-status-details-bin", which every gRPC client
// library understands.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace tandem::runtime {

// The domain of every ErrorInfo.
inline constexpr char kErrorDomain[] = "tandem";
// What RetryInfo asks a client to wait after UNAVAILABLE and RESOURCE_EXHAUSTED, at least.
inline constexpr absl::Duration kRetryDelay = absl::Milliseconds(200);

// The wire's form. A refusal (base::Refuse) becomes ErrorInfo with its reason and details, and a
// BadRequest where it names a field. Message and details are cut to what fits in HTTP/2 headers
// (about 4 KiB). What gRPC would read as "no error" stays OK.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The way back, for our own clients: a status from another instance keeps its reason, field and
// details. A reason that this build does not know keeps its code alone.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace tandem::runtime

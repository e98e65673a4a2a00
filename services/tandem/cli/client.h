// One caller's connection to the service: channel, identity, deadlines, retries, positions.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"

namespace tandem::cli {

struct ClientOptions {
  std::string server{"127.0.0.1:7420"};
  std::string cert{};
  std::string key{};
  std::string ca{};
  bool insecure = false;
  std::string as{};  // "FIRM/PRINCIPAL", with `insecure` alone.
  double timeout_seconds = 60.0;
  double retry_seconds = 20.0;  // How long UNAVAILABLE and RESOURCE_EXHAUSTED are tried again.
};

class Backoff;

// Safe on any thread.
class Client {
 public:
  // Reads the certificates. Makes no call: a service that is away shows with the first one.
  // kInvalidArgument / FIELD_MISSING where neither TLS nor --insecure --as is complete.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const ClientOptions& options);

  // Waits until the service can be reached.
  absl::Status WaitUntilReady(absl::Duration timeout);

  // Calls one unary method, again after UNAVAILABLE and RESOURCE_EXHAUSTED (requests carry their
  // request_id, so that a repeat has no second effect). Remembers the answer's position.
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    const std::unique_ptr<Stub> stub = std::make_unique<Stub>(channel_);
    return Retry([&](grpc::ClientContext* context) {
      response->Clear();
      return (stub.get()->*method)(context, request, response);
    });
  }

  // The status of a call that is not tried again. Where gRPC's words are those of a handshake that
  // one side broke off, it says which files to look at.
  absl::Status WithAdvice(const absl::Status& status) const;

  // Waits before a call is tried again; not longer than until a lost connection is there again.
  void WaitToRetry(Backoff& backoff);

  // Puts identity into a context of the caller's own (streams); no deadline.
  void Identify(grpc::ClientContext* context) const;
  // Takes the position out of a finished call's trailers.
  void Remember(const grpc::ClientContext& context);
  // The newest position token that an answer gave; "" before the first.
  std::string position() const;

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // A further connection of the same caller: another socket.
  std::unique_ptr<Client> Another() const;
  // "acme"; "operator" for the operator.
  const std::string& firm() const { return firm_; }
  // "firms/acme".
  std::string firm_name() const { return "firms/" + firm_; }
  const ClientOptions& options() const { return options_; }

 private:
  Client() = default;
  absl::Status Retry(const std::function<grpc::Status(grpc::ClientContext*)>& call);

  ClientOptions options_;
  std::string firm_;
  std::string principal_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::shared_ptr<grpc::Channel> channel_;
  mutable std::mutex mutex_;
  std::string position_;
};

// How a call ended that this program did not cancel. CANCELLED is then the service's, which stops
// while the call runs: kUnavailable, since it may be there again.
absl::Status StatusOfCall(const grpc::Status& status);

// A random UUID for a request_id.
std::string NewRequestId();

// Waits before a retry: 100 ms, doubled each time up to 3 s.
class Backoff {
 public:
  void Wait();
  // How long the wait is that is due now; the next is longer.
  absl::Duration Next();
  void Reset() { next_ = absl::Milliseconds(100); }

 private:
  absl::Duration next_ = absl::Milliseconds(100);
};

}  // namespace tandem::cli

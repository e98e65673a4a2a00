// The gRPC server of one instance: TLS, limits, health, reflection, and its orderly end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

namespace tandem::runtime {

// The most bytes of one message that is received.
inline constexpr int kMessageBytesMax = 16 << 20;

struct TlsFiles {
  std::string certificate{};  // PEM paths, read again when they change.
  std::string key{};
  std::string root_bundle{};  // Whom the handshake lets in; identity.h decides who they are.
};

struct ServerOptions {
  std::string listen{};           // "HOST:PORT"; port 0: any free one.
  std::optional<TlsFiles> tls{};  // Without: in clear, on loopback alone.
};

// "127.0.0.1:7420", "[::1]:7420" or "name:7420" apart. kInvalidArgument / FIELD_OUT_OF_RANGE naming
// `field` for anything else.
struct HostPort {
  std::string host{};
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(std::string_view field, std::string_view text);
// Whether every address that the host has is this machine's loopback.
bool IsLoopback(const std::string& host);

class Server {
 public:
  // Serves the services, grpc.health.v1 and reflection. The services must outlive the server.
  // Errors, each saying what to do: kInvalidArgument / FIELD_OUT_OF_RANGE for a listen address that
  // is none, or not loopback where there is no TLS; kUnavailable / NOT_SERVING for a port that is
  // taken or not allowed; kFailedPrecondition for certificate files that cannot be read.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<grpc::Service*>& services);
  ~Server();
  int port() const;

  // Tells health NOT_SERVING, takes no new calls, waits for those that are in flight, and cancels
  // what is left after the grace. Once; returns when no call is left.
  void Shutdown(absl::Duration grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A channel to another instance of the network: in clear without `tls`, else with this instance's
// own certificate, and the server's verified by `root_bundle`. Messages up to kMessageBytesMax; it
// reconnects by itself within a second.
std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address,
                                         const std::optional<TlsFiles>& tls);

// Writes the file whole or not at all: a reader sees the old bytes or the new ones.
absl::Status WriteFileWhole(const std::string& path, std::string_view bytes);
// kFailedPrecondition naming the path if it cannot be read.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace tandem::runtime

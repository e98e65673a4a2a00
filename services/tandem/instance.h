// One instance of the network in one process: storage, the services asked for, their gRPC server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/tandem/config.h"

namespace tandem::program {

class Instance {
 public:
  // Opens the data folder, replays what its rows lack, and serves. Errors say what to do:
  // kFailedPrecondition for a folder in use or unreadable certificates, kUnavailable for a port
  // that is taken, kDataLoss for damaged bytes, kInvalidArgument naming a setting.
  static absl::StatusOr<std::unique_ptr<Instance>> Start(const Config& config);
  // Stops if Stop was not called.
  ~Instance();

  int port() const;
  // "serving governance, exchange, forecast on 127.0.0.1:7420"
  std::string ready_line() const;

  // Orderly: no new calls, feeds closed, what is in flight answered (for at most the configured
  // drain), slots drained, store closed. Once.
  void Stop();

 private:
  struct Impl;
  explicit Instance(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::program

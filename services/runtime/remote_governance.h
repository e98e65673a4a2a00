// Governance in another process, as the grants replica reaches it: GovernanceReplicaService over
// gRPC. What breaks is begun again where it broke, so the replica sees every group once, in order.
#pragma once

#include <memory>
#include <string>

#include "services/runtime/grants.h"
#include "services/runtime/seams.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tandem::runtime {

class RemoteGovernance final : public GovernanceSource {
 public:
  // `instance` names this instance where the channel has no TLS; "" with TLS, where the certificate
  // does. The executor must outlive it; it drops what is later on its shutdown.
  RemoteGovernance(std::shared_ptr<grpc::Channel> channel, std::string instance,
                   Executor& executor);
  ~RemoteGovernance() override;
  // Asks once, for at most 500 ms: an older answer would hold nothing.
  void AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) override;
  // Reconnects 100 ms after a break. A group that cannot be read is a break.
  std::unique_ptr<LogFollower> Follow(std::uint64_t from, Log::OnGroup on_group) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::runtime

// Governance as an instance on another node reaches it: questions and groups as messages that may
// be lost, late or doubled.
#pragma once

#include <functional>
#include <memory>

#include "services/runtime/grants.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

class RemoteGovernance final : public runtime::GovernanceSource {
 public:
  // `log` gives the governing instance's log, or null while it is down.
  RemoteGovernance(Network& network, Node& own, Node& governing,
                   std::function<runtime::Log*()> log);

  void AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) override;
  std::unique_ptr<runtime::LogFollower> Follow(std::uint64_t from,
                                               runtime::Log::OnGroup on_group) override;

 private:
  struct Wire {
    Network* network = nullptr;
    Node* own = nullptr;
    Node* governing = nullptr;
    std::function<runtime::Log*()> log{};
  };
  class Follower;
  std::shared_ptr<Wire> wire_;
};

}  // namespace tandem::simulation

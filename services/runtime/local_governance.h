// Governance in the same process, as the grants replica reaches it: straight from the log.
#pragma once

#include <memory>

#include "services/runtime/grants.h"
#include "services/runtime/log.h"

namespace tandem::runtime {

class LocalGovernance final : public GovernanceSource {
 public:
  // The log must outlive it. Governance has one slot.
  explicit LocalGovernance(Log& log) : log_(&log) {}
  // Answers inside the call: the number of the last fact that is durable, which no revocation that
  // was answered to its caller is above.
  void AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) override;
  std::unique_ptr<LogFollower> Follow(std::uint64_t from, Log::OnGroup on_group) override;

 private:
  Log* log_;
};

}  // namespace tandem::runtime

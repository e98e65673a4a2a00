#include "services/runtime/local_governance.h"

#include <utility>

namespace tandem::runtime {
namespace {

constexpr base::SlotId kGovernanceSlot{.domain = base::DomainId::kGovernance, .index = 0};

}  // namespace

void LocalGovernance::AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) {
  const absl::StatusOr<SlotTail> tail = log_->Last(kGovernanceSlot);
  if (!tail.ok()) return done(tail.status());
  done(tail->last_number);
}

std::unique_ptr<LogFollower> LocalGovernance::Follow(std::uint64_t from, Log::OnGroup on_group) {
  return log_->Follow(kGovernanceSlot, from, std::move(on_group));
}

}  // namespace tandem::runtime

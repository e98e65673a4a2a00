#include "tests/simulation/remote_governance.h"

#include <utility>
#include <vector>

namespace tandem::simulation {
namespace {

constexpr base::SlotId kGovernance{.domain = base::DomainId::kGovernance, .index = 0};
constexpr absl::Duration kAskAgain = absl::Milliseconds(50);

}  // namespace

// Asks for what comes next until it is destroyed; takes only the group that follows the last one.
class RemoteGovernance::Follower final : public runtime::LogFollower {
 public:
  Follower(std::shared_ptr<Wire> wire, std::uint64_t from, runtime::Log::OnGroup on_group)
      : wire_(std::move(wire)), next_(from), on_group_(std::move(on_group)) {
    Ask(self_);
  }
  ~Follower() override { *self_ = nullptr; }

 private:
  using Groups = std::vector<std::shared_ptr<const runtime::Group>>;

  static void Ask(const std::shared_ptr<Follower*>& self) {
    Wire& wire = *(*self)->wire_;
    const std::uint64_t from = (*self)->next_;
    wire.network->Send(*wire.governing,
                       [self, wire = (*self)->wire_, from, life = wire.own->life()] {
                         runtime::Log* log = wire->log();
                         if (log == nullptr) return;
                         absl::StatusOr<Groups> groups = log->Read(kGovernance, from, 1 << 20);
                         if (!groups.ok() || groups->empty()) return;
                         wire->network->Answer(*wire->own, life, [self, groups = *groups] {
                           if (*self != nullptr) (*self)->Take(groups);
                         });
                       });
    wire.own->RunAfter(kAskAgain, [self] {
      if (*self != nullptr) Ask(self);
    });
  }

  void Take(const Groups& groups) {
    for (const auto& group : groups) {
      if (group->last_number() < next_ || group->header.first_number > next_) continue;
      next_ = group->last_number() + 1;
      on_group_(group);
    }
  }

  std::shared_ptr<Wire> wire_;
  std::uint64_t next_;
  runtime::Log::OnGroup on_group_;
  std::shared_ptr<Follower*> self_ = std::make_shared<Follower*>(this);
};

RemoteGovernance::RemoteGovernance(Network& network, Node& own, Node& governing,
                                   std::function<runtime::Log*()> log)
    : wire_(std::make_shared<Wire>()) {
  *wire_ = {.network = &network, .own = &own, .governing = &governing, .log = std::move(log)};
}

void RemoteGovernance::AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) {
  // A repeated message must not answer twice.
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)>;
  const auto once = std::make_shared<Done>(std::move(done));
  wire_->network->Send(*wire_->governing, [wire = wire_, once, life = wire_->own->life()] {
    runtime::Log* log = wire->log();
    if (log == nullptr) return;
    const absl::StatusOr<runtime::SlotTail> tail = log->Last(kGovernance);
    if (!tail.ok()) return;
    wire->network->Answer(*wire->own, life, [once, number = tail->last_number] {
      if (Done answer = std::exchange(*once, nullptr); answer) answer(number);
    });
  });
}

std::unique_ptr<runtime::LogFollower> RemoteGovernance::Follow(std::uint64_t from,
                                                               runtime::Log::OnGroup on_group) {
  return std::make_unique<Follower>(wire_, from, std::move(on_group));
}

}  // namespace tandem::simulation

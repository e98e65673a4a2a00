#include "services/runtime/slot_queue.h"

#include <utility>

#include "services/base/reason.h"

namespace tandem::runtime {

absl::Status FairQueue::Room(const Command& command) const {
  if (count_ >= options_.queue_commands_max) {
    return base::Refuse(base::Reason::kQueueFull, "the slot's queue is full",
                        {{"commands_max", options_.queue_commands_max}});
  }
  if (count_ > 0 && bytes_ + command.byte_size > options_.queue_bytes_max) {
    return base::Refuse(base::Reason::kQueueFull, "the slot's queue is full",
                        {{"bytes_max", options_.queue_bytes_max}});
  }
  const auto firm = firms_.find(command.caller.firm);
  if (firm != firms_.end() && firm->second.size() >= options_.queue_commands_firm_max) {
    return base::Refuse(base::Reason::kQueueFull, "the firm's share of the slot's queue is full",
                        {{"commands_firm_max", options_.queue_commands_firm_max}});
  }
  return absl::OkStatus();
}

void FairQueue::Push(QueuedCommand queued) {
  ++count_;
  bytes_ += queued.command.byte_size;
  const auto [firm, is_new] = firms_.try_emplace(queued.command.caller.firm);
  if (is_new) turns_.push_back(firm);
  firm->second.push_back(std::move(queued));
}

QueuedCommand FairQueue::Pop() {
  const auto firm = turns_.front();
  turns_.pop_front();
  QueuedCommand queued = std::move(firm->second.front());
  firm->second.pop_front();
  if (firm->second.empty()) {
    firms_.erase(firm);
  } else {
    turns_.push_back(firm);
  }
  --count_;
  bytes_ -= queued.command.byte_size;
  return queued;
}

std::vector<QueuedCommand> FairQueue::TakeExpired(absl::Time now) {
  std::vector<QueuedCommand> expired;
  std::vector<QueuedCommand> kept;
  while (!empty()) {
    QueuedCommand queued = Pop();
    const bool late = queued.command.deadline < now || now == absl::InfiniteFuture();
    (late ? expired : kept).push_back(std::move(queued));
  }
  for (QueuedCommand& queued : kept) Push(std::move(queued));
  return expired;
}

}  // namespace tandem::runtime

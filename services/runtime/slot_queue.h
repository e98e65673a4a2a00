// A slot's queue: first come first served within a firm, the firms in turn, so that none waits for
// another's backlog (design, section 5).
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "services/runtime/slot.h"

namespace tandem::runtime {

struct QueuedCommand {
  Command command{};
  SubmitDone done{};
};

// One thread at a time.
class FairQueue {
 public:
  explicit FairQueue(const SlotOptions& options) : options_(options) {}
  // OK if there is room for the command; kResourceExhausted / QUEUE_FULL otherwise.
  absl::Status Room(const Command& command) const;
  // Asks for no room.
  void Push(QueuedCommand queued);
  // The next command of the firm whose turn it is; the queue must not be empty.
  QueuedCommand Pop();
  // Takes out every command whose deadline is before `now`.
  std::vector<QueuedCommand> TakeExpired(absl::Time now);
  std::vector<QueuedCommand> TakeAll() { return TakeExpired(absl::InfiniteFuture()); }
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

 private:
  using Firms = std::map<std::string, std::deque<QueuedCommand>, std::less<>>;

  const SlotOptions& options_;
  Firms firms_;
  std::deque<Firms::iterator> turns_;  // Each firm that has commands, once.
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tandem::runtime

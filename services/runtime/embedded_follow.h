// How a follower of the embedded log gets every group once: what is stored is read, what comes is
// handed over while it is still in memory, and a follower that falls behind reads again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/runtime/log.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

// A group that was just committed, decoded once for all followers, by the first that looks.
class LiveGroup {
 public:
  LiveGroup(std::string bytes, const GroupHeader& header)
      : first_(header.first_number),
        last_(header.first_number + header.count - 1),
        bytes_(std::move(bytes)) {}
  std::uint64_t first_number() const { return first_; }
  std::uint64_t last_number() const { return last_; }
  std::size_t byte_size() const { return bytes_.size(); }
  // The group; a bug of ours if it cannot be read, since it was just written.
  std::shared_ptr<const Group> Get();

 private:
  const std::uint64_t first_;
  const std::uint64_t last_;
  const std::string bytes_;
  std::mutex mutex_;
  std::shared_ptr<const Group> group_;
};

// One follower's place. Offer comes from the committer; the callback runs on the executor, or, a
// brief one for a small group that comes right after what it had, on the committer's thread.
class FollowPump : public std::enable_shared_from_this<FollowPump> {
 public:
  // Reads stored groups from a number on, as Log::Read.
  using ReadFunction =
      std::function<absl::StatusOr<std::vector<std::shared_ptr<const Group>>>(std::uint64_t from)>;

  struct Start {
    std::uint64_t from = 1;
    bool brief = false;  // As of Log::FollowBriefly.
  };
  FollowPump(Executor& executor, Start start, ReadFunction read, Log::OnGroup on_group);
  bool brief() const { return brief_; }
  // Everything up to `last_number` is durable; `live` (may be null) is the last group of it.
  // True if the caller is now to have Pump run.
  [[nodiscard]] bool Offer(std::shared_ptr<LiveGroup> live, std::uint64_t last_number);
  // Delivers what is durable, a while; then posts itself again.
  void Pump();
  // No callback runs or will run once it returns.
  void Close();

 private:
  using Groups = std::vector<std::shared_ptr<const Group>>;

  // What is to be delivered next; empty at the end of what is durable. Called without the lock.
  absl::StatusOr<Groups> Next();
  // False once closed.
  bool Deliver(const std::shared_ptr<const Group>& group);

  Executor& executor_;
  const bool brief_;
  const ReadFunction read_;
  std::mutex mutex_;
  std::condition_variable idle_;
  bool closed_ = false;
  bool scheduled_ = false;  // A task of ours is queued or runs.
  bool calling_ = false;
  std::uint64_t next_;  // Number wanted next.
  std::uint64_t durable_ = 0;
  std::deque<std::shared_ptr<LiveGroup>> live_;
  std::size_t live_bytes_ = 0;
  Log::OnGroup on_group_;  // Touched by the one task alone.
};

}  // namespace tandem::runtime

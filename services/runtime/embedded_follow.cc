#include "services/runtime/embedded_follow.h"

#include <algorithm>
#include <utility>

#include "services/base/bug.h"

namespace tandem::runtime {
namespace {

// What waits in memory for one follower; behind that, it reads the store.
constexpr std::size_t kLiveBytesMax = std::size_t{4} << 20;
constexpr std::size_t kLiveGroupsMax = 256;
// Deliveries of one task, so that no follower keeps a thread for itself.
constexpr int kDeliveriesATask = 32;

}  // namespace

std::shared_ptr<const Group> LiveGroup::Get() {
  const std::lock_guard lock(mutex_);
  if (group_ == nullptr) {
    absl::StatusOr<Group> group = DecodeGroup(bytes_);
    if (!group.ok()) base::Bug("a group that was just committed cannot be read");
    group_ = std::make_shared<const Group>(*std::move(group));
  }
  return group_;
}

FollowPump::FollowPump(Executor& executor, Start start, ReadFunction read, Log::OnGroup on_group)
    : executor_(executor),
      brief_(start.brief),
      read_(std::move(read)),
      next_(std::max<std::uint64_t>(start.from, 1)),
      on_group_(std::move(on_group)) {}

bool FollowPump::Offer(std::shared_ptr<LiveGroup> live, std::uint64_t last_number) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  durable_ = std::max(durable_, last_number);
  if (live != nullptr) {
    live_bytes_ += live->byte_size();
    live_.push_back(std::move(live));
    if (live_bytes_ > kLiveBytesMax || live_.size() > kLiveGroupsMax) {
      live_.clear();
      live_bytes_ = 0;
    }
  }
  if (scheduled_ || next_ > durable_) return false;
  scheduled_ = true;
  return true;
}

absl::StatusOr<FollowPump::Groups> FollowPump::Next() {
  std::shared_ptr<LiveGroup> live;
  std::uint64_t from = 0;
  {
    const std::lock_guard lock(mutex_);
    while (!live_.empty() && live_.front()->last_number() < next_) {
      live_bytes_ -= live_.front()->byte_size();
      live_.pop_front();
    }
    if (closed_ || next_ > durable_) {
      scheduled_ = false;
      return Groups{};
    }
    from = next_;
    if (!live_.empty() && live_.front()->first_number() <= from) live = live_.front();
  }
  if (live == nullptr) return read_(from);
  return Groups{live->Get()};
}

bool FollowPump::Deliver(const std::shared_ptr<const Group>& group) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    calling_ = true;
  }
  on_group_(group);
  const std::lock_guard lock(mutex_);
  calling_ = false;
  next_ = group->last_number() + 1;
  idle_.notify_all();
  return !closed_;
}

void FollowPump::Pump() {
  for (int i = 0; i < kDeliveriesATask;) {
    const absl::StatusOr<Groups> groups = Next();
    if (!groups.ok()) {  // The reader has kept the error for Last.
      const std::lock_guard lock(mutex_);
      closed_ = true;
      return;
    }
    for (const auto& group : *groups) {
      ++i;
      if (!Deliver(group)) return;
    }
    const std::lock_guard lock(mutex_);
    if (!scheduled_) return;
  }
  executor_.Run([self = shared_from_this()] { self->Pump(); });
}

void FollowPump::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  live_.clear();
  idle_.wait(lock, [this] { return !calling_; });
}

}  // namespace tandem::runtime

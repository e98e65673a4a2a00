#include "tests/simulation/world.h"

#include <algorithm>
#include <utility>

namespace tandem::simulation {
namespace {

// The world begins on a Monday morning, so that days and weeks are as in trade.
absl::Time Beginning() { return absl::FromUnixSeconds(1'767'600'000); }

}  // namespace

std::uint64_t SeededRandom::Next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

absl::Duration SeededRandom::Between(absl::Duration low, absl::Duration high) {
  const auto span = static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(high - low));
  return low + absl::Nanoseconds(static_cast<std::int64_t>(Below(span + 1)));
}

void World::After(absl::Duration delay, runtime::Task task) {
  events_.push({.at = now_ + std::max(delay, absl::ZeroDuration()),
                .order = order_++,
                .task = std::make_shared<runtime::Task>(std::move(task))});
}

bool World::Step() {
  if (events_.empty()) return false;
  const Event event = events_.top();
  events_.pop();
  now_ = event.at;
  digest_ = (digest_ ^ event.order ^ static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(now_))) *
            0x100000001b3;
  (*event.task)();
  return true;
}

void World::RunFor(absl::Duration span) {
  const absl::Duration end = now_ + span;
  while (!events_.empty() && events_.top().at <= end) Step();
  now_ = std::max(now_, end);
}

void Node::Run(runtime::Task task) {
  // A few microseconds, at random: tasks handed to an executor run in no promised order.
  RunAfter(world_->random().Between(absl::Nanoseconds(100), absl::Microseconds(20)),
           std::move(task));
}

void Node::RunAfter(absl::Duration delay, runtime::Task task) {
  Schedule(delay, epoch_, std::make_shared<runtime::Task>(std::move(task)));
}

void Node::Schedule(absl::Duration delay, std::uint64_t epoch,
                    std::shared_ptr<runtime::Task> task) {
  world_->After(delay, [this, epoch, task = std::move(task)]() mutable {
    if (epoch != epoch_) return;
    if (world_->now() < paused_until_) {
      Schedule(paused_until_ - world_->now(), epoch, std::move(task));
      return;
    }
    (*task)();
  });
}

absl::Time Node::Now() const { return Beginning() + world_->now() + wall_offset_; }

void Node::Crash() { ++epoch_; }

void Node::Pause(absl::Duration span) {
  paused_until_ = std::max(paused_until_, world_->now() + span);
}

void Network::Send(Node& to, std::function<void()> deliver) {
  SeededRandom& random = world_->random();
  const auto once = [&] {
    const absl::Duration delay = random.OneIn(faults_.slow_one_in)
                                     ? random.Between(absl::ZeroDuration(), faults_.slow_max)
                                     : random.Between(absl::Microseconds(50), faults_.delay_max);
    to.RunAfter(delay, deliver);
  };
  if (!random.OneIn(faults_.drop_one_in)) once();
  if (random.OneIn(faults_.repeat_one_in)) once();
}

void Network::Answer(Node& to, std::uint64_t life, std::function<void()> deliver) {
  if (to.life() == life) Send(to, std::move(deliver));
}

}  // namespace tandem::simulation

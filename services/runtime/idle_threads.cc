#include "services/runtime/idle_threads.h"

#include <utility>

namespace tandem::runtime {

void IdleThreads::Wait(std::unique_lock<std::mutex>& lock, std::optional<SteadyTime> until) {
  if (free_.empty()) free_.push_back(&seats_.emplace_back());
  std::condition_variable* const seat = free_.back();
  free_.pop_back();
  idle_.push_back(seat);
  if (until.has_value()) {
    seat->wait_until(lock, *until);
  } else {
    seat->wait(lock);
  }
  if (std::erase(idle_, seat) == 0) told_ = false;  // It was told, and is here.
  free_.push_back(seat);
}

std::condition_variable* IdleThreads::Tell() {
  if (idle_.empty() || std::exchange(told_, true)) return nullptr;
  std::condition_variable* const seat = idle_.back();
  idle_.pop_back();
  return seat;
}

std::condition_variable* IdleThreads::Longest() { return idle_.empty() ? nullptr : idle_.front(); }

void IdleThreads::WakeAll() {
  for (std::condition_variable& seat : seats_) seat.notify_all();
}

}  // namespace tandem::runtime

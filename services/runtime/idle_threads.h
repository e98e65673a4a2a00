// Threads that have nothing to do, for what hands out work to its own threads. Internal to the
// runtime. Who fell idle last is woken first: its caches are warm and it sits where it last ran,
// while a condition variable shared by all would wake who has slept longest, and every piece of
// work would begin cold.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace tandem::runtime {

// All but waking is done under the owner's lock, the one that Wait is given.
class IdleThreads {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // The calling thread waits, with the lock let go, until it is woken or `until` has come; it may
  // return for no reason at all.
  void Wait(std::unique_lock<std::mutex>& lock, std::optional<SteadyTime> until = std::nullopt);
  // Whom to wake for a piece of work; null where nobody is idle or one is on its way already, who
  // then tells the next: so a burst of work costs one call of the system, not one each. The caller
  // wakes it by notify_one, best with the lock let go, which the woken thread would only wait for.
  [[nodiscard]] std::condition_variable* Tell();
  // Who has slept longest, to look at the clock again; null where nobody is idle. It stays among
  // those that Tell chooses from.
  [[nodiscard]] std::condition_variable* Longest();
  void WakeAll();

 private:
  // Kept until the end: a late waking finds a seat that another may sit on, who looks and waits on.
  std::deque<std::condition_variable> seats_;
  std::vector<std::condition_variable*> free_;
  std::vector<std::condition_variable*> idle_;  // By when they fell idle; without who was told.
  bool told_ = false;                           // One has been told and is not there yet.
};

}  // namespace tandem::runtime

#include "services/runtime/executor.h"

#include <openssl/rand.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "services/base/bug.h"
#include "services/runtime/idle_threads.h"

namespace tandem::runtime {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Makes the calling thread nicer. On Linux each thread has a niceness of its own. Where it is
// refused the thread works on as it is: it is a courtesy.
void YieldTo(int niceness) {
  if (niceness == 0) return;
  const int now = getpriority(PRIO_PROCESS, 0);
  (void)setpriority(PRIO_PROCESS, 0, now + niceness);
}

}  // namespace

absl::Time SystemClock::Now() const { return absl::Now(); }

absl::Duration SystemClock::Monotonic() const {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

std::uint64_t SystemRandom::Next() {
  // A draw costs as much for one number as for many, and every call through the door takes some.
  thread_local std::array<std::uint64_t, 64> drawn{};
  thread_local std::size_t left = 0;
  if (left == 0) {
    const int good = RAND_bytes(reinterpret_cast<unsigned char*>(drawn.data()), sizeof drawn);
    base::Require(good == 1, "the system's random source gives nothing");
    left = drawn.size();
  }
  // What is given out is not kept.
  return std::exchange(drawn[--left], 0);
}

struct ThreadExecutor::Impl {
  std::mutex mutex;
  IdleThreads idle;  // They wait for a task or a timer.
  bool stopping = false;
  std::deque<Task> ready;
  std::multimap<SteadyTime, Task> timers;  // Equal times in the order they came.
  std::vector<std::thread> threads;

  void Work();
  // Moves what is due from the timers to the queue.
  void Ripen();
  void WaitForWork(std::unique_lock<std::mutex>& lock);
};

void ThreadExecutor::Impl::Ripen() {
  if (timers.empty()) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!timers.empty() && timers.begin()->first <= now) {
    ready.push_back(std::move(timers.begin()->second));
    timers.erase(timers.begin());
  }
}

void ThreadExecutor::Impl::WaitForWork(std::unique_lock<std::mutex>& lock) {
  if (timers.empty()) return idle.Wait(lock);
  idle.Wait(lock, timers.begin()->first);
}

void ThreadExecutor::Impl::Work() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    Ripen();
    if (ready.empty()) {
      WaitForWork(lock);
      continue;
    }
    Task task = std::move(ready.front());
    ready.pop_front();
    std::condition_variable* const next = ready.empty() ? nullptr : idle.Tell();
    lock.unlock();
    if (next != nullptr) next->notify_one();
    task();
    task = nullptr;  // What it holds may take locks when it goes: not under ours.
    lock.lock();
  }
}

ThreadExecutor::ThreadExecutor(int threads, int niceness) : impl_(std::make_unique<Impl>()) {
  base::Require(threads >= 1, "an executor has at least one thread");
  for (int i = 0; i < threads; ++i) {
    impl_->threads.emplace_back([this, niceness] {
      YieldTo(niceness);
      impl_->Work();
    });
  }
}

ThreadExecutor::~ThreadExecutor() { Shutdown(); }

void ThreadExecutor::Run(Task task) {
  std::unique_lock lock(impl_->mutex);
  if (impl_->stopping) return;
  impl_->ready.push_back(std::move(task));
  std::condition_variable* const next = impl_->idle.Tell();
  lock.unlock();
  if (next != nullptr) next->notify_one();
}

void ThreadExecutor::RunAfter(absl::Duration delay, Task task) {
  if (delay <= absl::ZeroDuration()) return Run(std::move(task));
  if (delay == absl::InfiniteDuration()) return;
  // Beyond a century the clock's arithmetic would overflow; nothing of ours lives that long.
  const SteadyTime due = std::chrono::steady_clock::now() +
                         absl::ToChronoNanoseconds(std::min(delay, absl::Hours(24 * 36'525)));
  std::unique_lock lock(impl_->mutex);
  if (impl_->stopping) return;
  const auto timer = impl_->timers.emplace(due, std::move(task));
  // Only a new first timer shortens what the threads wait for. Who is told next takes a task, so
  // the clock is watched by who is told last.
  std::condition_variable* const watcher =
      timer == impl_->timers.begin() ? impl_->idle.Longest() : nullptr;
  lock.unlock();
  if (watcher != nullptr) watcher->notify_one();
}

void ThreadExecutor::Shutdown() {
  std::deque<Task> ready;
  std::multimap<SteadyTime, Task> timers;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    ready.swap(impl_->ready);
    timers.swap(impl_->timers);
    impl_->idle.WakeAll();
  }
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace tandem::runtime

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
  std::condition_variable changed;
  bool stopping = false;
  std::size_t idle = 0;  // Threads that wait for a task or a timer.
  // One of them has been told and is not there yet. It tells the next if there is more than it can
  // take: so a burst of tasks costs one call of the system, not one each.
  bool told = false;
  std::deque<Task> ready;
  std::multimap<SteadyTime, Task> timers;  // Equal times in the order they came.
  std::vector<std::thread> threads;

  void Work();
  // Moves what is due from the timers to the queue.
  void Ripen();
  void WaitForWork(std::unique_lock<std::mutex>& lock);
  // Whether a thread is to be woken: there is an idle one, and none on its way. The caller wakes it
  // once it has let go of the lock, which the woken thread would only wait for.
  bool MustTell() { return idle > 0 && !std::exchange(told, true); }
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
  ++idle;
  if (timers.empty()) {
    changed.wait(lock);
  } else {
    const SteadyTime due = timers.begin()->first;  // By value: the timer may go while we wait.
    changed.wait_until(lock, due);
  }
  --idle;
  told = false;
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
    const bool tell = !ready.empty() && MustTell();
    lock.unlock();
    if (tell) changed.notify_one();
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
  const bool tell = impl_->MustTell();
  lock.unlock();
  if (tell) impl_->changed.notify_one();
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
  // Only a new first timer shortens what the threads wait for.
  // Whoever was told may take a task, so another has to watch the clock.
  const bool tell = timer == impl_->timers.begin() && impl_->idle > 0;
  lock.unlock();
  if (tell) impl_->changed.notify_one();
}

void ThreadExecutor::Shutdown() {
  std::deque<Task> ready;
  std::multimap<SteadyTime, Task> timers;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    ready.swap(impl_->ready);
    timers.swap(impl_->timers);
    impl_->changed.notify_all();
  }
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace tandem::runtime

// Time and later, under a test's control: a clock that stands until it is moved, and an executor
// that runs what is due, in order, on the thread that moves it.
//
//   FakeClock clock;
//   ManualExecutor executor(clock);
//   executor.RunAfter(absl::Milliseconds(200), task);
//   executor.Advance(absl::Seconds(1));  // Runs `task` at 200 ms, and what it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "services/runtime/seams.h"

namespace tandem::testing {

// Safe on any thread.
class FakeClock final : public runtime::Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'800'000'000)) : now_(start) {}
  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  absl::Duration Monotonic() const override {
    const std::lock_guard lock(mutex_);
    return monotonic_;
  }
  // Moves both clocks on. Tasks of an executor do not run by this: see ManualExecutor::Advance.
  void Advance(absl::Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
    monotonic_ += duration;
  }
  // Sets the wall clock, back too, as an administrator might; the monotonic clock goes on.
  void SetNow(absl::Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_;
  absl::Duration monotonic_ = absl::Seconds(1'000);
};

// Tasks may be given from any thread; they run on the thread that calls the methods below, one at a
// time, without a lock held. Tasks that never ran are dropped at the end.
class ManualExecutor final : public runtime::Executor {
 public:
  // The clock must outlive the executor.
  explicit ManualExecutor(FakeClock& clock) : clock_(&clock) {}
  void Run(runtime::Task task) override { RunAfter(absl::ZeroDuration(), std::move(task)); }
  void RunAfter(absl::Duration delay, runtime::Task task) override {
    const std::lock_guard lock(mutex_);
    tasks_.emplace(std::pair(clock_->Monotonic() + delay, next_++), std::move(task));
  }

  // Runs what is due now, and what that makes due, until nothing is. Returns how many ran.
  std::size_t RunDue() {
    std::size_t count = 0;
    for (runtime::Task task; (task = TakeDue()) != nullptr; ++count) task();
    return count;
  }
  // Moves the clock on by `duration`, stopping at every task that comes due on the way to run it.
  void Advance(absl::Duration duration) {
    const absl::Duration end = clock_->Monotonic() + duration;
    RunDue();
    for (absl::Duration due = NextDue(); due <= end; due = NextDue()) {
      clock_->Advance(due - clock_->Monotonic());
      RunDue();
    }
    clock_->Advance(end - clock_->Monotonic());
  }
  std::size_t pending() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
  }

 private:
  runtime::Task TakeDue() {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty() || tasks_.begin()->first.first > clock_->Monotonic()) return nullptr;
    return std::move(tasks_.extract(tasks_.begin()).mapped());
  }
  absl::Duration NextDue() const {
    const std::lock_guard lock(mutex_);
    return tasks_.empty() ? absl::InfiniteDuration() : tasks_.begin()->first.first;
  }

  FakeClock* clock_;
  mutable std::mutex mutex_;
  std::uint64_t next_ = 0;  // Tasks due at one instant run in the order they came.
  std::map<std::pair<absl::Duration, std::uint64_t>, runtime::Task> tasks_;
};

}  // namespace tandem::testing

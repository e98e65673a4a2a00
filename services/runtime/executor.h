// Time, chance and threads as the operating system has them: what the server runs on. Tests and the
// simulator have their own (tests/support/fake_time.h, tests/simulation).
#pragma once

#include <cstdint>
#include <memory>

#include "services/runtime/seams.h"

namespace tandem::runtime {

// The system's clocks. Safe on any thread.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
};

// The system's cryptographic random source. Safe on any thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t Next() override;
};

// A fixed number of threads over one queue and one heap of timers.
class ThreadExecutor final : public Executor {
 public:
  // `threads` is at least 1. With one thread, tasks run one at a time in the order they came.
  // `niceness` is added to the process' own: with 10, say, its threads get what processor time the
  // others leave, and a little where they leave none.
  explicit ThreadExecutor(int threads, int niceness = 0);
  ~ThreadExecutor() override;
  void Run(Task task) override;
  void RunAfter(absl::Duration delay, Task task) override;
  // Lets running tasks end, drops all others and joins the threads. Must not be called from a task;
  // may be called again.
  void Shutdown();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime

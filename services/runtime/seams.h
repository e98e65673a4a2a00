// The world as the code below the gRPC shell sees it: time, chance and later. Nothing else starts a
// thread, sleeps or reads a clock, so that all services run in one process under a seeded
// simulator.
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace tandem::runtime {

class Clock {
 public:
  virtual ~Clock() = default;
  // The wall clock, UTC. It may be set back: who needs order takes max(Now(), last + 1 ns).
  virtual absl::Time Now() const = 0;
  // Time since some fixed instant; never runs backwards. For leases and timeouts.
  virtual absl::Duration Monotonic() const = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t Next() = 0;
};

using Task = absl::AnyInvocable<void()>;

// Runs tasks later. Tasks may run on several threads at once unless an implementation says
// otherwise. A task never waits. After the executor's shutdown tasks are dropped, not run.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Run(Task task) = 0;
  virtual void RunAfter(absl::Duration delay, Task task) = 0;
};

}  // namespace tandem::runtime

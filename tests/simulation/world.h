// A seeded world: one clock, one queue of events, and nodes that run on it, pause and crash. The
// same seed gives the same run, step for step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/runtime/seams.h"

namespace tandem::simulation {

// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to choose faults by.
class SeededRandom final : public runtime::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() override;
  // In [0, bound).
  std::uint64_t Below(std::uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }
  // True once in `n` times on average; never for 0.
  bool OneIn(std::uint64_t n) { return n != 0 && Below(n) == 0; }
  absl::Duration Between(absl::Duration low, absl::Duration high);

 private:
  std::uint64_t state_;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  SeededRandom& random() { return random_; }
  absl::Duration now() const { return now_; }
  // Runs `task` after the delay; events of the same instant run in the order they were made.
  void After(absl::Duration delay, runtime::Task task);
  // Runs events until `span` of simulated time is over or `stop` says so.
  void RunFor(absl::Duration span);
  // Runs the next event; false if there is none.
  bool Step();
  // Holds it for longer than every event: what a crash left in them refers to it.
  void Keep(std::shared_ptr<void> thing) { kept_.push_back(std::move(thing)); }
  // A hash of every step so far: two runs of one seed must agree.
  std::uint64_t digest() const { return digest_; }

 private:
  struct Event {
    absl::Duration at{};
    std::uint64_t order = 0;
    std::shared_ptr<runtime::Task> task{};
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  SeededRandom random_;
  absl::Duration now_ = absl::ZeroDuration();
  std::uint64_t order_ = 0;
  std::uint64_t digest_ = 0;
  std::vector<std::shared_ptr<void>> kept_;
  std::priority_queue<Event> events_;  // Last: it goes first.
};

// A machine: its executor and clocks. What runs on it dies with it.
class Node final : public runtime::Executor, public runtime::Clock {
 public:
  Node(World& world, std::string name) : world_(&world), name_(std::move(name)) {}

  void Run(runtime::Task task) override;
  void RunAfter(absl::Duration delay, runtime::Task task) override;
  absl::Time Now() const override;
  absl::Duration Monotonic() const override { return world_->now(); }

  // Drops every task that was handed over and not yet run.
  void Crash();
  // Runs nothing for `span`; what falls due meanwhile runs after it (a stopped process).
  void Pause(absl::Duration span);
  // Sets the wall clock by `by`, back or forth.
  void SetClock(absl::Duration by) { wall_offset_ += by; }
  // Which of its lives this is. A message meant for an earlier one finds its connection broken: who
  // sends an answer checks it (RemoteGovernance, KafkaModelLog).
  std::uint64_t life() const { return epoch_; }
  World& world() { return *world_; }
  const std::string& name() const { return name_; }

 private:
  void Schedule(absl::Duration delay, std::uint64_t epoch, std::shared_ptr<runtime::Task> task);
  World* world_;
  std::string name_;
  std::uint64_t epoch_ = 0;
  absl::Duration paused_until_ = absl::ZeroDuration();
  absl::Duration wall_offset_ = absl::ZeroDuration();
};

// How messages fare between nodes.
struct NetworkFaults {
  std::uint64_t drop_one_in = 0;    // 0: never.
  std::uint64_t repeat_one_in = 0;  // A second copy, later.
  absl::Duration delay_max = absl::Milliseconds(5);
  std::uint64_t slow_one_in = 0;  // Those take up to slow_max: they arrive out of order.
  absl::Duration slow_max = absl::Seconds(3);
};

// Carries messages as tasks that run on the receiver. A message to a crashed node is lost.
class Network {
 public:
  Network(World& world, NetworkFaults faults) : world_(&world), faults_(faults) {}
  // `deliver` may be called twice (a repeat) or never.
  void Send(Node& to, std::function<void()> deliver);
  // An answer to what was asked in a life of the node: dropped if that is over.
  void Answer(Node& to, std::uint64_t life, std::function<void()> deliver);
  void set_faults(const NetworkFaults& faults) { faults_ = faults; }

 private:
  World* world_;
  NetworkFaults faults_;
};

}  // namespace tandem::simulation

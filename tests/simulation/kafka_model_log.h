// The log on the broker's model, by the rules of services/runtime/log_rules.h: what the Kafka log
// will do, with simulated calls in the place of librdkafka's. It shows that the interface of log.h
// carries terms, void groups, late requests and unknown outcomes before the second log is written.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "services/runtime/log.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

// The rows of an instance, written without a sync: a crash may lose the newest.
struct LocalRows {
  struct Slot {
    std::shared_ptr<base::MapRows> rows = std::make_shared<base::MapRows>();
    std::uint64_t applied = 0;
  };
  std::map<base::SlotId, Slot> now{};
  std::map<base::SlotId, Slot> on_disk{};  // Behind `now` by what a crash would lose.

  void Sync() { on_disk = now; }
  void Crash() { now = on_disk; }
};

class KafkaModelLog final : public runtime::Log {
 public:
  // `rows` outlives the log: it is the instance's disk.
  KafkaModelLog(std::uint64_t log_id, Node& node, Network& network, Broker& broker,
                LocalRows& rows);
  ~KafkaModelLog() override;

  void Acquire(base::SlotId slot, Acquired done) override;
  absl::StatusOr<std::vector<std::shared_ptr<const runtime::Group>>> Read(
      base::SlotId slot, std::uint64_t from, std::size_t bytes_max) const override;
  std::unique_ptr<runtime::LogFollower> Follow(base::SlotId slot, std::uint64_t from,
                                               OnGroup on_group) override;
  absl::StatusOr<runtime::SlotTail> Last(base::SlotId slot) const override;
  absl::StatusOr<Rows> ReadRows(base::SlotId slot) const override;
  std::uint64_t log_id() const override;

 private:
  struct State;
  class Writer;
  class Follower;
  std::shared_ptr<State> state_;
};

}  // namespace tandem::simulation

// A model of one Kafka topic as the log uses it: plain idempotent produce, one unacknowledged
// record a producer, no transactions. It does what a real broker was seen to do (late requests that
// land after their producer is gone, lost acknowledgements, records stored and reported as failed).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/base/fact.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

// What a produce request came to.
struct Delivery {
  enum class Kind { kStored, kFatal };
  Kind kind = Kind::kStored;
  std::uint64_t offset = 0;  // With kStored.
};

struct BrokerFaults {
  std::uint64_t fatal_one_in = 0;         // The producer is told of a fatal error ...
  std::uint64_t fatal_stored_one_in = 2;  // ... although the record was stored, once in so many.
};

class Broker {
 public:
  Broker(World& world, Node& node) : world_(&world), node_(&node) {}

  Node& node() { return *node_; }
  std::uint64_t NewProducerId() { return next_producer_++; }
  // A produce request as it lands. An idempotent producer's repeat gets the first offset.
  Delivery Land(base::SlotId slot, std::uint64_t producer, std::uint64_t sequence,
                const std::string& bytes);
  const std::vector<std::string>& records(base::SlotId slot) { return partitions_[slot].records; }
  void set_faults(const BrokerFaults& faults) { faults_ = faults; }

 private:
  struct Partition {
    std::vector<std::string> records{};
    std::map<std::uint64_t, std::map<std::uint64_t, std::uint64_t>> offsets{};  // By producer.
  };
  World* world_;
  Node* node_;
  BrokerFaults faults_{};
  std::uint64_t next_producer_ = 1;
  std::map<base::SlotId, Partition> partitions_;
};

// One writer's producer: sends, waits, sends again with the same sequence until it is answered or
// destroyed. What it has sent may land after it is gone.
class Producer {
 public:
  Producer(Network& network, Broker& broker, Node& node, base::SlotId slot);
  ~Producer() { *alive_ = false; }
  // One record at a time.
  void Produce(std::string bytes, std::function<void(Delivery)> delivered);

 private:
  void SendOnce(std::uint64_t sequence);

  Network* network_;
  Broker* broker_;
  Node* node_;
  base::SlotId slot_;
  std::uint64_t id_;
  std::uint64_t sequence_ = 0;
  std::uint64_t answered_ = 0;
  std::string bytes_;
  std::function<void(Delivery)> delivered_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tandem::simulation

#include "tests/simulation/broker.h"

#include <utility>

namespace tandem::simulation {

Delivery Broker::Land(base::SlotId slot, std::uint64_t producer, std::uint64_t sequence,
                      const std::string& bytes) {
  Partition& partition = partitions_[slot];
  std::map<std::uint64_t, std::uint64_t>& offsets = partition.offsets[producer];
  const auto known = offsets.find(sequence);
  if (known != offsets.end()) return {.kind = Delivery::Kind::kStored, .offset = known->second};
  const bool fatal = world_->random().OneIn(faults_.fatal_one_in);
  if (fatal && !world_->random().OneIn(faults_.fatal_stored_one_in)) {
    return {.kind = Delivery::Kind::kFatal};
  }
  offsets[sequence] = partition.records.size();
  partition.records.push_back(bytes);
  if (fatal) return {.kind = Delivery::Kind::kFatal};
  return {.kind = Delivery::Kind::kStored, .offset = partition.records.size() - 1};
}

Producer::Producer(Network& network, Broker& broker, Node& node, base::SlotId slot)
    : network_(&network),
      broker_(&broker),
      node_(&node),
      slot_(slot),
      id_(broker.NewProducerId()) {}

void Producer::Produce(std::string bytes, std::function<void(Delivery)> delivered) {
  bytes_ = std::move(bytes);
  delivered_ = std::move(delivered);
  SendOnce(++sequence_);
}

void Producer::SendOnce(std::uint64_t sequence) {
  Broker* broker = broker_;
  Network* network = network_;
  Node* node = node_;
  network_->Send(broker->node(), [this, alive = alive_, broker, network, node, sequence, id = id_,
                                  slot = slot_, bytes = bytes_, life = node_->life()] {
    const Delivery delivery = broker->Land(slot, id, sequence, bytes);
    network->Answer(*node, life, [this, alive, sequence, delivery] {
      if (!*alive || answered_ >= sequence) return;
      answered_ = sequence;
      delivered_(delivery);
    });
  });
  node_->RunAfter(absl::Milliseconds(300), [this, alive = alive_, sequence] {
    if (*alive && answered_ < sequence) SendOnce(sequence);
  });
}

}  // namespace tandem::simulation

// A store as an ordered map with a modelled write-ahead log: batches wait for a sync that takes
// time, and a crash keeps a random prefix of what was not yet synced; the batch after that prefix
// is torn and, as recovery finds out, not there.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/runtime/store.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

// What stays when the node dies. Every version of every row is kept for the length of a run, so
// that a snapshot is a number.
class Disk {
 public:
  explicit Disk(World& world) : world_(&world) {}

  std::uint64_t version() const { return version_; }
  std::optional<std::string> Get(runtime::Space space, std::string_view key,
                                 std::uint64_t version) const;
  using Cells =
      std::map<std::string, std::vector<std::pair<std::uint64_t, std::optional<std::string>>>,
               std::less<>>;
  const Cells& cells(runtime::Space space) const {
    return spaces_.at(static_cast<std::size_t>(space));
  }

  // The operating system has the bytes; no sync yet.
  void Buffer(runtime::StoreBatch batch) { buffered_.push_back(std::move(batch)); }
  // A sync of the oldest `count` buffered batches has come back.
  void Sync(std::size_t count);
  std::size_t buffered() const { return buffered_.size(); }
  // The machine loses power.
  void Crash();
  // How long the next sync takes; seldom very long.
  absl::Duration SyncDelay();

 private:
  World* world_;
  std::uint64_t version_ = 0;
  std::vector<Cells> spaces_ = std::vector<Cells>(3);
  std::deque<runtime::StoreBatch> buffered_;
};

class SimStore final : public runtime::Store {
 public:
  SimStore(Node& node, std::shared_ptr<Disk> disk);
  std::shared_ptr<const runtime::StoreSnapshot> Snapshot() const override;
  void Write(runtime::StoreBatch batch, WriteDone done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tandem::simulation

#include "tests/simulation/sim_store.h"

#include <algorithm>

namespace tandem::simulation {
namespace {

const std::optional<std::string>* ValueAt(
    const std::vector<std::pair<std::uint64_t, std::optional<std::string>>>& versions,
    std::uint64_t version) {
  for (auto entry = versions.rbegin(); entry != versions.rend(); ++entry) {
    if (entry->first <= version) return entry->second.has_value() ? &entry->second : nullptr;
  }
  return nullptr;
}

class SimSnapshot final : public runtime::StoreSnapshot {
 public:
  SimSnapshot(std::shared_ptr<const Disk> disk, std::uint64_t version)
      : disk_(std::move(disk)), version_(version) {}

  std::optional<std::string> Get(runtime::Space space, std::string_view key) const override {
    return disk_->Get(space, key, version_);
  }

  void Scan(runtime::Space space, std::string_view first, std::string_view limit,
            base::RowVisitor visit) const override {
    const Disk::Cells& cells = disk_->cells(space);
    for (auto cell = cells.lower_bound(first); cell != cells.end(); ++cell) {
      if (!limit.empty() && cell->first >= limit) return;
      const std::optional<std::string>* value = ValueAt(cell->second, version_);
      if (value != nullptr && !visit(cell->first, **value)) return;
    }
  }

  void ScanBack(runtime::Space space, std::string_view first, std::string_view limit,
                base::RowVisitor visit) const override {
    const Disk::Cells& cells = disk_->cells(space);
    auto cell = limit.empty() ? cells.end() : cells.lower_bound(limit);
    while (cell != cells.begin()) {
      --cell;
      if (cell->first < first) return;
      const std::optional<std::string>* value = ValueAt(cell->second, version_);
      if (value != nullptr && !visit(cell->first, **value)) return;
    }
  }

  absl::Status status() const override { return absl::OkStatus(); }

 private:
  std::shared_ptr<const Disk> disk_;
  std::uint64_t version_;
};

}  // namespace

std::optional<std::string> Disk::Get(runtime::Space space, std::string_view key,
                                     std::uint64_t version) const {
  const Cells& rows = cells(space);
  const auto found = rows.find(key);
  if (found == rows.end()) return std::nullopt;
  const std::optional<std::string>* value = ValueAt(found->second, version);
  return value == nullptr ? std::nullopt : *value;
}

void Disk::Sync(std::size_t count) {
  for (; count > 0 && !buffered_.empty(); --count) {
    ++version_;
    for (runtime::StoreChange& change : buffered_.front()) {
      spaces_[static_cast<std::size_t>(change.space)][change.key].emplace_back(
          version_, std::move(change.value));
    }
    buffered_.pop_front();
  }
}

void Disk::Crash() {
  Sync(world_->random().Below(buffered_.size() + 1));
  buffered_.clear();
}

absl::Duration Disk::SyncDelay() {
  SeededRandom& random = world_->random();
  return random.OneIn(50) ? random.Between(absl::Milliseconds(1), absl::Milliseconds(400))
                          : random.Between(absl::Microseconds(100), absl::Milliseconds(2));
}

struct SimStore::State {
  Node* node = nullptr;
  std::shared_ptr<Disk> disk{};
  std::vector<WriteDone> waiting{};  // Of the buffered batches, oldest first.
  bool syncing = false;

  static void Sync(const std::shared_ptr<State>& self) {
    self->syncing = true;
    const std::size_t count = self->waiting.size();
    self->node->RunAfter(self->disk->SyncDelay(), [self, count] {
      self->disk->Sync(count);
      std::vector<WriteDone> done(
          std::make_move_iterator(self->waiting.begin()),
          std::make_move_iterator(self->waiting.begin() + static_cast<std::ptrdiff_t>(count)));
      self->waiting.erase(self->waiting.begin(),
                          self->waiting.begin() + static_cast<std::ptrdiff_t>(count));
      self->syncing = false;
      if (!self->waiting.empty()) Sync(self);
      for (WriteDone& one : done) one(absl::OkStatus());
    });
  }
};

SimStore::SimStore(Node& node, std::shared_ptr<Disk> disk) : state_(std::make_shared<State>()) {
  state_->node = &node;
  state_->disk = std::move(disk);
}

std::shared_ptr<const runtime::StoreSnapshot> SimStore::Snapshot() const {
  return std::make_shared<SimSnapshot>(state_->disk, state_->disk->version());
}

void SimStore::Write(runtime::StoreBatch batch, WriteDone done) {
  state_->disk->Buffer(std::move(batch));
  state_->waiting.push_back(std::move(done));
  if (!state_->syncing) State::Sync(state_);
}

}  // namespace tandem::simulation

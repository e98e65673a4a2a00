#include "services/runtime/map_store.h"

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace tandem::runtime {
namespace {

// Every value a key had since the oldest snapshot, by the number of the write that made it.
using Versions = std::map<std::uint64_t, std::optional<std::string>>;
using SpaceRows = std::map<std::string, Versions, std::less<>>;
using Row = std::pair<std::string, std::string>;

constexpr std::size_t kScanRows = 64;  // Copied at a time, so that no visitor runs under the lock.

const std::string* ValueAt(const Versions& versions, std::uint64_t write) {
  auto later = versions.upper_bound(write);
  if (later == versions.begin()) return nullptr;
  const std::optional<std::string>& value = std::prev(later)->second;
  return value.has_value() ? &*value : nullptr;
}

}  // namespace

struct MapStore::Impl {
  explicit Impl(Executor& where) : executor(where) {}

  Executor& executor;
  std::mutex mutex;
  std::map<Space, SpaceRows> spaces;
  std::uint64_t writes = 0;
  std::multiset<std::uint64_t> snapshots;
  absl::Status error;
  struct Pending {
    StoreBatch batch{};
    WriteDone done{};
    absl::Status status;
  };
  std::deque<Pending> pending;
  bool answering = false;

  void Put(StoreChange change);
  static void Answer(const std::shared_ptr<Impl>& impl);
};

// Drops the versions that no snapshot can see any more, and the row if it is deleted for all.
void MapStore::Impl::Put(StoreChange change) {
  const std::uint64_t oldest = snapshots.empty() ? writes : *snapshots.begin();
  SpaceRows& rows = spaces[change.space];
  const auto row = rows.try_emplace(std::move(change.key)).first;
  Versions& versions = row->second;
  versions.insert_or_assign(writes, std::move(change.value));
  while (versions.size() > 1 && std::next(versions.begin())->first <= oldest) {
    versions.erase(versions.begin());
  }
  if (versions.size() == 1 && !versions.begin()->second.has_value()) rows.erase(row);
}

// Writes and answers, one at a time and in order, whatever the executor's threads.
void MapStore::Impl::Answer(const std::shared_ptr<Impl>& impl) {
  std::unique_lock lock(impl->mutex);
  while (!impl->pending.empty()) {
    Pending next = std::move(impl->pending.front());
    impl->pending.pop_front();
    if (next.status.ok()) {
      ++impl->writes;
      for (StoreChange& change : next.batch) impl->Put(std::move(change));
    }
    lock.unlock();
    next.done(std::move(next.status));
    next.done = nullptr;
    lock.lock();
  }
  impl->answering = false;
}

class MapStore::MapSnapshot final : public StoreSnapshot {
 public:
  explicit MapSnapshot(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {
    const std::lock_guard lock(impl_->mutex);
    at_ = impl_->writes;
    impl_->snapshots.insert(at_);
  }
  ~MapSnapshot() override {
    const std::lock_guard lock(impl_->mutex);
    impl_->snapshots.erase(impl_->snapshots.find(at_));
  }
  MapSnapshot(const MapSnapshot&) = delete;
  MapSnapshot& operator=(const MapSnapshot&) = delete;

  std::optional<std::string> Get(Space space, std::string_view key) const override {
    const std::lock_guard lock(impl_->mutex);
    const SpaceRows& rows = impl_->spaces[space];
    const auto row = rows.find(key);
    const std::string* value = row == rows.end() ? nullptr : ValueAt(row->second, at_);
    if (value == nullptr) return std::nullopt;
    return *value;
  }

  void Scan(Space space, std::string_view first, std::string_view limit,
            base::RowVisitor visit) const override {
    std::string from(first);
    for (;;) {
      const std::vector<Row> rows = Take(space, from, limit);
      for (const auto& [key, value] : rows) {
        if (!visit(key, value)) return;
      }
      if (rows.size() < kScanRows) return;
      from = rows.back().first + '\0';
    }
  }

  void ScanBack(Space space, std::string_view first, std::string_view limit,
                base::RowVisitor visit) const override {
    std::string to(limit);
    for (;;) {
      const std::vector<Row> rows = TakeBack(space, first, to);
      for (const auto& [key, value] : rows) {
        if (!visit(key, value)) return;
      }
      if (rows.size() < kScanRows) return;
      to = rows.back().first;
      if (to.empty()) return;  // The first key of all; as a limit it would mean the end.
    }
  }

  absl::Status status() const override { return absl::OkStatus(); }

 private:
  std::vector<Row> Take(Space space, std::string_view first, std::string_view limit) const {
    std::vector<Row> taken;
    const std::lock_guard lock(impl_->mutex);
    const SpaceRows& rows = impl_->spaces[space];
    for (auto row = rows.lower_bound(first); row != rows.end(); ++row) {
      if ((!limit.empty() && row->first >= limit) || taken.size() == kScanRows) break;
      const std::string* value = ValueAt(row->second, at_);
      if (value != nullptr) taken.emplace_back(row->first, *value);
    }
    return taken;
  }

  std::vector<Row> TakeBack(Space space, std::string_view first, std::string_view limit) const {
    std::vector<Row> taken;
    const std::lock_guard lock(impl_->mutex);
    const SpaceRows& rows = impl_->spaces[space];
    auto row = limit.empty() ? rows.end() : rows.lower_bound(limit);
    while (row != rows.begin() && taken.size() < kScanRows) {
      --row;
      if (row->first < first) break;
      const std::string* value = ValueAt(row->second, at_);
      if (value != nullptr) taken.emplace_back(row->first, *value);
    }
    return taken;
  }

  std::shared_ptr<Impl> impl_;
  std::uint64_t at_ = 0;
};

MapStore::MapStore(Executor& executor) : impl_(std::make_shared<Impl>(executor)) {}
MapStore::~MapStore() = default;

std::shared_ptr<const StoreSnapshot> MapStore::Snapshot() const {
  return std::make_shared<MapSnapshot>(impl_);
}

void MapStore::Write(StoreBatch batch, WriteDone done) {
  const std::lock_guard lock(impl_->mutex);
  impl_->pending.push_back({std::move(batch), std::move(done), impl_->error});
  if (std::exchange(impl_->answering, true)) return;
  impl_->executor.Run([impl = impl_] { Impl::Answer(impl); });
}

void MapStore::DropPending() {
  std::deque<Impl::Pending> dropped;  // What the callbacks hold goes after the lock.
  {
    const std::lock_guard lock(impl_->mutex);
    dropped.swap(impl_->pending);
  }
}

void MapStore::Stop(absl::Status error) {
  const std::lock_guard lock(impl_->mutex);
  impl_->error = std::move(error);
}

}  // namespace tandem::runtime

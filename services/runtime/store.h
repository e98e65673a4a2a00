// Durable ordered bytes. RocksDB implements it (rocks_store.h), a map with a modelled write-ahead
// log in the simulator, a plain map in tests; one conformance test holds them all.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "services/base/rows.h"

namespace tandem::runtime {

// Keys are apart by space; what is known of each lets the store lay it out well.
// Stored: never renumber.
enum class Space : unsigned char {
  kMeta = 0,   // Small, read at start: network, slots' tails.
  kLog = 1,    // Groups: written once in ascending order a slot, large, already compressed.
  kState = 2,  // Rows of the slots.
};

struct StoreChange {
  Space space = Space::kMeta;
  std::string key{};
  std::optional<std::string> value{};  // nullopt deletes.
};
using StoreBatch = std::vector<StoreChange>;

// The store as it was at one moment. Safe on several threads; drop it soon, it pins what is old.
class StoreSnapshot {
 public:
  virtual ~StoreSnapshot() = default;
  virtual std::optional<std::string> Get(Space space, std::string_view key) const = 0;
  // first <= key < limit, ascending; an empty limit is the end of the space.
  virtual void Scan(Space space, std::string_view first, std::string_view limit,
                    base::RowVisitor visit) const = 0;
  // The same rows, descending.
  virtual void ScanBack(Space space, std::string_view first, std::string_view limit,
                        base::RowVisitor visit) const = 0;
  // The first error that reading met; nothing read counts once it is not OK.
  virtual absl::Status status() const = 0;
};

class Store {
 public:
  using WriteDone = absl::AnyInvocable<void(absl::Status)>;

  virtual ~Store() = default;
  virtual std::shared_ptr<const StoreSnapshot> Snapshot() const = 0;
  // Writes the batch, whole or not at all, and calls `done` once it is durable; batches become
  // durable and visible in the order of the calls. Several batches may share one sync. `done` runs
  // on a thread of the store's, never inside Write, and must not wait. After an error nothing more
  // is written: the store has stopped, and every later Write gets the same error.
  // An exception is kResourceExhausted / DISK_FULL: that batch was not written, the store goes on.
  virtual void Write(StoreBatch batch, WriteDone done) = 0;
  // A hint, on any thread: a Write comes in some tens of microseconds, or not at all. A store whose
  // threads sleep can wake one meanwhile. Cheap.
  virtual void Expect() {}
  // OK while there is room for more; kResourceExhausted / DISK_FULL where Write would refuse.
  // Cheap.
  virtual absl::Status Room() const { return absl::OkStatus(); }
};

// The rows of one slot as they are in a snapshot, under the slot's prefix in Space::kState.
class SnapshotRows final : public base::RowReader {
 public:
  SnapshotRows(std::shared_ptr<const StoreSnapshot> snapshot, std::string prefix);
  std::optional<std::string> Get(std::string_view key) const override;
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override;
  absl::Status status() const override { return snapshot_->status(); }

 private:
  std::shared_ptr<const StoreSnapshot> snapshot_;
  std::string prefix_;
};

}  // namespace tandem::runtime

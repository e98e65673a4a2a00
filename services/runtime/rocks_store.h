// The store on RocksDB: one write-ahead log, synced once for all batches that wait.
//
//   auto store = RocksStore::Open({.path = "/var/lib/tandem"});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/store.h"

namespace tandem::runtime {

struct RocksStoreOptions {
  std::string path{};
  // With less free on the disk (beside what memory still has to write), Write refuses with
  // DISK_FULL.
  std::uint64_t free_bytes_min = std::uint64_t{64} << 20;
  // Called when a write or a sync fails: nobody knows then what the disk holds, and only a start
  // from the disk tells. Empty: print what to do and end the process with code 74 (EX_IOERR).
  std::function<void(const absl::Status&)> on_fatal{};
  // Called with each warning of RocksDB (writes that are slowed, files that cannot be deleted), a
  // line of text without rows, on any thread; must not call the store. Empty: they are dropped.
  std::function<void(std::string_view)> on_warning{};
  bool read_only = false;  // Takes no lock; Write gets kFailedPrecondition.
};

// Safe on any thread.
class RocksStore final : public Store {
 public:
  // Opens the folder, or makes it. Errors: kDataLoss / STORED_BYTES_DAMAGED naming the file, also
  // for damage in the write-ahead log before the last commit (a torn last write is dropped, it was
  // never acknowledged); kFailedPrecondition for a folder in use; kUnavailable for what the system
  // refuses.
  static absl::StatusOr<std::unique_ptr<RocksStore>> Open(const RocksStoreOptions& options);
  // Writes what is queued, answers it, closes. Snapshots must be gone.
  ~RocksStore() override;

  std::shared_ptr<const StoreSnapshot> Snapshot() const override;
  void Write(StoreBatch batch, WriteDone done) override;
  void Expect() override;
  absl::Status Room() const override;

  // A copy of the store as it is now in a new folder, by hard links where the disk can. Errors as
  // Open's.
  absl::Status Checkpoint(const std::string& folder);
  // Rewrites everything into its final form; takes long. For measuring and after large deletions.
  absl::Status Compact();

 private:
  struct Impl;
  class RocksSnapshot;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime

// A store in memory: for tests, and for services that run without a disk. Nothing survives the
// object; whoever keeps it and drops all else has crashed the process and not the disk.
#pragma once

#include <memory>

#include "services/runtime/seams.h"
#include "services/runtime/store.h"

namespace tandem::runtime {

// Safe on any thread.
class MapStore final : public Store {
 public:
  // A batch is written, and its `done` runs, on the executor, one at a time, in order. The executor
  // must outlive the store.
  explicit MapStore(Executor& executor);
  ~MapStore() override;
  std::shared_ptr<const StoreSnapshot> Snapshot() const override;
  void Write(StoreBatch batch, WriteDone done) override;
  // From now on nothing is written and every Write gets this error: a disk that is gone. OK: it is
  // back.
  void Stop(absl::Status error);
  // As a crash would: batches that are not yet written are gone, and their `done` never runs.
  void DropPending();

 private:
  struct Impl;
  class MapSnapshot;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::runtime

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
  // `done` of each Write runs on the executor, one at a time, in order. The executor must outlive
  // the store.
  explicit MapStore(Executor& executor);
  ~MapStore() override;
  std::shared_ptr<const StoreSnapshot> Snapshot() const override;
  void Write(StoreBatch batch, WriteDone done) override;
  // From now on nothing is written and every Write gets this error: a disk that is gone.
  void Stop(absl::Status error);

 private:
  struct Impl;
  class MapSnapshot;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::runtime

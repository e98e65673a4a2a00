// Checkpoints of a store that goes on serving: hard links to its files, in a folder of our own
// choice, for somebody on this machine to copy (`tandem backup create --server`).
//
//   Checkpoints checkpoints(store, data + "/checkpoints", clock);
//   checkpoints.Create(request_id, [](absl::StatusOr<CheckpointInfo> made) { ... });
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/runtime/executor.h"
#include "services/runtime/rocks_store.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

struct CheckpointInfo {
  std::string id{};
  std::string folder{};  // Absolute.
  absl::Time create_time{};
};

// Safe on any thread. The disk is waited for on a thread of its own, one checkpoint at a time;
// completions run there.
class Checkpoints {
 public:
  // At once: each keeps files on the disk that the store has done with.
  static constexpr std::size_t kMax = 4;
  // Older ones go when the next is made: whoever copied them is dead.
  static constexpr absl::Duration kAgeMax = absl::Hours(24);

  // Removes what an earlier process left in `folder`. The store and the clock must outlive this.
  Checkpoints(RocksStore& store, const std::string& folder, const Clock& clock);
  // What has begun is finished and answered; what waits is dropped.
  ~Checkpoints();

  // The checkpoint of that id, made now if there is none: all that the store has acknowledged
  // before the call is in it. `id` is a UUID (checked by the caller). Errors: kResourceExhausted /
  // QUOTA_EXCEEDED naming those that are there, DISK_FULL; what RocksStore::Checkpoint gives.
  void Create(std::string id, absl::AnyInvocable<void(absl::StatusOr<CheckpointInfo>)> done);
  // OK too for one that is not there. kUnavailable if its files cannot be removed.
  void Delete(std::string id, absl::AnyInvocable<void(absl::Status)> done);

 private:
  absl::StatusOr<CheckpointInfo> Make(const std::string& id);
  absl::Status Remove(const std::string& id);

  RocksStore& store_;
  const std::string folder_;
  const Clock& clock_;
  std::map<std::string, CheckpointInfo> made_;  // Of the worker's thread alone.
  ThreadExecutor worker_{1};                    // Last: it is joined first.
};

}  // namespace tandem::runtime

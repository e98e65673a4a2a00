// The log on one store of this process: the group, its rows and the tail go into one batch, so that
// all slots share the store's committer and its sync. FORMAT.md, "Rows of the embedded log".
//
//   EmbeddedLog log(store, executor, network.log_id);
//   log.Acquire(slot, [](absl::StatusOr<std::unique_ptr<LogWriter>> writer) { ... });
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "services/runtime/log.h"
#include "services/runtime/seams.h"
#include "services/runtime/store.h"

namespace tandem::runtime {

// The tails of all slots that have facts, ascending, as the embedded log keeps them in a store;
// each is checked against its last group. kDataLoss / STORED_BYTES_DAMAGED naming the slot.
absl::StatusOr<std::vector<std::pair<base::SlotId, SlotTail>>> ReadTails(
    const StoreSnapshot& snapshot);

// Safe on any thread. A slot's bytes are checked when it is first touched: the tail must fit the
// last stored group. Damage found later stays: Last and Acquire answer with it.
class EmbeddedLog final : public Log {
 public:
  // Followers' callbacks run on the executor. Store and executor must outlive the log, and the log
  // its writers and followers.
  EmbeddedLog(Store& store, Executor& executor, std::uint64_t log_id);
  ~EmbeddedLog() override;

  void Acquire(base::SlotId slot, Acquired done) override;
  absl::StatusOr<std::vector<std::shared_ptr<const Group>>> Read(
      base::SlotId slot, std::uint64_t from, std::size_t bytes_max) const override;
  std::unique_ptr<LogFollower> Follow(base::SlotId slot, std::uint64_t from,
                                      OnGroup on_group) override;
  std::unique_ptr<LogFollower> FollowBriefly(base::SlotId slot, std::uint64_t from,
                                             OnGroup on_group) override;
  absl::StatusOr<SlotTail> Last(base::SlotId slot) const override;
  absl::StatusOr<Rows> ReadRows(base::SlotId slot) const override;
  std::uint64_t log_id() const override;
  absl::Status Room() const override;
  void Expect() override;

 private:
  std::shared_ptr<class EmbeddedLogCore> core_;
};

}  // namespace tandem::runtime

// How much each firm has stored here (design, section 5): the bytes of the facts that were accepted
// from it, each counted as its payload and a constant for its envelope. Counted by slot, in rows of
// the slot that follow from the facts, so a restart and a replay come to the same (FORMAT.md); the
// sum over this instance's slots is kept in memory, for the door to look at.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "services/base/fact.h"
#include "services/base/rows.h"

namespace tandem::runtime {

// The sums of an instance. Safe on any thread.
class StoredBytes {
 public:
  // Lives and moves for as long as this: who asks often keeps it.
  std::atomic<std::int64_t>& Of(std::string_view firm);
  // Over all firms, and of the one that has most. For telemetry.
  std::int64_t total() const;
  std::int64_t most() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::atomic<std::int64_t>, std::less<>> firms_;  // Nodes never move.
};

// One slot's part of them. One thread at a time. The rows are the slot's, not the domain's.
class SlotStoredBytes {
 public:
  // What a fact counts beside its payload: about what its envelope and its keys take.
  static constexpr std::int64_t kFactBytes = 64;

  // `all` may be null: then the rows alone are kept.
  explicit SlotStoredBytes(std::shared_ptr<StoredBytes> all) : all_(std::move(all)) {}
  // The rows are others now: takes what they say in place of all that this slot had counted.
  void Load(const base::RowReader& rows);
  // Counts the facts of one command for the firm that acted. Facts of nobody (audit) and of the
  // operator's workers are not counted: they are no firm's to bound.
  void Count(base::Rows& rows, std::span<const base::FactRecord> command);

 private:
  struct Firm {
    std::int64_t bytes = 0;                    // Of this slot, in the sum too.
    std::atomic<std::int64_t>* sum = nullptr;  // Null where there are no sums.
  };
  Firm& Of(std::string_view firm);

  const std::shared_ptr<StoredBytes> all_;
  std::map<std::string, Firm, std::less<>> firms_;
};

}  // namespace tandem::runtime

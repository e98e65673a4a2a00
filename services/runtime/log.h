// The log of facts behind one interface: embedded (embedded_log.h), the model of Kafka's rules
// (tests/simulation), Kafka (the next step). tests/integration/log_conformance_test.h holds them
// all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/runtime/envelope.h"

namespace tandem::runtime {

// Where a slot's log ends.
struct SlotTail {
  std::uint64_t term = 0;
  std::uint64_t seq = 0;          // Of the last valid group; 0: none.
  std::uint64_t last_number = 0;  // Of the last fact; 0: none.
  absl::Time last_instant = absl::InfinitePast();
  Hash hash{};  // Of the last valid group.
};

enum class AppendOutcome {
  kCommitted,  // Durable: the log has it and always will.
  kFenced,     // Another owner's term stands: this group is void, and so is the writer.
  kUnknown,    // It may or may not be in. The writer is void; a new Acquire tells.
};

// An owner's right to write one slot, for one term. One group in flight at a time.
class LogWriter {
 public:
  using Done = absl::AnyInvocable<void(AppendOutcome)>;

  virtual ~LogWriter() = default;
  // As of the acquisition: what this writer has read and now continues.
  virtual const SlotTail& tail() const = 0;
  // Appends the group (its header carries this writer's term, the next seq, and the hash of the
  // last valid group) and with it the slot's changed rows and applied number. `done` runs once, not
  // inside the call; `rows` is read before the call returns. A second call before `done` is a bug.
  // Rows whose group is not committed are never visible to anyone.
  virtual void Append(std::string group, const base::OverlayRows::Changes& rows, Done done) = 0;
  // Stores rows made from facts that the log already has (a replay: after a crash of a log that
  // writes rows without a sync, or on a new owner); the applied number is then `applied`. Before
  // the first Append only. `done` gets OK once readers see the rows; a crash may lose them again.
  virtual void PutReplayed(std::uint64_t applied, const base::OverlayRows::Changes& rows,
                           absl::AnyInvocable<void(absl::Status)> done) = 0;
};

// Delivers groups until it is destroyed. After the destructor returns, no callback runs or is
// running; so it must not be destroyed inside its own callback.
class LogFollower {
 public:
  virtual ~LogFollower() = default;
};

class Log {
 public:
  using Acquired = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<LogWriter>>)>;
  using OnGroup = absl::AnyInvocable<void(std::shared_ptr<const Group>)>;

  virtual ~Log() = default;
  // Makes the caller the slot's owner with a higher term; older writers of the slot are fenced.
  // Answers kDataLoss / STORED_BYTES_DAMAGED where the slot's bytes are rotten, kUnavailable /
  // LOG_AWAY where the log cannot be reached.
  virtual void Acquire(base::SlotId slot, Acquired done) = 0;
  // Valid groups in order, beginning with the one that holds fact `from` (1 or more), at most about
  // `bytes_max` of them but at least one; empty at the end of the log. kOutOfRange /
  // CURSOR_FROM_THE_FUTURE if `from` is more than one beyond the end.
  virtual absl::StatusOr<std::vector<std::shared_ptr<const Group>>> Read(
      base::SlotId slot, std::uint64_t from, std::size_t bytes_max) const = 0;
  // Calls back for every durable group that holds fact `from` or a later one, in order, without a
  // gap or a repeat; first what is stored, then what comes. One call at a time a follower; it must
  // not wait. A group that cannot be read ends it (the error is in the log's own metrics and Last).
  virtual std::unique_ptr<LogFollower> Follow(base::SlotId slot, std::uint64_t from,
                                              OnGroup on_group) = 0;
  // As Follow, for a callback that takes microseconds and leaves all else to an executor: it may
  // run on the thread that made a group durable, since waking another would cost more than it does.
  virtual std::unique_ptr<LogFollower> FollowBriefly(base::SlotId slot, std::uint64_t from,
                                                     OnGroup on_group) {
    return Follow(slot, from, std::move(on_group));
  }
  virtual absl::StatusOr<SlotTail> Last(base::SlotId slot) const = 0;
  // The slot's rows, as Append was given them, and their applied number, at one moment. Never holds
  // what is not durable. (A domain's rows are Slot::Read's: the slot keeps rows of its own beside.)
  struct Rows {
    std::shared_ptr<const base::RowReader> rows{};
    std::uint64_t applied = 0;
  };
  virtual absl::StatusOr<Rows> ReadRows(base::SlotId slot) const = 0;
  // The network's log id.
  virtual std::uint64_t log_id() const = 0;
  // OK while there is room for more; kResourceExhausted / DISK_FULL where new commands must wait.
  // Cheap: asked for every command.
  virtual absl::Status Room() const { return absl::OkStatus(); }
  // A hint, on any thread: a command is about to be decided, and likely to be appended. Cheap.
  virtual void Expect() {}
};

}  // namespace tandem::runtime

// The one-writer loop of a slot: commands in, decided in order on the pending overlay, appended as
// groups, answered once durable (design, section 3).
//
//   slot.Submit({.caller = caller, .method = "CreateItem", .request_id = id, .request_digest =
//   digest,
//                .deadline = deadline,
//                .decide = [request](const base::RowReader& rows, const base::Stamp& stamp) {
//                  return Decide(rows, request, stamp);
//                }},
//               [finish](absl::StatusOr<Outcome> outcome) { ... });
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/runtime/domain.h"
#include "services/runtime/log.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

class StoredBytes;

// Facts to append, or a refusal. Called once, in the slot's order; at most a millisecond, no I/O.
// Accepting without a fact is allowed: nothing has changed then.
using DecideFunction = absl::AnyInvocable<absl::StatusOr<std::vector<base::Fact>>(
    const base::RowReader& rows, const base::Stamp& stamp)>;

struct Command {
  base::Caller caller{};
  std::string method{};          // For request ids and metrics.
  std::string request_id{};      // "" for what has its own idempotence (ingest blocks, timers).
  std::string request_digest{};  // 16 bytes (call.h, DigestOf), the first 4 name the method; with a
                                 // request id only.
  absl::Time deadline = absl::InfiniteFuture();  // On the clock's Now(); later it is not decided.
  std::size_t byte_size = 0;                     // Roughly, for the queue's bound.
  DecideFunction decide{};
};

// What was accepted. A repeat of a request id gets the first outcome, read back from the log.
struct Outcome {
  base::SlotId slot{};
  std::uint64_t number = 0;  // Of the command's last fact; of the slot's last if it made none.
  std::uint64_t durable_number = 0;  // Of the slot's last durable fact when it was answered.
  bool repeated = false;
  std::vector<base::FactRecord> facts{};
};
using SubmitDone = absl::AnyInvocable<void(absl::StatusOr<Outcome>)>;

struct SlotOptions {
  std::size_t queue_commands_max = 8192;       // A slot's bound; beyond: QUEUE_FULL.
  std::size_t queue_commands_firm_max = 2048;  // One firm's share of it.
  std::size_t queue_bytes_max = std::size_t{64} << 20;
  std::uint64_t request_ids_firm_max = 2'000'000;       // Remembered ids a firm: QUOTA_EXCEEDED.
  absl::Duration request_id_age = absl::Hours(7 * 24);  // Of fact time.
  absl::Duration audit_period = absl::Seconds(1);
};

// One line of the audit: a refusal or a read. No payload, no quantities.
struct AuditEntry {
  base::Caller caller{};
  std::string method{};
  std::string resource{};  // Names or ranges asked for.
  std::string reason{};    // "" for a read that was served.
  std::string claimed{};  // What a caller that nobody knows says of itself; `caller` is empty then.
};

// Counters for telemetry; monotonic.
struct SlotCounters {
  std::uint64_t commands = 0;
  std::uint64_t refusals = 0;
  std::uint64_t repeats = 0;
  std::uint64_t groups = 0;
  std::uint64_t group_bytes = 0;
  std::uint64_t queue_depth = 0;
  std::uint64_t last_number = 0;
};

// What a slot stands on; all of it outlives the slot.
struct SlotSeams {
  const Domain& domain;
  Log& log;
  const Clock& clock;
  Executor& executor;
  std::shared_ptr<StoredBytes> stored{};  // Optional: the instance's sums.
};

// Safe on any thread. Decide and Apply run under the slot's own exclusion, on the thread of whoever
// submitted or on the executor.
class Slot : public std::enable_shared_from_this<Slot> {
 public:
  // Acquires the slot and replays what its rows have not yet applied; `ready` gets the slot, or the
  // error of Acquire, or kDataLoss if a stored fact cannot be read.
  static void Open(base::SlotId id, const SlotSeams& seams, SlotOptions options,
                   absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<Slot>>)> ready);
  ~Slot();

  // Decides the command in its turn (round-robin by firm) and answers once all that the decision
  // rests on is durable. `done` is called exactly once, on any thread: with the outcome, the
  // refusal, QUEUE_FULL or DISK_FULL (at once), QUOTA_EXCEEDED, REQUEST_ID_REUSED, BLOCK_TOO_LARGE
  // (the command's facts do not fit in a group), LOG_AWAY or SLOT_MOVES (outcome unknown: retry
  // with the same request id), or kDeadlineExceeded if it was not decided in time.
  void Submit(Command command, SubmitDone done);

  // Collects into the next Audited fact, at most a period later; a crash loses at most that period.
  // The slot adds none itself: who answers knows what was asked (audit.h).
  void Audit(AuditEntry entry);

  // The durable rows and their number.
  absl::StatusOr<Log::Rows> Read() const;
  // Calls back once the durable number is at least `number`; kUnavailable / POSITION_NOT_REACHED at
  // the deadline.
  void WaitFor(std::uint64_t number, absl::Time deadline,
               absl::AnyInvocable<void(absl::Status)> done);

  // Answers what is queued, refuses what comes (NOT_SERVING), and calls back when nothing is in
  // flight.
  void Drain(absl::AnyInvocable<void()> drained);

  base::SlotId id() const;
  SlotCounters counters() const;

 private:
  struct Impl;
  explicit Slot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime

// The inside of a slot. One thread at a time works on it ("the turn"): whoever submits takes the
// turn if it is free, otherwise leaves the command to the thread that has it. So a command crosses
// threads twice only: to the store's committer, and from there to its answer.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/runtime/slot.h"
#include "services/runtime/slot_audit.h"
#include "services/runtime/slot_memory.h"
#include "services/runtime/slot_queue.h"
#include "services/runtime/slot_rows.h"
#include "services/runtime/stored_bytes.h"

namespace tandem::runtime {

struct Slot::Impl {
  using Ready = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<Slot>>)>;

  Impl(base::SlotId slot_id, const SlotSeams& seams, const SlotOptions& with)
      : id(slot_id),
        domain(seams.domain),
        log(seams.log),
        clock(seams.clock),
        executor(seams.executor),
        options(with),
        queue(options),
        memory(options.request_id_age, options.request_ids_firm_max),
        stored(seams.stored) {}

  // A decided command, waiting for what it rests on.
  struct Answer {
    SubmitDone done{};
    absl::StatusOr<Outcome> outcome;
    std::uint64_t repeat_count = 0;  // Not 0: the facts are read back, from outcome's number on.
  };
  // Facts decided but not durable. The first pending group is in flight or about to be.
  struct PendingGroup {
    std::uint64_t first_number = 0;
    std::vector<std::string> facts{};
    std::size_t byte_size = kGroupOverheadBytes;
    std::vector<Answer> waiting{};
    bool sent = false;
    Hash hash{};  // Once sent.
    absl::Time last_instant{};
  };
  struct Waiter {
    std::uint64_t number = 0;
    absl::AnyInvocable<void(absl::Status)> done{};
  };

  // slot.cc: the door. Any thread.
  void Submit(Command command, SubmitDone done);
  void WaitFor(std::uint64_t number, absl::Time deadline,
               absl::AnyInvocable<void(absl::Status)> done);
  // Runs `event` in a turn.
  void Post(Task event);
  // Takes the turn if it is free and works until nothing is left to do.
  void Work();
  void ArmTick();

  // slot.cc: in the turn.
  void Turn(std::unique_lock<std::mutex>& lock);
  void Tick();
  void Expire();
  void AppendAudited();

  // slot_decide.cc: in the turn.
  void DecideNext(QueuedCommand queued);
  // A repeat's or a refusal's answer if the request id alone decides; nullopt to go on.
  std::optional<Answer> Remembered(QueuedCommand& queued);
  absl::Status Accept(Command& command, const base::Stamp& stamp, std::vector<base::Fact> facts,
                      Outcome& outcome);
  // Answers when everything decided so far is durable: at once if it is.
  void AnswerWhenDurable(Answer answer);
  void Finish(Answer answer);
  absl::StatusOr<Outcome> ReadBack(Outcome outcome, std::uint64_t count) const;
  void ApplyCommand(base::Rows& rows, std::span<const base::FactRecord> command);

  // slot_own.cc: in the turn.
  void Acquire();
  void Acquired(absl::StatusOr<std::unique_ptr<LogWriter>> result);
  void Replay();
  absl::StatusOr<std::uint64_t> ReplayGroups(const Log::Rows& from);
  void Serve(const Log::Rows& from);
  void SendIfIdle();
  void Appended(AppendOutcome outcome);
  void Committed();
  // Ownership is gone: everything that waits gets `status`, and a new Acquire follows.
  void Lose(const absl::Status& status);
  // Opening, or opening again, failed.
  void OpenFailed(const absl::Status& status);
  // The slot stops for good.
  void Halt(const absl::Status& status);
  void DropAll(const absl::Status& status);
  void SettleWaiters();

  std::shared_ptr<Slot> self() const { return weak_self.lock(); }

  const base::SlotId id;
  const Domain& domain;
  Log& log;
  const Clock& clock;
  Executor& executor;
  const SlotOptions options;
  std::weak_ptr<Slot> weak_self;

  // Under the mutex.
  std::mutex mutex;
  bool busy = false;  // Some thread has the turn.
  absl::Status door;  // What new commands get, unless OK.
  std::deque<Task> events;
  FairQueue queue;
  bool tick_armed = false;
  bool draining = false;
  std::vector<Task> drained;
  std::uint64_t durable_number = 0;
  std::uint64_t waiters_made = 0;
  std::map<std::uint64_t, Waiter> waiters;

  // The turn's own.
  Ready ready{};  // Until the slot first serves.
  std::unique_ptr<LogWriter> writer;
  bool serving = false;
  bool halted = false;
  absl::Duration backoff = absl::ZeroDuration();
  SlotTail tail{};                // Of what is durable.
  std::uint64_t last_number = 0;  // Of what is decided.
  absl::Time last_instant = absl::InfinitePast();
  RowStack rows;
  RequestMemory memory;
  SlotStoredBytes stored;
  std::deque<PendingGroup> groups;
  std::vector<Answer> answers;  // Run after the turn.
  std::vector<Task> calls;      // The same.

  AuditCollector audit;
  std::atomic<std::uint64_t> commands_count{0};
  std::atomic<std::uint64_t> refusals_count{0};
  std::atomic<std::uint64_t> repeats_count{0};
  std::atomic<std::uint64_t> groups_count{0};
  std::atomic<std::uint64_t> group_bytes{0};
};

}  // namespace tandem::runtime

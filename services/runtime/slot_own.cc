// Owning a slot: acquiring it, replaying, sending groups, losing it. In the slot's turn.
#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/slot_core.h"

namespace tandem::runtime {
namespace {

constexpr std::size_t kReplayBytes = std::size_t{4} << 20;  // Of groups, applied as one.
constexpr absl::Duration kBackoffFirst = absl::Milliseconds(50);
constexpr absl::Duration kBackoffMax = absl::Seconds(2);

}  // namespace

void Slot::Impl::Acquire() {
  log.Acquire(id, [slot = self()](absl::StatusOr<std::unique_ptr<LogWriter>> result) mutable {
    Impl& impl = *slot->impl_;
    impl.Post([slot = std::move(slot), result = std::move(result)]() mutable {
      slot->impl_->Acquired(std::move(result));
    });
  });
}

void Slot::Impl::Acquired(absl::StatusOr<std::unique_ptr<LogWriter>> result) {
  if (!result.ok()) return OpenFailed(result.status());
  writer = *std::move(result);
  tail = writer->tail();
  Replay();
}

void Slot::Impl::Replay() {
  const absl::StatusOr<Log::Rows> from = log.ReadRows(id);
  if (!from.ok()) return OpenFailed(from.status());
  if (from->applied == tail.last_number) return Serve(*from);
  if (from->applied > tail.last_number) {
    return OpenFailed(base::Refuse(base::Reason::kStoredBytesDamaged,
                                   "the slot's rows hold facts that its log does not",
                                   {{"slot", id.ToString()}, {"applied", from->applied}}));
  }
  const absl::StatusOr<std::uint64_t> applied = ReplayGroups(*from);
  if (!applied.ok()) return OpenFailed(applied.status());
  writer->PutReplayed(*applied, rows.LowestChanges(), [slot = self()](absl::Status status) {
    slot->impl_->Post([slot, status = std::move(status)] {
      if (!status.ok()) return slot->impl_->OpenFailed(status);
      slot->impl_->Replay();  // The next part, or the end.
    });
  });
}

absl::StatusOr<std::uint64_t> Slot::Impl::ReplayGroups(const Log::Rows& from) {
  rows.Reset(from.rows);
  rows.Push();
  memory.DropCaches();
  stored.Load(rows.Top());
  TANDEM_ASSIGN_OR_RETURN(const auto read, log.Read(id, from.applied + 1, kReplayBytes));
  std::uint64_t applied = from.applied;
  for (const std::shared_ptr<const Group>& group : read) {
    for (std::span<const base::FactRecord> rest(group->facts); !rest.empty();) {
      const std::span<const base::FactRecord> command = NextCommand(rest);
      rest = rest.subspan(command.size());
      for (const base::FactRecord& record : command) {
        if (record.fact.kind >= base::kDomainKindFirst) {
          TANDEM_RETURN_IF_ERROR(domain.CheckReadable(record));
        } else if (record.fact.kind != base::kAuditedKind) {
          return base::Refuse(base::Reason::kStoredBytesDamaged,
                              "this program does not know a kind of fact in the slot's log",
                              {{"slot", id.ToString()}, {"kind", record.fact.kind}});
        }
      }
      ApplyCommand(rows.TopLayer(), command);
    }
    applied = group->last_number();
  }
  if (applied == from.applied) {
    return base::Refuse(base::Reason::kLogAway, "the log ends before its tail");
  }
  TANDEM_RETURN_IF_ERROR(rows.Top().status());
  return applied;
}

void Slot::Impl::Serve(const Log::Rows& from) {
  rows.Reset(from.rows);
  memory.DropCaches();
  stored.Load(rows.Top());
  last_number = tail.last_number;
  last_instant = std::max(last_instant, tail.last_instant);
  backoff = absl::ZeroDuration();
  serving = true;
  {
    const std::lock_guard lock(mutex);
    durable_number = tail.last_number;
    if (!draining) door = absl::OkStatus();
  }
  SettleWaiters();
  if (ready) calls.push_back([slot = self(), call = std::move(ready)]() mutable { call(slot); });
  ready = nullptr;
}

void Slot::Impl::SendIfIdle() {
  if (!serving || groups.empty() || groups.front().sent) return;
  PendingGroup& group = groups.front();
  group.sent = true;
  const GroupHeader header{.log_id = log.log_id(),
                           .slot = id,
                           .term = tail.term,
                           .seq = tail.seq + 1,
                           .first_number = group.first_number,
                           .count = static_cast<std::uint32_t>(group.facts.size()),
                           .previous = tail.hash};
  std::string bytes = EncodeGroup(header, group.facts, &group.hash);
  groups_count.fetch_add(1, std::memory_order_relaxed);
  group_bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  writer->Append(std::move(bytes), rows.LowestChanges(), [slot = self()](AppendOutcome outcome) {
    slot->impl_->Post([slot, outcome] { slot->impl_->Appended(outcome); });
  });
}

void Slot::Impl::Appended(AppendOutcome outcome) {
  if (halted) return;  // Its callers have been answered.
  switch (outcome) {
    case AppendOutcome::kCommitted:
      return Committed();
    case AppendOutcome::kFenced:
      return Lose(base::Refuse(base::Reason::kSlotMoves, "another owner has taken the slot",
                               {{"slot", id.ToString()}}));
    case AppendOutcome::kUnknown:
      return Lose(base::Refuse(base::Reason::kLogAway, "the log did not answer for the command",
                               {{"slot", id.ToString()}}));
  }
}

void Slot::Impl::Committed() {
  PendingGroup group = std::move(groups.front());
  groups.pop_front();
  tail.seq += 1;
  tail.last_number += group.facts.size();
  tail.hash = group.hash;
  tail.last_instant = group.last_instant;
  absl::StatusOr<Log::Rows> durable = log.ReadRows(id);
  for (Answer& answer : group.waiting) {
    // One position for all that were committed together: sealed once, it serves them all.
    if (answer.outcome.ok()) answer.outcome->durable_number = tail.last_number;
    answers.push_back(std::move(answer));
  }
  {
    const std::lock_guard lock(mutex);
    durable_number = tail.last_number;
  }
  SettleWaiters();
  if (!durable.ok()) {
    return absl::IsDataLoss(durable.status()) ? Halt(durable.status()) : Lose(durable.status());
  }
  if (durable->applied != tail.last_number) {
    return Lose(base::Refuse(base::Reason::kSlotMoves, "another owner has taken the slot",
                             {{"slot", id.ToString()}}));
  }
  rows.Settle(std::move(durable->rows));
  SendIfIdle();
}

void Slot::Impl::SettleWaiters() {
  const std::lock_guard lock(mutex);
  for (auto waiter = waiters.begin(); waiter != waiters.end();) {
    if (waiter->second.number > durable_number) {
      ++waiter;
      continue;
    }
    calls.push_back([done = std::move(waiter->second.done)]() mutable { done(absl::OkStatus()); });
    waiter = waiters.erase(waiter);
  }
}

void Slot::Impl::DropAll(const absl::Status& status) {
  for (PendingGroup& group : groups) {
    for (Answer& answer : group.waiting) answers.push_back({std::move(answer.done), status});
  }
  groups.clear();
  std::vector<QueuedCommand> queued;
  {
    const std::lock_guard lock(mutex);
    queued = queue.TakeAll();
  }
  for (QueuedCommand& command : queued) answers.push_back({std::move(command.done), status});
}

void Slot::Impl::Lose(const absl::Status& status) {
  serving = false;
  writer.reset();
  {
    const std::lock_guard lock(mutex);
    if (!draining) door = status;
  }
  DropAll(status);
  rows.Reset(std::make_shared<base::MapRows>());
  memory.DropCaches();
  backoff = std::clamp(2 * backoff, kBackoffFirst, kBackoffMax);
  executor.RunAfter(backoff, [weak = weak_self] {
    const std::shared_ptr<Slot> slot = weak.lock();
    if (slot != nullptr) slot->impl_->Post([slot] { slot->impl_->Acquire(); });
  });
}

void Slot::Impl::OpenFailed(const absl::Status& status) {
  writer.reset();
  if (ready) {
    halted = true;
    calls.push_back([call = std::move(ready), status]() mutable { call(status); });
    ready = nullptr;
    return;
  }
  if (absl::IsDataLoss(status)) return Halt(status);
  Lose(status);
}

void Slot::Impl::Halt(const absl::Status& status) {
  halted = true;
  serving = false;
  {
    const std::lock_guard lock(mutex);
    door = status;
  }
  // What is in flight may or may not become durable; its callers learn that the slot stopped.
  DropAll(status);
}

}  // namespace tandem::runtime

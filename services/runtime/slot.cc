#include "services/runtime/slot.h"

#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/runtime/slot_core.h"

namespace tandem::runtime {
namespace {

// Commands decided in one turn before its answers run and what was decided is sent.
constexpr int kTurnCommands = 64;
// Groups pending, the one in flight among them; then commands wait in the queue.
constexpr std::size_t kPendingGroupsMax = 3;

// The slots whose answers this thread runs at the moment. An answer may submit again; then the turn
// is taken up by the loop below it on the stack, so that answers never nest.
struct AnswerFrame {
  const void* slot = nullptr;
  bool again = false;
  AnswerFrame* outer = nullptr;
};
thread_local AnswerFrame* answering = nullptr;

AnswerFrame* FrameOf(const void* slot) {
  AnswerFrame* frame = answering;
  while (frame != nullptr && frame->slot != slot) frame = frame->outer;
  return frame;
}

}  // namespace

void Slot::Impl::Submit(Command command, SubmitDone done) {
  base::Require(command.request_id.empty() == command.request_digest.empty() &&
                    (command.request_id.empty() || command.request_digest.size() == 16),
                "a request id goes with a digest of 16 bytes");
  absl::Status status = log.Room();
  if (status.ok()) {
    log.Expect();  // What is decided is appended at once, or soon.
    const std::lock_guard lock(mutex);
    status = door;
    if (status.ok()) status = queue.Room(command);
    if (status.ok()) queue.Push({std::move(command), std::move(done)});
  }
  if (!status.ok()) {
    refusals_count.fetch_add(1, std::memory_order_relaxed);
    return done(std::move(status));  // NOLINT(bugprone-use-after-move): moved only where it is OK.
  }
  Work();
}

void Slot::Impl::Post(Task event) {
  {
    const std::lock_guard lock(mutex);
    events.push_back(std::move(event));
  }
  Work();
}

void Slot::Impl::Work() {
  if (AnswerFrame* frame = FrameOf(this); frame != nullptr) {
    frame->again = true;
    return;
  }
  const std::shared_ptr<Slot> keep = self();  // An answer may drop the last other reference.
  AnswerFrame frame{.slot = this, .again = true, .outer = answering};
  while (std::exchange(frame.again, false)) {
    std::vector<Answer> to_answer;
    std::vector<Task> to_call;
    {
      std::unique_lock lock(mutex);
      if (busy) return;
      busy = true;
      Turn(lock);
      to_answer.swap(answers);
      to_call.swap(calls);
      busy = false;
      frame.again =
          !events.empty() || (!queue.empty() && serving && groups.size() < kPendingGroupsMax);
    }
    answering = &frame;
    for (Answer& answer : to_answer) Finish(std::move(answer));
    for (Task& call : to_call) call();
    answering = frame.outer;
  }
}

void Slot::Impl::Turn(std::unique_lock<std::mutex>& lock) {
  for (int decided = 0; decided < kTurnCommands;) {
    if (!events.empty()) {
      Task event = std::move(events.front());
      events.pop_front();
      lock.unlock();
      event();
      event = nullptr;
      lock.lock();
      // Answers first: who waits for them has waited for the disk already. Others may decide then.
      if (!answers.empty()) break;
    } else if (serving && !queue.empty() && groups.size() < kPendingGroupsMax) {
      QueuedCommand queued = queue.Pop();
      lock.unlock();
      DecideNext(std::move(queued));
      ++decided;
      lock.lock();
    } else {
      break;
    }
  }
  const bool waiting = !queue.empty();
  lock.unlock();
  SendIfIdle();
  if (waiting) ArmTick();
  lock.lock();
  if (draining && queue.empty() && events.empty() && groups.empty()) {
    for (Task& call : drained) calls.push_back(std::move(call));
    drained.clear();
  }
}

void Slot::Impl::ArmTick() {
  {
    const std::lock_guard lock(mutex);
    if (std::exchange(tick_armed, true)) return;
  }
  executor.RunAfter(options.audit_period, [weak = weak_self] {
    const std::shared_ptr<Slot> slot = weak.lock();
    if (slot != nullptr) slot->impl_->Post([slot] { slot->impl_->Tick(); });
  });
}

void Slot::Impl::Tick() {
  {
    const std::lock_guard lock(mutex);
    tick_armed = false;
  }
  Expire();
  AppendAudited();
  if (!audit.empty()) ArmTick();
}

void Slot::Impl::Expire() {
  std::vector<QueuedCommand> expired;
  {
    const std::lock_guard lock(mutex);
    expired = queue.TakeExpired(clock.Now());
  }
  for (QueuedCommand& queued : expired) {
    answers.push_back({std::move(queued.done),
                       absl::DeadlineExceededError("the command was not decided in time")});
  }
}

void Slot::Impl::AppendAudited() {
  if (!serving || groups.size() >= kPendingGroupsMax) return;
  std::optional<std::string> payload = audit.Take();
  if (!payload.has_value()) return;
  Command command;
  command.decide = [payload = *std::move(payload)](const base::RowReader&, const base::Stamp&) {
    base::Fact fact;
    fact.kind = base::kAuditedKind;
    fact.payload = payload;
    return std::vector<base::Fact>{fact};
  };
  DecideNext({std::move(command), [](const absl::StatusOr<Outcome>&) {}});
}

void Slot::Impl::WaitFor(std::uint64_t number, absl::Time deadline,
                         absl::AnyInvocable<void(absl::Status)> done) {
  std::unique_lock held(mutex);
  if (durable_number >= number) {
    held.unlock();
    return done(absl::OkStatus());
  }
  const std::uint64_t place = ++waiters_made;
  waiters.emplace(place, Waiter{.number = number, .done = std::move(done)});
  held.unlock();
  if (deadline == absl::InfiniteFuture()) return;
  executor.RunAfter(deadline - clock.Now(), [weak = weak_self, place] {
    const std::shared_ptr<Slot> slot = weak.lock();
    if (slot == nullptr) return;
    Waiter late;
    {
      const std::lock_guard lock(slot->impl_->mutex);
      auto found = slot->impl_->waiters.extract(place);
      if (found.empty()) return;
      late = std::move(found.mapped());
    }
    late.done(base::Refuse(base::Reason::kPositionNotReached,
                           "the slot has not reached the position in time"));
  });
}

Slot::Slot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Slot::~Slot() {
  const absl::Status closed = base::Refuse(base::Reason::kNotServing, "the slot is closed");
  impl_->DropAll(closed);
  for (Impl::Answer& answer : impl_->answers) answer.done(closed);
  for (auto& [place, waiter] : impl_->waiters) waiter.done(closed);
  for (Task& call : impl_->drained) call();
}

void Slot::Open(base::SlotId id, const SlotSeams& seams, SlotOptions options,
                absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<Slot>>)> ready) {
  auto impl = std::make_unique<Impl>(id, seams, options);
  impl->ready = std::move(ready);
  // The constructor is the slot's own, which make_shared cannot reach.
  const std::shared_ptr<Slot> slot(new Slot(std::move(impl)));
  slot->impl_->weak_self = slot;
  slot->impl_->Post([slot] { slot->impl_->Acquire(); });
}

void Slot::Submit(Command command, SubmitDone done) {
  impl_->Submit(std::move(command), std::move(done));
}

void Slot::Audit(AuditEntry entry) {
  impl_->audit.Add(impl_->clock.Now(), std::move(entry));
  impl_->ArmTick();
}

absl::StatusOr<Log::Rows> Slot::Read() const {
  absl::StatusOr<Log::Rows> rows = impl_->log.ReadRows(impl_->id);
  if (rows.ok()) rows->rows = std::make_shared<DomainReader>(std::move(rows->rows));
  return rows;
}

void Slot::WaitFor(std::uint64_t number, absl::Time deadline,
                   absl::AnyInvocable<void(absl::Status)> done) {
  impl_->WaitFor(number, deadline, std::move(done));
}

void Slot::Drain(absl::AnyInvocable<void()> drained) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->draining = true;
    if (impl_->door.ok()) {
      impl_->door = base::Refuse(base::Reason::kNotServing, "the server is shutting down");
    }
    impl_->drained.push_back(std::move(drained));
  }
  impl_->Post([this] { impl_->AppendAudited(); });
}

base::SlotId Slot::id() const { return impl_->id; }

SlotCounters Slot::counters() const {
  SlotCounters counters{.commands = impl_->commands_count.load(std::memory_order_relaxed),
                        .refusals = impl_->refusals_count.load(std::memory_order_relaxed),
                        .repeats = impl_->repeats_count.load(std::memory_order_relaxed),
                        .groups = impl_->groups_count.load(std::memory_order_relaxed),
                        .group_bytes = impl_->group_bytes.load(std::memory_order_relaxed),
                        .queue_depth = 0,
                        .last_number = 0};
  const std::lock_guard lock(impl_->mutex);
  counters.queue_depth = impl_->queue.size();
  counters.last_number = impl_->durable_number;
  return counters;
}

}  // namespace tandem::runtime

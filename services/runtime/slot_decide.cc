// Deciding a command, in the slot's turn.
#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/runtime/slot_core.h"

namespace tandem::runtime {
namespace {

// What the stored instant keeps: whole nanoseconds.
absl::Time Whole(absl::Time time) { return absl::FromUnixNanos(absl::ToUnixNanos(time)); }

}  // namespace

void Slot::Impl::DecideNext(QueuedCommand queued) {
  Command& command = queued.command;
  const absl::Time now = clock.Now();
  if (now > command.deadline) {
    answers.push_back({std::move(queued.done),
                       absl::DeadlineExceededError("the command was not decided in time")});
    return;
  }
  commands_count.fetch_add(1, std::memory_order_relaxed);
  if (std::optional<Answer> answer = Remembered(queued); answer.has_value()) {
    return AnswerWhenDurable(*std::move(answer));
  }
  last_instant = std::max(Whole(now), last_instant + absl::Nanoseconds(1));
  const base::Stamp stamp{
      .instant = last_instant, .first_number = last_number + 1, .caller = command.caller};
  absl::StatusOr<std::vector<base::Fact>> facts = command.decide(DomainReader(rows.Top()), stamp);
  if (const absl::Status status = rows.Top().status(); !status.ok()) {
    answers.push_back({std::move(queued.done), status});
    return Halt(status);
  }
  Outcome outcome{.slot = id, .number = last_number};
  absl::Status status = facts.status();
  if (status.ok()) status = Accept(command, stamp, *std::move(facts), outcome);
  if (!status.ok()) {
    refusals_count.fetch_add(1, std::memory_order_relaxed);
    return AnswerWhenDurable({std::move(queued.done), std::move(status)});
  }
  AnswerWhenDurable({std::move(queued.done), std::move(outcome)});
}

std::optional<Slot::Impl::Answer> Slot::Impl::Remembered(QueuedCommand& queued) {
  const Command& command = queued.command;
  if (command.request_id.empty()) return std::nullopt;
  auto found = memory.Find(rows.Top(), command.caller, command.request_id, command.request_digest);
  absl::Status status = found.status();
  if (!status.ok()) {
    Halt(status);
  } else if (found->has_value() && (*found)->digest != command.request_digest) {
    status = base::RefuseField(base::Reason::kRequestIdReused, "request_id",
                               "this id was used for another request",
                               {{"request_id", command.request_id}});
    refusals_count.fetch_add(1, std::memory_order_relaxed);
  } else if (found->has_value()) {
    repeats_count.fetch_add(1, std::memory_order_relaxed);
    Outcome outcome{.slot = id, .number = (*found)->first_number, .repeated = true};
    return Answer{std::move(queued.done), std::move(outcome), (*found)->count};
  } else if (memory.Full(rows.Top(), command.caller.firm)) {
    status =
        base::Refuse(base::Reason::kQuotaExceeded, "the firm has used up its request ids of a week",
                     {{"request_ids_max", options.request_ids_firm_max}});
    refusals_count.fetch_add(1, std::memory_order_relaxed);
  }
  if (status.ok()) return std::nullopt;
  return Answer{std::move(queued.done), std::move(status)};
}

absl::Status Slot::Impl::Accept(Command& command, const base::Stamp& stamp,
                                std::vector<base::Fact> facts, Outcome& outcome) {
  if (facts.empty()) return absl::OkStatus();
  std::vector<std::string> encoded;
  std::size_t size = 0;
  outcome.facts.reserve(facts.size());
  for (base::Fact& fact : facts) {
    base::FactRecord& record = outcome.facts.emplace_back();
    record.slot = id;
    record.number = stamp.first_number + encoded.size();
    record.instant = stamp.instant;
    record.actor.firm = command.caller.firm;
    record.actor.principal = command.caller.principal;
    record.request_id = command.request_id;
    record.request_digest = command.request_digest;
    record.fact = std::move(fact);
    base::Require(record.fact.kind != 0, "a fact without a kind was decided");
    if (record.fact.payload.size() > kPayloadBytesMax) size = kGroupBytesMax;
    if (size < kGroupBytesMax) encoded.push_back(EncodeFact(record));
    size += GroupBytesOf(encoded.empty() ? std::string_view() : encoded.back());
    if (size > kGroupBytesMax - kGroupOverheadBytes) {
      return base::Refuse(base::Reason::kBlockTooLarge,
                          "what the request would record is larger than a group can be",
                          {{"bytes_max", kGroupBytesMax}});
    }
  }
  if (groups.empty() || groups.back().sent || groups.back().byte_size + size > kGroupBytesMax) {
    groups.push_back({.first_number = stamp.first_number});
    rows.Push();
  }
  PendingGroup& group = groups.back();
  group.byte_size += size;
  group.last_instant = stamp.instant;
  std::move(encoded.begin(), encoded.end(), std::back_inserter(group.facts));
  ApplyCommand(rows.TopLayer(), outcome.facts);
  last_number += outcome.facts.size();
  outcome.number = last_number;
  return absl::OkStatus();
}

void Slot::Impl::ApplyCommand(base::Rows& to, std::span<const base::FactRecord> command) {
  memory.Remember(to, command);
  stored.Count(to, command);
  DomainRows domain_rows(to);
  for (const base::FactRecord& record : command) {
    if (record.fact.kind >= base::kDomainKindFirst) domain.Apply(record, domain_rows);
  }
}

void Slot::Impl::AnswerWhenDurable(Answer answer) {
  if (!groups.empty()) return groups.back().waiting.push_back(std::move(answer));
  if (answer.outcome.ok()) answer.outcome->durable_number = tail.last_number;
  answers.push_back(std::move(answer));
}

void Slot::Impl::Finish(Answer answer) {
  if (answer.outcome.ok() && answer.repeat_count > 0) {
    answer.outcome = ReadBack(*std::move(answer.outcome), answer.repeat_count);
  }
  answer.done(std::move(answer.outcome));
}

// The first outcome again, from the log. All facts of a command stand in one group.
absl::StatusOr<Outcome> Slot::Impl::ReadBack(Outcome outcome, std::uint64_t count) const {
  const std::uint64_t first = outcome.number;
  const auto read = log.Read(id, first, 1);
  if (!read.ok()) return read.status();
  outcome.number = first + count - 1;
  if (!read->empty()) {
    for (const base::FactRecord& record : read->front()->facts) {
      if (record.number >= first && record.number <= outcome.number) {
        outcome.facts.push_back(record);
      }
    }
  }
  if (outcome.facts.size() != count) {
    return base::Refuse(base::Reason::kStoredBytesDamaged,
                        "a request id names facts that the log does not hold");
  }
  return outcome;
}

}  // namespace tandem::runtime

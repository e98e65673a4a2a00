#include "sequencing/stream/stream.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sequencing/stream/digest.h"
#include "sequencing/stream/work.h"

namespace tandem::sequencing {
namespace {

std::string NameOf(const Message& message) {
  return absl::StrCat("message ", message.number, " of epoch ", message.epoch);
}

constexpr std::int64_t kTimeMax = std::int64_t{1} << 60;  // So that differences are numbers.

absl::Status CheckTime(std::int64_t now_ms, const StreamState& state) {
  if (now_ms >= state.now_ms && now_ms <= kTimeMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the time is ", now_ms, " ms, and was ", state.now_ms, " ms before"));
}

absl::Status CheckMessage(const StreamTerms& terms, const Message& message,
                          const StreamState& state) {
  if (state.ended) {
    return absl::FailedPreconditionError(
        absl::StrCat(NameOf(message), ": the stream has ended, with epoch ", state.epoch));
  }
  if (!IsNumber(terms, message.number)) {
    return absl::InvalidArgumentError(
        absl::StrCat(NameOf(message), ": the number is not in 0..",
                     terms.modulus == 0 ? kNumberMax : terms.modulus - 1));
  }
  constexpr std::int64_t kNeedMax = std::int64_t{1} << 61;
  if (message.need_ms.has_value() && (*message.need_ms < 0 || *message.need_ms > kNeedMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat(NameOf(message), ": its need at ", *message.need_ms, " ms is out of range"));
  }
  if (message.epoch < state.epoch) {
    return absl::FailedPreconditionError(absl::StrCat(
        NameOf(message), ": that epoch has been closed; the stream is in epoch ", state.epoch));
  }
  return absl::OkStatus();
}

absl::Status CheckEpochStart(const StreamTerms& terms, const EpochStart& start) {
  if (IsNumber(terms, start.first_number)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("epoch ", start.epoch, " cannot begin with number ", start.first_number));
}

bool IsHeldForDecision(const Message& message, const StreamState& state) {
  return std::ranges::count(state.unclassified, message) > 0;
}

// Whether the message would have to be held for a decision.
bool IsUndecided(const StreamTerms& terms, const Message& message, const StreamState& state) {
  if (message.epoch > state.epoch) return true;
  const std::int64_t number = Unwrap(terms, message.number, state.next);
  if (std::abs(number - state.next) <= JumpOf(terms)) return false;
  const auto seen = state.seen.find(number);
  return seen == state.seen.end() || seen->second.hash != message.hash;
}

// Unwrapped numbers, from <= n < to.
struct Interval {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

Interval IntervalOf(const StreamTerms& terms, const ControlTotal& total, const StreamState& state) {
  const std::int64_t m = terms.modulus;
  if (m == 0) return {total.from, total.to};
  const bool whole_turn = total.from == 0 && total.to == m;
  const std::int64_t length = whole_turn ? m : ((total.to - total.from) % m + m) % m;
  const std::int64_t to = Unwrap(terms, total.to, state.next);
  return {to - length, to};
}

bool Matches(const Interval& interval, const ControlTotal& total, const StreamState& state) {
  std::vector<std::int64_t> numbers;
  for (auto seen = state.seen.lower_bound(interval.from);
       seen != state.seen.end() && seen->first < interval.to; ++seen) {
    numbers.push_back(seen->first);
  }
  return std::ssize(numbers) == total.count && NumbersDigest(numbers) == total.digest;
}

}  // namespace

bool IsAlarm(StreamEventKind kind) {
  using enum StreamEventKind;
  switch (kind) {
    case kDelivered:
    case kHeld:
    case kDuplicate:
    case kAmended:
    case kLateFill:
    case kGapOpened:
    case kEpochClosed:
    case kTotalMatched:
    case kDiscarded:
      return false;
    case kConflict:
    case kLateFillFrozen:
    case kForgotten:
    case kUnclassified:
    case kUnknownEpoch:
    case kGapSuspected:
    case kGapConfirmed:
    case kLost:
    case kOpenAtEnd:
    case kTotalMismatch:
    case kSilent:
    case kUndecided:
      return true;
  }
  return true;
}

absl::StatusOr<StreamState> BeginStream(const StreamTerms& terms, const EpochStart& start) {
  if (const absl::Status status = CheckTerms(terms); !status.ok()) return status;
  if (const absl::Status status = CheckEpochStart(terms, start); !status.ok()) return status;
  if (start.now_ms < -kTimeMax || start.now_ms > kTimeMax) {
    return absl::InvalidArgumentError(absl::StrCat("epoch ", start.epoch, " cannot begin at ",
                                                   start.now_ms, " ms; it is within 2^60"));
  }
  return StreamState{.epoch = start.epoch,
                     .next = start.first_number,
                     .frozen_before = start.first_number,
                     .now_ms = start.now_ms,
                     .last_good_ms = start.now_ms};
}

absl::StatusOr<StreamEvents> Receive(const StreamTerms& terms, const Message& message,
                                     std::int64_t now_ms, StreamState& state) {
  if (const absl::Status status = CheckTime(now_ms, state); !status.ok()) return status;
  if (const absl::Status status = CheckMessage(terms, message, state); !status.ok()) return status;
  Work work(terms, state);
  if (IsUndecided(terms, message, state)) {
    const bool repeated = IsHeldForDecision(message, state);
    if (!repeated && std::ssize(state.unclassified) >= terms.unclassified_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat(NameOf(message), ": ", state.unclassified.size(),
                       " messages wait for a decision, and no more are held"));
    }
    state.now_ms = now_ms;
    if (repeated) {
      work.Tell(StreamEventKind::kDuplicate, message);
    } else if (message.epoch > state.epoch) {
      work.Tell(StreamEventKind::kUnknownEpoch, message);
      state.unclassified.push_back(message);
    } else {
      work.Take(message, /*decided=*/false);
    }
  } else {
    state.now_ms = state.last_good_ms = now_ms;
    state.silent = false;
    work.Take(message, /*decided=*/false);
  }
  work.CheckTimers();
  return work.TakeEvents();
}

absl::StatusOr<StreamEvents> Tick(const StreamTerms& terms, std::int64_t now_ms,
                                  StreamState& state) {
  if (const absl::Status status = CheckTime(now_ms, state); !status.ok()) return status;
  state.now_ms = now_ms;
  Work work(terms, state);
  work.CheckTimers();
  return work.TakeEvents();
}

absl::StatusOr<StreamEvents> ConfirmLost(const StreamTerms& terms, const NumberRange& range,
                                         std::int64_t now_ms, StreamState& state) {
  if (const absl::Status status = CheckTime(now_ms, state); !status.ok()) return status;
  if (range.first > range.last) {
    return absl::InvalidArgumentError(
        absl::StrCat("no number is in ", range.first, "..", range.last));
  }
  auto gap = state.gaps.upper_bound(range.first);
  if (gap != state.gaps.begin()) --gap;
  if (gap == state.gaps.end() || gap->first > range.first || gap->second.last < range.last) {
    return absl::FailedPreconditionError(absl::StrCat("numbers ", range.first, "..", range.last,
                                                      " are not all missing in one open gap"));
  }
  state.now_ms = now_ms;
  Work work(terms, state);
  work.GiveUp(range);
  work.CheckTimers();
  return work.TakeEvents();
}

absl::StatusOr<StreamEvents> BeginEpoch(const StreamTerms& terms, const EpochStart& start,
                                        bool adopt_unclassified, StreamState& state) {
  if (const absl::Status status = CheckTime(start.now_ms, state); !status.ok()) return status;
  if (const absl::Status status = CheckEpochStart(terms, start); !status.ok()) return status;
  if (start.epoch <= state.epoch) {
    return absl::FailedPreconditionError(
        absl::StrCat("epoch ", start.epoch, " cannot follow epoch ", state.epoch));
  }
  Work work(terms, state);
  if (!state.ended) work.Flush();
  const std::int64_t old_epoch = state.epoch;
  std::vector<Message> waiting = std::exchange(state.unclassified, {});
  state.epoch = start.epoch;
  state.next = state.frozen_before = start.first_number;
  state.now_ms = state.last_good_ms = start.now_ms;
  state.silent = state.ended = false;
  state.seen.clear();
  for (Message& message : waiting) {
    if (message.epoch == old_epoch && adopt_unclassified) message.epoch = start.epoch;
    if (message.epoch == start.epoch) {
      work.Take(message, /*decided=*/false);
    } else if (message.epoch > start.epoch) {
      state.unclassified.push_back(message);
    } else {
      work.Tell(StreamEventKind::kDiscarded, message);
    }
  }
  work.CheckTimers();
  return work.TakeEvents();
}

absl::StatusOr<StreamEvents> ReleaseUnclassified(const StreamTerms& terms, std::int64_t now_ms,
                                                 StreamState& state) {
  if (const absl::Status status = CheckTime(now_ms, state); !status.ok()) return status;
  const std::int64_t far = std::max(kJumpMax, JumpOf(terms));
  for (const Message& message : state.unclassified) {
    if (message.epoch != state.epoch) continue;
    if (std::abs(Unwrap(terms, message.number, state.next) - state.next) <= far) continue;
    return absl::FailedPreconditionError(absl::StrCat(NameOf(message), " is more than ", far,
                                                      " numbers from the next one, ", state.next,
                                                      ": only a new epoch can begin there"));
  }
  state.now_ms = now_ms;
  Work work(terms, state);
  for (const Message& message : std::exchange(state.unclassified, {})) {
    if (message.epoch == state.epoch) {
      work.Take(message, /*decided=*/true);
    } else {
      state.unclassified.push_back(message);
    }
  }
  work.CheckTimers();
  return work.TakeEvents();
}

StreamEvents DiscardUnclassified(StreamState& state) {
  Work work({}, state);
  for (const Message& message : std::exchange(state.unclassified, {})) {
    work.Tell(StreamEventKind::kDiscarded, message);
  }
  return work.TakeEvents();
}

StreamEvents EndStream(StreamState& state) {
  Work work({}, state);
  if (state.ended) return work.TakeEvents();
  work.Flush();
  for (const Message& message : std::exchange(state.unclassified, {})) {
    work.Tell(StreamEventKind::kUndecided, message);
  }
  state.ended = true;
  return work.TakeEvents();
}

absl::StatusOr<StreamEvents> CheckTotal(const StreamTerms& terms, const ControlTotal& total,
                                        const StreamState& state) {
  if (terms.numbering != Numbering::kSparseWithTotals) {
    return absl::FailedPreconditionError("the stream has no control totals by its terms");
  }
  const std::string name = absl::StrCat("total of ", total.from, " to ", total.to);
  if (!IsNumber(terms, total.from) || !(IsNumber(terms, total.to) || total.to == terms.modulus)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": a number is out of range"));
  }
  if (total.count < 0) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": its count is ", total.count));
  }
  Interval interval = IntervalOf(terms, total, state);
  if (interval.to < interval.from) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": the interval runs backwards"));
  }
  bool matches = Matches(interval, total, state);
  if (!matches && terms.modulus > 0 && total.count > 0 && interval.to > state.next) {
    const Interval before = {interval.from - terms.modulus, interval.to - terms.modulus};
    if (Matches(before, total, state)) {
      interval = before;
      matches = true;
    }
  }
  if (interval.from < state.next - terms.memory_numbers) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, ": numbers below ", state.next - terms.memory_numbers, " are no longer remembered"));
  }
  return StreamEvents{
      {.kind = matches ? StreamEventKind::kTotalMatched : StreamEventKind::kTotalMismatch,
       .epoch = state.epoch,
       .number = interval.from,
       .last = interval.to - 1}};
}

}  // namespace tandem::sequencing

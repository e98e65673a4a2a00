#include "sequencing/stream/work.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace tandem::sequencing {

void Work::Tell(StreamEventKind kind, const Message& message) {
  events_.push_back({.kind = kind,
                     .epoch = message.epoch,
                     .number = message.number,
                     .last = message.number,
                     .version = message.version,
                     .content = message.content});
}

void Work::TellNumber(StreamEventKind kind, std::int64_t number, const Message& message) {
  Tell(kind, message);
  events_.back().epoch = state_.epoch;
  events_.back().number = events_.back().last = number;
}

void Work::TellRange(StreamEventKind kind, std::int64_t first, std::int64_t last) {
  events_.push_back({.kind = kind, .epoch = state_.epoch, .number = first, .last = last});
}

void Work::Take(const Message& message, bool decided) {
  const std::int64_t number = Unwrap(terms_, message.number, state_.next);
  const std::int64_t distance = std::abs(number - state_.next);
  const bool far = !decided && distance > JumpOf(terms_);
  if (TakeKnown(number, message, far)) return;
  if (far) {
    Tell(StreamEventKind::kUnclassified, message);
    state_.unclassified.push_back(message);
    return;
  }
  if (number < state_.next) {
    TakeLate(number, message);
  } else {
    state_.seen.try_emplace(number, SeenNumber{.version = message.version, .hash = message.hash});
    if (IsDense()) {
      Hold(number, message);
      DeliverRun();
      Trim();
    } else {
      state_.next = number;  // What lies between may be no number at all.
      Deliver(number, message);
    }
  }
  Forget();
}

// Whether the number has been seen, and the message was told of. One that is far and differs is
// not: its number may be that of a reset that nobody has announced.
bool Work::TakeKnown(std::int64_t number, const Message& message, bool far) {
  const auto found = state_.seen.find(number);
  if (found == state_.seen.end()) return false;
  SeenNumber& seen = found->second;
  const SeenNumber::Amendment amendment = {message.version, message.hash};
  const bool amended_since = !seen.amendments.empty() && seen.amendments.back().hash != seen.hash;
  const bool back_to_first = message.hash == seen.hash && amended_since && message.is_change &&
                             message.version > seen.version;
  const bool first_again = message.hash == seen.hash && !back_to_first;
  if (first_again || std::ranges::count(seen.amendments, amendment) > 0) {
    TellNumber(StreamEventKind::kDuplicate, number, message);
    return true;
  }
  if (far && !back_to_first) return false;
  if (!message.is_change || message.version <= seen.version) {
    TellNumber(StreamEventKind::kConflict, number, message);
    return true;
  }
  seen.version = message.version;
  seen.amendments.push_back(amendment);
  const auto held = state_.held.find(number);
  if (held != state_.held.end()) held->second = message;
  TellNumber(StreamEventKind::kAmended, number, message);
  return true;
}

void Work::TakeLate(std::int64_t number, const Message& message) {
  if (number < state_.next - terms_.memory_numbers) {
    TellNumber(StreamEventKind::kForgotten, number, message);
    return;
  }
  state_.seen.try_emplace(number, SeenNumber{.version = message.version, .hash = message.hash});
  TellNumber(
      number < state_.frozen_before ? StreamEventKind::kLateFillFrozen : StreamEventKind::kLateFill,
      number, message);
}

void Work::Hold(std::int64_t number, const Message& message) {
  state_.given_up.erase(number);
  const std::int64_t known = state_.held.empty() ? state_.next - 1 : state_.held.rbegin()->first;
  if (number > known + 1) {
    state_.gaps.try_emplace(known + 1, OpenGap{.last = number - 1, .since_ms = state_.now_ms});
    TellRange(StreamEventKind::kGapOpened, known + 1, number - 1);
  } else if (number < known) {
    SplitGap(number);
  }
  state_.held.try_emplace(number, message);
  if (number > state_.next) TellNumber(StreamEventKind::kHeld, number, message);
}

// Takes one number out of the gap that it lies in; the rest stays as old as it was.
void Work::SplitGap(std::int64_t number) {
  auto gap = state_.gaps.upper_bound(number);
  if (gap == state_.gaps.begin()) return;  // It had been given up.
  --gap;
  const OpenGap whole = gap->second;
  const std::int64_t first = gap->first;
  if (number > whole.last) return;
  state_.gaps.erase(gap);
  OpenGap part = whole;
  if (number < whole.last) state_.gaps.try_emplace(number + 1, part);
  part.last = number - 1;
  if (first < number) state_.gaps.try_emplace(first, part);
}

void Work::Deliver(std::int64_t number, const Message& message) {
  TellNumber(StreamEventKind::kDelivered, number, message);
  state_.next = number + 1;
}

void Work::DeliverRun() {
  while (true) {
    const auto held = state_.held.begin();
    if (held != state_.held.end() && held->first == state_.next) {
      Deliver(held->first, held->second);
      state_.held.erase(held);
    } else if (!state_.given_up.empty() && *state_.given_up.begin() == state_.next) {
      state_.given_up.erase(state_.given_up.begin());
      ++state_.next;  // Told as lost when it was given up.
    } else {
      return;
    }
  }
}

// Gives up what is missing from next to before `end`.
void Work::LoseUpTo(std::int64_t end) {
  for (; state_.next < end; ++state_.next) {
    if (state_.given_up.erase(state_.next) > 0) continue;
    TellRange(StreamEventKind::kLost, state_.next, state_.next);
  }
  while (!state_.gaps.empty() && state_.gaps.begin()->first < end) {
    state_.gaps.erase(state_.gaps.begin());
  }
}

void Work::Trim() {
  while (std::ssize(state_.held) > terms_.window) {
    LoseUpTo(state_.held.begin()->first);
    DeliverRun();
  }
}

void Work::Forget() {
  while (!state_.seen.empty() && state_.seen.begin()->first < state_.next - terms_.memory_numbers) {
    state_.seen.erase(state_.seen.begin());
  }
}

void Work::GiveUp(const NumberRange& range) {
  for (std::int64_t number = range.first; number <= range.last; ++number) {
    TellRange(StreamEventKind::kLost, number, number);
    state_.given_up.insert(number);
    SplitGap(number);
  }
  DeliverRun();
  Forget();
}

void Work::Flush() {
  while (!state_.held.empty()) {
    const std::int64_t end = state_.held.begin()->first;
    while (state_.next < end) {
      if (state_.given_up.erase(state_.next) > 0) {
        ++state_.next;
        continue;
      }
      const auto given_up = state_.given_up.begin();
      const std::int64_t stop = given_up == state_.given_up.end() ? end : std::min(end, *given_up);
      TellRange(StreamEventKind::kOpenAtEnd, state_.next, stop - 1);
      state_.next = stop;
    }
    DeliverRun();
  }
  state_.gaps.clear();
  state_.given_up.clear();
  TellRange(StreamEventKind::kEpochClosed, state_.next, state_.next);
}

// When the first of these missing calls is needed, by the need of the nearest call behind them
// that has one and the mean distance of calls.
std::optional<std::int64_t> Work::NeedOf(std::int64_t first, std::int64_t last) const {
  for (auto held = state_.held.upper_bound(last); held != state_.held.end(); ++held) {
    if (!held->second.need_ms.has_value()) continue;
    const std::int64_t calls = held->first - first;  // At most kJumpAgreedMax and the window.
    return *held->second.need_ms -
           calls * std::min(terms_.interarrival_mean_ms, std::int64_t{1} << 40);
  }
  return std::nullopt;
}

void Work::CheckTimers() {
  if (state_.ended) return;
  const std::int64_t patience_ms =
      std::max(3 * terms_.interarrival_mean_ms, terms_.interarrival_p999_ms);
  std::vector<NumberRange> confirmed;
  for (auto& [first, gap] : state_.gaps) {
    if (!gap.suspected && patience_ms > 0 && state_.now_ms - gap.since_ms >= patience_ms) {
      gap.suspected = true;
      TellRange(StreamEventKind::kGapSuspected, first, gap.last);
    }
    const std::optional<std::int64_t> need_ms = NeedOf(first, gap.last);
    if (gap.confirmed || !need_ms.has_value() || state_.now_ms < *need_ms - terms_.fence_ms) {
      continue;
    }
    gap.confirmed = true;
    TellRange(StreamEventKind::kGapConfirmed, first, gap.last);
    confirmed.push_back({first, gap.last});
  }
  if (terms_.gap_policy == GapPolicy::kLeaveOpen) {
    for (const NumberRange& range : confirmed) GiveUp(range);
  }
  if (terms_.silence_ms > 0 && !state_.silent &&
      state_.now_ms - state_.last_good_ms >= terms_.silence_ms) {
    state_.silent = true;
    TellRange(StreamEventKind::kSilent, state_.next, state_.next);
  }
}

}  // namespace tandem::sequencing

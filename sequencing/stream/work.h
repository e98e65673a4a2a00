// The rules of stream.h, step by step; for stream.cc alone.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "sequencing/stream/stream.h"

namespace tandem::sequencing {

// One call's work on a state: what changes it tells events.
class Work {
 public:
  Work(const StreamTerms& terms, StreamState& state) : terms_(terms), state_(state) {}

  StreamEvents TakeEvents() { return std::move(events_); }

  // Takes a message of this epoch with a number that is one. With `decided` it is not held however
  // far it is.
  void Take(const Message& message, bool decided);
  void Tell(StreamEventKind kind, const Message& message);  // With its number as on the wire.
  void GiveUp(const NumberRange& range);
  void Flush();
  void CheckTimers();

 private:
  bool IsDense() const { return terms_.numbering == Numbering::kDense; }
  void TellNumber(StreamEventKind kind, std::int64_t number, const Message& message);
  void TellRange(StreamEventKind kind, std::int64_t first, std::int64_t last);
  bool TakeKnown(std::int64_t number, const Message& message, bool far);
  void TakeLate(std::int64_t number, const Message& message);
  void Hold(std::int64_t number, const Message& message);
  void Deliver(std::int64_t number, const Message& message);
  void DeliverRun();
  void LoseUpTo(std::int64_t end);
  void Trim();
  void Forget();
  void SplitGap(std::int64_t number);
  std::optional<std::int64_t> NeedOf(std::int64_t first, std::int64_t last) const;

  StreamTerms terms_;
  StreamState& state_;
  StreamEvents events_;
};

}  // namespace tandem::sequencing

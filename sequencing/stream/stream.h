// Broadcast integrity of one stream of numbered calls: each call takes effect exactly once, calls
// are delivered in the order of their numbers, and whatever is missing, late, repeated or
// contradictory is told as an event. A gap never blocks planning (held calls are told at once, as
// provisional) and is never skipped silently (each number given up is an event of its own).
//
//   StreamState state = BeginStream(terms, {.epoch = 1, .first_number = 17, .now_ms =
//   now}).value(); const auto events = Receive(terms, {.epoch = 1, .number = 18, .hash = 9}, now,
//   state);
//   // kGapOpened 17..17, kHeld 18. When 17 comes: kDelivered 17, kDelivered 18.
//
// Time comes with each call and never goes back. The state is a value: codec.h stores it. After a
// refusal it is as it was. Interchange control numbers (UNB, ISA) are a stream of their own; check
// both, and acknowledge only after the state is durable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"
#include "sequencing/stream/terms.h"

namespace tandem::sequencing {

struct Message {
  std::int64_t epoch = 0;
  std::int64_t number = 0;                // As on the wire, not unwrapped.
  std::int64_t version = 0;               // Of the call; only a change raises it.
  bool is_change = false;                 // The sender says that it amends what it called before.
  std::uint64_t hash = 0;                 // Of the content; equal for equal content.
  std::optional<std::int64_t> need_ms{};  // When the part is needed, to date gaps by.
  std::string content{};                  // Opaque; kept while the message is held, and given back.

  friend bool operator==(const Message&, const Message&) = default;
};

// Stored: never renumber.
enum class StreamEventKind : std::uint8_t {
  kDelivered = 1,       // In order; takes effect now.
  kHeld = 2,            // Ahead of a gap: provisional until it is delivered.
  kDuplicate = 3,       // Seen before, same hash: acknowledge again, no effect.
  kAmended = 4,         // A change with a higher version: takes the place of what was called.
  kConflict = 5,        // Alarm. Seen before, other hash: quarantine it, the first stays.
  kLateFill = 6,        // Had been given up or passed: insert into history.
  kLateFillFrozen = 7,  // Alarm. The same where the position is frozen: not inserted.
  kForgotten = 8,       // Alarm. Older than what is remembered: not applied, look it up.
  kUnclassified = 9,    // Alarm. Too far from the next number: held until somebody decides.
  kUnknownEpoch = 10,   // Alarm. Of an epoch not yet announced: held until it is.
  kGapOpened = 11,      // number..last are missing.
  kGapSuspected = 12,   // Alarm. Still missing: ask for number..last again.
  kGapConfirmed = 13,   // Alarm. A missing call's need is inside the reaction fence.
  kLost = 14,           // Alarm. The number is given up; delivery goes on behind it.
  kOpenAtEnd = 15,      // Alarm. number..last were missing when the epoch ended.
  kEpochClosed = 16,
  kTotalMatched = 17,   // The sender's total of number..last agrees.
  kTotalMismatch = 18,  // Alarm. It does not: ask for the interval again.
  kSilent = 19,         // Alarm. Nothing has come for the agreed time.
  kDiscarded = 20,      // A message held for a decision was thrown away by one.
  kUndecided = 21,      // Alarm. A message was still held for a decision when the stream ended.
};

bool IsAlarm(StreamEventKind kind);

struct StreamEvent {
  StreamEventKind kind = StreamEventKind::kDelivered;
  std::int64_t epoch = 0;
  std::int64_t number = 0;  // Unwrapped; as on the wire for what is held for a decision.
  std::int64_t last = 0;    // Of a range; else as number.
  std::int64_t version = 0;
  std::string content{};

  friend bool operator==(const StreamEvent&, const StreamEvent&) = default;
};

using StreamEvents = std::vector<StreamEvent>;

// What is remembered of a number.
struct SeenNumber {
  struct Amendment {
    std::int64_t version = 0;
    std::uint64_t hash = 0;

    friend bool operator==(const Amendment&, const Amendment&) = default;
  };

  std::int64_t version = 0;  // The newest.
  std::uint64_t hash = 0;    // Of the first message.
  std::vector<Amendment> amendments{};

  friend bool operator==(const SeenNumber&, const SeenNumber&) = default;
};

// A run of missing numbers with a held call behind it.
struct OpenGap {
  std::int64_t last = 0;      // Its first is its key.
  std::int64_t since_ms = 0;  // When a call behind it first came.
  bool suspected = false;
  bool confirmed = false;

  friend bool operator==(const OpenGap&, const OpenGap&) = default;
};

struct StreamState {
  std::int64_t epoch = 0;
  std::int64_t next = 0;           // The next number to deliver, unwrapped. What is physically
                                   // sequenced lies below it.
  std::int64_t frozen_before = 0;  // Positions of the numbers below are frozen; what came
                                   // before the epoch is. The caller raises it.
  std::int64_t now_ms = 0;         // Of the last call.
  std::int64_t last_good_ms = 0;   // When a message was last taken.
  bool silent = false;             // kSilent has been told since.
  bool ended = false;              // By EndStream; only a new epoch goes on.
  absl::btree_map<std::int64_t, SeenNumber> seen{};
  absl::btree_map<std::int64_t, Message> held{};  // Provisional, by unwrapped number.
  absl::btree_map<std::int64_t, OpenGap> gaps{};  // By first number.
  absl::btree_set<std::int64_t> given_up{};       // Confirmed lost, at or above next.
  std::vector<Message> unclassified{};            // As they came.

  friend bool operator==(const StreamState&, const StreamState&) = default;
};

struct EpochStart {
  std::int64_t epoch = 0;
  std::int64_t first_number = 0;  // As on the wire.
  std::int64_t now_ms = 0;
};

// Returns kInvalidArgument for terms that CheckTerms refuses, a number that is none, and a time
// that is not within 2^60 ms.
absl::StatusOr<StreamState> BeginStream(const StreamTerms& terms, const EpochStart& start);

// Takes one message. Which number it means, whether it is new, late, repeated or contradictory, and
// what it lets through: see the kinds. While more than W calls are held, the numbers up to the
// smallest held one are given up. O(log n) and what is delivered.
// Returns kInvalidArgument, naming the message, for a number outside of 0..M-1 and for a time
// before the last; kFailedPrecondition for an older epoch and for a stream that has ended;
// kResourceExhausted if it would have to be held for a decision and too many are.
absl::StatusOr<StreamEvents> Receive(const StreamTerms& terms, const Message& message,
                                     std::int64_t now_ms, StreamState& state);

// Lets time pass: gaps that became suspect or whose need entered the fence, silence. Receive does
// the same. Nothing more is told of a stream that has ended. Returns kInvalidArgument for a time
// before the last.
absl::StatusOr<StreamEvents> Tick(const StreamTerms& terms, std::int64_t now_ms,
                                  StreamState& state);

struct NumberRange {
  std::int64_t first = 0;  // Unwrapped.
  std::int64_t last = 0;   // Included.
};

// Somebody confirms that these calls are lost; delivery goes on where it waited for them alone.
// Returns kInvalidArgument for an empty range, kFailedPrecondition, naming the number, if one of
// them is not missing in an open gap.
absl::StatusOr<StreamEvents> ConfirmLost(const StreamTerms& terms, const NumberRange& range,
                                         std::int64_t now_ms, StreamState& state);

// A new epoch begins, by the sender's message or by a decision: what is held of the old one is
// delivered, its gaps are told, and the messages that wait for the new one are taken. With
// `adopt_unclassified` those that were too far from the next number are of the new epoch too: they
// were its first, sent before anybody said so. A stream that has ended is open again.
// Returns kInvalidArgument for a number that is none, kFailedPrecondition for an epoch not newer.
absl::StatusOr<StreamEvents> BeginEpoch(const StreamTerms& terms, const EpochStart& start,
                                        bool adopt_unclassified, StreamState& state);

// Decides that the messages held as too far from the next number are of this epoch: takes them.
// Returns kFailedPrecondition, naming the message, for one more than kJumpMax (and than what was
// agreed) away: so many calls are not given up at once.
absl::StatusOr<StreamEvents> ReleaseUnclassified(const StreamTerms& terms, std::int64_t now_ms,
                                                 StreamState& state);

// Decides that all messages held for a decision are void; each is told as kDiscarded.
StreamEvents DiscardUnclassified(StreamState& state);

// The stream ends: delivers what is held, tells what was missing, closes the epoch, and tells each
// message that nobody has decided on. A second time it tells nothing.
StreamEvents EndStream(StreamState& state);

// What the sender says of the numbers in [from, to), both as on the wire: how many, and SHA-256 of
// the unwrapped ones, ascending, in decimal, joined by commas.
struct ControlTotal {
  std::int64_t from = 0;
  std::int64_t to = 0;  // Up to M: 0 to M is a whole turn.
  std::int64_t count = 0;
  std::string_view digest{};  // Lower-case hexadecimal.
};

// Numbers that wrap are unwrapped from the interval's end: `to` is the number nearest to the next
// one, since a total is of what has just been sent, and `from` lies less than a turn before it. An
// interval that would end ahead of the next number, and whose numbers we have one turn earlier, is
// that one: the digest proves it.
// Returns kFailedPrecondition for a stream without totals and for an interval that begins before
// what is remembered; kInvalidArgument for numbers or a count that are none and for an interval
// that runs backwards.
absl::StatusOr<StreamEvents> CheckTotal(const StreamTerms& terms, const ControlTotal& total,
                                        const StreamState& state);

}  // namespace tandem::sequencing

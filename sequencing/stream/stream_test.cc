#include "sequencing/stream/stream.h"

#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sequencing/stream/codec.h"
#include "sequencing/stream/digest.h"

namespace tandem::sequencing {
namespace {

using enum StreamEventKind;
using testing::HasSubstr;

// What was told, for comparing: kind and number, or first and last.
struct Told {
  StreamEventKind kind = kDelivered;
  std::int64_t number = 0;
  std::int64_t last = 0;

  Told(StreamEventKind k, std::int64_t n) : kind(k), number(n), last(n) {}
  Told(StreamEventKind k, std::int64_t first, std::int64_t end)
      : kind(k), number(first), last(end) {}
  friend bool operator==(const Told&, const Told&) = default;
};

std::ostream& operator<<(std::ostream& out, const Told& told) {
  return out << static_cast<int>(told.kind) << ":" << told.number << ".." << told.last;
}

using ToldList = std::vector<Told>;

// A stream under test. Messages' hashes are their numbers unless a test says otherwise.
struct Stream {
  explicit Stream(const StreamTerms& agreed, std::int64_t first = 10)
      : terms(agreed), state(BeginStream(agreed, {.epoch = 1, .first_number = first}).value()) {}

  ToldList List(const absl::StatusOr<StreamEvents>& events) {
    ToldList told;
    for (const StreamEvent& event : events.value()) {
      told.emplace_back(event.kind, event.number, event.last);
    }
    return told;
  }
  ToldList Take(std::int64_t number) { return Take(Call(number)); }
  ToldList Take(const Message& message) { return List(Receive(terms, message, now_ms, state)); }
  ToldList Wait(std::int64_t until_ms) {
    now_ms = until_ms;
    return List(Tick(terms, now_ms, state));
  }
  static Message Call(std::int64_t number) {
    return {.epoch = 1,
            .number = number,
            .hash = static_cast<std::uint64_t>(number),
            .content = "call " + std::to_string(number)};
  }
  // A refusal leaves the state as it was.
  std::string Refused(const Message& message, absl::StatusCode code) {
    const StreamState before = state;
    const auto events = Receive(terms, message, now_ms, state);
    EXPECT_EQ(events.status().code(), code);
    EXPECT_EQ(state, before);
    return std::string(events.status().message());
  }

  StreamTerms terms;
  StreamState state;
  std::int64_t now_ms = 0;
};

TEST(ReceiveTest, AGapHoldsDeliveryButNotPlanning) {
  Stream stream({});
  EXPECT_EQ(stream.Take(10), (ToldList{{kDelivered, 10}}));
  EXPECT_EQ(stream.Take(13), (ToldList{{kGapOpened, 11, 12}, {kHeld, 13}}));
  EXPECT_EQ(stream.Take(15), (ToldList{{kGapOpened, 14}, {kHeld, 15}}));
  EXPECT_EQ(stream.state.held.at(15).content, "call 15");
  EXPECT_EQ(stream.Take(12), (ToldList{{kHeld, 12}}));
  EXPECT_EQ(stream.Take(11), (ToldList{{kDelivered, 11}, {kDelivered, 12}, {kDelivered, 13}}));
  EXPECT_EQ(stream.Take(14), (ToldList{{kDelivered, 14}, {kDelivered, 15}}));
  EXPECT_TRUE(stream.state.gaps.empty());
}

TEST(ReceiveTest, MoreHeldThanTheWindowGivesUpTheGap) {
  Stream stream({.window = 1});
  stream.Take(12);
  EXPECT_EQ(stream.Take(14),
            (ToldList{{kGapOpened, 13}, {kHeld, 14}, {kLost, 10}, {kLost, 11}, {kDelivered, 12}}));
  EXPECT_EQ(stream.Take(11), (ToldList{{kLateFill, 11}}));
  EXPECT_EQ(stream.Take(11), (ToldList{{kDuplicate, 11}}));
}

TEST(ReceiveTest, ALateCallIntoTheFrozenPartIsAnAlarm) {
  Stream stream({.window = 0});
  stream.Take(12);
  stream.state.frozen_before = 11;
  EXPECT_EQ(stream.Take(10), (ToldList{{kLateFillFrozen, 10}}));
  EXPECT_EQ(stream.Take(11), (ToldList{{kLateFill, 11}}));
}

TEST(ReceiveTest, RepeatsContradictionsAndAmendments) {
  Stream stream({});
  stream.Take(10);
  Message other = Stream::Call(10);
  other.hash = 99;
  EXPECT_EQ(stream.Take(other), (ToldList{{kConflict, 10}}));
  other.is_change = true;
  EXPECT_EQ(stream.Take(other), (ToldList{{kConflict, 10}}));  // Its version is no higher.
  other.version = 1;
  EXPECT_EQ(stream.Take(other), (ToldList{{kAmended, 10}}));
  EXPECT_EQ(stream.Take(other), (ToldList{{kDuplicate, 10}}));
  EXPECT_EQ(stream.Take(10), (ToldList{{kDuplicate, 10}}));  // The first again.
  other.hash = 98;
  EXPECT_EQ(stream.Take(other), (ToldList{{kConflict, 10}}));
}

// Of what is far from the next number too: its content proves which call it changes.
TEST(ReceiveTest, AChangeBackToTheFirstContentIsAnAmendment) {
  for (const bool far : {false, true}) {
    Stream stream({.window = 4, .jump = 100});
    stream.Take(10);
    Message change = Stream::Call(10);
    const std::uint64_t first_hash = change.hash;
    change.is_change = true;
    change.version = 1;
    EXPECT_EQ(stream.Take(change), (ToldList{{kDuplicate, 10}}));  // It changes nothing.
    change.hash = first_hash + 1;
    EXPECT_EQ(stream.Take(change), (ToldList{{kAmended, 10}}));
    for (std::int64_t number = 11; far && number < 400; ++number) stream.Take(number);
    change.hash = first_hash;
    EXPECT_EQ(stream.Take(change), (ToldList{{kDuplicate, 10}}));  // No newer than the amendment.
    change.version = 2;
    EXPECT_EQ(stream.Take(change), (ToldList{{kAmended, 10}}));
    EXPECT_EQ(stream.Take(change), (ToldList{{kDuplicate, 10}}));
    EXPECT_EQ(stream.Take(10), (ToldList{{kDuplicate, 10}}));
  }
}

TEST(ReceiveTest, AnAmendmentOfAHeldCallIsWhatIsDelivered) {
  Stream stream({});
  stream.Take(11);
  Message amended = Stream::Call(11);
  amended.hash = 99;
  amended.version = 2;
  amended.is_change = true;
  amended.content = "amended";
  EXPECT_EQ(stream.Take(amended), (ToldList{{kAmended, 11}}));
  const auto events = Receive(stream.terms, Stream::Call(10), 0, stream.state).value();
  EXPECT_EQ(events[1].content, "amended");
  EXPECT_EQ(events[1].version, 2);
}

TEST(ReceiveTest, NumbersWrap) {
  Stream stream({.modulus = 100}, 98);
  stream.Take(98);
  EXPECT_EQ(stream.Take(0), (ToldList{{kGapOpened, 99}, {kHeld, 100}}));
  EXPECT_EQ(stream.Take(99), (ToldList{{kDelivered, 99}, {kDelivered, 100}}));
  EXPECT_EQ(stream.Take(51), (ToldList{{kGapOpened, 101, 150}, {kHeld, 151}}));  // 50 ahead.
  EXPECT_EQ(stream.Take(52), (ToldList{{kLateFillFrozen, 52}}));                 // 49 behind.
}

TEST(ReceiveTest, AJumpWaitsForADecision) {
  Stream stream({.window = 5, .jump = 5});
  EXPECT_EQ(stream.Take(15), (ToldList{{kGapOpened, 10, 14}, {kHeld, 15}}));
  EXPECT_EQ(stream.Take(16), (ToldList{{kUnclassified, 16}}));
  EXPECT_EQ(stream.Take(16), (ToldList{{kDuplicate, 16}}));
  EXPECT_EQ(stream.Take(4), (ToldList{{kUnclassified, 4}}));
  EXPECT_EQ(stream.List(ReleaseUnclassified(stream.terms, 0, stream.state)),
            (ToldList{{kHeld, 16}, {kLateFillFrozen, 4}}));
  EXPECT_TRUE(stream.state.unclassified.empty());
}

TEST(ReceiveTest, WhatWaitsForADecisionIsBoundedAndMayBeDiscarded) {
  Stream stream({.window = 5, .jump = 5, .unclassified_max = 1});
  stream.Take(100);
  EXPECT_THAT(stream.Refused(Stream::Call(101), absl::StatusCode::kResourceExhausted),
              HasSubstr("message 101 of epoch 1"));
  EXPECT_EQ(stream.List(DiscardUnclassified(stream.state)), (ToldList{{kDiscarded, 100}}));
  EXPECT_EQ(stream.Take(101), (ToldList{{kUnclassified, 101}}));
}

TEST(ReceiveTest, NobodyCanHaveAMillionCallsGivenUp) {
  Stream stream({.window = 0});
  EXPECT_EQ(stream.Take(kNumberMax), (ToldList{{kUnclassified, kNumberMax}}));
  const StreamState before = stream.state;
  const auto released = ReleaseUnclassified(stream.terms, 0, stream.state);
  EXPECT_EQ(released.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(stream.state, before);
}

TEST(ReceiveTest, RefusesWhatIsNoNumberOfThisEpoch) {
  Stream stream({.modulus = 100});
  EXPECT_THAT(stream.Refused(Stream::Call(100), absl::StatusCode::kInvalidArgument),
              HasSubstr("message 100 of epoch 1: the number is not in 0..99"));
  EXPECT_THAT(stream.Refused(Stream::Call(-1), absl::StatusCode::kInvalidArgument),
              HasSubstr("message -1"));
  Message old = Stream::Call(10);
  old.epoch = 0;
  EXPECT_THAT(stream.Refused(old, absl::StatusCode::kFailedPrecondition),
              HasSubstr("message 10 of epoch 0: that epoch has been closed"));
  Message need = Stream::Call(10);
  need.need_ms = -1;
  EXPECT_THAT(stream.Refused(need, absl::StatusCode::kInvalidArgument), HasSubstr("its need"));
  stream.now_ms = -1;
  EXPECT_THAT(stream.Refused(Stream::Call(10), absl::StatusCode::kInvalidArgument),
              HasSubstr("the time is -1 ms"));
  EXPECT_EQ(Tick(stream.terms, -1, stream.state).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ReceiveTest, WhatIsNoLongerRememberedIsNotAppliedAgain) {
  Stream stream({.window = 2, .memory_numbers = 2});
  for (const std::int64_t number : {10, 11, 12, 13}) stream.Take(number);
  EXPECT_EQ(stream.Take(12), (ToldList{{kDuplicate, 12}}));
  EXPECT_EQ(stream.Take(11), (ToldList{{kForgotten, 11}}));
}

TEST(EpochTest, AnUnannouncedEpochWaits) {
  Stream stream({});
  Message next_day = Stream::Call(2);
  next_day.epoch = 2;
  EXPECT_EQ(stream.Take(next_day), (ToldList{{kUnknownEpoch, 2}}));
  EXPECT_EQ(stream.Take(next_day), (ToldList{{kDuplicate, 2}}));
  stream.Take(12);
  EXPECT_EQ(stream.List(BeginEpoch(stream.terms, {.epoch = 2, .first_number = 1},
                                   /*adopt_unclassified=*/false, stream.state)),
            (ToldList{{kOpenAtEnd, 10, 11},
                      {kDelivered, 12},
                      {kEpochClosed, 13},
                      {kGapOpened, 1},
                      {kHeld, 2}}));
  EXPECT_EQ(stream.state.epoch, 2);
}

TEST(EpochTest, AResetThatNobodyAnnouncedIsDecided) {
  Stream stream({.window = 5, .jump = 5}, 900);
  stream.Take(900);
  EXPECT_EQ(stream.Take(1), (ToldList{{kUnclassified, 1}}));
  EXPECT_EQ(stream.Take(2), (ToldList{{kUnclassified, 2}}));
  EXPECT_EQ(stream.List(BeginEpoch(stream.terms, {.epoch = 2, .first_number = 1},
                                   /*adopt_unclassified=*/true, stream.state)),
            (ToldList{{kEpochClosed, 901}, {kDelivered, 1}, {kDelivered, 2}}));
}

TEST(EpochTest, WhatIsNotAdoptedIsToldAsDiscarded) {
  Stream stream({.window = 5, .jump = 5}, 900);
  stream.Take(1);
  EXPECT_EQ(stream.List(BeginEpoch(stream.terms, {.epoch = 2, .first_number = 1},
                                   /*adopt_unclassified=*/false, stream.state)),
            (ToldList{{kEpochClosed, 900}, {kDiscarded, 1}}));
}

TEST(EpochTest, EpochsOnlyRise) {
  Stream stream({.modulus = 10}, 0);
  const auto begin = [&stream](std::int64_t epoch, std::int64_t first) {
    return BeginEpoch(stream.terms, {.epoch = epoch, .first_number = first}, false, stream.state)
        .status()
        .code();
  };
  EXPECT_EQ(begin(1, 0), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(begin(2, 10), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(begin(2, 9), absl::StatusCode::kOk);
}

TEST(GapTimerTest, IsSuspectedThenConfirmedByTheFence) {
  Stream stream({.interarrival_mean_ms = 60, .interarrival_p999_ms = 150, .fence_ms = 1'000});
  Message call = Stream::Call(13);
  call.need_ms = 5'000;  // So 10, three calls before, is needed at 4,820.
  stream.Take(call);
  EXPECT_EQ(stream.Wait(179), (ToldList{}));
  EXPECT_EQ(stream.Wait(180), (ToldList{{kGapSuspected, 10, 12}}));
  EXPECT_EQ(stream.Wait(3'819), (ToldList{}));
  EXPECT_EQ(stream.Wait(3'820), (ToldList{{kGapConfirmed, 10, 12}}));
  EXPECT_EQ(stream.Wait(9'000), (ToldList{}));  // Each is told once; the gap stays open.
  EXPECT_EQ(stream.state.next, 10);
}

TEST(GapTimerTest, APolicyLeavesThePlaceOpen) {
  Stream stream({.interarrival_mean_ms = 60, .gap_policy = GapPolicy::kLeaveOpen});
  Message call = Stream::Call(11);
  call.need_ms = 1'000;
  stream.Take(call);
  stream.Wait(500);
  EXPECT_EQ(stream.Wait(940), (ToldList{{kGapConfirmed, 10}, {kLost, 10}, {kDelivered, 11}}));
}

TEST(GapTimerTest, SilenceIsToldOnce) {
  Stream stream({.silence_ms = 100});
  EXPECT_EQ(stream.Wait(99), (ToldList{}));
  EXPECT_EQ(stream.Wait(100), (ToldList{{kSilent, 10}}));
  EXPECT_EQ(stream.Wait(300), (ToldList{}));
  stream.Take(10);
  EXPECT_EQ(stream.Wait(400), (ToldList{{kSilent, 11}}));
}

TEST(ConfirmLostTest, ClosesTheGapOrAPartOfIt) {
  Stream stream({});
  stream.Take(14);
  const auto confirm = [&stream](std::int64_t first, std::int64_t last) {
    return stream.List(ConfirmLost(stream.terms, {first, last}, 0, stream.state));
  };
  EXPECT_EQ(confirm(12, 13), (ToldList{{kLost, 12}, {kLost, 13}}));
  EXPECT_EQ(stream.Take(10), (ToldList{{kDelivered, 10}}));
  EXPECT_EQ(stream.Take(12), (ToldList{{kHeld, 12}}));  // It was not lost after all.
  EXPECT_EQ(confirm(11, 11), (ToldList{{kLost, 11}, {kDelivered, 12}, {kDelivered, 14}}));
}

TEST(ConfirmLostTest, RefusesWhatIsNotMissing) {
  Stream stream({});
  stream.Take(12);
  const auto code = [&stream](std::int64_t first, std::int64_t last) {
    return ConfirmLost(stream.terms, {first, last}, 0, stream.state).status().code();
  };
  EXPECT_EQ(code(11, 10), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(9, 10), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(11, 12), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(13, 13), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(10, 11), absl::StatusCode::kOk);
}

TEST(SparseTest, NumbersOnlyRise) {
  Stream stream({.numbering = Numbering::kSparse});
  EXPECT_EQ(stream.Take(17), (ToldList{{kDelivered, 17}}));
  EXPECT_EQ(stream.Take(12), (ToldList{{kLateFill, 12}}));
  EXPECT_EQ(stream.Take(17), (ToldList{{kDuplicate, 17}}));
  EXPECT_EQ(CheckTotal(stream.terms, {.from = 10, .to = 20}, stream.state).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(SparseTest, ATotalFindsWhatIsMissing) {
  Stream stream({.numbering = Numbering::kSparseWithTotals, .modulus = 100}, 90);
  for (const std::int64_t number : {92, 97, 3}) stream.Take(number);
  const std::vector<std::int64_t> sent = {92, 97, 103};
  const std::string digest = NumbersDigest(sent);
  const auto check = [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    return stream.List(CheckTotal(stream.terms, {from, to, count, digest}, stream.state));
  };
  EXPECT_EQ(check(90, 5, 3), (ToldList{{kTotalMatched, 90, 104}}));
  EXPECT_EQ(check(90, 5, 4), (ToldList{{kTotalMismatch, 90, 104}}));
  EXPECT_EQ(check(90, 3, 3), (ToldList{{kTotalMismatch, 90, 102}}));
}

// All of [from, to) were sent: what the sender's total of them says, by numbers as on the wire.
ToldList CheckSent(const Stream& stream, std::int64_t from, std::int64_t to, std::int64_t first) {
  std::vector<std::int64_t> sent(static_cast<std::size_t>(to - from));
  std::iota(sent.begin(), sent.end(), first);
  const std::string digest = NumbersDigest(sent);
  const ControlTotal total = {.from = from, .to = to, .count = to - from, .digest = digest};
  const StreamEvents events = CheckTotal(stream.terms, total, stream.state).value();
  ToldList told;
  for (const StreamEvent& event : events) {
    told.emplace_back(event.kind, event.number, event.last);
  }
  return told;
}

TEST(SparseTest, ATotalOfACorrectStreamMatchesWhereverItLies) {
  Stream stream({.numbering = Numbering::kSparseWithTotals, .modulus = 1'000}, 0);
  for (std::int64_t number = 0; number < 700; ++number) stream.Take(number);
  EXPECT_EQ(CheckSent(stream, 0, 700, 0), (ToldList{{kTotalMatched, 0, 699}}));
  EXPECT_EQ(CheckSent(stream, 100, 700, 100), (ToldList{{kTotalMatched, 100, 699}}));
  EXPECT_EQ(CheckSent(stream, 0, 100, 0), (ToldList{{kTotalMatched, 0, 99}}));
  for (std::int64_t number = 700; number < 1'000; ++number) stream.Take(number);
  EXPECT_EQ(CheckSent(stream, 0, 1'000, 0), (ToldList{{kTotalMatched, 0, 999}}));
  EXPECT_EQ(CheckSent(stream, 0, 900, 0), (ToldList{{kTotalMatched, 0, 899}}));
  EXPECT_EQ(CheckSent(stream, 400, 900, 400), (ToldList{{kTotalMatched, 400, 899}}));
  EXPECT_EQ(CheckSent(stream, 600, 1'000, 600), (ToldList{{kTotalMatched, 600, 999}}));
  EXPECT_EQ(CheckSent(stream, 0, 300, 0), (ToldList{{kTotalMatched, 0, 299}}));
  for (std::int64_t number = 0; number < 200; ++number) stream.Take(number);
  EXPECT_EQ(CheckSent(stream, 0, 200, 1'000), (ToldList{{kTotalMatched, 1'000, 1'199}}));
  EXPECT_EQ(CheckSent(stream, 500, 900, 500), (ToldList{{kTotalMatched, 500, 899}}));
  // What was sent and has not come at all is missed where it was sent.
  EXPECT_EQ(CheckSent(stream, 200, 300, 1'200), (ToldList{{kTotalMismatch, 1'200, 1'299}}));
}

TEST(EndStreamTest, TellsWhatNobodyHasDecidedOnAndTakesNothingMore) {
  Stream stream({.window = 5, .jump = 5, .silence_ms = 100});
  stream.Take(12);
  stream.Take(100);
  Message next_day = Stream::Call(1);
  next_day.epoch = 2;
  stream.Take(next_day);
  const auto events = EndStream(stream.state);
  EXPECT_EQ(events.back().content, "call 1");
  EXPECT_EQ(events.back().epoch, 2);
  EXPECT_EQ(stream.List(events), (ToldList{{kOpenAtEnd, 10, 11},
                                           {kDelivered, 12},
                                           {kEpochClosed, 13},
                                           {kUndecided, 100},
                                           {kUndecided, 1}}));
  EXPECT_TRUE(stream.state.ended);
  EXPECT_TRUE(stream.state.unclassified.empty());
  EXPECT_EQ(DecodeStreamState(EncodeStreamState(stream.state)).value(), stream.state);
  for (const Message& message : {Stream::Call(13), Stream::Call(12), next_day}) {
    EXPECT_THAT(stream.Refused(message, absl::StatusCode::kFailedPrecondition),
                HasSubstr("the stream has ended, with epoch 1"));
  }
  EXPECT_EQ(stream.Wait(1'000), (ToldList{}));
  EXPECT_EQ(stream.List(EndStream(stream.state)), (ToldList{}));
  EXPECT_EQ(
      stream.List(BeginEpoch(stream.terms, {.epoch = 2, .first_number = 1, .now_ms = stream.now_ms},
                             /*adopt_unclassified=*/false, stream.state)),
      (ToldList{}));
  EXPECT_EQ(stream.Take(next_day), (ToldList{{kDelivered, 1}}));
}

TEST(SparseTest, RefusesATotalThatItCannotCheck) {
  Stream stream({.numbering = Numbering::kSparseWithTotals, .window = 2, .memory_numbers = 5});
  stream.Take(20);
  const auto code = [&stream](std::int64_t from, std::int64_t to) {
    return CheckTotal(stream.terms, {.from = from, .to = to}, stream.state).status().code();
  };
  EXPECT_EQ(code(15, 20), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(16, 20), absl::StatusCode::kOk);
  EXPECT_EQ(code(20, 19), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(-1, 19), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      CheckTotal(stream.terms, {.from = 16, .to = 20, .count = -1}, stream.state).status().code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(CheckTermsTest, RefusesEachTermOutsideOfItsRange) {
  struct Case {
    const char* want;
    StreamTerms terms;
  };
  const Case cases[] = {
      {"modulus is 1", {.modulus = 1}},
      {"modulus is -1", {.modulus = -1}},
      {"window is -1", {.window = -1}},
      {"jump is 31", {.jump = 31}},
      {"jump is 50", {.modulus = 100, .jump = 50}},
      {"jump is 4194305", {.jump = kJumpAgreedMax + 1}},
      {"memory_numbers is 31", {.memory_numbers = 31}},
      {"unclassified_max is 0", {.unclassified_max = 0}},
      {"interarrival_mean_ms is -1", {.interarrival_mean_ms = -1}},
      {"interarrival_p999_ms is -1", {.interarrival_p999_ms = -1}},
      {"fence_ms is -1", {.fence_ms = -1}},
      {"silence_ms is -1", {.silence_ms = -1}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    const auto state = BeginStream(c.terms, {});
    EXPECT_EQ(state.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(state.status().message()), HasSubstr(c.want));
  }
  EXPECT_TRUE(CheckTerms({.modulus = 100, .jump = 49}).ok());
  EXPECT_FALSE(BeginStream({.modulus = 100}, {.first_number = 100}).ok());
  for (const std::int64_t now_ms : {INT64_MIN, INT64_MAX}) {  // A span from it would be none.
    EXPECT_FALSE(BeginStream({}, {.now_ms = now_ms}).ok());
  }
}

TEST(IsAlarmTest, TellsWhatSomebodyMustSee) {
  EXPECT_FALSE(IsAlarm(kDelivered));
  EXPECT_FALSE(IsAlarm(kLateFill));
  EXPECT_TRUE(IsAlarm(kConflict));
  EXPECT_TRUE(IsAlarm(kLost));
}

}  // namespace
}  // namespace tandem::sequencing

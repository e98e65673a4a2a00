#include "sequencing/pegging/peg_book.h"

#include <limits>
#include <random>
#include <string>
#include <utility>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Event Need(std::uint64_t id, std::int32_t tick, std::int32_t weight = 1) {
  return {.kind = EventKind::kNeedAdded, .need = NeedId{id}, .tick = tick, .weight = weight};
}
Event Part(std::uint64_t id, std::int32_t tick) {
  return {.kind = EventKind::kSupplyAdded, .supply = SupplyId{id}, .tick = tick};
}
Event Lost(std::uint64_t id) { return {.kind = EventKind::kSupplyLost, .supply = SupplyId{id}}; }
Event Moved(std::uint64_t id, std::int32_t tick) {
  return {.kind = EventKind::kSupplyMoved, .supply = SupplyId{id}, .tick = tick};
}
Event Pair(EventKind kind, std::uint64_t need, std::uint64_t supply) {
  return {.kind = kind, .need = NeedId{need}, .supply = SupplyId{supply}};
}

// A book of one stock after each of the events, and what the last change told.
class PegBookTest : public ::testing::Test {
 protected:
  void Given(const std::vector<Event>& events) {
    for (const Event& event : events) ASSERT_TRUE(Apply({event}).ok());
  }
  absl::Status Apply(const std::vector<Event>& change) {
    outcome_ = {};
    return book_.Apply(change, outcome_);
  }
  std::uint64_t PegOf(std::uint64_t need) {  // 0: late.
    return static_cast<std::uint64_t>(book_.PegOf(NeedId{need}).value_or(SupplyId{0}));
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> Told() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
    for (const PegChange& change : outcome_.changes) {
      told.emplace_back(static_cast<std::uint64_t>(change.need),
                        change.on_time ? static_cast<std::uint64_t>(change.supply) : 0);
    }
    return told;
  }

  PegBook book_ = PegBook::Create({}).value();
  PegOutcome outcome_{};
};

// The reference's case for why the heaviest late need is not always the one: needs 1 and 9, a part
// ready at 5 can only help the lighter one.
TEST_F(PegBookTest, AFreedPartGoesToALateNeedThatItCanHelp) {
  Given({Need(1, 1, 5), Need(9, 9, 1)});
  ASSERT_TRUE(Apply({Part(3, 5)}).ok());
  EXPECT_THAT(Told(), ElementsAre(std::pair(9, 3)));
  EXPECT_EQ(book_.late(), 1);
}

// The reference's case where a chain alone is not enough: needs 0 and 7, the part of the first
// slips from 0 to 1.
TEST_F(PegBookTest, ASlippedPartServesAnotherNeed) {
  Given({Need(1, 0), Part(3, 0), Need(2, 7)});
  ASSERT_EQ(PegOf(1), 3U);
  ASSERT_TRUE(Apply({Moved(3, 1)}).ok());
  EXPECT_EQ(PegOf(1), 0U);
  EXPECT_EQ(PegOf(2), 3U);
  EXPECT_EQ(outcome_.voluntary, 0);
}

// Needs 3, 6, 7; part 2 on need 6, part 4 free; the parts of 3 and 7 are lost together. One is late
// in any case; giving 4 to need 7 costs no re-peg.
TEST_F(PegBookTest, TwoPartsLostAtOnceCostNoRepegThatOneByOneWould) {
  PegSnapshot snapshot;
  for (const std::int32_t due : {3, 6, 7}) {
    snapshot.needs.push_back({.need = NeedId{static_cast<std::uint64_t>(due)}, .due_tick = due});
  }
  for (const auto& [id, ready] : {std::pair(20, 2), {30, 1}, {40, 4}, {70, 1}}) {
    snapshot.supplies.push_back(
        {.supply = SupplyId{static_cast<std::uint64_t>(id)}, .ready_tick = ready});
  }
  snapshot.pegs = {{NeedId{3}, SupplyId{30}}, {NeedId{6}, SupplyId{20}}, {NeedId{7}, SupplyId{70}}};
  book_ = PegBook::FromSnapshot({}, snapshot).value();
  ASSERT_TRUE(Apply({Lost(30), Lost(70)}).ok());
  EXPECT_EQ(PegOf(3), 0U);
  EXPECT_EQ(PegOf(6), 20U);
  EXPECT_EQ(PegOf(7), 40U);
  EXPECT_EQ(outcome_.voluntary, 0);
  EXPECT_THAT(Told(), ElementsAre(std::pair(3, 0), std::pair(7, 40)));
}

TEST_F(PegBookTest, AChangeThatBreaksNothingTellsNothing) {
  Given({Need(1, 10), Part(2, 5), Need(3, 20), Part(4, 5)});
  for (const Event& event : {Moved(2, 10), Moved(2, 1),
                             Event{.kind = EventKind::kNeedMoved, .need = NeedId{3}, .tick = 6},
                             Pair(EventKind::kFitted, 1, PegOf(1))}) {
    ASSERT_TRUE(Apply({event}).ok());
    EXPECT_THAT(outcome_.changes, IsEmpty());
  }
  EXPECT_EQ(book_.needs(), 1);
  EXPECT_EQ(book_.supplies(), 1);
}

TEST_F(PegBookTest, BothEndsOfAPegMovedTogetherKeepIt) {
  Given({Need(1, 10), Part(2, 5), Need(3, 30), Part(4, 5)});
  const std::uint64_t part = PegOf(1);
  ASSERT_TRUE(
      Apply({Moved(part, 20), {.kind = EventKind::kNeedMoved, .need = NeedId{1}, .tick = 20}})
          .ok());
  EXPECT_EQ(PegOf(1), part);
  EXPECT_THAT(outcome_.changes, IsEmpty());
}

TEST_F(PegBookTest, LateNeedsGetWhatIsLeftInOrder) {
  Given({Need(1, 0), Need(2, 3), Need(3, 4), Part(10, 9), Part(11, 7)});
  const std::vector<LateNeed> late = book_.Lateness(0).value();
  ASSERT_EQ(late.size(), 3U);
  EXPECT_EQ(late[0].supply, SupplyId{11});
  EXPECT_EQ(late[0].late_ticks, 7);
  EXPECT_EQ(late[1].supply, SupplyId{10});
  EXPECT_EQ(late[1].late_ticks, 6);
  EXPECT_EQ(late[2].supply, std::nullopt);
  EXPECT_EQ(late[2].late_ticks, kHorizonTick - 4);
  EXPECT_EQ(book_.FirstUncovered(0).value(), 0);
}

TEST_F(PegBookTest, RefusesQuestionsAboutAStockThatDoesNotExist) {
  Given({Need(1, 0)});
  EXPECT_EQ(book_.late(0).value(), 1);
  for (const std::int32_t stock : {-1, 1, std::numeric_limits<std::int32_t>::max()}) {
    SCOPED_TRACE(stock);
    for (const absl::Status& status : {book_.late(stock).status(), book_.Lateness(stock).status(),
                                       book_.FirstUncovered(stock).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
      EXPECT_THAT(std::string(status.message()), StartsWith("UNKNOWN_STOCK: stock"));
    }
  }
}

TEST_F(PegBookTest, WhatIsPeggedHardIsLeftAlone) {
  Given({Need(1, 10), Part(2, 5), Need(3, 6, 9)});
  ASSERT_EQ(PegOf(3), 2U);  // The heavier one.
  ASSERT_TRUE(Apply({Pair(EventKind::kFixed, 1, 2)}).ok());
  EXPECT_EQ(PegOf(1), 2U);
  EXPECT_THAT(Told(), ElementsAre(std::pair(3, 0)));
  // Another ETA does not part them; a loss leaves the need open.
  ASSERT_TRUE(Apply({Moved(2, 99)}).ok());
  EXPECT_EQ(PegOf(1), 2U);
  ASSERT_TRUE(Apply({Moved(2, 5)}).ok());
  ASSERT_TRUE(Apply({{.kind = EventKind::kReleased, .need = NeedId{1}}}).ok());
  EXPECT_EQ(PegOf(3), 2U);  // Softly, the heavier one takes it again.
  EXPECT_EQ(outcome_.voluntary, 1);
  ASSERT_TRUE(Apply({Pair(EventKind::kFixed, 3, 2)}).ok());
  ASSERT_TRUE(Apply({Lost(2)}).ok());
  EXPECT_EQ(book_.late(), 2);
  ASSERT_TRUE(Apply({Part(5, 1)}).ok());
  EXPECT_EQ(PegOf(3), 5U);
  ASSERT_TRUE(Apply({Pair(EventKind::kFixed, 3, 5)}).ok());
  ASSERT_TRUE(Apply({{.kind = EventKind::kNeedCancelled, .need = NeedId{3}}}).ok());
  EXPECT_EQ(PegOf(1), 5U);
}

TEST_F(PegBookTest, AFixedPairIsFittedAsOne) {
  Given({Need(1, 10), Part(2, 5), Pair(EventKind::kFixed, 1, 2), Need(3, 10), Part(4, 1)});
  EXPECT_EQ(Apply({Pair(EventKind::kFitted, 1, 4)}).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Apply({Pair(EventKind::kFitted, 1, 2)}).ok());
  EXPECT_EQ(book_.PegOf(NeedId{1}), std::nullopt);
  EXPECT_EQ(Apply({Lost(2)}).code(), absl::StatusCode::kNotFound);
}

TEST_F(PegBookTest, APartFittedElsewhereExposesItsNeed) {
  Given({Need(1, 10), Part(2, 5), Need(3, 20), Part(4, 15)});
  ASSERT_EQ(PegOf(1), 2U);
  ASSERT_TRUE(Apply({Pair(EventKind::kFitted, 3, 2)}).ok());
  EXPECT_EQ(PegOf(1), 0U);
  EXPECT_THAT(Told(), ElementsAre(std::pair(1, 0)));
}

TEST_F(PegBookTest, RefusesWithCodeAndReasonAndChangesNothing) {
  Given({Need(1, 10), Part(2, 5), Need(5, 50), Part(6, 1), Pair(EventKind::kFixed, 5, 6)});
  const PegSnapshot before = book_.Snapshot();
  struct Case {
    const char* reason;
    absl::StatusCode code;
    std::vector<Event> change;
  };
  using enum absl::StatusCode;
  using enum EventKind;
  const Case cases[] = {
      {"DUPLICATE_NEED", kAlreadyExists, {Need(1, 3)}},
      {"DUPLICATE_NEED", kAlreadyExists, {Need(5, 3)}},
      {"DUPLICATE_SUPPLY", kAlreadyExists, {Part(2, 3)}},
      {"DUPLICATE_SUPPLY", kAlreadyExists, {Part(6, 3)}},
      {"UNKNOWN_NEED", kNotFound, {{.kind = kNeedMoved, .need = NeedId{7}}}},
      {"UNKNOWN_NEED", kNotFound, {{.kind = kNeedCancelled, .need = NeedId{7}}}},
      {"UNKNOWN_SUPPLY", kNotFound, {Lost(7)}},
      {"UNKNOWN_SUPPLY", kNotFound, {Moved(7, 3)}},
      {"UNKNOWN_NEED", kNotFound, {Pair(kFitted, 7, 2)}},
      {"UNKNOWN_SUPPLY", kNotFound, {Pair(kFitted, 1, 7)}},
      {"UNKNOWN_VARIANT",
       kInvalidArgument,
       {{.kind = kNeedAdded, .need = NeedId{9}, .variant = 1}}},
      {"UNKNOWN_VARIANT",
       kInvalidArgument,
       {{.kind = kSupplyAdded, .supply = SupplyId{9}, .variant = -1}}},
      {"UNKNOWN_POOL",
       kInvalidArgument,
       {{.kind = kSupplyAdded, .supply = SupplyId{9}, .pool = 1}}},
      {"UNKNOWN_LOCATION",
       kInvalidArgument,
       {{.kind = kNeedAdded, .need = NeedId{9}, .location = 1}}},
      {"UNKNOWN_ACCEPTANCE",
       kInvalidArgument,
       {{.kind = kNeedAdded, .need = NeedId{9}, .acceptance = 0}}},
      {"TICK_OUT_OF_RANGE", kInvalidArgument, {Need(9, kTickMax + 1)}},
      {"TICK_OUT_OF_RANGE", kInvalidArgument, {Moved(2, -kTickMax - 1)}},
      {"WEIGHT_NOT_POSITIVE", kInvalidArgument, {Need(9, 1, 0)}},
      {"WEIGHT_NOT_POSITIVE",
       kInvalidArgument,
       {{.kind = kNeedWeighed, .need = NeedId{1}, .weight = -1}}},
      {"EXPIRED_BEFORE_READY",
       kInvalidArgument,
       {{.kind = kSupplyAdded, .supply = SupplyId{9}, .tick = 3, .expiry_tick = 2}}},
      {"NAMED_TWICE", kInvalidArgument, {Moved(2, 3), Lost(2)}},
      {"NAMED_TWICE", kInvalidArgument, {Need(9, 3), Pair(kFitted, 9, 2)}},
      {"NAMED_TWICE", kInvalidArgument, {Lost(6), {.kind = kReleased, .need = NeedId{5}}}},
      {"FIXED_PEG", kFailedPrecondition, {Pair(kFitted, 1, 6)}},
      {"FIXED_PEG", kFailedPrecondition, {Pair(kFixed, 5, 6)}},
      {"NOT_FIXED", kFailedPrecondition, {{.kind = kReleased, .need = NeedId{1}}}},
      {"UNKNOWN_EVENT", kInvalidArgument, {{.kind = EventKind{99}}}},
      // The second event is at fault; the first is not made either.
      {"UNKNOWN_SUPPLY", kNotFound, {Lost(2), Lost(8)}},
  };
  for (const Case& c : cases) {
    const absl::Status status = Apply(c.change);
    SCOPED_TRACE(std::string(status.message()));
    EXPECT_EQ(status.code(), c.code) << c.reason;
    EXPECT_THAT(std::string(status.message()), StartsWith(c.reason));
    EXPECT_EQ(book_.Snapshot(), before);
    EXPECT_THAT(outcome_.changes, IsEmpty());
  }
}

TEST_F(PegBookTest, EachEventIsRefusedByItself) {
  const std::vector<Event> events = {Need(1, 10), Lost(2), Part(2, 5), Part(2, 5), Lost(3)};
  book_.ApplyEach(events, outcome_);
  ASSERT_EQ(outcome_.refusals.size(), 3U);
  EXPECT_EQ(outcome_.refusals[0].event, 1U);
  EXPECT_EQ(outcome_.refusals[1].event, 3U);
  EXPECT_EQ(outcome_.refusals[2].event, 4U);
  EXPECT_THAT(std::string(outcome_.refusals[2].status.message()), HasSubstr("supply 3"));
  EXPECT_EQ(PegOf(1), 2U);
}

// Thousands of events of all kinds, many of them refused, some on the same entries a few events
// apart: what is fetched ahead must not matter.
TEST(PegBookApplyEachTest, GivesWhatOneByOneGives) {
  std::mt19937_64 random(11);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  const Layout layout{.pools = 2,
                      .variants = 2,
                      .locations = {{.pool = 0, .handling_ticks = 3}, {.pool = 1}},
                      .acceptances = {{2, 3}}};
  std::vector<Event> events;
  for (int k = 0; k < 5'000; ++k) {
    const int kind = draw(0, 15);
    Event event{.kind = static_cast<EventKind>(kind < 10 ? kind : (kind % 2) * 4),
                .need = NeedId{static_cast<std::uint64_t>(draw(0, 120))},
                .supply = SupplyId{static_cast<std::uint64_t>(draw(0, 120))},
                .location = draw(0, 1),
                .pool = draw(0, 1),
                .variant = draw(0, 1),
                .tick = draw(0, 500),
                .weight = draw(1, 2)};
    if (event.location == 1 && draw(0, 3) == 0) event.acceptance = 0;
    if (draw(0, 99) == 0) event.variant = 9;
    events.push_back(event);
  }
  PegBook at_once = PegBook::Create(layout).value();
  PegBook one_by_one = PegBook::Create(layout).value();
  PegOutcome outcome;
  PegOutcome expected;
  at_once.ApplyEach(events, outcome);
  std::vector<std::size_t> refused;
  for (std::size_t k = 0; k < events.size(); ++k) {
    if (!one_by_one.Apply({&events[k], 1}, expected).ok()) refused.push_back(k);
  }
  EXPECT_EQ(at_once.Snapshot(), one_by_one.Snapshot());
  EXPECT_EQ(outcome.voluntary, expected.voluntary);
  ASSERT_EQ(outcome.changes.size(), expected.changes.size());
  for (std::size_t k = 0; k < expected.changes.size(); ++k) {
    EXPECT_EQ(outcome.changes[k].need, expected.changes[k].need) << "change " << k;
    EXPECT_EQ(outcome.changes[k].supply, expected.changes[k].supply) << "change " << k;
    EXPECT_EQ(outcome.changes[k].on_time, expected.changes[k].on_time) << "change " << k;
  }
  ASSERT_EQ(outcome.refusals.size(), refused.size());
  for (std::size_t k = 0; k < refused.size(); ++k) {
    EXPECT_EQ(outcome.refusals[k].event, refused[k]);
  }
  EXPECT_GT(refused.size(), 500U);
  EXPECT_GT(expected.changes.size(), 500U);
}

TEST(PegBookLayoutTest, RefusesLayoutsThatMakeNoSense) {
  const std::pair<const char*, Layout> cases[] = {
      {"EMPTY_LAYOUT", {.pools = 0}},
      {"EMPTY_LAYOUT", {.variants = -1}},
      {"EMPTY_LAYOUT", {.pools = 1 << 20, .variants = 1 << 20}},
      {"UNKNOWN_POOL", {.locations = {{.pool = 1}}}},
      {"TICK_OUT_OF_RANGE", {.locations = {{.handling_ticks = kTickMax + 1}}}},
      {"UNKNOWN_ACCEPTANCE", {.acceptances = {{}}}},
      {"UNKNOWN_ACCEPTANCE", {.variants = 2, .acceptances = {{1, 1}}}},
      {"UNKNOWN_VARIANT", {.acceptances = {{0, 1}}}},
  };
  for (const auto& [reason, layout] : cases) {
    const absl::Status status = PegBook::Create(layout).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith(reason));
  }
}

TEST(PegBookLayoutTest, RefusesAnotherStocksPartAndAnAcceptanceWithoutItsOwn) {
  PegBook book = PegBook::Create({.variants = 3, .acceptances = {{0, 1}}}).value();
  PegOutcome outcome;
  const auto apply = [&](const Event& event) { return book.Apply({&event, 1}, outcome); };
  EXPECT_THAT(
      std::string(apply({.kind = EventKind::kNeedAdded, .variant = 2, .acceptance = 0}).message()),
      StartsWith("FOREIGN_ACCEPTANCE"));
  ASSERT_TRUE(apply({.kind = EventKind::kNeedAdded, .variant = 2}).ok());
  ASSERT_TRUE(apply({.kind = EventKind::kSupplyAdded, .variant = 1}).ok());
  const absl::Status status = apply({.kind = EventKind::kFitted});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), StartsWith("OTHER_STOCK"));
  EXPECT_EQ(book.FirstUncovered(0).status().code(), absl::StatusCode::kFailedPrecondition);
}

// Entries lie elsewhere in a book that was rebuilt, or built by other events; its answers are the
// same, down to who gets which part of several that are as good.
TEST(PegBookSnapshotTest, ARebuiltBookGivesTheSameAnswers) {
  std::mt19937_64 random(12);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  const Layout layout{.variants = 3, .acceptances = {{0, 1}, {1, 2}, {0, 1, 2}}};
  PegBook book = PegBook::Create(layout).value();
  PegBook rebuilt = PegBook::Create(layout).value();
  std::size_t changes = 0;
  for (int k = 0; k < 3'000; ++k) {
    Event event{.kind = static_cast<EventKind>(draw(0, 7)),
                .need = NeedId{static_cast<std::uint64_t>(draw(0, 250))},
                .supply = SupplyId{static_cast<std::uint64_t>(draw(0, 230))},
                .variant = draw(0, 2),
                .tick = draw(0, 60),
                .weight = draw(1, 2)};
    if (event.kind == EventKind::kNeedAdded && draw(0, 1) == 0) {
      event.acceptance = event.variant == 1 ? draw(0, 2) : (event.variant == 0 ? 0 : 1);
    }
    if (event.kind == EventKind::kSupplyAdded && event.variant == 2) {
      event.expiry_tick = event.tick + draw(0, 30);
    }
    PegOutcome outcome;
    PegOutcome expected;
    const absl::Status status = book.Apply({&event, 1}, expected);
    ASSERT_EQ(rebuilt.Apply({&event, 1}, outcome).code(), status.code());
    ASSERT_EQ(rebuilt.Snapshot(), book.Snapshot()) << "event " << k;
    ASSERT_EQ(outcome.changes.size(), expected.changes.size());
    for (std::size_t c = 0; c < outcome.changes.size(); ++c) {
      ASSERT_EQ(outcome.changes[c].need, expected.changes[c].need) << "event " << k;
    }
    changes += outcome.changes.size();
    if (k % 16 == 0) rebuilt = PegBook::FromSnapshot(layout, book.Snapshot()).value();
  }
  EXPECT_GT(changes, 1'000U);
  EXPECT_GT(book.late(), 0);
}

TEST(PegBookSnapshotTest, RefusesRowsThatNoBookWrote) {
  using Rows = PegSnapshot;
  const NeedRow need{.need = NeedId{1}, .due_tick = 5};
  const SupplyRow supply{.supply = SupplyId{2}, .ready_tick = 6};
  const std::pair<const char*, Rows> cases[] = {
      {"UNKNOWN_VARIANT", {.needs = {{.stock = 1}}}},
      {"UNKNOWN_VARIANT", {.supplies = {{.stock = -1}}}},
      {"TICK_OUT_OF_RANGE", {.needs = {{.due_tick = kTickMax + 1}}}},
      {"TICK_OUT_OF_RANGE", {.supplies = {{.ready_tick = kTickMax + 1}}}},
      {"WEIGHT_NOT_POSITIVE", {.needs = {{.weight = 0}}}},
      {"UNKNOWN_ACCEPTANCE", {.needs = {{.acceptance = 0}}}},
      {"EXPIRED_BEFORE_READY", {.supplies = {{.ready_tick = 2, .expiry_tick = 1}}}},
      {"DUPLICATE_NEED", {.needs = {need, need}}},
      {"DUPLICATE_SUPPLY", {.supplies = {supply, supply}}},
      {"DUPLICATE_NEED", {.needs = {need}, .fixed = {{need, supply}}}},
      {"UNKNOWN_NEED", {.supplies = {supply}, .pegs = {{NeedId{1}, SupplyId{2}}}}},
      {"UNKNOWN_SUPPLY", {.needs = {need}, .pegs = {{NeedId{1}, SupplyId{2}}}}},
      {"NOT_ON_TIME", {.needs = {need}, .supplies = {supply}, .pegs = {{NeedId{1}, SupplyId{2}}}}},
  };
  for (const auto& [reason, rows] : cases) {
    const absl::Status status = PegBook::FromSnapshot({}, rows).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << reason;
    EXPECT_THAT(std::string(status.message()), StartsWith(reason));
  }
}

}  // namespace
}  // namespace tandem::sequencing

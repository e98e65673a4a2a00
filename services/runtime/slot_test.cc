#include "services/runtime/slot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "services/runtime/chain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "tandem/runtime/v1/facts.pb.h"
#include "tests/support/fake_time.h"
#include "tests/support/random.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::Add;
using testing::CounterIn;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

constexpr base::SlotId kSlot{.domain = base::DomainId::kExchange, .index = 0};
constexpr char kId1[] = "00000000-0000-0000-0000-000000000001";
constexpr char kId2[] = "00000000-0000-0000-0000-000000000002";

// An answer that may not have come yet.
using Answered = std::shared_ptr<std::optional<absl::StatusOr<Outcome>>>;

class SlotTest : public ::testing::Test {
 protected:
  SlotTest() { Open(); }
  ~SlotTest() override {
    slot_.reset();
    store_.DropPending();
    life_.reset();  // Its tasks may hold the slot, which needs the log.
  }

  // As after a crash of the process: what the store has written stays, all else is new.
  void Open() {
    slot_.reset();
    store_.DropPending();
    life_ = std::make_unique<testing::ManualExecutor>(clock_);
    log_ = std::make_unique<EmbeddedLog>(store_, *life_, 7);
    Slot::Open(kSlot, {domain_, *log_, clock_, *life_}, options_,
               [this](absl::StatusOr<std::shared_ptr<Slot>> slot) {
                 opened_ = slot.status();
                 if (slot.ok()) slot_ = *std::move(slot);
               });
    Run();
  }
  // Runs all that is due, the disk's work and the process's.
  void Run() {
    while (disk_.RunDue() + life_->RunDue() > 0) continue;
  }
  void Advance(absl::Duration duration) {
    Run();
    life_->Advance(duration);
    Run();
  }

  // Does not run the disk: the store answers only when it does.
  Answered Submit(Command command) {
    auto answered = std::make_shared<std::optional<absl::StatusOr<Outcome>>>();
    slot_->Submit(std::move(command), [answered](absl::StatusOr<Outcome> outcome) {
      EXPECT_FALSE(answered->has_value()) << "answered twice";
      *answered = std::move(outcome);
    });
    return answered;
  }
  absl::StatusOr<Outcome> Call(Command command) {
    const Answered answered = Submit(std::move(command));
    Run();
    if (!answered->has_value()) return absl::UnknownError("no answer");
    return **answered;
  }
  std::int64_t Counter(std::string_view name) {
    const absl::StatusOr<Log::Rows> rows = slot_->Read();
    return rows.ok() ? CounterIn(*rows->rows, name) : -1;
  }

  testing::FakeClock clock_;
  testing::ManualExecutor disk_{clock_};
  MapStore store_{disk_};
  std::unique_ptr<testing::ManualExecutor> life_;
  testing::ToyDomain domain_;
  SlotOptions options_;
  std::unique_ptr<EmbeddedLog> log_;
  std::shared_ptr<Slot> slot_;
  absl::Status opened_;
};

TEST_F(SlotTest, AnswersOnceDurable) {
  const Answered first = Submit(Add("acme", "beans", 3, kId1));
  EXPECT_FALSE(first->has_value());
  EXPECT_EQ(Counter("beans"), 0);  // Nobody reads what is pending.
  Run();
  ASSERT_TRUE(first->has_value());
  ASSERT_THAT(**first, IsOk());
  const Outcome& outcome = ***first;
  EXPECT_EQ(outcome.number, 1u);
  EXPECT_FALSE(outcome.repeated);
  ASSERT_EQ(outcome.facts.size(), 1u);
  EXPECT_EQ(outcome.facts[0].actor.firm, "acme");
  EXPECT_EQ(outcome.facts[0].request_id, kId1);
  EXPECT_EQ(outcome.facts[0].instant, clock_.Now());
  EXPECT_EQ(Counter("beans"), 3);
}

// Goal: the next command is decided on what is pending, and a refusal that rests on it waits for
// it.
TEST_F(SlotTest, RefusalsWaitForWhatTheyRestOn) {
  ASSERT_THAT(Call(Add("acme", "beans", 5)), IsOk());
  const Answered taken = Submit(Add("acme", "beans", -5));
  const Answered refused = Submit(Add("acme", "beans", -1));
  EXPECT_FALSE(taken->has_value());
  EXPECT_FALSE(refused->has_value());
  Run();
  EXPECT_THAT(**taken, IsOk());
  EXPECT_THAT(**refused, HasReason(base::Reason::kEntryClosed));
  // Nothing pending: answered at once.
  EXPECT_THAT(**Submit(Add("acme", "beans", -1)), HasReason(base::Reason::kEntryClosed));
}

TEST_F(SlotTest, ForgetsEverythingPendingWhenAGroupFails) {
  ASSERT_THAT(Call(Add("acme", "beans", 5)), IsOk());
  store_.Stop(absl::UnavailableError("gone"));
  const Answered taken = Submit(Add("acme", "beans", -5));
  const Answered refused = Submit(Add("acme", "beans", -1));
  const Answered waiting = Submit(Add("acme", "beans", 7));
  Run();
  EXPECT_THAT(**taken, HasReason(base::Reason::kLogAway));
  EXPECT_THAT(**refused, HasReason(base::Reason::kLogAway));  // Not its refusal: that was a guess.
  EXPECT_THAT(**waiting, HasReason(base::Reason::kLogAway));
  EXPECT_THAT(Call(Add("acme", "beans", 1)), HasReason(base::Reason::kLogAway));
  store_.Stop(absl::OkStatus());
  Advance(absl::Seconds(5));
  EXPECT_THAT(Call(Add("acme", "beans", -5)), IsOk());
  EXPECT_EQ(Counter("beans"), 0);
  EXPECT_THAT(VerifyChain(*log_, kSlot), IsOk());
}

// Goal: what a firm has stored follows from the facts: not from what failed, nor from repeats, and
// the same after a crash and after a replay by another.
TEST_F(SlotTest, CountsWhatAFirmHasStored) {
  const auto stored = [this] {
    const absl::StatusOr<Log::Rows> rows = log_->ReadRows(kSlot);
    EXPECT_THAT(rows, IsOk());
    return rows.ok() ? rows->rows->Get(std::string("\0sacme", 6)) : std::nullopt;
  };
  EXPECT_EQ(stored(), std::nullopt);
  ASSERT_THAT(Call(Add("acme", "beans", 5, kId1)), IsOk());
  const std::optional<std::string> once = stored();
  ASSERT_TRUE(once.has_value());
  base::ByteReader in(*once);
  EXPECT_EQ(in.Varint(), testing::Added("beans", 5).payload.size() + 64);
  ASSERT_THAT(Call(Add("acme", "beans", 5, kId1)), IsOk());  // A repeat.
  EXPECT_THAT(Call(Add("acme", "beans", -99)), HasReason(base::Reason::kEntryClosed));
  EXPECT_EQ(stored(), once);
  store_.Stop(absl::UnavailableError("gone"));
  EXPECT_THAT(Call(Add("acme", "beans", 1)), HasReason(base::Reason::kLogAway));
  store_.Stop(absl::OkStatus());
  Advance(absl::Seconds(5));
  EXPECT_EQ(stored(), once);
  ASSERT_THAT(Call(Add("acme", "beans", 5, kId2)), IsOk());
  const std::optional<std::string> twice = stored();
  Open();
  ASSERT_THAT(Call(Add("other", "beans", 1)), IsOk());
  EXPECT_EQ(stored(), twice);
  base::ByteReader again(*twice);
  EXPECT_EQ(again.Varint(), 2 * (testing::Added("beans", 5).payload.size() + 64));
}

TEST_F(SlotTest, GivesTheSlotBackToWhoeverTakesIt) {
  std::unique_ptr<LogWriter> other;
  log_->Acquire(kSlot, [&](absl::StatusOr<std::unique_ptr<LogWriter>> writer) {
    other = *std::move(writer);
  });
  Run();
  EXPECT_THAT(Call(Add("acme", "beans", 1)), HasReason(base::Reason::kSlotMoves));
  EXPECT_EQ(Counter("beans"), 0);
}

TEST_F(SlotTest, ARepeatGetsTheFirstOutcome) {
  const Answered first = Submit(Add("acme", "beans", 3, kId1));
  const Answered pending = Submit(Add("acme", "beans", 3, kId1));
  EXPECT_FALSE(pending->has_value());
  Run();
  Open();  // The memory is in the rows, not in the process.
  for (const absl::StatusOr<Outcome>& repeat : {**pending, Call(Add("acme", "beans", 3, kId1))}) {
    ASSERT_THAT(repeat, IsOk());
    EXPECT_TRUE(repeat->repeated);
    EXPECT_EQ(repeat->number, (*first)->value().number);
    ASSERT_EQ(repeat->facts.size(), 1u);
    EXPECT_EQ(repeat->facts[0].fact.payload, (*first)->value().facts[0].fact.payload);
  }
  EXPECT_EQ(Counter("beans"), 3);
}

TEST_F(SlotTest, AnIdBelongsToFirmPrincipalMethodAndRequest) {
  ASSERT_THAT(Call(Add("acme", "beans", 3, kId1)), IsOk());
  EXPECT_THAT(Call(Add("acme", "beans", 4, kId1)), HasReason(base::Reason::kRequestIdReused));
  EXPECT_FALSE(Call(Add("globex", "beans", 3, kId1))->repeated);
  Command principal = Add("acme", "beans", 3, kId1);
  principal.caller.principal = "other";
  EXPECT_FALSE(Call(std::move(principal))->repeated);
  Command method = Add("acme", "beans", 3, kId1);
  method.request_digest = DigestOf("Subtract", "beans+3");
  EXPECT_FALSE(Call(std::move(method))->repeated);
  EXPECT_EQ(Counter("beans"), 12);
}

TEST_F(SlotTest, ARefusedRequestIsDecidedAgain) {
  EXPECT_THAT(Call(Add("acme", "beans", -3, kId1)), HasReason(base::Reason::kEntryClosed));
  ASSERT_THAT(Call(Add("acme", "beans", 3)), IsOk());
  const absl::StatusOr<Outcome> outcome = Call(Add("acme", "beans", -3, kId1));
  ASSERT_THAT(outcome, IsOk());
  EXPECT_FALSE(outcome->repeated);
}

TEST_F(SlotTest, ForgetsRequestIdsAfterAWeekOfFactTime) {
  options_.request_ids_firm_max = 2;
  Open();
  ASSERT_THAT(Call(Add("acme", "beans", 1, kId1)), IsOk());
  clock_.Advance(absl::Hours(24));
  ASSERT_THAT(Call(Add("acme", "beans", 1, kId2)), IsOk());
  const std::string id3 = "00000000-0000-0000-0000-000000000003";
  EXPECT_THAT(Call(Add("acme", "beans", 1, id3)), HasReason(base::Reason::kQuotaExceeded));
  EXPECT_THAT(Call(Add("globex", "beans", 1, id3)), IsOk());  // Another firm's quota.
  EXPECT_TRUE(Call(Add("acme", "beans", 1, kId1))->repeated);
  clock_.Advance(absl::Hours(6 * 24) + absl::Minutes(11));
  ASSERT_THAT(Call(Add("globex", "rice", 1, kId1)), IsOk());  // Any firm's fact moves the time.
  const absl::StatusOr<Outcome> again = Call(Add("acme", "beans", 1, kId1));
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(again->repeated);
  EXPECT_TRUE(Call(Add("acme", "beans", 1, kId2))->repeated);
}

TEST_F(SlotTest, StampsRiseEvenWhenTheClockIsSetBack) {
  const absl::Time before = Call(Add("acme", "beans", 1))->facts[0].instant;
  clock_.SetNow(before - absl::Hours(1));
  const absl::Time after = Call(Add("acme", "beans", 1))->facts[0].instant;
  EXPECT_EQ(after, before + absl::Nanoseconds(1));
  Open();
  EXPECT_EQ(Call(Add("acme", "beans", 1))->facts[0].instant, after + absl::Nanoseconds(1));
}

TEST_F(SlotTest, DecidesNothingTooLate) {
  Command command = Add("acme", "beans", 1);
  command.deadline = clock_.Now() - absl::Nanoseconds(1);
  EXPECT_THAT(Call(std::move(command)), HasCode(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(Counter("beans"), 0);
}

TEST_F(SlotTest, FactsOfACommandFitInOneGroupOrAreRefused) {
  const auto of_size = [](std::size_t size) {
    Command command = Add("acme", "beans", 1, kId1);
    command.decide = [size](const base::RowReader&, const base::Stamp&) {
      return std::vector<base::Fact>{testing::Added("beans", 1, size), testing::Added("rice", 1)};
    };
    return command;
  };
  EXPECT_THAT(Call(of_size(kGroupBytesMax)), HasReason(base::Reason::kBlockTooLarge));
  EXPECT_EQ(Counter("rice"), 0);
  const Answered small = Submit(Add("acme", "beans", 1));
  const absl::StatusOr<Outcome> large = Call(of_size(kGroupBytesMax - 400));
  ASSERT_THAT(large, IsOk());
  EXPECT_EQ(large->number, 3u);
  EXPECT_EQ(large->facts.size(), 2u);
  const absl::StatusOr<Outcome> repeat = Call(of_size(kGroupBytesMax - 400));
  ASSERT_THAT(repeat, IsOk());
  EXPECT_TRUE(repeat->repeated);
  EXPECT_EQ(repeat->number, 3u);
  EXPECT_EQ(repeat->facts.size(), 2u);
}

TEST_F(SlotTest, QueuesAreBoundedByFirmAndServedInTurn) {
  options_.queue_commands_firm_max = 3;
  options_.queue_commands_max = 5;
  Open();
  std::vector<std::string> order;
  // Three groups that are pending: then commands queue.
  std::vector<Answered> big;
  for (int i = 0; i < 3; ++i) {
    Command command = Add("acme", "beans", 1);
    command.decide = [](const base::RowReader&, const base::Stamp&) {
      return std::vector<base::Fact>{testing::Added("beans", 1, kGroupBytesMax / 2 + 1)};
    };
    big.push_back(Submit(std::move(command)));
  }
  const auto submit = [&](const std::string& firm) {
    Command command = Add(firm, "rice", 1);
    command.decide = [&order, firm](const base::RowReader&, const base::Stamp&) {
      order.push_back(firm);
      return std::vector<base::Fact>{testing::Added("rice", 1)};
    };
    return Submit(std::move(command));
  };
  const std::vector<Answered> queued = {submit("acme"), submit("acme"), submit("acme")};
  EXPECT_THAT(**submit("acme"), HasReason(base::Reason::kQueueFull));
  const std::vector<Answered> others = {submit("globex"), submit("globex")};
  EXPECT_THAT(**submit("initech"), HasReason(base::Reason::kQueueFull));
  EXPECT_EQ(slot_->counters().queue_depth, 5u);
  Run();
  EXPECT_THAT(order, ElementsAre("acme", "globex", "acme", "globex", "acme"));
  for (const Answered& answered : queued) EXPECT_THAT(**answered, IsOk());
}

TEST_F(SlotTest, WritesWhatWasAuditedIntoOneFactASecond) {
  const AuditEntry read{.caller = {.firm = "globex", .principal = "bot"},
                        .method = "ReadSales",
                        .resource = "firms/acme/items/7",
                        .reason = ""};
  (void)Call(Add("acme", "beans", -1));  // Refused; whoever answers has it audited.
  slot_->Audit(read);
  slot_->Audit(read);
  AuditEntry refused = read;
  refused.reason = "NOT_GRANTED";
  slot_->Audit(refused);
  Advance(absl::Seconds(1));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto groups, log_->Read(kSlot, 1, 1));
  ASSERT_EQ(groups.size(), 1u);
  ASSERT_EQ(groups[0]->facts.size(), 1u);
  EXPECT_EQ(groups[0]->facts[0].fact.kind, base::kAuditedKind);
  v1::Audited audited;
  ASSERT_TRUE(audited.ParseFromString(groups[0]->facts[0].fact.payload));
  ASSERT_EQ(audited.entries_size(), 2);
  EXPECT_EQ(audited.entries(0).count(), 2);
  EXPECT_EQ(audited.entries(0).resource(), "firms/acme/items/7");
  EXPECT_EQ(audited.entries(1).reason(), "NOT_GRANTED");
  EXPECT_EQ(life_->pending(), 0u);  // An idle slot sets no timers.
}

TEST_F(SlotTest, WaitsForANumber) {
  absl::Status reached = absl::UnknownError("not yet");
  absl::Status late = reached;
  const absl::Time deadline = clock_.Now() + absl::Seconds(1);
  slot_->WaitFor(1, deadline, [&](absl::Status status) { reached = std::move(status); });
  slot_->WaitFor(2, deadline, [&](absl::Status status) { late = std::move(status); });
  ASSERT_THAT(Call(Add("acme", "beans", 1)), IsOk());
  EXPECT_THAT(reached, IsOk());
  Advance(absl::Seconds(1));
  EXPECT_THAT(late, HasReason(base::Reason::kPositionNotReached));
}

TEST_F(SlotTest, DrainsWhatItHasAndTakesNoMore) {
  const Answered last = Submit(Add("acme", "beans", 1));
  bool drained = false;
  slot_->Drain([&] { drained = true; });
  EXPECT_FALSE(drained);
  EXPECT_THAT(**Submit(Add("acme", "beans", 1)), HasReason(base::Reason::kNotServing));
  Run();
  EXPECT_TRUE(drained);
  EXPECT_THAT(**last, IsOk());
}

// An answer that submits again must neither nest nor be lost.
TEST_F(SlotTest, AnswersMaySubmitAgain) {
  int left = 100'000;
  std::function<void()> again = [&] {
    slot_->Submit(Add("acme", "beans", -1), [&](const absl::StatusOr<Outcome>&) {
      if (--left > 0) again();
    });
  };
  again();
  EXPECT_EQ(left, 0);
}

TEST_F(SlotTest, RottenBytesStopTheSlotAtItsOpening) {
  ASSERT_THAT(Call(Add("acme", "beans", 1)), IsOk());
  const std::string key("\0\2\0\0\0\0\0\0\0\0\0\1", 12);
  std::string group = *store_.Snapshot()->Get(Space::kLog, key);
  group[100] = static_cast<char>(group[100] ^ 1);
  store_.Write({{Space::kLog, key, group}}, [](const absl::Status&) {});
  Run();
  Open();
  EXPECT_THAT(opened_, HasReason(base::Reason::kStoredBytesDamaged));
  EXPECT_EQ(slot_, nullptr);
}

// Random commands of three firms, with repeats, failures of the store and crashes of the process,
// against a plain map: what was acknowledged is there once, what was refused is not, and an unknown
// outcome is settled by the repeat.
TEST_F(SlotTest, KeepsWhatItAcknowledged) {
  testing::Random random;
  std::map<std::string, std::int64_t> model;
  struct Pending {
    std::string name{};
    std::int64_t delta = 0;
    std::string firm{};
    std::string id{};
    Answered answered{};
  };
  std::vector<Pending> unknown;
  int made = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Pending> calls;
    calls.reserve(unknown.size());
    for (Pending& open : unknown) calls.push_back(std::move(open));
    unknown.clear();
    for (std::uint64_t i = random.Below(20); i > 0; --i) {
      calls.push_back({.name = std::string(1, "abc"[random.Below(3)]),
                       .delta = random.Between(0, 9),
                       .firm = std::string(1, "xyz"[random.Below(3)]),
                       .id = absl::StrCat("00000000-0000-0000-0000-", 100'000'000'000 + ++made)});
    }
    const bool fails = random.OneIn(10);
    if (fails) store_.Stop(absl::UnavailableError("gone"));
    for (Pending& call : calls) {
      call.answered = Submit(Add(call.firm, call.name, call.delta, call.id));
      if (random.OneIn(5)) Run();
    }
    if (random.OneIn(8)) {  // A crash: some were durable, some were not, and none may know.
      store_.Stop(absl::OkStatus());
      Open();
    }
    Run();
    store_.Stop(absl::OkStatus());
    Advance(absl::Seconds(5));
    for (Pending& call : calls) {
      if (call.answered->has_value() && (*call.answered)->ok()) {
        model[call.name] += call.delta;
      } else {
        unknown.push_back(std::move(call));
      }
    }
    if (!unknown.empty()) continue;
    for (const auto& [name, value] : model) ASSERT_EQ(Counter(name), value) << round;
  }
  EXPECT_THAT(VerifyChain(*log_, kSlot), IsOk());
}

}  // namespace
}  // namespace tandem::runtime

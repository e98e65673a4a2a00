#include "services/runtime/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::Add;
using testing::CounterIn;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::SizeIs;

constexpr std::uint16_t kSlots = 4;

base::SlotId SlotAt(std::uint16_t index, base::DomainId domain = base::DomainId::kExchange) {
  return {.domain = domain, .index = index};
}

// A router over four slots of the toy, on a store whose disk runs when told to.
class RouterTest : public ::testing::Test {
 protected:
  ~RouterTest() override {
    router_.reset();
    store_.DropPending();
  }
  void Run() { executor_.RunDue(); }
  absl::Status Serve() {
    std::optional<absl::Status> ready;
    router_ = std::make_unique<Router>(log_, clock_, executor_, SlotOptions{});
    router_->Serve(domain_, [&](absl::Status status) {
      EXPECT_FALSE(ready.has_value()) << "answered twice";
      ready = std::move(status);
    });
    Run();
    return ready.value_or(absl::UnknownError("no answer"));
  }
  absl::Status AddTo(base::SlotId slot, std::int64_t delta = 1) {
    absl::Status answered = absl::UnknownError("no answer");
    router_->Submit(slot, Add("acme", "beans", delta),
                    [&](const absl::StatusOr<Outcome>& outcome) { answered = outcome.status(); });
    Run();
    return answered;
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  MapStore store_{executor_};
  EmbeddedLog log_{store_, executor_, 7};
  testing::ToyDomain domain_{kSlots};
  std::unique_ptr<Router> router_;
};

TEST_F(RouterTest, ServesEverySlotOfADomain) {
  ASSERT_THAT(Serve(), IsOk());
  EXPECT_THAT(router_->slots(), SizeIs(kSlots));
  EXPECT_EQ(router_->domain(base::DomainId::kExchange), &domain_);
  EXPECT_EQ(router_->domain(base::DomainId::kForecast), nullptr);
  for (std::uint16_t index = 0; index < kSlots; ++index) {
    for (int i = 0; i <= index; ++i) ASSERT_THAT(AddTo(SlotAt(index)), IsOk());
  }
  // Each slot has rows, numbers and counters of its own.
  const base::Position durable = router_->Durable();
  for (std::uint16_t index = 0; index < kSlots; ++index) {
    const base::SlotId slot = SlotAt(index);
    TANDEM_ASSERT_OK_AND_ASSIGN(const Log::Rows rows, router_->Read(slot));
    EXPECT_EQ(CounterIn(*rows.rows, "beans"), index + 1);
    EXPECT_EQ(durable.At(slot), index + 1u);
    EXPECT_EQ(router_->counters(slot).commands, index + 1u);
  }
}

// The slot of a key stands in stored facts: never another for the same key.
TEST_F(RouterTest, AKeyHasOneSlotForEver) {
  ASSERT_THAT(Serve(), IsOk());
  std::set<std::uint16_t> used;
  for (int i = 0; i < 100; ++i) {
    const std::string key = absl::StrCat("acme/store-", i);
    const base::SlotId slot = router_->SlotOf(base::DomainId::kExchange, key);
    EXPECT_EQ(slot, base::SlotOf(base::DomainId::kExchange, kSlots, key));
    EXPECT_EQ(slot, router_->SlotOf(base::DomainId::kExchange, key));
    used.insert(slot.index);
  }
  EXPECT_THAT(used, SizeIs(kSlots));
}

TEST_F(RouterTest, SaysWhichSlotItDoesNotServe) {
  ASSERT_THAT(Serve(), IsOk());
  for (const base::SlotId slot : {SlotAt(kSlots), SlotAt(0, base::DomainId::kForecast)}) {
    const absl::Status submitted = AddTo(slot);
    EXPECT_THAT(submitted, HasReason(base::Reason::kNotServing));
    EXPECT_THAT(submitted.ToString(), HasSubstr("does not serve the slot"));
    ASSERT_THAT(base::RefusalOf(submitted)->details, SizeIs(1));
    EXPECT_EQ(base::RefusalOf(submitted)->details[0].second, slot.ToString());
    EXPECT_THAT(router_->Read(slot), HasReason(base::Reason::kNotServing));
    EXPECT_EQ(router_->counters(slot).commands, 0u);
    router_->Audit(slot, {});  // Nobody keeps it, and nothing breaks.
  }
}

TEST_F(RouterTest, WaitsForAPositionInTheSlotsThatAreHere) {
  ASSERT_THAT(Serve(), IsOk());
  ASSERT_THAT(AddTo(SlotAt(0)), IsOk());
  const auto wait = [&](const base::Position& position) {
    auto answered = std::make_shared<std::optional<absl::Status>>();
    router_->WaitFor(position, clock_.Now() + absl::Seconds(5),
                     [answered](absl::Status status) { *answered = std::move(status); });
    Run();
    return answered;
  };
  EXPECT_THAT(**wait({}), IsOk());
  base::Position elsewhere;
  elsewhere.Set(SlotAt(0, base::DomainId::kForecast), 99);
  EXPECT_THAT(**wait(elsewhere), IsOk());  // Not this instance's to know.
  base::Position both;
  both.Set(SlotAt(0), 1);
  both.Set(SlotAt(1), 1);
  const auto waiting = wait(both);
  EXPECT_FALSE(waiting->has_value());
  ASSERT_THAT(AddTo(SlotAt(1)), IsOk());
  ASSERT_TRUE(waiting->has_value());
  EXPECT_THAT(**waiting, IsOk());
  // One slot that does not get there is enough.
  both.Set(SlotAt(2), 1);
  const auto late = wait(both);
  executor_.Advance(absl::Seconds(6));
  ASSERT_TRUE(late->has_value());
  EXPECT_THAT(**late, HasReason(base::Reason::kPositionNotReached));
}

TEST_F(RouterTest, NamesTheSlotThatCannotBeOpened) {
  ASSERT_THAT(Serve(), IsOk());
  ASSERT_THAT(AddTo(SlotAt(2)), IsOk());
  router_.reset();
  store_.Write({{Space::kMeta, std::string("t\0\2\0\2", 5), "rotten"}},
               [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
  Run();
  EmbeddedLog again(store_, executor_, 7);
  std::optional<absl::Status> ready;
  Router router(again, clock_, executor_, SlotOptions{});
  router.Serve(domain_, [&](absl::Status status) { ready = std::move(status); });
  Run();
  ASSERT_TRUE(ready.has_value());
  EXPECT_THAT(*ready, HasReason(base::Reason::kStoredBytesDamaged));
  EXPECT_THAT(std::string(ready->message()), HasSubstr("slot " + SlotAt(2).ToString()));
}

TEST_F(RouterTest, DrainsWhatIsUnderWayAndTakesNoMore) {
  ASSERT_THAT(Serve(), IsOk());
  std::vector<absl::Status> answers;
  for (std::uint16_t index = 0; index < kSlots; ++index) {
    router_->Submit(
        SlotAt(index), Add("acme", "beans", 1),
        [&](const absl::StatusOr<Outcome>& outcome) { answers.push_back(outcome.status()); });
  }
  bool drained = false;
  router_->Drain([&] { drained = true; });
  EXPECT_FALSE(drained);  // The disk has not answered.
  Run();
  EXPECT_TRUE(drained);
  EXPECT_THAT(answers, ::testing::AllOf(SizeIs(kSlots), ::testing::Each(IsOk())));
  EXPECT_THAT(AddTo(SlotAt(0)), HasReason(base::Reason::kNotServing));
  EXPECT_THAT(router_->Read(SlotAt(0)), IsOk());
}

TEST_F(RouterTest, WithoutSlotsDrainsAtOnce) {
  Router empty(log_, clock_, executor_, SlotOptions{});
  bool drained = false;
  empty.Drain([&] { drained = true; });
  EXPECT_TRUE(drained);
}

}  // namespace
}  // namespace tandem::runtime

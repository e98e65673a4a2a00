// Goal: no answer to a read, and no refusal, goes without its line.
#include "services/runtime/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/base/reason.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "tests/support/audit_lines.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::AuditLines;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::IsOk;

absl::Status Hidden() { return base::Refuse(base::Reason::kNotGranted, "hidden"); }

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    router_.Serve(domain_, [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
    executor_.RunDue();
  }
  std::vector<std::string> Lines() {
    executor_.Advance(absl::Seconds(1));
    return AuditLines(router_);
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  MapStore store_{executor_};
  EmbeddedLog log_{store_, executor_, 7};
  testing::ToyDomain domain_{4};
  Router router_{log_, clock_, executor_, {}};
  const Audit audit_{router_, base::DomainId::kExchange};
  const Call call_{.caller = {.firm = "acme", .principal = "bot"}};
};

TEST_F(AuditTest, ReadsLeaveALineServedOrRefusedAndPassTheAnswerOn) {
  std::vector<absl::StatusOr<int>> answers;
  const auto ask = [&](absl::StatusOr<int> with) {
    absl::AnyInvocable<void(absl::StatusOr<int>)> reply = [&](absl::StatusOr<int> answer) {
      answers.push_back(std::move(answer));
    };
    audit_.Read(call_, {"ListItems", "firms/shop"}, std::move(reply))(std::move(with));
  };
  ask(7);
  ask(Hidden());
  ask(absl::CancelledError("gone"));
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(*answers[0], 7);
  EXPECT_THAT(answers[1], HasReason(base::Reason::kNotGranted));
  EXPECT_THAT(Lines(), ElementsAre("acme/bot ListItems firms/shop OK",
                                   "acme/bot ListItems firms/shop NOT_GRANTED",
                                   "acme/bot ListItems firms/shop CANCELLED"));
}

TEST_F(AuditTest, ChangesLeaveALineOnlyWhereTheyAreRefused) {
  const auto ask = [&](absl::StatusOr<int> with) {
    absl::AnyInvocable<void(absl::StatusOr<int>)> reply = [](const absl::StatusOr<int>&) {};
    audit_.Change(call_, {"CloseItem", "firms/shop/items/7"}, std::move(reply))(std::move(with));
  };
  ask(1);
  EXPECT_THAT(Lines(), IsEmpty());
  ask(Hidden());
  ask(Hidden());
  EXPECT_THAT(Lines(), ElementsAre("acme/bot CloseItem firms/shop/items/7 NOT_GRANTED x2"));
}

class TwoPages final : public Pages<int> {
 public:
  absl::StatusOr<std::optional<int>> Next() override {
    if (++page_ <= 2) return page_;
    return Hidden();
  }

 private:
  int page_ = 0;
};

TEST_F(AuditTest, PagesThatEndInARefusalLeaveASecondLine) {
  std::unique_ptr<Pages<int>> pages;
  PagesReply<int> reply = [&](absl::StatusOr<std::unique_ptr<Pages<int>>> got) {
    ASSERT_THAT(got, IsOk());
    pages = *std::move(got);
  };
  audit_.ReadPages(call_, {"ReadSeries", "firms/shop"},
                   std::move(reply))(std::unique_ptr<Pages<int>>(std::make_unique<TwoPages>()));
  EXPECT_THAT(Lines(), ElementsAre("acme/bot ReadSeries firms/shop OK"));
  EXPECT_EQ(**pages->Next(), 1);
  EXPECT_EQ(**pages->Next(), 2);
  EXPECT_THAT(pages->Next(), HasReason(base::Reason::kNotGranted));
  EXPECT_THAT(Lines(), ElementsAre("acme/bot ReadSeries firms/shop OK",
                                   "acme/bot ReadSeries firms/shop NOT_GRANTED"));
}

// A reply that is called, or a slot that drops what waits, after the router's end.
TEST_F(AuditTest, OutlivesItsRouter) {
  auto router = std::make_unique<Router>(log_, clock_, executor_, SlotOptions{});
  const Audit audit(*router, base::DomainId::kExchange);
  absl::AnyInvocable<void(absl::StatusOr<Outcome>)> reply = [](const absl::StatusOr<Outcome>&) {};
  reply = audit.Change(call_, {"CloseItem", "x"}, std::move(reply));
  router->Serve(domain_, [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
  executor_.RunDue();
  router->Submit({base::DomainId::kExchange, 0}, testing::Add("acme", "beans", 1),
                 std::move(reply));
  router.reset();
  executor_.RunDue();
  audit.Line(call_.caller, {"ListItems", "late"}, absl::OkStatus());
}

// A firm's lines of one service lie in one slot, whomever it asked about.
TEST_F(AuditTest, AFirmsLinesLieInOneSlot) {
  for (int i = 0; i < 20; ++i) {
    audit_.Line(call_.caller, {"ListItems", "firms/" + std::to_string(i)}, absl::OkStatus());
  }
  EXPECT_EQ(Lines().size(), 20u);
  int slots = 0;
  for (const base::SlotId slot : router_.slots()) slots += log_.Last(slot)->last_number > 0 ? 1 : 0;
  EXPECT_EQ(slots, 1);
}

}  // namespace
}  // namespace tandem::runtime

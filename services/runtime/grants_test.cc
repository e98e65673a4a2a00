#include "services/runtime/grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "services/runtime/grants_fixture.h"
#include "tests/support/fake_time.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using base::DataKind;
using base::Reason;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::IsOk;

class GrantsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    governance_.delivering = false;
    governance_.Append({Admitted("shop"), Admitted("maker"), Admitted("rival")});
    gv1::Terms terms = SalesShared("shop", "maker", {"i1", "i2"}, {"l1"});
    terms.set_retention_days(30);
    PutInForce("a1", terms);
    grants_.Start();
    Redeliver();
  }
  void PutInForce(const std::string& relation, const gv1::Terms& terms, int version = 1) {
    governance_.Append({Offered(relation, terms, version), InForce(relation, terms, version)});
  }
  // The follower begins at the first fact: what Start's Follow would have brought.
  void Redeliver() {
    governance_.Deliver();
    executor_.RunDue();
    if (!grants_.Fresh().ok()) executor_.Advance(kGrantsAskPeriod);
  }
  absl::Status CheckMaker() const {
    return grants_.Check("maker", "shop", DataKind::kSales, "i1", "l1");
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  PlayedGovernance governance_{};
  GrantsReplica grants_{governance_, clock_, executor_};
};

TEST_F(GrantsTest, ChecksWhatIsGranted) {
  EXPECT_THAT(CheckMaker(), IsOk());
  EXPECT_THAT(grants_.Check("maker", "shop", DataKind::kSales, "i3", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.Check("rival", "shop", DataKind::kSales, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  // A firm that is not there answers as one that hides.
  EXPECT_THAT(grants_.Check("maker", "nobody", DataKind::kSales, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_EQ(grants_.version(), 5u);
}

TEST_F(GrantsTest, GivesTheItemsOfALocationAtOnce) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto items,
                              grants_.ItemsAt("maker", "shop", DataKind::kSales, "l1"));
  EXPECT_FALSE(items->empty());
  EXPECT_TRUE(items->Contains("i2"));
  EXPECT_FALSE(items->Contains("i3"));
  EXPECT_FALSE(items->Contains(""));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto elsewhere,
                              grants_.ItemsAt("maker", "shop", DataKind::kSales, "l2"));
  EXPECT_TRUE(elsewhere->empty());
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto none,
                              grants_.ItemsAt("rival", "shop", DataKind::kSales, "l1"));
  EXPECT_TRUE(none->empty());
  EXPECT_FALSE(none->Contains("i1"));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto own,
                              grants_.ItemsAt("shop", "shop", DataKind::kSales, "l9"));
  EXPECT_TRUE(own->Contains("anything"));
  // What is held stays as it was.
  governance_.Append({Revoked("a1")});
  governance_.Deliver();
  EXPECT_TRUE(items->Contains("i1"));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kNotGranted));
}

TEST_F(GrantsTest, OwnDataIsReadableHoweverStale) {
  governance_.answering = false;
  executor_.Advance(absl::Seconds(10));
  EXPECT_THAT(grants_.Fresh(), HasReason(Reason::kGrantsStale));
  EXPECT_THAT(grants_.Check("shop", "shop", DataKind::kSales, "i1", "l1"), IsOk());
  EXPECT_THAT(grants_.ItemsAt("shop", "shop", DataKind::kSales, "l1"), IsOk());
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
  EXPECT_THAT(grants_.ItemsAt("maker", "shop", DataKind::kSales, "l1"),
              HasReason(Reason::kGrantsStale));
  EXPECT_THAT(grants_.TermsOf("maker", "a1"), HasReason(Reason::kGrantsStale));
  EXPECT_THAT(grants_.CheckDerivation("a1", "shop", "forecast"), HasReason(Reason::kGrantsStale));
  // Parties keep reading joint records; who is one needs no freshness: it never ends.
  EXPECT_THAT(grants_.CheckJoint("maker", "a1"), IsOk());
  EXPECT_THAT(grants_.CheckJoint("rival", "a1"), HasReason(Reason::kGrantsStale));
}

TEST_F(GrantsTest, HoldsSevenHundredMillisecondsFromTheQuestion) {
  executor_.Advance(kGrantsAskPeriod * 3);  // Asked just now.
  governance_.answering = false;
  executor_.Advance(kGrantsHold - absl::Nanoseconds(1));
  EXPECT_THAT(CheckMaker(), IsOk());
  executor_.Advance(absl::Nanoseconds(1));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
}

TEST_F(GrantsTest, ALateAnswerCountsFromWhenItWasAsked) {
  governance_.answering = false;
  governance_.holding = true;
  executor_.Advance(absl::Seconds(2));
  governance_.held.erase(governance_.held.begin(), governance_.held.end() - 1);
  executor_.Advance(kGrantsAskPeriod - absl::Milliseconds(1));  // No later question is sent.
  governance_.AnswerHeld();                                     // Sent 199 ms ago.
  EXPECT_THAT(CheckMaker(), IsOk());
  governance_.holding = false;
  executor_.Advance(absl::Milliseconds(500));
  EXPECT_THAT(CheckMaker(), IsOk());
  executor_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
}

TEST_F(GrantsTest, AnAnswerCountsOnlyOnceItsFactsAreFolded) {
  governance_.answering = false;
  executor_.Advance(absl::Seconds(2));
  governance_.Append({Suspended("rival", true)});  // Durable, but not delivered.
  governance_.answering = true;
  executor_.Advance(kGrantsAskPeriod);
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
  governance_.Deliver();
  EXPECT_THAT(CheckMaker(), IsOk());
}

TEST_F(GrantsTest, RecoversWhenAnswersComeAgain) {
  governance_.answering = false;
  executor_.Advance(absl::Minutes(5));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
  governance_.answering = true;
  executor_.Advance(kGrantsAskPeriod);
  EXPECT_THAT(CheckMaker(), IsOk());
}

TEST_F(GrantsTest, TheWallClockDoesNotMatter) {
  clock_.SetNow(clock_.Now() - absl::Hours(24));
  governance_.answering = false;
  executor_.Advance(absl::Seconds(1));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
}

// Goal: however messages are lost or late, no check passes a second after a revocation was durable.
TEST(GrantsRevocationTest, IsNeverPassedASecondAfterItWasDurable) {
  testing::Random random;
  for (int round = 0; round < 200; ++round) {
    testing::FakeClock clock;
    testing::ManualExecutor executor(clock);
    PlayedGovernance governance;
    GrantsReplica grants(governance, clock, executor);
    grants.Start();
    const gv1::Terms terms = SalesShared("shop", "maker", {"i1"}, {"l1"});
    governance.Append({Offered("a1", terms), InForce("a1", terms)});
    executor.Advance(absl::Milliseconds(random.Between(200, 2'000)));
    ASSERT_THAT(grants.Check("maker", "shop", DataKind::kSales, "i1", "l1"), IsOk());

    const bool all_lost = random.OneIn(4);
    governance.delivering = false;
    governance.answering = false;
    governance.holding = !all_lost;
    executor.Advance(absl::Milliseconds(random.Between(0, 600)));
    governance.Append({Revoked("a1")});
    const absl::Duration durable = clock.Monotonic();
    while (clock.Monotonic() < durable + absl::Seconds(4)) {
      executor.Advance(absl::Milliseconds(random.Between(1, 50)));
      if (!all_lost && random.OneIn(10)) governance.AnswerHeld();
      if (!all_lost && random.OneIn(40)) governance.Deliver();
      const absl::Status status = grants.Check("maker", "shop", DataKind::kSales, "i1", "l1");
      if (status.ok()) {
        ASSERT_LT(clock.Monotonic(), durable + absl::Seconds(1)) << "round " << round;
      }
    }
    governance.Deliver();
    governance.answering = true;
    executor.Advance(kGrantsAskPeriod);
    EXPECT_THAT(grants.Check("maker", "shop", DataKind::kSales, "i1", "l1"),
                HasReason(Reason::kNotGranted));
  }
}

TEST_F(GrantsTest, ASuspendedFirmReadsNothingOfOthers) {
  governance_.Append({Suspended("maker", true)});
  governance_.Deliver();
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kNotGranted));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto items,
                              grants_.ItemsAt("maker", "shop", DataKind::kSales, "l1"));
  EXPECT_TRUE(items->empty());
  EXPECT_THAT(grants_.Check("maker", "maker", DataKind::kSales, "i1", "l1"), IsOk());
  EXPECT_TRUE(grants_.Firm("maker")->suspended);
  EXPECT_THAT(grants_.CheckRole("maker", "ann", "editor"), HasReason(Reason::kFirmSuspended));
  EXPECT_THAT(grants_.Admits({.firm = "maker", .principal = "ann"}),
              HasReason(Reason::kFirmSuspended));
  EXPECT_THAT(grants_.Admits({.firm = "operator", .principal = "root", .operator_role = true}),
              IsOk());
  governance_.Append({Suspended("maker", false)});
  governance_.Deliver();
  EXPECT_THAT(CheckMaker(), IsOk());
}

TEST_F(GrantsTest, PartiesKeepTheTermsAfterTheEnd) {
  governance_.now = clock_.Now();
  governance_.Append({Revoked("a1")});
  governance_.Deliver();
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto terms, grants_.TermsOf("shop", "a1"));
  EXPECT_TRUE(terms->revoked);
  EXPECT_EQ(terms->version, 1u);
  EXPECT_EQ(terms->horizon_days, 28);
  ASSERT_EQ(terms->scopes.size(), 1u);
  EXPECT_THAT(terms->scopes[0].items, ElementsAre("i1", "i2"));
  EXPECT_THAT(grants_.TermsOf("rival", "a1"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.TermsOf("rival", "a9"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckJoint("maker", "a1"), IsOk());
  EXPECT_THAT(grants_.CheckJoint("rival", "a1"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckJoint("maker", "a9"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.PartiesOf("a1"), ElementsAre("maker", "shop"));
  EXPECT_THAT(grants_.PartiesOf("a9"), IsEmpty());
}

// Goal: joint records are read for the days signed, from the end on, and not a moment longer.
TEST_F(GrantsTest, JointRecordsAreReadUntilTheRetentionIsOver) {
  gv1::Terms terms = SalesShared("shop", "maker", {"i1"}, {"l1"});
  terms.set_retention_days(2);
  PutInForce("a2", terms);
  gv1::Terms longer = terms;
  longer.set_retention_days(3);
  PutInForce("a2", longer, 2);  // What was signed last counts.
  PutInForce("a3", SalesShared("shop", "maker", {"i1"}, {"l1"}));
  governance_.Append({Offered("a4", terms)});
  Redeliver();
  clock_.SetNow(clock_.Now() + absl::Hours(24) * 400);
  EXPECT_THAT(grants_.CheckJoint("maker", "a2"), IsOk());  // In force: no end in sight.
  governance_.now = clock_.Now();
  governance_.Append({Revoked("a2"), Revoked("a3"), Revoked("a4")});
  Redeliver();
  EXPECT_THAT(grants_.CheckJoint("maker", "a2"), IsOk());
  EXPECT_THAT(grants_.CheckJoint("shop", "a3"), HasReason(Reason::kRetentionEnded));  // No days.
  EXPECT_THAT(grants_.CheckJoint("shop", "a4"), IsOk());  // None were ever signed.
  EXPECT_THAT(grants_.CheckJoint("rival", "a3"), HasReason(Reason::kNotGranted));
  clock_.SetNow(governance_.now + absl::Hours(72) - absl::Nanoseconds(1));
  EXPECT_THAT(grants_.CheckJoint("maker", "a2"), IsOk());
  clock_.SetNow(governance_.now + absl::Hours(72));
  const absl::Status ended = grants_.CheckJoint("maker", "a2");
  EXPECT_THAT(ended, HasReason(Reason::kRetentionEnded));
  EXPECT_EQ(ended.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(base::RetentionEnded(grants_, "shop", "a2"));
  EXPECT_FALSE(base::RetentionEnded(grants_, "rival", "a2"));
}

TEST_F(GrantsTest, DerivationsAreGrantedByNameOrByAllInputs) {
  EXPECT_THAT(grants_.CheckDerivation("a1", "shop", "forecast"), HasReason(Reason::kNotGranted));
  gv1::Terms named = SalesShared("shop", "maker", {"i1"}, {"l1"});
  named.mutable_grants(0)->add_derivations("forecast");
  PutInForce("a2", named);
  gv1::Terms inputs = SalesShared("shop", "maker", {"i1"}, {"l1"});
  AddGrant(inputs, "shop", "maker",
           {gv1::DATA_KIND_STOCK, gv1::DATA_KIND_PRICES, gv1::DATA_KIND_PROMOTIONS,
            gv1::DATA_KIND_EVENTS});
  PutInForce("a3", inputs);
  governance_.Append({Offered("a4", named)});
  governance_.Deliver();
  executor_.Advance(kGrantsAskPeriod);
  EXPECT_THAT(grants_.CheckDerivation("a2", "shop", "forecast"), IsOk());
  EXPECT_THAT(grants_.CheckDerivation("a2", "shop", "allocation"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckDerivation("a2", "maker", "forecast"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckDerivation("a2", "rival", "forecast"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckDerivation("a3", "shop", "forecast"), IsOk());
  EXPECT_THAT(grants_.CheckDerivation("a3", "shop", "allocation"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckDerivation("a4", "shop", "forecast"), HasReason(Reason::kNotGranted));
  governance_.Append({Revoked("a2")});
  governance_.Deliver();
  executor_.Advance(kGrantsAskPeriod);
  EXPECT_THAT(grants_.CheckDerivation("a2", "shop", "forecast"), HasReason(Reason::kNotGranted));
}

TEST_F(GrantsTest, KnowsFirmsAuthoritiesAndRoles) {
  EXPECT_EQ(grants_.Firm("nobody"), std::nullopt);
  EXPECT_THAT(grants_.Firm("shop")->ca_pems, ElementsAre("pem of shop"));
  EXPECT_EQ(grants_.Firms().size(), 3u);
  for (const char* role : {"admin", "signer", "editor", "reader"}) {
    EXPECT_TRUE(grants_.HasRole("shop", "admin", role)) << role;
  }
  EXPECT_FALSE(grants_.HasRole("shop", "bot", "reader"));
  gv1::PrincipalSet set;
  set.set_firm("shop");
  set.set_principal("bot");
  set.add_roles(gv1::ROLE_EDITOR);
  gv1::FirmAuthoritiesSet authorities;
  authorities.set_firm("shop");
  authorities.add_authority_pems("old");
  authorities.add_authority_pems("new");
  governance_.Append({FactOf(gv1::Fact::kPrincipalSetFieldNumber, set),
                      FactOf(gv1::Fact::kFirmAuthoritiesSetFieldNumber, authorities)});
  governance_.Deliver();
  EXPECT_TRUE(grants_.HasRole("shop", "bot", "editor"));
  EXPECT_TRUE(grants_.HasRole("shop", "bot", "reader"));
  EXPECT_FALSE(grants_.HasRole("shop", "bot", "signer"));
  EXPECT_FALSE(grants_.HasRole("shop", "bot", "admin"));
  EXPECT_FALSE(grants_.HasRole("shop", "admin", "emperor"));
  EXPECT_THAT(grants_.Firm("shop")->ca_pems, ElementsAre("old", "new"));
  set.clear_roles();
  governance_.Append({FactOf(gv1::Fact::kPrincipalSetFieldNumber, set)});
  governance_.Deliver();
  EXPECT_FALSE(grants_.HasRole("shop", "bot", "reader"));
}

TEST_F(GrantsTest, TellsListenersAndWaiters) {
  std::vector<std::uint64_t> folds;
  grants_.OnFold([&folds](std::uint64_t version) { folds.push_back(version); });
  std::optional<absl::Status> now, soon, never;
  const absl::Time deadline = clock_.Now() + absl::Seconds(1);
  grants_.WaitFor(5, deadline, [&now](const absl::Status& status) { now = status; });
  grants_.WaitFor(6, deadline, [&soon](const absl::Status& status) { soon = status; });
  grants_.WaitFor(7, deadline, [&never](const absl::Status& status) { never = status; });
  EXPECT_EQ(now, absl::OkStatus());
  EXPECT_EQ(soon, std::nullopt);
  governance_.Append({Suspended("rival", true)});
  governance_.Deliver();
  EXPECT_EQ(soon, absl::OkStatus());
  EXPECT_THAT(folds, ElementsAre(6));
  executor_.Advance(absl::Seconds(1));
  ASSERT_TRUE(never.has_value());
  EXPECT_THAT(*never, HasReason(Reason::kGrantsStale));
}

TEST_F(GrantsTest, StopsAtAFactThatItCannotRead) {
  base::Fact unknown = Suspended("rival", true);
  unknown.kind = 99;
  governance_.Append({unknown});
  governance_.Append({Suspended("maker", true)});
  governance_.Deliver();
  executor_.Advance(absl::Seconds(2));  // Questions are answered, but their facts are never folded.
  EXPECT_EQ(grants_.version(), 5u);
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
}

// Governance is restored from a backup while this instance goes on: the new facts take numbers that
// are folded here already, so a revocation would be passed over, and the maker would read for ever.
TEST_F(GrantsTest, ALogThatEndsBeforeWhatWasFollowedMakesAllStaleForGood) {
  int told = 0;
  grants_.OnAnotherLog([&] { ++told; });
  const Hash before = governance_.last;
  governance_.Append({Suspended("rival", true)});
  governance_.Deliver();
  EXPECT_THAT(CheckMaker(), IsOk());
  governance_.durable = 5;  // Restored from before the last fact.
  governance_.last = before;
  executor_.Advance(kGrantsAskPeriod);
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
  EXPECT_EQ(told, 1);
  governance_.Append({Revoked("a1")});  // Fact 6 once more: another one.
  governance_.Append({Suspended("shop", true)});
  governance_.Deliver();
  executor_.Advance(absl::Seconds(2));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
  EXPECT_THAT(std::string(grants_.Fresh().message()), ::testing::HasSubstr("restart"));
  EXPECT_EQ(grants_.version(), 6u);
  EXPECT_EQ(told, 1);
}

// The same, where the restored log has grown beyond what was followed before it was asked again.
TEST_F(GrantsTest, AGroupThatDoesNotFollowTheLastOneMakesAllStaleForGood) {
  governance_.answering = false;
  executor_.Advance(absl::Milliseconds(100));
  governance_.salt = "restored";
  governance_.last = HashOf("another group before it");
  governance_.Append({Revoked("a1")});
  governance_.answering = true;
  governance_.Deliver();
  executor_.Advance(absl::Seconds(2));
  EXPECT_THAT(CheckMaker(), HasReason(Reason::kGrantsStale));
  EXPECT_EQ(grants_.version(), 5u);
}

// An answer may come after facts that were folded meanwhile: that is no older log.
TEST_F(GrantsTest, AnAnswerThatFactsHaveOvertakenCounts) {
  governance_.answering = false;
  governance_.holding = true;
  executor_.Advance(kGrantsAskPeriod);
  governance_.Append({Suspended("rival", true)});
  governance_.Deliver();
  governance_.Deliver();
  governance_.AnswerHeld();
  EXPECT_THAT(CheckMaker(), IsOk());
}

TEST_F(GrantsTest, ChangesSinceNamesOnlyTheFirmsOwn) {
  EXPECT_EQ(grants_.ChangesSince("maker", 0).size(), 1u);
  EXPECT_THAT(grants_.ChangesSince("maker", 5), IsEmpty());
  EXPECT_THAT(grants_.ChangesSince("rival", 0), IsEmpty());
  EXPECT_THAT(grants_.ViewersOf("shop", DataKind::kSales, ""), ElementsAre("maker"));
}

TEST(GrantsLifeTest, QuestionsAndTimersOutliveTheReplicaHarmlessly) {
  testing::FakeClock clock;
  testing::ManualExecutor executor(clock);
  PlayedGovernance governance;
  governance.answering = false;
  governance.holding = true;
  {
    GrantsReplica grants(governance, clock, executor);
    grants.Start();
    grants.WaitFor(9, clock.Now() + absl::Seconds(1), [](const absl::Status&) {});
  }
  governance.AnswerHeld();
  executor.Advance(absl::Seconds(3));
  EXPECT_EQ(governance.asked, 1);
}

}  // namespace
}  // namespace tandem::runtime

// Break-glass: who opens it, who ends it, and for how long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/governance/governance_fixture.h"
#include "services/governance/view.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using base::Reason;
using testing::HasReason;
using testing::IsOk;

base::Caller OperatorNamed(const std::string& principal) {
  return {.firm = kOperatorFirm, .principal = principal, .operator_role = true};
}
OpenBreakGlass Open(const std::string& id, absl::Duration duration = kBreakGlassDefault) {
  return {.agreement = "a1", .break_glass = id, .explanation = "ticket 7", .duration = duration};
}
CloseBreakGlass Close(const std::string& id) {
  return {.agreement = "a1", .break_glass = id, .explanation = "no"};
}

class DecideBreakGlassTest : public ::testing::Test {
 protected:
  DecideBreakGlassTest() {
    for (const char* firm : {"shop", "maker", "rival"}) world_.Admit(firm);
    world_.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1"));
    world_.Must(CallerOf("maker"), SignAgreement{.agreement = "a1", .terms_hash = HashNamed("v1")});
    world_.Must(CallerOf("shop"),
                SetPrincipal{.firm = "shop", .principal = "bot", .roles = {v1::ROLE_EDITOR}});
  }
  BreakGlass At(const std::string& id) const { return BreakGlassIn(world_.rows, "a1", id).value(); }
  World world_;
};

TEST_F(DecideBreakGlassTest, IsTheOperatorsAloneAndEndsAtItsTime) {
  EXPECT_THAT(world_.Do(CallerOf("shop"), Open("g1")), HasReason(Reason::kRoleMissing));
  TANDEM_ASSERT_OK_AND_ASSIGN(const Facts facts, world_.Do(Operator(), Open("g1")));
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].kind, 24u);
  EXPECT_EQ(facts[0].agreement_version, 1u);
  const BreakGlass glass = At("g1");
  EXPECT_EQ(glass.principal, "root");
  EXPECT_EQ(glass.expire_time, glass.open_time + absl::Hours(1));
  EXPECT_TRUE(glass.Stands(glass.expire_time - absl::Nanoseconds(1)));
  EXPECT_FALSE(glass.Stands(glass.expire_time));
  EXPECT_FALSE(glass.Closed());
}

TEST_F(DecideBreakGlassTest, NeedsAReasonABoundAndAnAgreementInForce) {
  OpenBreakGlass silent = Open("g1");
  silent.explanation.clear();
  OpenBreakGlass wordy = Open("g1");
  wordy.explanation = std::string(kExplanationBytesMax + 1, 'x');
  OpenBreakGlass elsewhere = Open("g1");
  elsewhere.agreement = "a9";
  world_.Must(CallerOf("shop"), OfferOf("a2", GoodTerms(), "v1"));
  OpenBreakGlass offered = Open("g1");
  offered.agreement = "a2";
  struct Case {
    const char* name;
    OpenBreakGlass command;
    Reason want;
  };
  const Case cases[] = {
      {"no reason", silent, Reason::kFieldMissing},
      {"too long a reason", wordy, Reason::kFieldOutOfRange},
      {"shorter than a minute", Open("g1", absl::Seconds(59)), Reason::kFieldOutOfRange},
      {"backwards", Open("g1", -absl::Hours(1)), Reason::kFieldOutOfRange},
      {"longer than a day", Open("g1", absl::Hours(24) + absl::Nanoseconds(1)),
       Reason::kFieldOutOfRange},
      {"an agreement that is not there", elsewhere, Reason::kUnknownAgreement},
      {"one that is only offered", offered, Reason::kAgreementNotInForce},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(world_.Do(Operator(), c.command), HasReason(c.want));
  }
  EXPECT_THAT(world_.Do(Operator(), Open("g1", absl::Hours(24))), IsOk());
  world_.Must(CallerOf("shop"), RevokeAgreement{.agreement = "a1", .explanation = "over"});
  EXPECT_THAT(world_.Do(OperatorNamed("ann"), Open("g2")), HasReason(Reason::kAgreementRevoked));
}

// Goal: each read is under one break-glass, which its audit line names.
TEST_F(DecideBreakGlassTest, APrincipalHasOneAtATime) {
  world_.Must(Operator(), Open("g1", absl::Minutes(1)));
  EXPECT_THAT(world_.Do(Operator(), Open("g2")), HasReason(Reason::kBreakGlassStands));
  EXPECT_THAT(world_.Do(OperatorNamed("ann"), Open("g2", absl::Minutes(1))), IsOk());
  for (int second = 0; second < 60; ++second) {  // The world's time: a second a command.
    (void)world_.Do(Operator(), Close("g9"));
  }
  EXPECT_THAT(world_.Do(Operator(), Open("g3")), IsOk());
  EXPECT_THAT(world_.Do(OperatorNamed("ann"), Close("g2")), HasReason(Reason::kBreakGlassEnded));
}

TEST_F(DecideBreakGlassTest, AnyPartyEndsItAndRefusesOthersForADay) {
  world_.Must(Operator(), Open("g1"));
  EXPECT_THAT(world_.Do(CallerOf("rival"), Close("g1")), HasReason(Reason::kNotGranted));
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), Close("g1")), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world_.Do(CallerOf("maker"), Close("g2")), HasReason(Reason::kUnknownRecord));
  world_.Must(CallerOf("maker"), Close("g1"));
  EXPECT_EQ(At("g1").closing_firm, "maker");
  EXPECT_EQ(At("g1").closing_principal, "admin");
  EXPECT_EQ(At("g1").close_explanation, "no");
  EXPECT_THAT(world_.Do(CallerOf("shop"), Close("g1")), HasReason(Reason::kBreakGlassEnded));
  EXPECT_THAT(world_.Do(OperatorNamed("ann"), Open("g2")), HasReason(Reason::kBreakGlassRefused));
  const OpenBreakGlass later = Open("g2");
  const absl::Time until = RefusedUntilIn(world_.rows, "a1");
  EXPECT_EQ(until, At("g1").close_time + absl::Hours(24));
  const auto at = [&](absl::Time time) {
    return Decide(world_.rows, later,
                  base::Stamp{.instant = time, .first_number = 99, .caller = Operator()});
  };
  EXPECT_THAT(at(until - absl::Nanoseconds(1)), HasReason(Reason::kBreakGlassRefused));
  EXPECT_THAT(at(until), IsOk());
}

TEST_F(DecideBreakGlassTest, TheOperatorEndsItWithoutRefusingAnother) {
  world_.Must(Operator(), Open("g1"));
  world_.Must(OperatorNamed("ann"), Close("g1"));
  EXPECT_EQ(At("g1").closing_firm, kOperatorFirm);
  EXPECT_THAT(world_.Do(Operator(), Open("g1")), HasReason(Reason::kAlreadyExists));
  EXPECT_THAT(world_.Do(Operator(), Open("g2")), IsOk());
}

TEST_F(DecideBreakGlassTest, EndsWithItsAgreement) {
  world_.Must(Operator(), Open("g1"));
  world_.Must(CallerOf("shop"), RevokeAgreement{.agreement = "a1", .explanation = "over"});
  EXPECT_EQ(At("g1").closing_firm, "shop");
  EXPECT_EQ(At("g1").close_explanation, "over");
  EXPECT_TRUE(StandingGlassesIn(world_.rows, "a1", At("g1").open_time).empty());
  base::MapRows replayed;
  for (const base::FactRecord& record : world_.records) Apply(record, replayed);
  EXPECT_EQ(replayed.map(), world_.rows.map());
}

TEST_F(DecideBreakGlassTest, AllPartiesSeeIt) {
  world_.Must(Operator(), Open("g1"));
  world_.Must(CallerOf("maker"), Close("g1"));
  for (const std::size_t back : {1u, 2u}) {
    const base::FactRecord& record = world_.records[world_.records.size() - back];
    EXPECT_THAT(FirmsOf(record), ::testing::ElementsAre("maker", "shop"));
    EXPECT_FALSE(SeenBy(record, "rival").has_value());
    const SeenFact seen = SeenBy(record, "shop").value();
    EXPECT_EQ(seen.relation, "a1");
    EXPECT_EQ(seen.type_name, back == 1 ? "tandem.governance.v1.BreakGlassClosed"
                                        : "tandem.governance.v1.BreakGlassOpened");
  }
}

}  // namespace
}  // namespace tandem::governance

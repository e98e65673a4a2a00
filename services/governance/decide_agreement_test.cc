#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/governance/decide.h"
#include "services/governance/governance_fixture.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using base::Reason;
using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;

class DecideAgreementTest : public ::testing::Test {
 protected:
  DecideAgreementTest() {
    for (const char* firm : {"shop", "maker", "rival"}) world_.Admit(firm);
    world_.Must(CallerOf("shop"),
                SetPrincipal{.firm = "shop", .principal = "bot", .roles = {v1::ROLE_EDITOR}});
  }
  void Offer() { world_.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1")); }
  void PutInForce() {
    Offer();
    world_.Must(CallerOf("maker"), Signing("v1"));
  }
  static SignAgreement Signing(const std::string& hash) {
    return {.agreement = "a1", .terms_hash = HashNamed(hash)};
  }
  static RevokeAgreement Revoking() { return {.agreement = "a1", .explanation = "done"}; }

  World world_;
};

TEST_F(DecideAgreementTest, IsInForceWhenAllHaveSigned) {
  Offer();
  EXPECT_EQ(world_.At("a1").state, v1::Agreement::STATE_OFFERED);
  EXPECT_EQ(world_.At("a1").version, 0);
  EXPECT_THAT(world_.Do(CallerOf("shop"), Signing("v1")), HasReason(Reason::kAlreadySigned));
  const auto facts = world_.Do(CallerOf("maker"), Signing("v1"));
  ASSERT_THAT(facts, IsOk());
  ASSERT_EQ(facts->size(), 2u);
  EXPECT_EQ((*facts)[1].kind, static_cast<std::uint32_t>(v1::Fact::kAgreementInForceFieldNumber));
  const Agreement agreement = world_.At("a1");
  EXPECT_EQ(agreement.state, v1::Agreement::STATE_IN_FORCE);
  EXPECT_EQ(agreement.version, 1);
  EXPECT_EQ(agreement.terms_hash, HashNamed("v1"));
  EXPECT_EQ(agreement.offered_terms_hash, "");
  ASSERT_EQ(agreement.signatures.size(), 2u);
  EXPECT_EQ(agreement.signatures[1].party, "maker");
  EXPECT_EQ(agreement.signatures[1].principal, "admin");
}

TEST_F(DecideAgreementTest, ThreePartiesMustAllSign) {
  world_.Must(CallerOf("shop"), OfferOf("a1", GoodTerms({"shop", "maker", "rival"}), "v1"));
  world_.Must(CallerOf("maker"), Signing("v1"));
  EXPECT_EQ(world_.At("a1").state, v1::Agreement::STATE_OFFERED);
  EXPECT_THAT(world_.Do(CallerOf("maker"), Signing("v1")), HasReason(Reason::kAlreadySigned));
  world_.Must(CallerOf("rival"), Signing("v1"));
  EXPECT_EQ(world_.At("a1").state, v1::Agreement::STATE_IN_FORCE);
}

TEST_F(DecideAgreementTest, OffersNeedASignerOfAParty) {
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), OfferOf("a1", GoodTerms(), "v1")),
              HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world_.Do(Operator(), OfferOf("a1", GoodTerms(), "v1")),
              HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world_.Do(CallerOf("rival"), OfferOf("a1", GoodTerms(), "v1")),
              HasReason(Reason::kNotYours));
  EXPECT_THAT(world_.Do(CallerOf("shop"), OfferOf("a1", GoodTerms({"shop", "nobody"}), "v1")),
              HasReason(Reason::kUnknownFirm));
  world_.Must(Operator(),
              SetFirmSuspended{.firm = "shop", .suspended = true, .explanation = "unpaid"});
  EXPECT_THAT(world_.Do(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1")),
              HasReason(Reason::kFirmSuspended));
}

TEST_F(DecideAgreementTest, ANewRelationNeedsANewId) {
  Offer();
  EXPECT_THAT(world_.Do(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1")),
              HasReason(Reason::kAlreadyExists));
}

TEST_F(DecideAgreementTest, ACounterOfferTakesThePlaceOfTheOffer) {
  Offer();
  v1::Terms other = GoodTerms();
  other.set_horizon_days(56);
  world_.Must(CallerOf("maker"), CounterOf("a1", other, "counter"));
  EXPECT_EQ(world_.At("a1").offering_party, "maker");
  // What was offered before can no longer be signed, and its signature does not count.
  EXPECT_THAT(world_.Do(CallerOf("shop"), Signing("v1")), HasReason(Reason::kContentDiffers));
  EXPECT_THAT(world_.Do(CallerOf("maker"), Signing("counter")), HasReason(Reason::kAlreadySigned));
  world_.Must(CallerOf("shop"), Signing("counter"));
  EXPECT_EQ(world_.At("a1").terms_hash, HashNamed("counter"));
  EXPECT_EQ(world_.At("a1").version, 1);
}

TEST_F(DecideAgreementTest, ANewVersionSupersedesOnceAllHaveSigned) {
  PutInForce();
  v1::Terms wider = GoodTerms();
  wider.mutable_scopes(0)->add_items("i3");
  world_.Must(CallerOf("maker"), CounterOf("a1", wider, "v2"));
  EXPECT_EQ(world_.At("a1").state, v1::Agreement::STATE_IN_FORCE);
  EXPECT_EQ(world_.At("a1").terms_hash, HashNamed("v1"));
  EXPECT_EQ(world_.At("a1").version, 1);
  EXPECT_THAT(world_.Do(CallerOf("shop"), Signing("v1")), HasReason(Reason::kContentDiffers));
  world_.Must(CallerOf("shop"), Signing("v2"));
  EXPECT_EQ(world_.At("a1").version, 2);
  // Both versions of the terms stay.
  EXPECT_EQ(world_.rows.Get(TermsKey("a1", 1)), TermsBytes(GoodTerms()));
  EXPECT_EQ(world_.rows.Get(TermsKey("a1", 2)), TermsBytes(wider));
}

TEST_F(DecideAgreementTest, AnOfferRestsOnTheEtagItNames) {
  PutInForce();
  OfferAgreement offer = CounterOf("a1", GoodTerms(), "v2");
  offer.etag = "1";
  EXPECT_THAT(world_.Do(CallerOf("maker"), offer), HasReason(Reason::kVersionMoved));
  offer.etag = std::to_string(world_.At("a1").revision);
  EXPECT_THAT(world_.Do(CallerOf("maker"), offer), IsOk());
}

TEST_F(DecideAgreementTest, ThePartiesOfARelationStay) {
  PutInForce();
  EXPECT_THAT(
      world_.Do(CallerOf("shop"), CounterOf("a1", GoodTerms({"shop", "maker", "rival"}), "v2")),
      HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(world_.Do(CallerOf("shop"), CounterOf("a1", GoodTerms({"shop", "rival"}), "v2")),
              HasReason(Reason::kFieldOutOfRange));
}

TEST_F(DecideAgreementTest, HiddenAndAbsentAnswerAlike) {
  Offer();
  const auto hidden = world_.Do(CallerOf("rival"), Signing("v1"));
  EXPECT_THAT(hidden, HasReason(Reason::kNotGranted));
  const auto absent = world_.Do(CallerOf("rival"), SignAgreement{.agreement = "a9"});
  EXPECT_THAT(absent, HasReason(Reason::kNotGranted));
  EXPECT_EQ(hidden.status().message(), absent.status().message());
  EXPECT_THAT(world_.Do(CallerOf("rival"), Revoking()), HasReason(Reason::kNotGranted));
  EXPECT_THAT(world_.Do(CallerOf("rival"), CounterOf("a1", GoodTerms({"shop", "rival"}), "v1")),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(world_.Do(CallerOf("rival"), CounterOf("a9", GoodTerms({"shop", "rival"}), "v1")),
              HasReason(Reason::kNotGranted));
}

TEST_F(DecideAgreementTest, SigningAndRevokingNeedASigner) {
  Offer();
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), Signing("v1")), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), Revoking()), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world_.Do(Operator(), Revoking()), HasReason(Reason::kRoleMissing));
  world_.Must(CallerOf("shop"),
              SetPrincipal{.firm = "shop", .principal = "bot", .roles = {v1::ROLE_SIGNER}});
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), Revoking()), IsOk());
}

TEST_F(DecideAgreementTest, WithoutAnOfferThereIsNothingToSign) {
  PutInForce();
  EXPECT_THAT(world_.Do(CallerOf("maker"), Signing("v1")), HasReason(Reason::kAgreementNotOffered));
}

TEST_F(DecideAgreementTest, AnyPartyEndsItAloneAndForGood) {
  PutInForce();
  world_.Must(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v2"));
  RevokeAgreement wordy = Revoking();
  wordy.explanation = std::string(1'001, 'x');
  EXPECT_THAT(world_.Do(CallerOf("maker"), wordy), HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(world_.Do(CallerOf("maker"), Revoking()), IsOk());
  const Agreement agreement = world_.At("a1");
  EXPECT_EQ(agreement.state, v1::Agreement::STATE_REVOKED);
  EXPECT_EQ(agreement.version, 1);
  EXPECT_EQ(agreement.signatures.size(), 2u);   // Of what was in force.
  EXPECT_EQ(agreement.offered_terms_hash, "");  // The offer went with it.
  EXPECT_EQ(world_.rows.Get(TermsKey("a1", 2)), std::nullopt);
  EXPECT_NE(world_.rows.Get(TermsKey("a1", 1)), std::nullopt);
  EXPECT_THAT(world_.Do(CallerOf("shop"), Revoking()), HasReason(Reason::kAgreementRevoked));
  EXPECT_THAT(world_.Do(CallerOf("shop"), Signing("v2")), HasReason(Reason::kAgreementRevoked));
  EXPECT_THAT(world_.Do(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v3")),
              HasReason(Reason::kAgreementRevoked));
}

TEST_F(DecideAgreementTest, AnOfferIsWithdrawnByRevoking) {
  Offer();
  EXPECT_THAT(PartnersIn(world_.rows, "shop"), ElementsAre("maker"));
  world_.Must(CallerOf("shop"), Revoking());
  EXPECT_EQ(world_.At("a1").state, v1::Agreement::STATE_REVOKED);
  EXPECT_EQ(world_.At("a1").version, 0);
  EXPECT_THAT(PartnersIn(world_.rows, "shop"), ElementsAre());
}

}  // namespace
}  // namespace tandem::governance

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

// A firm could offer without end, and fill its partners' feeds and the installation's disk.
TEST_F(DecideAgreementTest, BoundsAFirmsOpenOffers) {
  const auto id = [](std::size_t i) { return "offer" + std::to_string(i); };
  for (std::size_t i = 0; i < kOpenOffersMax; ++i) {
    world_.Must(CallerOf("shop"), OfferOf(id(i), GoodTerms(), "v1"));
  }
  const auto refused = world_.Do(CallerOf("shop"), OfferOf("more", GoodTerms(), "v1"));
  EXPECT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  // Others' are their own, and one that takes an own one's place adds none.
  world_.Must(CallerOf("maker"), OfferOf("theirs", GoodTerms(), "v1"));
  world_.Must(CallerOf("shop"), CounterOf(id(0), GoodTerms(), "v1b"));
  EXPECT_THAT(world_.Do(CallerOf("shop"), CounterOf("theirs", GoodTerms(), "v1b")),
              HasReason(Reason::kQuotaExceeded));
  // What ends an offer makes room for one: a counter-offer, the last signature, a revocation.
  world_.Must(CallerOf("maker"), CounterOf(id(0), GoodTerms(), "v1c"));
  world_.Must(CallerOf("shop"), OfferOf("more", GoodTerms(), "v1"));
  EXPECT_THAT(world_.Do(CallerOf("shop"), OfferOf("yet more", GoodTerms(), "v1")),
              HasReason(Reason::kQuotaExceeded));
  world_.Must(CallerOf("maker"), SignAgreement{.agreement = id(1), .terms_hash = HashNamed("v1")});
  world_.Must(CallerOf("shop"), OfferOf("yet more", GoodTerms(), "v1"));
  EXPECT_THAT(world_.Do(CallerOf("shop"), OfferOf("last", GoodTerms(), "v1")),
              HasReason(Reason::kQuotaExceeded));
  world_.Must(CallerOf("maker"), RevokeAgreement{.agreement = id(2), .explanation = ""});
  world_.Must(CallerOf("shop"), OfferOf("last", GoodTerms(), "v1"));
  // Offers of a new version count, and go with the agreement.
  EXPECT_THAT(world_.Do(CallerOf("shop"), CounterOf(id(1), GoodTerms(), "v2")),
              HasReason(Reason::kQuotaExceeded));
  world_.Must(CallerOf("maker"), RevokeAgreement{.agreement = id(3), .explanation = ""});
  world_.Must(CallerOf("shop"), CounterOf(id(1), GoodTerms(), "v2"));
  world_.Must(CallerOf("shop"), RevokeAgreement{.agreement = id(1), .explanation = ""});
  world_.Must(CallerOf("shop"), OfferOf("at last", GoodTerms(), "v1"));
}

TEST_F(DecideAgreementTest, BoundsAFirmsOffersOfADayInAnAgreement) {
  Offer();
  for (std::uint64_t i = 1; i < kOffersOfDayMax; ++i) {
    world_.Must(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v1"));
  }
  const auto refused = world_.Do(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v1"));
  EXPECT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("100 offers"));
  // The other party's are its own, and signing is no offer.
  world_.Must(CallerOf("maker"), CounterOf("a1", GoodTerms(), "counter"));
  world_.Must(CallerOf("shop"), Signing("counter"));
  EXPECT_THAT(world_.Do(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v2")),
              HasReason(Reason::kQuotaExceeded));
  world_.Must(CallerOf("shop"), OfferOf("a2", GoodTerms(), "v1"));
  // A day after the first of them; the world moves a second with each command.
  world_.Wait(kOfferDay - absl::Seconds(kOffersOfDayMax + 10));
  EXPECT_THAT(world_.Do(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v2")),
              HasReason(Reason::kQuotaExceeded));
  world_.Wait(absl::Seconds(10));
  world_.Must(CallerOf("shop"), CounterOf("a1", GoodTerms(), "v2"));
  EXPECT_EQ(OffersOfDayIn(world_.rows, "a1", "shop").count, 1u);
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

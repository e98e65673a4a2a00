#include "services/governance/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/governance/governance_fixture.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using base::Reason;
using testing::HasReason;

Agreement SomeAgreement() {
  const absl::Time time = absl::FromUnixNanos(1'800'000'000'123'456'789);
  return {.id = "a1",
          .state = v1::Agreement::STATE_IN_FORCE,
          .version = 3,
          .parties = {"maker", "shop"},
          .terms_hash = HashNamed("v3"),
          .offered_terms_hash = HashNamed("v4"),
          .offering_party = "maker",
          .signatures = {{.party = "shop", .principal = "admin", .sign_time = time}},
          .offered_signatures = {{.party = "maker", .principal = "bot", .sign_time = time}},
          .create_time = time,
          .update_time = time,
          .revision = 9};
}

TEST(GovernanceCodecTest, RowsComeBackAsTheyWere) {
  const std::string agreement = EncodeAgreement(SomeAgreement());
  TANDEM_ASSERT_OK_AND_ASSIGN(const Agreement decoded, DecodeAgreement(agreement));
  EXPECT_EQ(EncodeAgreement(decoded), agreement);
  EXPECT_EQ(decoded.offered_signatures[0].principal, "bot");
  EXPECT_EQ(decoded.update_time, SomeAgreement().update_time);

  const std::string firm = EncodeFirm({.id = "shop",
                                       .display_name = "The shop",
                                       .gln = "",
                                       .authority_pems = {Pem('A'), Pem('B')},
                                       .suspended = true,
                                       .create_time = absl::FromUnixSeconds(7),
                                       .revision = 2});
  TANDEM_ASSERT_OK_AND_ASSIGN(const Firm firm_decoded, DecodeFirm(firm));
  EXPECT_EQ(EncodeFirm(firm_decoded), firm);

  const std::string principal = EncodePrincipal({.id = "bot", .roles = {v1::ROLE_EDITOR}});
  TANDEM_ASSERT_OK_AND_ASSIGN(const Principal principal_decoded, DecodePrincipal(principal));
  EXPECT_EQ(EncodePrincipal(principal_decoded), principal);
}

TEST(GovernanceCodecTest, BreakGlassesComeBackAsTheyWere) {
  const BreakGlass glass{.id = "g1",
                         .agreement = "a1",
                         .principal = "root",
                         .explanation = "ticket 7",
                         .open_time = absl::FromUnixNanos(1'800'000'000'123'456'789),
                         .expire_time = absl::FromUnixSeconds(1'800'003'600),
                         .closing_firm = "maker",
                         .closing_principal = "admin",
                         .close_explanation = "no",
                         .close_time = absl::FromUnixSeconds(1'800'000'060)};
  const std::string bytes = EncodeBreakGlass(glass);
  TANDEM_ASSERT_OK_AND_ASSIGN(const BreakGlass decoded, DecodeBreakGlass(bytes));
  EXPECT_EQ(EncodeBreakGlass(decoded), bytes);
  EXPECT_EQ(decoded.close_time, glass.close_time);
  EXPECT_EQ(decoded.expire_time, glass.expire_time);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_THAT(DecodeBreakGlass(bytes.substr(0, i)), HasReason(Reason::kStoredBytesDamaged));
  }
  EXPECT_THAT(DecodeBreakGlass(bytes + "x"), HasReason(Reason::kStoredBytesDamaged));
  EXPECT_THAT(DecodeBreakGlass("\x02" + bytes.substr(1)), HasReason(Reason::kStoredBytesDamaged));
}

TEST(GovernanceCodecTest, RefusesEveryCutAndAddedByte) {
  const std::string agreement = EncodeAgreement(SomeAgreement());
  const std::string firm = EncodeFirm({.id = "shop", .display_name = "x", .revision = 1});
  const std::string principal = EncodePrincipal({.id = "bot", .roles = {v1::ROLE_EDITOR}});
  for (std::size_t i = 0; i < agreement.size(); ++i) {
    EXPECT_THAT(DecodeAgreement(agreement.substr(0, i)), HasReason(Reason::kStoredBytesDamaged));
    EXPECT_THAT(DecodeFirm(firm.substr(0, std::min(i, firm.size() - 1))),
                HasReason(Reason::kStoredBytesDamaged));
    EXPECT_THAT(DecodePrincipal(principal.substr(0, std::min(i, principal.size() - 1))),
                HasReason(Reason::kStoredBytesDamaged));
  }
  EXPECT_THAT(DecodeAgreement(agreement + "x"), HasReason(Reason::kStoredBytesDamaged));
  EXPECT_THAT(DecodeFirm("\x02" + firm.substr(1)), HasReason(Reason::kStoredBytesDamaged));
  testing::Random random;
  for (int i = 0; i < 2'000; ++i) {  // No crash, whatever comes.
    const std::string bytes = "\x01" + random.Bytes(random.Below(60));
    (void)DecodeAgreement(bytes);
    (void)DecodeFirm(bytes);
    (void)DecodePrincipal(bytes);
  }
}

TEST(GovernanceCodecTest, FactsCarryTheirFieldsNumberAsKind) {
  v1::Fact fact;
  fact.mutable_agreement_revoked()->set_agreement("a1");
  base::Fact encoded = EncodeFact(fact);
  EXPECT_EQ(encoded.kind, 23u);
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Fact decoded, DecodeFact(encoded));
  EXPECT_EQ(decoded.agreement_revoked().agreement(), "a1");
  encoded.schema_version = 2;
  EXPECT_THAT(DecodeFact(encoded), HasReason(Reason::kStoredBytesDamaged));
  encoded.schema_version = 1;
  for (const std::uint32_t kind : {0u, 1u, 15u, 26u, 1'000u}) {
    encoded.kind = kind;
    EXPECT_THAT(DecodeFact(encoded), HasReason(Reason::kStoredBytesDamaged)) << kind;
  }
  encoded.kind = 23;
  encoded.payload = "\xff\xff";
  EXPECT_THAT(DecodeFact(encoded), HasReason(Reason::kStoredBytesDamaged));
}

TEST(GovernanceCodecTest, KeysSortByIdAndVersion) {
  EXPECT_LT(TermsKey("a1", 2), TermsKey("a1", 10));
  EXPECT_LT(FirmKey("a"), FirmKey("aa"));
  EXPECT_LT(FirmKey("aa"), FirmKey("b"));
  EXPECT_EQ(LastIdOf(PartyKey("shop", "a1")), "a1");
  EXPECT_TRUE(PartyKey("shop", "a1").starts_with(PartyPrefix("shop")));
  EXPECT_FALSE(PartyKey("shop2", "a1").starts_with(PartyPrefix("shop")));
}

}  // namespace
}  // namespace tandem::governance

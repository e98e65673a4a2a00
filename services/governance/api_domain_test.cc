#include "services/governance/api_domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/governance/governance_fixture.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::IsOk;

TEST(GovernanceDomainTest, ReadsItsOwnKindsAlone) {
  World world;
  world.Admit("shop");
  const GovernanceDomain domain;
  base::FactRecord record = world.records.back();
  EXPECT_THAT(domain.CheckReadable(record), IsOk());
  EXPECT_THAT(domain.AudienceOf(record).parties, ElementsAre("shop"));
  EXPECT_EQ(domain.slots(), 1);
  record.fact.kind = 99;
  EXPECT_THAT(domain.CheckReadable(record), HasReason(base::Reason::kStoredBytesDamaged));
  record.fact.kind = base::kAuditedKind;
  EXPECT_THAT(domain.AudienceOf(record).parties, IsEmpty());
}

TEST(GovernanceDomainTest, AppliesAsTheModelDoes) {
  World world;
  world.Admit("shop");
  base::MapRows rows;
  GovernanceDomain().Apply(world.records.back(), rows);
  EXPECT_EQ(rows.map(), world.rows.map());
}

// Grants that know one thing: whether the retention of what is asked about is over.
class Retention final : public base::Grants {
 public:
  absl::Status CheckJoint(std::string_view, std::string_view) const override { return status; }
  absl::Status Check(std::string_view, std::string_view, base::DataKind, std::string_view,
                     std::string_view) const override {
    return absl::UnimplementedError("governance does not ask");
  }
  absl::StatusOr<std::shared_ptr<const base::GrantedItems>> ItemsAt(
      std::string_view, std::string_view, base::DataKind, std::string_view) const override {
    return absl::UnimplementedError("governance does not ask");
  }
  absl::StatusOr<std::shared_ptr<const base::AgreementTerms>> TermsOf(
      std::string_view, std::string_view) const override {
    return absl::UnimplementedError("governance does not ask");
  }
  absl::Status CheckDerivation(std::string_view, std::string_view,
                               std::string_view) const override {
    return absl::UnimplementedError("governance does not ask");
  }
  std::vector<std::string> ViewersOf(std::string_view, base::DataKind,
                                     std::string_view) const override {
    return {};
  }
  std::vector<std::string> PartiesOf(std::string_view) const override { return {}; }
  std::uint64_t version() const override { return 1; }

  absl::Status status;
};

// Goal: after the retention an agreement's facts are in no feed, but that it was ended. What the
// replica has not heard of yet is shown: a fact says by itself whose it is.
TEST(GovernanceDomainTest, HidesAnAgreementWhenItsRetentionIsOver) {
  World world;
  for (const char* firm : {"shop", "maker"}) world.Admit(firm);
  world.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1"));
  world.Must(CallerOf("maker"), SignAgreement{.agreement = "a1", .terms_hash = HashNamed("v1")});
  world.Must(CallerOf("shop"), RevokeAgreement{.agreement = "a1", .explanation = "over"});
  const GovernanceDomain domain;
  Retention grants;
  const auto seen = [&] {
    std::vector<std::string> types;
    for (const base::FactRecord& record : world.records) {
      const auto view = domain.View(record, "shop", grants);
      EXPECT_THAT(view, IsOk());
      if (view->has_value()) types.push_back((*view)->type_name.substr(21));
    }
    return types;
  };
  const auto all = ElementsAre("FirmAdmitted", "AgreementOffered", "AgreementSigned",
                               "AgreementInForce", "AgreementRevoked");
  EXPECT_THAT(seen(), all);
  grants.status = base::Refuse(base::Reason::kNotGranted, "not heard of yet");
  EXPECT_THAT(seen(), all);
  grants.status = base::Refuse(base::Reason::kRetentionEnded, "over");
  EXPECT_THAT(seen(), ElementsAre("FirmAdmitted", "AgreementRevoked"));
}

}  // namespace
}  // namespace tandem::governance

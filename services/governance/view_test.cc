#include "services/governance/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "services/governance/governance_fixture.h"

namespace tandem::governance {
namespace {

using ::testing::ElementsAre;

TEST(ViewTest, ShowsFactsToWhomTheyConcernAlone) {
  World world;
  for (const char* firm : {"shop", "maker", "rival"}) world.Admit(firm);
  world.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1"));
  world.Must(CallerOf("maker"), SignAgreement{.agreement = "a1", .terms_hash = HashNamed("v1")});
  world.Must(Operator(), SetFirmSuspended{.firm = "maker", .suspended = true, .explanation = "x"});
  world.Must(CallerOf("shop"), RevokeAgreement{.agreement = "a1", .explanation = ""});
  world.Must(CallerOf("shop"),
             SetPrincipal{.firm = "shop", .principal = "bot", .roles = {v1::ROLE_READER}});
  world.Must(CallerOf("shop"), SetFirmAuthorities{.firm = "shop", .authorities = {Ca('C')}});

  ASSERT_EQ(world.records.size(), 10u);
  EXPECT_THAT(FirmsOf(world.records[0]), ElementsAre("shop"));
  for (const std::size_t joint : {3u, 4u, 5u, 6u, 7u}) {
    EXPECT_THAT(FirmsOf(world.records[joint]), ElementsAre("maker", "shop")) << joint;
  }
  EXPECT_THAT(FirmsOf(world.records[8]), ElementsAre("shop"));
  EXPECT_THAT(FirmsOf(world.records[9]), ElementsAre("shop"));
  for (const base::FactRecord& record : world.records) {
    const std::vector<std::string> firms = FirmsOf(record);
    for (const char* viewer : {"shop", "maker", "rival", "operator", ""}) {
      const bool concerned = std::find(firms.begin(), firms.end(), viewer) != firms.end();
      EXPECT_EQ(SeenBy(record, viewer).has_value(), concerned) << record.number << viewer;
    }
  }
  const SeenFact in_force = SeenBy(world.records[5], "maker").value();
  EXPECT_EQ(in_force.type_name, "tandem.governance.v1.AgreementInForce");
  EXPECT_EQ(in_force.relation, "a1");
  EXPECT_EQ(in_force.payload, world.records[5].fact.payload);
}

TEST(ViewTest, DoesNotTellWhoElseIsAPartner) {
  World world;
  for (const char* firm : {"shop", "maker", "rival"}) world.Admit(firm);
  world.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1"));
  world.Must(CallerOf("shop"), OfferOf("a2", GoodTerms({"shop", "rival"}), "v1"));
  world.Must(Operator(), SetFirmSuspended{.firm = "shop", .suspended = true, .explanation = "x"});
  const base::FactRecord& record = world.records.back();
  EXPECT_THAT(FirmsOf(record), ElementsAre("maker", "rival", "shop"));
  const SeenFact seen = SeenBy(record, "maker").value();
  v1::FirmSuspendedSet fact;
  ASSERT_TRUE(fact.ParseFromString(seen.payload));
  EXPECT_TRUE(fact.suspended());
  EXPECT_EQ(fact.partners_size(), 0);
}

}  // namespace
}  // namespace tandem::governance

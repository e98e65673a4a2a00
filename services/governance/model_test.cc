#include "services/governance/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/governance/governance_fixture.h"

namespace tandem::governance {
namespace {

using ::testing::ElementsAre;

World Lived() {
  World world;
  for (const char* firm : {"shop", "maker", "rival"}) world.Admit(firm);
  world.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1"));
  world.Must(CallerOf("maker"), SignAgreement{.agreement = "a1", .terms_hash = HashNamed("v1")});
  world.Must(CallerOf("maker"), CounterOf("a1", GoodTerms(), "v2"));
  world.Must(CallerOf("shop"), OfferOf("a2", GoodTerms(), "v1"));
  world.Must(CallerOf("shop"), OfferOf("a3", GoodTerms({"shop", "rival"}), "v1"));
  world.Must(CallerOf("rival"), RevokeAgreement{.agreement = "a3", .explanation = ""});
  world.Must(CallerOf("maker"), RevokeAgreement{.agreement = "a1", .explanation = "over"});
  return world;
}

TEST(GovernanceApplyTest, ReplayRebuildsTheSameRows) {
  const World world = Lived();
  base::MapRows replayed;
  for (const base::FactRecord& record : world.records) Apply(record, replayed);
  EXPECT_EQ(replayed.map(), world.rows.map());
}

TEST(GovernanceApplyTest, CountsSharedRelations) {
  const World world = Lived();
  EXPECT_EQ(SharedIn(world.rows, "shop", "maker"), 2u);  // a1 ended but was shared; a2 is open.
  EXPECT_EQ(SharedIn(world.rows, "maker", "shop"), 2u);
  EXPECT_EQ(SharedIn(world.rows, "shop", "rival"), 0u);  // a3 was withdrawn.
  EXPECT_THAT(PartnersIn(world.rows, "shop"), ElementsAre("maker"));
}

TEST(GovernanceApplyTest, KeepsTermsWithoutItemsForLists) {
  const World world = Lived();
  v1::Terms brief;
  ASSERT_TRUE(brief.ParseFromString(world.rows.Get(BriefTermsKey("a1", 1)).value()));
  EXPECT_EQ(brief.scopes(0).items_size(), 0);
  EXPECT_EQ(brief.scopes(0).locations_size(), 2);
  EXPECT_EQ(brief.horizon_days(), 28);
}

TEST(GovernanceApplyTest, EveryChangeMovesTheRevision) {
  World world;
  for (const char* firm : {"shop", "maker"}) world.Admit(firm);
  world.Must(CallerOf("shop"), OfferOf("a1", GoodTerms(), "v1"));
  const std::uint64_t first = world.At("a1").revision;
  const absl::Time created = world.At("a1").create_time;
  world.Must(CallerOf("maker"), SignAgreement{.agreement = "a1", .terms_hash = HashNamed("v1")});
  EXPECT_GT(world.At("a1").revision, first);
  EXPECT_EQ(world.At("a1").create_time, created);
  EXPECT_GT(world.At("a1").update_time, created);
}

}  // namespace
}  // namespace tandem::governance

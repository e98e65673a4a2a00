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

}  // namespace
}  // namespace tandem::governance

#include "services/forecast/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/forecast/codec.h"

namespace tandem::forecast {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

base::FactRecord RecordOf(const v1::Fact& fact) { return {.fact = EncodeFact(fact)}; }

v1::Fact Staged() {
  v1::Fact fact;
  v1::VersionStaged& staged = *fact.mutable_version_staged();
  staged.set_agreement("deal");
  staged.set_author("maker");
  base::Position basis;
  basis.Set({base::DomainId::kExchange, 1}, 4'711);
  staged.set_basis(basis.Encode());
  staged.add_parties("maker");
  staged.add_parties("shop");
  return fact;
}

TEST(ViewTest, AStagedVersionIsItsAuthorsWithoutTheBasis) {
  EXPECT_THAT(FirmsOf(RecordOf(Staged())), ElementsAre("maker"));
  EXPECT_FALSE(SeenBy(RecordOf(Staged()), "shop").has_value());
  const auto seen = SeenBy(RecordOf(Staged()), "maker");
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->type_name, "tandem.forecast.v1.VersionStaged");
  EXPECT_EQ(seen->relation, "deal");
  v1::VersionStaged staged;
  ASSERT_TRUE(staged.ParseFromString(seen->payload));
  EXPECT_TRUE(staged.basis().empty());
  EXPECT_EQ(staged.author(), "maker");
}

TEST(ViewTest, APublishedVersionIsItsPartiesAndChunksAreNobodys) {
  v1::Fact published;
  published.mutable_version_published()->set_agreement("deal");
  published.mutable_version_published()->add_parties("maker");
  published.mutable_version_published()->add_parties("shop");
  EXPECT_THAT(FirmsOf(RecordOf(published)), ElementsAre("maker", "shop"));
  EXPECT_TRUE(SeenBy(RecordOf(published), "shop").has_value());
  EXPECT_FALSE(SeenBy(RecordOf(published), "rival").has_value());
  v1::Fact chunk;
  chunk.mutable_chunk_uploaded()->set_agreement("deal");
  EXPECT_THAT(FirmsOf(RecordOf(chunk)), IsEmpty());
  EXPECT_FALSE(SeenBy(RecordOf(chunk), "maker").has_value());
}

TEST(ViewTest, RunsAndDropsAreTheirFirmsOwn) {
  v1::Fact dropped;
  dropped.mutable_version_dropped()->set_author("maker");
  v1::Fact started;
  started.mutable_run_started()->set_firm("maker");
  v1::Fact ended;
  ended.mutable_run_ended()->set_firm("maker");
  for (const v1::Fact& fact : {dropped, started, ended}) {
    EXPECT_THAT(FirmsOf(RecordOf(fact)), ElementsAre("maker"));
    EXPECT_TRUE(SeenBy(RecordOf(fact), "maker").has_value());
    EXPECT_FALSE(SeenBy(RecordOf(fact), "shop").has_value());
  }
}

}  // namespace
}  // namespace tandem::forecast

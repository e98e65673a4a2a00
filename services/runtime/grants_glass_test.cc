// Break-glasses as the replica holds them: what they show, to whom, and when that ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/runtime/grants.h"
#include "services/runtime/grants_fixture.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using base::DataKind;
using base::Reason;
using testing::HasReason;
using testing::IsOk;

const std::string kViewer = base::BreakGlassViewer("g1");

// The shop shares sales with the maker and prices with the carrier; the maker its plans with both.
gv1::Terms ThreeSided() {
  gv1::Terms terms = TermsBetween({"shop", "maker", "carrier"});
  AddScope(terms, "shop", {"i1"}, {"l1"});
  AddScope(terms, "maker", {"m1"}, {"f1"});
  AddGrant(terms, "shop", "maker", {gv1::DATA_KIND_SALES});
  AddGrant(terms, "shop", "carrier", {gv1::DATA_KIND_PRICES});
  AddGrant(terms, "maker", "shop", {gv1::DATA_KIND_PLANS});
  return terms;
}

class GrantsGlassTest : public ::testing::Test {
 protected:
  GrantsGlassTest() {
    grants_.Start();
    governance_.Append({Admitted("shop"), Admitted("maker"), Admitted("carrier")});
    governance_.Append({Offered("a1", ThreeSided()), InForce("a1", ThreeSided())});
    executor_.Advance(kGrantsAskPeriod);
  }
  void Open(absl::Duration duration = absl::Hours(1)) {
    governance_.Append({GlassOpened("a1", "g1", "root", clock_.Now() + duration)});
    executor_.Advance(kGrantsAskPeriod);
  }
  absl::Status Sales(const std::string& viewer = kViewer) const {
    return grants_.Check(viewer, "shop", DataKind::kSales, "i1", "l1");
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  PlayedGovernance governance_{};
  GrantsReplica grants_{governance_, clock_, executor_};
};

TEST_F(GrantsGlassTest, ShowsWhatAnyPartyMaySeeAndNothingElse) {
  EXPECT_THAT(Sales(), HasReason(Reason::kNotGranted));
  Open();
  EXPECT_THAT(Sales(), IsOk());
  EXPECT_THAT(grants_.Check(kViewer, "shop", DataKind::kPrices, "i1", "l1"), IsOk());
  EXPECT_THAT(grants_.Check(kViewer, "maker", DataKind::kPlans, "m1", "f1"), IsOk());
  EXPECT_THAT(grants_.Check(kViewer, "shop", DataKind::kStock, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.Check(kViewer, "shop", DataKind::kSales, "i1", "l2"),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.Check(kViewer, "carrier", DataKind::kSales, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto items,
                              grants_.ItemsAt(kViewer, "shop", DataKind::kSales, "l1"));
  EXPECT_TRUE(items->Contains("i1"));
  EXPECT_FALSE(items->Contains("i2"));
  EXPECT_THAT(grants_.CheckJoint(kViewer, "a1"), IsOk());
  EXPECT_THAT(grants_.CheckJoint(kViewer, "a2"), HasReason(Reason::kNotGranted));
  // The operator itself and others' principals see no more than before, nor do the parties.
  EXPECT_THAT(Sales("operator"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Sales("carrier"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Sales(base::BreakGlassViewer("g2")), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Sales(base::BreakGlassViewer("")), HasReason(Reason::kNotGranted));
  EXPECT_EQ(grants_.BreakGlassOf("root"), "g1");
  EXPECT_EQ(grants_.BreakGlassOf("ann"), "");
}

TEST_F(GrantsGlassTest, EndsAtItsTime) {
  Open(absl::Minutes(2));
  executor_.Advance(absl::Minutes(2) - 2 * kGrantsAskPeriod);
  EXPECT_THAT(Sales(), IsOk());
  executor_.Advance(kGrantsAskPeriod);
  EXPECT_THAT(Sales(), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckJoint(kViewer, "a1"), HasReason(Reason::kNotGranted));
  EXPECT_EQ(grants_.BreakGlassOf("root"), "");
}

TEST_F(GrantsGlassTest, AClockThatIsSetBackDoesNotProlongIt) {
  Open(absl::Minutes(2));
  clock_.SetNow(clock_.Now() - absl::Hours(1));
  executor_.Advance(absl::Minutes(1));
  EXPECT_THAT(Sales(), IsOk());
  executor_.Advance(absl::Minutes(1));
  EXPECT_THAT(Sales(), HasReason(Reason::kNotGranted));
}

TEST_F(GrantsGlassTest, EndsWhenItIsClosed) {
  Open();
  governance_.Append({GlassClosed("a1", "g1")});
  EXPECT_THAT(Sales(), HasReason(Reason::kNotGranted));
  EXPECT_EQ(grants_.BreakGlassOf("root"), "");
  governance_.Append({GlassOpened("a1", "g2", "root", clock_.Now() + absl::Hours(1))});
  EXPECT_EQ(grants_.BreakGlassOf("root"), "g2");
  EXPECT_THAT(Sales(), HasReason(Reason::kNotGranted));
}

TEST_F(GrantsGlassTest, FollowsTheVersionInForceAndEndsWithTheAgreement) {
  Open();
  gv1::Terms less = ThreeSided();
  less.mutable_grants(0)->set_kinds(0, gv1::DATA_KIND_STOCK);
  governance_.Append({Offered("a1", less, 2), InForce("a1", less, 2)});
  EXPECT_THAT(Sales(), HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.Check(kViewer, "shop", DataKind::kStock, "i1", "l1"), IsOk());
  governance_.Append({Revoked("a1")});
  EXPECT_THAT(grants_.Check(kViewer, "shop", DataKind::kStock, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(grants_.CheckJoint(kViewer, "a1"), HasReason(Reason::kNotGranted));
}

TEST_F(GrantsGlassTest, IsStaleWhereTheReplicaIs) {
  Open();
  governance_.answering = false;
  executor_.Advance(absl::Seconds(1));
  EXPECT_THAT(Sales(), HasReason(Reason::kGrantsStale));
  EXPECT_THAT(grants_.CheckJoint(kViewer, "a1"), HasReason(Reason::kGrantsStale));
  EXPECT_EQ(grants_.BreakGlassOf("root"), "");
}

}  // namespace
}  // namespace tandem::runtime

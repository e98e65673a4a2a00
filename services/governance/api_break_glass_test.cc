// Break-glass and what it opens, over real slots, with the replica that other services ask.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "services/governance/api_fixture.h"
#include "services/runtime/local_governance.h"
#include "tests/support/audit_lines.h"

namespace tandem::governance {
namespace {

using base::Reason;
using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;

class BreakGlassApiTest : public GovernanceApiTest {
 protected:
  void SetUp() override {
    GovernanceApiTest::SetUp();
    replica_.Start();
    agreement_ = Sign("maker", Offered())->message;
    executor_.Advance(runtime::kGrantsAskPeriod);
  }
  absl::StatusOr<v1::BreakGlass> Open(absl::Duration duration = absl::ZeroDuration()) {
    v1::OpenBreakGlassRequest request;
    request.set_parent(agreement_.name());
    request.set_explanation("ticket 7");
    request.set_request_id(NextId());
    if (duration > absl::ZeroDuration()) {
      request.mutable_duration()->set_seconds(absl::ToInt64Seconds(duration));
    }
    auto answer = Ask(Operator(), request, &GovernanceApi::OpenBreakGlass);
    executor_.Advance(runtime::kGrantsAskPeriod);
    if (!answer.ok()) return answer.status();
    break_glass_ = replica_.BreakGlassOf("root");  // As the door does.
    return answer->message;
  }
  absl::StatusOr<runtime::Answer<v1::BreakGlass>> Close(const base::Caller& caller,
                                                        const std::string& name) {
    v1::CloseBreakGlassRequest request;
    request.set_name(name);
    request.set_explanation("no");
    request.set_request_id(NextId());
    auto answer = Ask(caller, request, &GovernanceApi::CloseBreakGlass);
    executor_.Advance(runtime::kGrantsAskPeriod);
    return answer;
  }
  absl::StatusOr<runtime::Answer<v1::ListBreakGlassesResponse>> List(const base::Caller& caller) {
    v1::ListBreakGlassesRequest request;
    request.set_parent(agreement_.name());
    return Ask(caller, request, &GovernanceApi::ListBreakGlasses);
  }
  absl::Status SalesCheck() const {
    return replica_.Check(base::BreakGlassViewer(break_glass_), "shop", base::DataKind::kSales,
                          "i1", "l1");
  }

  runtime::LocalGovernance source_{log_};
  runtime::GrantsReplica replica_{source_, clock_, executor_};
  v1::Agreement agreement_;
};

TEST_F(BreakGlassApiTest, ShowsToAllPartiesAndLetsThePrincipalRead) {
  EXPECT_THAT(Get(Operator(), agreement_.name()), HasReason(Reason::kNotGranted));
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::BreakGlass glass, Open());
  EXPECT_EQ(glass.state(), v1::BreakGlass::STATE_OPEN);
  EXPECT_EQ(glass.principal(), "root");
  EXPECT_EQ(glass.expire_time().seconds() - glass.create_time().seconds(), 3'600);
  EXPECT_EQ(glass.name(), agreement_.name() + "/breakGlasses/" + break_glass_);
  for (const char* firm : {"shop", "maker"}) {
    const auto seen = Get(CallerOf(firm), agreement_.name());
    ASSERT_THAT(seen, IsOk());
    ASSERT_EQ(seen->message.break_glasses_size(), 1);
    EXPECT_EQ(seen->message.break_glasses(0).explanation(), "ticket 7");
    EXPECT_EQ(seen->message.etag(), agreement_.etag());  // It is no change of the agreement.
    EXPECT_EQ(List(CallerOf(firm))->message.break_glasses_size(), 1);
  }
  EXPECT_THAT(List(CallerOf("rival")), HasReason(Reason::kNotGranted));
  EXPECT_EQ(List(Operator())->message.break_glasses_size(), 1);
  EXPECT_EQ(Get(Operator(), agreement_.name())->message.terms().title(), "Shelves");
  EXPECT_THAT(SalesCheck(), IsOk());
  // Nothing more than is shared, and nobody else.
  const std::string viewer = base::BreakGlassViewer(break_glass_);
  using base::DataKind;
  EXPECT_THAT(replica_.Check(viewer, "shop", DataKind::kPrices, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(replica_.Check(viewer, "shop", DataKind::kSales, "i3", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_THAT(replica_.Check("operator", "shop", DataKind::kSales, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  EXPECT_EQ(replica_.BreakGlassOf("ann"), "");
  EXPECT_THAT(replica_.CheckJoint(viewer, FirmIdOf(agreement_.name())), IsOk());
}

// Goal: another principal of the operator's reads nothing by naming somebody's break-glass.
TEST_F(BreakGlassApiTest, IsItsPrincipalsAlone) {
  ASSERT_THAT(Open(), IsOk());
  const base::Caller other{.firm = kOperatorFirm, .principal = "ann", .operator_role = true};
  EXPECT_THAT(Get(other, agreement_.name()), HasReason(Reason::kNotGranted));
  const v1::Agreement second = Sign("maker", Offered())->message;
  EXPECT_THAT(Get(Operator(), second.name()), HasReason(Reason::kNotGranted));
}

TEST_F(BreakGlassApiTest, EndsAtItsTime) {
  ASSERT_THAT(Open(absl::Minutes(2)), IsOk());
  EXPECT_THAT(SalesCheck(), IsOk());
  executor_.Advance(absl::Minutes(2));
  EXPECT_THAT(SalesCheck(), HasReason(Reason::kNotGranted));
  EXPECT_EQ(replica_.BreakGlassOf("root"), "");
  EXPECT_THAT(Get(Operator(), agreement_.name()), HasReason(Reason::kNotGranted));
  EXPECT_EQ(Get(CallerOf("shop"), agreement_.name())->message.break_glasses_size(), 0);
  EXPECT_EQ(List(CallerOf("shop"))->message.break_glasses(0).state(),
            v1::BreakGlass::STATE_EXPIRED);
}

TEST_F(BreakGlassApiTest, AnyPartyEndsIt) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::BreakGlass glass, Open());
  EXPECT_THAT(Close(CallerOf("rival"), glass.name()), HasReason(Reason::kNotGranted));
  const auto closed = Close(CallerOf("maker"), glass.name());
  ASSERT_THAT(closed, IsOk());
  EXPECT_EQ(closed->message.state(), v1::BreakGlass::STATE_CLOSED);
  EXPECT_EQ(closed->message.closing_firm(), "firms/maker");
  EXPECT_THAT(SalesCheck(), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Get(Operator(), agreement_.name()), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Open(), HasReason(Reason::kBreakGlassRefused));
  EXPECT_THAT(Close(CallerOf("maker"), "agreements/x"), HasReason(Reason::kBadName));
}

TEST_F(BreakGlassApiTest, EveryReadIsAuditedByItsId) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::BreakGlass glass, Open());
  ASSERT_THAT(Get(Operator(), agreement_.name()), IsOk());
  executor_.Advance(absl::Seconds(1));
  EXPECT_THAT(testing::AuditLines(router_),
              ElementsAre("operator/root GetAgreement break-glass " + break_glass_ + ": " +
                          agreement_.name() + " OK"));
}

TEST_F(BreakGlassApiTest, ListsGoPageByPage) {
  for (int i = 0; i < 3; ++i) {
    TANDEM_ASSERT_OK_AND_ASSIGN(const v1::BreakGlass glass, Open());
    ASSERT_THAT(Close(Operator(), glass.name()), IsOk());
  }
  v1::ListBreakGlassesRequest request;
  request.set_parent(agreement_.name());
  request.set_page_size(2);
  const auto first = Ask(CallerOf("shop"), request, &GovernanceApi::ListBreakGlasses);
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(first->message.break_glasses_size(), 2);
  request.set_page_token(first->message.next_page_token());
  const auto second = Ask(CallerOf("shop"), request, &GovernanceApi::ListBreakGlasses);
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second->message.break_glasses_size(), 1);
  EXPECT_EQ(second->message.next_page_token(), "");
  EXPECT_LT(first->message.break_glasses(1).name(), second->message.break_glasses(0).name());
  request.set_parent("agreements/other");
  EXPECT_THAT(Ask(CallerOf("shop"), request, &GovernanceApi::ListBreakGlasses),
              HasReason(Reason::kBadPageToken));
}

}  // namespace
}  // namespace tandem::governance

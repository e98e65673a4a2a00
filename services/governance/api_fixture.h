// For tests of the handlers: the api over a real slot on an in-memory store. Headers only.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "services/governance/api.h"
#include "services/governance/api_domain.h"
#include "services/governance/governance_fixture.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::governance {

class CountingRandom final : public runtime::Random {
 public:
  std::uint64_t Next() override { return ++count_; }

 private:
  std::uint64_t count_ = 0;
};

class GovernanceApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::optional<absl::Status> ready;
    router_.Serve(domain_, [&ready](absl::Status status) { ready = std::move(status); });
    executor_.RunDue();
    ASSERT_TRUE(ready.has_value());
    ASSERT_THAT(*ready, testing::IsOk());
    for (const char* firm : {"shop", "maker", "rival"}) {
      v1::AdmitFirmRequest request;
      request.set_firm_id(firm);
      request.mutable_firm()->set_display_name(firm);
      request.set_admin_principal("admin");
      request.set_request_id(NextId());
      ASSERT_THAT(Ask(Operator(), request, &GovernanceApi::AdmitFirm), testing::IsOk());
    }
  }
  std::string NextId() { return absl::StrFormat("00000000-0000-4000-8000-%012d", ++ids_); }

  template <typename Request, typename Message>
  absl::StatusOr<runtime::Answer<Message>> Ask(
      const base::Caller& caller, const Request& request,
      void (GovernanceApi::*method)(const runtime::Call&, const Request&,
                                    runtime::Reply<Message>)) {
    std::optional<absl::StatusOr<runtime::Answer<Message>>> answer;
    const runtime::Call call{.caller = caller,
                             .deadline = clock_.Now() + absl::Seconds(5),
                             .break_glass = caller.operator_role ? break_glass_ : std::string()};
    (api_.*method)(call, request, [&answer](absl::StatusOr<runtime::Answer<Message>> result) {
      answer = std::move(result);
    });
    executor_.RunDue();
    if (!answer.has_value()) executor_.Advance(absl::Seconds(5));
    base::Require(answer.has_value(), "a call was not answered by its deadline");
    return *std::move(answer);
  }
  v1::OfferAgreementRequest OfferRequest(const v1::Terms& terms = GoodTerms()) {
    v1::OfferAgreementRequest request;
    *request.mutable_terms() = terms;
    request.set_request_id(NextId());
    return request;
  }
  v1::Agreement Offered() {
    return Ask(CallerOf("shop"), OfferRequest(), &GovernanceApi::OfferAgreement)->message;
  }
  absl::StatusOr<runtime::Answer<v1::Agreement>> Sign(const std::string& firm,
                                                      const v1::Agreement& agreement) {
    v1::SignAgreementRequest request;
    request.set_name(agreement.name());
    request.set_terms_hash(agreement.offered_terms_hash());
    request.set_request_id(NextId());
    return Ask(CallerOf(firm), request, &GovernanceApi::SignAgreement);
  }
  absl::StatusOr<runtime::Answer<v1::Agreement>> Get(const base::Caller& caller,
                                                     const std::string& name, int version = 0,
                                                     const std::string& min_position = "") {
    v1::GetAgreementRequest request;
    request.set_name(name);
    request.set_as_of_version(version);
    request.set_min_position(min_position);
    return Ask(caller, request, &GovernanceApi::GetAgreement);
  }

  int ids_ = 0;
  std::string break_glass_;  // As the door would say, for the operator's calls.
  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  runtime::MapStore store_{executor_};
  runtime::EmbeddedLog log_{store_, executor_, 7};
  runtime::Router router_{log_, clock_, executor_, {}};
  GovernanceDomain domain_;
  CountingRandom random_;
  runtime::Sealer sealer_{std::string(32, 'k'), random_};
  GovernanceApi api_{router_, sealer_, testing::kAcmeAuthoritySwapped};  // The operator's.
};

}  // namespace tandem::governance

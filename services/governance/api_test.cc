// The handlers over real slots on an in-memory store: what decide_test.cc cannot see.
#include "services/governance/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "google/protobuf/descriptor.h"
#include "services/governance/api_fixture.h"
#include "services/runtime/local_governance.h"
#include "tests/support/audit_lines.h"
#include "tests/support/certificates.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using base::Reason;
using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;

TEST_F(GovernanceApiTest, AnAgreementComesIntoForceAndGrants) {
  runtime::LocalGovernance source(log_);
  runtime::GrantsReplica grants(source, clock_, executor_);
  grants.Start();
  const v1::Agreement offered = Offered();
  EXPECT_EQ(offered.state(), v1::Agreement::STATE_OFFERED);
  EXPECT_EQ(offered.offering_party(), "firms/shop");
  EXPECT_EQ(offered.offered_terms_hash().size(), 64u);
  const auto signed_by_maker = Sign("maker", offered);
  ASSERT_THAT(signed_by_maker, IsOk());
  const v1::Agreement& agreement = signed_by_maker->message;
  EXPECT_EQ(agreement.state(), v1::Agreement::STATE_IN_FORCE);
  EXPECT_EQ(agreement.version(), 1);
  EXPECT_EQ(agreement.terms_hash(), offered.offered_terms_hash());
  EXPECT_FALSE(agreement.has_offered_terms());
  EXPECT_EQ(agreement.signatures_size(), 2);
  executor_.Advance(runtime::kGrantsAskPeriod);
  EXPECT_THAT(grants.Check("maker", "shop", base::DataKind::kSales, "i1", "l1"), IsOk());

  v1::RevokeAgreementRequest revoke;
  revoke.set_name(agreement.name());
  revoke.set_request_id(NextId());
  ASSERT_THAT(Ask(CallerOf("maker"), revoke, &GovernanceApi::RevokeAgreement), IsOk());
  executor_.Advance(absl::Seconds(1));
  EXPECT_THAT(grants.Check("maker", "shop", base::DataKind::kSales, "i1", "l1"),
              HasReason(Reason::kNotGranted));
  // A joint record: the parties keep reading it.
  EXPECT_EQ(Get(CallerOf("shop"), agreement.name())->message.state(), v1::Agreement::STATE_REVOKED);
}

TEST_F(GovernanceApiTest, ARepeatGetsTheFirstAnswer) {
  const v1::OfferAgreementRequest request = OfferRequest();
  const auto first = Ask(CallerOf("shop"), request, &GovernanceApi::OfferAgreement);
  const auto again = Ask(CallerOf("shop"), request, &GovernanceApi::OfferAgreement);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->message.SerializeAsString(), first->message.SerializeAsString());
  v1::OfferAgreementRequest other = request;
  other.mutable_terms()->set_title("Other");
  EXPECT_THAT(Ask(CallerOf("shop"), other, &GovernanceApi::OfferAgreement),
              HasReason(Reason::kRequestIdReused));
}

TEST_F(GovernanceApiTest, RefusesBadRequests) {
  v1::OfferAgreementRequest offer = OfferRequest();
  offer.set_request_id("42");
  EXPECT_THAT(Ask(CallerOf("shop"), offer, &GovernanceApi::OfferAgreement),
              HasReason(Reason::kBadRequestId));
  offer = OfferRequest();
  offer.mutable_terms()->set_bucket_days(3);
  EXPECT_THAT(Ask(CallerOf("shop"), offer, &GovernanceApi::OfferAgreement),
              HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(Ask(CallerOf("shop", "nobody"), offer, &GovernanceApi::OfferAgreement),
              HasReason(Reason::kRoleMissing));
  offer = OfferRequest();
  offer.set_etag("1");
  EXPECT_THAT(Ask(CallerOf("shop"), offer, &GovernanceApi::OfferAgreement),
              HasReason(Reason::kFieldOutOfRange));
  offer.set_agreement("a1");
  EXPECT_THAT(Ask(CallerOf("shop"), offer, &GovernanceApi::OfferAgreement),
              HasReason(Reason::kBadName));
  v1::Agreement agreement = Offered();
  agreement.set_offered_terms_hash("abc");
  EXPECT_THAT(Sign("maker", agreement), HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(Get(CallerOf("shop"), agreement.name(), -1), HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(Get(CallerOf("shop"), "firms/shop"), HasReason(Reason::kBadName));
}

TEST_F(GovernanceApiTest, HiddenAndAbsentAgreementsAnswerAlike) {
  const v1::Agreement agreement = Offered();
  EXPECT_THAT(Get(CallerOf("rival"), agreement.name()), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Get(CallerOf("rival"), "agreements/none"), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Get(Operator(), agreement.name()), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Get(CallerOf("maker", "nobody"), agreement.name()), HasReason(Reason::kRoleMissing));
}

TEST_F(GovernanceApiTest, OlderVersionsStayReadable) {
  v1::Agreement agreement = Sign("maker", Offered())->message;
  v1::Terms terms = GoodTerms();
  terms.set_title("Second");
  v1::OfferAgreementRequest offer = OfferRequest(terms);
  offer.set_agreement(agreement.name());
  offer.set_etag(agreement.etag());
  const auto second = Ask(CallerOf("maker"), offer, &GovernanceApi::OfferAgreement);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->message.terms().title(), "Shelves");
  EXPECT_EQ(second->message.offered_terms().title(), "Second");
  ASSERT_THAT(Sign("shop", second->message), IsOk());
  EXPECT_EQ(Get(CallerOf("shop"), agreement.name())->message.terms().title(), "Second");
  const auto first = Get(CallerOf("shop"), agreement.name(), 1);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->message.terms().title(), "Shelves");
  EXPECT_EQ(first->message.terms_hash(), agreement.terms_hash());
  EXPECT_THAT(Get(CallerOf("shop"), agreement.name(), 3), HasReason(Reason::kUnknownVersion));
}

// Goal: the parties read an agreement for the days that they signed, from its end on; not longer.
TEST_F(GovernanceApiTest, ReadingEndsWithTheRetention) {
  v1::Terms terms = GoodTerms();
  terms.set_retention_days(2);
  const auto agree = [&] {
    const auto offered = Ask(CallerOf("shop"), OfferRequest(terms), &GovernanceApi::OfferAgreement);
    return Sign("maker", offered->message)->message;
  };
  std::vector<v1::Agreement> agreements;
  agreements.reserve(3);
  for (int i = 0; i < 3; ++i) agreements.push_back(agree());
  std::ranges::sort(agreements, {}, &v1::Agreement::name);
  const v1::Agreement& ended = agreements[1];  // In the middle of a list.
  const auto list = [&] {
    std::vector<std::string> names;
    v1::ListAgreementsRequest request;
    request.set_page_size(1);
    do {
      const auto page = Ask(CallerOf("shop"), request, &GovernanceApi::ListAgreements);
      EXPECT_THAT(page, IsOk());
      for (const v1::Agreement& agreement : page->message.agreements()) {
        names.push_back(agreement.name());
      }
      request.set_page_token(page->message.next_page_token());
    } while (!request.page_token().empty());
    return names;
  };
  executor_.Advance(absl::Hours(24) * 30);
  v1::RevokeAgreementRequest revoke;
  revoke.set_name(ended.name());
  revoke.set_request_id(NextId());
  ASSERT_THAT(Ask(CallerOf("maker"), revoke, &GovernanceApi::RevokeAgreement), IsOk());
  executor_.Advance(absl::Hours(48) - absl::Seconds(1));
  EXPECT_THAT(Get(CallerOf("shop"), ended.name()), IsOk());
  EXPECT_EQ(list().size(), 3u);
  executor_.Advance(absl::Seconds(1));
  EXPECT_THAT(Get(CallerOf("shop"), ended.name()), HasReason(Reason::kRetentionEnded));
  EXPECT_THAT(Get(CallerOf("maker"), ended.name(), 1), HasReason(Reason::kRetentionEnded));
  EXPECT_THAT(Get(CallerOf("rival"), ended.name()), HasReason(Reason::kNotGranted));
  EXPECT_THAT(list(), ElementsAre(agreements[0].name(), agreements[2].name()));
  EXPECT_THAT(Get(CallerOf("shop"), agreements[0].name()), IsOk());
  // Who ended it, and asks again whether that was accepted, is told.
  EXPECT_THAT(Ask(CallerOf("maker"), revoke, &GovernanceApi::RevokeAgreement), IsOk());
}

TEST_F(GovernanceApiTest, FirmsSeeTheirPartners) {
  const auto get = [this](const base::Caller& caller, const std::string& firm) {
    v1::GetFirmRequest request;
    request.set_name("firms/" + firm);
    return Ask(caller, request, &GovernanceApi::GetFirm);
  };
  EXPECT_THAT(get(CallerOf("shop"), "maker"), HasReason(Reason::kUnknownFirm));
  EXPECT_THAT(get(CallerOf("shop"), "nobody"), HasReason(Reason::kUnknownFirm));
  EXPECT_EQ(get(CallerOf("shop"), "shop")->message.principals_size(), 1);
  EXPECT_EQ(get(Operator(), "shop")->message.principals_size(), 0);
  Offered();
  EXPECT_EQ(get(CallerOf("shop"), "maker")->message.display_name(), "maker");
  EXPECT_EQ(get(CallerOf("shop"), "maker")->message.principals_size(), 0);
  EXPECT_THAT(get(CallerOf("rival"), "maker"), HasReason(Reason::kUnknownFirm));
}

TEST_F(GovernanceApiTest, ListsGoPageByPage) {
  v1::ListFirmsRequest request;
  request.set_page_size(2);
  const auto first = Ask(Operator(), request, &GovernanceApi::ListFirms);
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(first->message.firms_size(), 2);
  EXPECT_EQ(first->message.firms(0).name(), "firms/maker");
  request.set_page_token(first->message.next_page_token());
  const auto second = Ask(Operator(), request, &GovernanceApi::ListFirms);
  ASSERT_EQ(second->message.firms_size(), 1);
  EXPECT_EQ(second->message.firms(0).name(), "firms/shop");
  EXPECT_EQ(second->message.next_page_token(), "");
  EXPECT_THAT(Ask(CallerOf("shop"), request, &GovernanceApi::ListFirms),
              HasReason(Reason::kBadPageToken));
  request.set_page_token("");
  request.set_page_size(-1);
  EXPECT_THAT(Ask(Operator(), request, &GovernanceApi::ListFirms),
              HasReason(Reason::kFieldOutOfRange));

  for (int i = 0; i < 3; ++i) Offered();
  v1::ListAgreementsRequest list;
  list.set_page_size(1);
  std::vector<std::string> names;
  do {
    const auto page = Ask(CallerOf("maker"), list, &GovernanceApi::ListAgreements);
    ASSERT_THAT(page, IsOk());
    ASSERT_EQ(page->message.agreements_size(), 1);
    names.push_back(page->message.agreements(0).name());
    EXPECT_EQ(page->message.agreements(0).terms().scopes(0).items_size(), 0);
    list.set_page_token(page->message.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(names.size(), 3u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  list.set_page_token("");
  EXPECT_EQ(Ask(CallerOf("rival"), list, &GovernanceApi::ListAgreements)->message.agreements_size(),
            0);
}

// Goal: the largest terms that are taken fit in the log, offered and in force; beyond, the refusal
// says what to do.
TEST_F(GovernanceApiTest, TakesTermsUpToWhatAGroupHolds) {
  tandem::testing::Random random;
  v1::Terms terms = GoodTerms();
  const auto add = [&](std::size_t items) {  // 23 bytes each, which hardly compress.
    for (; items > 0; --items) {
      std::string& id = *terms.mutable_scopes(0)->add_items();
      for (int i = 0; i < 21; ++i) id.push_back(static_cast<char>('a' + random.Below(26)));
    }
  };
  const auto room = [&terms] { return kTermsBytesMax - terms.ByteSizeLong(); };
  add(room() / 23 - 10);
  add((room() - 30) / 23);
  terms.set_title(terms.title() + std::string(room(), 'x'));
  ASSERT_EQ(terms.ByteSizeLong(), kTermsBytesMax);
  const auto offered = Ask(CallerOf("shop"), OfferRequest(terms), &GovernanceApi::OfferAgreement);
  ASSERT_THAT(offered, IsOk());
  const auto signed_by_all = Sign("maker", offered->message);
  ASSERT_THAT(signed_by_all, IsOk());
  EXPECT_EQ(signed_by_all->message.state(), v1::Agreement::STATE_IN_FORCE);
  EXPECT_EQ(signed_by_all->message.terms().scopes(0).items_size(), terms.scopes(0).items_size());
  terms.set_title(terms.title() + "x");
  const absl::Status refused =
      Ask(CallerOf("shop"), OfferRequest(terms), &GovernanceApi::OfferAgreement).status();
  EXPECT_THAT(refused, HasReason(Reason::kFieldOutOfRange));
  EXPECT_EQ(base::RefusalOf(refused)->field, "terms");
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("split the scope"));
}

TEST_F(GovernanceApiTest, ReadsWaitForTheirPosition) {
  const v1::Agreement agreement = Offered();
  const auto seen = Get(CallerOf("shop"), agreement.name());
  const std::string token = runtime::SealPosition(sealer_, "shop", seen->position);
  EXPECT_THAT(Get(CallerOf("shop"), agreement.name(), 0, token), IsOk());
  EXPECT_THAT(Get(CallerOf("maker"), agreement.name(), 0, token), HasReason(Reason::kBadToken));
  base::Position later;
  later.Set({.domain = base::DomainId::kGovernance, .index = 0}, 1'000);
  EXPECT_THAT(
      Get(CallerOf("shop"), agreement.name(), 0, runtime::SealPosition(sealer_, "shop", later)),
      HasReason(Reason::kPositionNotReached));
}

// Goal: no method of governance goes without its audit line: a read served or refused, a change
// refused.
TEST_F(GovernanceApiTest, EveryMethodLeavesALineWhereItIsRefused) {
  const base::Caller stranger = CallerOf("rival", "nobody");
  const auto named = [](auto request, const char* name) {
    request.set_name(name);
    return request;
  };
  v1::AdmitFirmRequest admit;
  admit.set_firm_id("another");
  v1::SetPrincipalRequest principal;
  principal.mutable_principal()->set_name("firms/shop/principals/bot");
  using Api = GovernanceApi;
  const auto firm = [&](auto request) { return named(request, "firms/shop"); };
  const auto deal = [&](auto request) { return named(request, "agreements/deal"); };
  const std::map<std::string, std::function<bool()>> methods = {
      {"AdmitFirm", [&] { return Ask(stranger, admit, &Api::AdmitFirm).ok(); }},
      {"SetFirmAuthorities",
       [&] {
         return Ask(stranger, firm(v1::SetFirmAuthoritiesRequest()), &Api::SetFirmAuthorities).ok();
       }},
      {"SetFirmSuspended",
       [&] {
         return Ask(stranger, firm(v1::SetFirmSuspendedRequest()), &Api::SetFirmSuspended).ok();
       }},
      {"SetPrincipal", [&] { return Ask(stranger, principal, &Api::SetPrincipal).ok(); }},
      {"GetFirm", [&] { return Ask(stranger, firm(v1::GetFirmRequest()), &Api::GetFirm).ok(); }},
      {"ListFirms", [&] { return Ask(stranger, v1::ListFirmsRequest(), &Api::ListFirms).ok(); }},
      {"OfferAgreement", [&] { return Ask(stranger, OfferRequest(), &Api::OfferAgreement).ok(); }},
      {"SignAgreement",
       [&] { return Ask(stranger, deal(v1::SignAgreementRequest()), &Api::SignAgreement).ok(); }},
      {"RevokeAgreement",
       [&] {
         return Ask(stranger, deal(v1::RevokeAgreementRequest()), &Api::RevokeAgreement).ok();
       }},
      {"GetAgreement",
       [&] { return Ask(stranger, deal(v1::GetAgreementRequest()), &Api::GetAgreement).ok(); }},
      {"ListAgreements",
       [&] { return Ask(stranger, v1::ListAgreementsRequest(), &Api::ListAgreements).ok(); }},
      {"OpenBreakGlass",
       [&] { return Ask(stranger, v1::OpenBreakGlassRequest(), &Api::OpenBreakGlass).ok(); }},
      {"CloseBreakGlass",
       [&] {
         return Ask(stranger, named(v1::CloseBreakGlassRequest(), "agreements/a/breakGlasses/b"),
                    &Api::CloseBreakGlass)
             .ok();
       }},
      {"ListBreakGlasses",
       [&] { return Ask(stranger, v1::ListBreakGlassesRequest(), &Api::ListBreakGlasses).ok(); }},
  };
  testing::NewAuditLines lines;
  const google::protobuf::ServiceDescriptor& service =
      *v1::GetFirmRequest::descriptor()->file()->service(0);
  for (int i = 0; i < service.method_count(); ++i) {
    const std::string& name = service.method(i)->name();
    SCOPED_TRACE(name);
    const auto found = methods.find(name);
    ASSERT_NE(found, methods.end()) << "a new method: give it its line, and add it here";
    EXPECT_FALSE(found->second());
    executor_.Advance(absl::Seconds(1));
    const std::vector<std::string> fresh = lines.Take(router_);
    ASSERT_EQ(fresh.size(), 1u);
    EXPECT_THAT(fresh[0], ::testing::StartsWith("rival/nobody " + name + " "));
  }
}

TEST_F(GovernanceApiTest, ReadsLeaveALineAndAcceptedChangesNone) {
  const v1::Agreement agreement = Offered();
  ASSERT_THAT(Get(CallerOf("maker"), agreement.name()), IsOk());
  ASSERT_THAT(Get(CallerOf("maker"), agreement.name()), IsOk());
  EXPECT_THAT(Get(CallerOf("rival"), agreement.name()), HasReason(Reason::kNotGranted));
  EXPECT_THAT(Ask(CallerOf("shop"), v1::ListAgreementsRequest(), &GovernanceApi::ListAgreements),
              IsOk());
  executor_.Advance(absl::Seconds(1));
  EXPECT_THAT(testing::AuditLines(router_),
              ElementsAre("maker/admin GetAgreement " + agreement.name() + " OK x2",
                          "rival/admin GetAgreement " + agreement.name() + " NOT_GRANTED",
                          "shop/admin ListAgreements - OK"));
}

// Goal: a name that a handshake takes for another's is refused, however it is spelled.
TEST_F(GovernanceApiTest, RefusesAnAuthorityWithAnothersSubject) {
  const auto set = [this](const char* firm, const std::string& pem) {
    v1::SetFirmAuthoritiesRequest request;
    request.set_name(std::string("firms/") + firm);
    request.add_authority_pems(pem);
    request.set_request_id(NextId());
    return Ask(CallerOf(firm), request, &GovernanceApi::SetFirmAuthorities).status();
  };
  EXPECT_THAT(set("shop", testing::kAcmeAuthority), IsOk());
  EXPECT_THAT(set("maker", testing::kOtherAuthority), IsOk());
  const absl::Status taken = set("maker", testing::kAcmeAuthorityRespelled);
  EXPECT_THAT(taken, HasReason(Reason::kAuthorityTaken));
  EXPECT_EQ(base::RefusalOf(taken)->field, "authority_pems[0]");
  EXPECT_THAT(set("rival", testing::kAcmeAuthoritySwapped), HasReason(Reason::kAuthorityTaken));
  EXPECT_THAT(set("rival", Pem()), HasReason(Reason::kFieldOutOfRange));  // PEM, but of nothing.
}

TEST_F(GovernanceApiTest, PrincipalsAndSuspensionTakeEffect) {
  v1::SetPrincipalRequest principal;
  principal.mutable_principal()->set_name("firms/shop/principals/bot");
  principal.mutable_principal()->add_roles(v1::ROLE_READER);
  principal.set_request_id(NextId());
  const auto set = Ask(CallerOf("shop"), principal, &GovernanceApi::SetPrincipal);
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->message.roles_size(), 1);
  v1::SetFirmAuthoritiesRequest authorities;
  authorities.set_name("firms/shop");
  authorities.add_authority_pems(testing::kAcmeAuthority);
  authorities.set_request_id(NextId());
  EXPECT_THAT(Ask(CallerOf("shop", "bot"), authorities, &GovernanceApi::SetFirmAuthorities),
              HasReason(Reason::kRoleMissing));
  authorities.set_request_id(NextId());
  EXPECT_THAT(Ask(CallerOf("shop"), authorities, &GovernanceApi::SetFirmAuthorities), IsOk());
  v1::SetFirmSuspendedRequest suspend;
  suspend.set_name("firms/shop");
  suspend.set_suspended(true);
  suspend.set_explanation("unpaid");
  suspend.set_request_id(NextId());
  EXPECT_TRUE(Ask(Operator(), suspend, &GovernanceApi::SetFirmSuspended)->message.suspended());
  v1::GetFirmRequest get;
  get.set_name("firms/shop");
  EXPECT_THAT(Ask(CallerOf("shop"), get, &GovernanceApi::GetFirm),
              HasReason(Reason::kFirmSuspended));
}

}  // namespace
}  // namespace tandem::governance

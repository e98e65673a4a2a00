// Governance's methods, free of their transport: who, what, one decision or one read, one answer.
// The rules are in decide.cc, errors are described in governance.proto.
#pragma once

#include <functional>
#include <string>

#include "services/base/rows.h"
#include "services/governance/decide.h"
#include "services/runtime/audit.h"
#include "services/runtime/call.h"
#include "services/runtime/router.h"
#include "services/runtime/seal.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::governance {

// Safe on any thread; no method waits. Router and sealer must outlive it, and it the calls it took.
class GovernanceApi {
 public:
  // `operator_authority_pem`: what firms' authorities must not be named like; "" without TLS.
  GovernanceApi(runtime::Router& router, const runtime::Sealer& sealer,
                std::string_view operator_authority_pem = "");

  void AdmitFirm(const runtime::Call& call, const v1::AdmitFirmRequest& request,
                 runtime::Reply<v1::Firm> reply);
  void SetFirmAuthorities(const runtime::Call& call, const v1::SetFirmAuthoritiesRequest& request,
                          runtime::Reply<v1::Firm> reply);
  void SetFirmSuspended(const runtime::Call& call, const v1::SetFirmSuspendedRequest& request,
                        runtime::Reply<v1::Firm> reply);
  void SetPrincipal(const runtime::Call& call, const v1::SetPrincipalRequest& request,
                    runtime::Reply<v1::Principal> reply);
  void GetFirm(const runtime::Call& call, const v1::GetFirmRequest& request,
               runtime::Reply<v1::Firm> reply);
  void ListFirms(const runtime::Call& call, const v1::ListFirmsRequest& request,
                 runtime::Reply<v1::ListFirmsResponse> reply);

  void OfferAgreement(const runtime::Call& call, const v1::OfferAgreementRequest& request,
                      runtime::Reply<v1::Agreement> reply);
  void SignAgreement(const runtime::Call& call, const v1::SignAgreementRequest& request,
                     runtime::Reply<v1::Agreement> reply);
  void RevokeAgreement(const runtime::Call& call, const v1::RevokeAgreementRequest& request,
                       runtime::Reply<v1::Agreement> reply);
  void GetAgreement(const runtime::Call& call, const v1::GetAgreementRequest& request,
                    runtime::Reply<v1::Agreement> reply);
  // Without the scopes' items. A page ends early where it would be above a mebibyte.
  void ListAgreements(const runtime::Call& call, const v1::ListAgreementsRequest& request,
                      runtime::Reply<v1::ListAgreementsResponse> reply);

  void OpenBreakGlass(const runtime::Call& call, const v1::OpenBreakGlassRequest& request,
                      runtime::Reply<v1::BreakGlass> reply);
  void CloseBreakGlass(const runtime::Call& call, const v1::CloseBreakGlassRequest& request,
                       runtime::Reply<v1::BreakGlass> reply);
  void ListBreakGlasses(const runtime::Call& call, const v1::ListBreakGlassesRequest& request,
                        runtime::Reply<v1::ListBreakGlassesResponse> reply);

 private:
  using Asked = runtime::Asked;
  template <typename Message>
  using Render = std::function<absl::StatusOr<Message>(const base::RowReader& rows,
                                                       const base::Position& position)>;

  // Submits and answers with what `render` makes of the rows once the outcome is in them.
  template <typename Command, typename Request, typename Message>
  void Change(const runtime::Call& call, const Request& request,
              std::pair<Asked, absl::StatusOr<Command>> parsed, Render<Message> render,
              runtime::Reply<Message> reply);
  // Answers with what `render` makes of rows that are at least as new as the position.
  template <typename Message>
  void Read(const runtime::Call& call, Asked asked, absl::StatusOr<base::Position> position,
            Render<Message> render, runtime::Reply<Message> reply);
  // The same for a page of a list; `render` gets the page's start and puts the next page's in it. A
  // page token goes on with what was asked for alone.
  template <typename Request, typename Message>
  void ReadPage(const runtime::Call& call, Asked asked, const Request& request,
                std::function<absl::StatusOr<Message>(const base::RowReader&, int page_size,
                                                      std::string& last_key)>
                    render,
                runtime::Reply<Message> reply);
  absl::Time Now() const { return router_.clock().Now(); }
  absl::StatusOr<governance::OfferAgreement> ParseOffer(
      const runtime::Call& call, const v1::OfferAgreementRequest& request) const;

  runtime::Router& router_;
  const runtime::Sealer& sealer_;
  const runtime::Audit audit_;
  const std::string operator_subject_;
};

}  // namespace tandem::governance

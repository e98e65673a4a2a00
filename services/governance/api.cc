#include "services/governance/api.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/base/bytes.h"
#include "services/governance/api_messages.h"
#include "services/governance/api_support.h"
#include "services/governance/codec.h"
#include "services/governance/terms.h"
#include "services/runtime/certificate.h"

namespace tandem::governance {
namespace {

constexpr std::size_t kPageBytesMax = std::size_t{1} << 20;

absl::StatusOr<std::string> FirmFrom(std::string_view field, std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName(field, "firms/*", name));
  return std::move(ids[0]);
}

absl::Status UnknownFirm(const std::string& firm) {
  return base::Refuse(base::Reason::kUnknownFirm, "no such firm, or none that you deal with",
                      {{"firm", firm}});
}

// Itself, the operator, and who shares an agreement or an open offer.
bool SeesFirm(const base::RowReader& rows, const base::Caller& caller, const std::string& firm) {
  return caller.operator_role || caller.firm == firm || SharedIn(rows, caller.firm, firm) > 0;
}

absl::StatusOr<v1::Firm> RenderFirm(const base::RowReader& rows, const base::Caller& caller,
                                    const std::string& id) {
  const std::optional<Firm> firm = FirmIn(rows, id);
  if (!firm.has_value() || !SeesFirm(rows, caller, id)) return UnknownFirm(id);
  return FirmMessage(rows, *firm, caller.firm == id);
}

// As a change left it, for the party that made it.
absl::StatusOr<v1::Agreement> RenderAgreement(const base::RowReader& rows,
                                              const base::Caller& caller, const std::string& id,
                                              absl::Time now) {
  TANDEM_ASSIGN_OR_RETURN(const Agreement agreement, AgreementOf(rows, caller, id));
  return AgreementMessage(rows, agreement, Items::kWith, now);
}

std::string SubjectOf(std::string_view pem) {
  return runtime::SubjectHashOf(pem).value_or(std::string());
}

template <typename Pems>
std::vector<Authority> AuthoritiesOf(const Pems& pems) {
  std::vector<Authority> authorities;
  // Beyond the bound none is looked into: it is refused for that.
  for (const std::string& pem : pems) {
    const bool fits = authorities.size() < kAuthoritiesMax && pem.size() <= kPemBytesMax;
    authorities.push_back({.pem = pem, .subject = fits ? SubjectOf(pem) : ""});
  }
  return authorities;
}

absl::StatusOr<AdmitFirm> Parse(const v1::AdmitFirmRequest& request,
                                const std::string& operator_subject) {
  AdmitFirm command;
  command.firm = request.firm_id();
  command.display_name = request.firm().display_name();
  command.gln = request.firm().gln();
  command.authorities = AuthoritiesOf(request.firm().authority_pems());
  command.admin_principal = request.admin_principal();
  command.operator_subject = operator_subject;
  return command;
}

absl::StatusOr<SetFirmAuthorities> Parse(const v1::SetFirmAuthoritiesRequest& request,
                                         const std::string& operator_subject) {
  SetFirmAuthorities command;
  TANDEM_ASSIGN_OR_RETURN(command.firm, FirmFrom("name", request.name()));
  command.authorities = AuthoritiesOf(request.authority_pems());
  command.operator_subject = operator_subject;
  return command;
}

absl::StatusOr<SetFirmSuspended> Parse(const v1::SetFirmSuspendedRequest& request) {
  SetFirmSuspended command;
  TANDEM_ASSIGN_OR_RETURN(command.firm, FirmFrom("name", request.name()));
  command.suspended = request.suspended();
  command.explanation = request.explanation();
  return command;
}

absl::StatusOr<SetPrincipal> Parse(const v1::SetPrincipalRequest& request) {
  SetPrincipal command;
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName("principal.name", "firms/*/principals/*",
                                                    request.principal().name()));
  command.firm = std::move(ids[0]);
  command.principal = std::move(ids[1]);
  for (const int role : request.principal().roles()) {
    command.roles.push_back(static_cast<v1::Role>(role));
  }
  return command;
}

absl::StatusOr<SignAgreement> Parse(const v1::SignAgreementRequest& request) {
  SignAgreement command;
  TANDEM_ASSIGN_OR_RETURN(command.agreement, AgreementFrom("name", request.name()));
  const std::string& hex = request.terms_hash();
  const bool good = hex.size() == 64 && std::all_of(hex.begin(), hex.end(), [](unsigned char c) {
                      return std::isxdigit(c) != 0;
                    });
  if (!good) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "terms_hash",
                             "must be the 64 hex digits of offered_terms_hash");
  }
  command.terms_hash = absl::HexStringToBytes(hex);
  return command;
}

absl::StatusOr<RevokeAgreement> Parse(const v1::RevokeAgreementRequest& request) {
  RevokeAgreement command;
  TANDEM_ASSIGN_OR_RETURN(command.agreement, AgreementFrom("name", request.name()));
  command.explanation = request.explanation();
  return command;
}

// "agreements/deal", or for a new one whom it is offered to: "new with firms/shop,firms/maker".
std::string OfferedTo(const v1::OfferAgreementRequest& request) {
  if (!request.agreement().empty()) return request.agreement();
  return runtime::AskedIds("new with", request.terms().parties());
}

// The id of a new agreement: the same for every retry, another for every other caller.
std::string NewAgreementId(const base::Caller& caller, const std::string& request_id) {
  const std::string whole = absl::StrCat("agreement/", caller.firm, "/", caller.principal, "/",
                                         absl::AsciiStrToLower(request_id));
  return absl::BytesToHexString(BytesOf(runtime::HashOf(whole)).substr(0, 10));
}

}  // namespace

GovernanceApi::GovernanceApi(runtime::Router& router, const runtime::Sealer& sealer,
                             std::string_view operator_authority_pem)
    : router_(router),
      sealer_(sealer),
      audit_(router, base::DomainId::kGovernance),
      operator_subject_(SubjectOf(operator_authority_pem)) {}

void GovernanceApi::AdmitFirm(const runtime::Call& call, const v1::AdmitFirmRequest& request,
                              runtime::Reply<v1::Firm> reply) {
  Change<governance::AdmitFirm, v1::AdmitFirmRequest, v1::Firm>(
      call, request, {{"AdmitFirm", request.firm_id()}, Parse(request, operator_subject_)},
      [caller = call.caller, firm = request.firm_id()](const base::RowReader& rows, const auto&) {
        return RenderFirm(rows, caller, firm);
      },
      std::move(reply));
}

void GovernanceApi::SetFirmAuthorities(const runtime::Call& call,
                                       const v1::SetFirmAuthoritiesRequest& request,
                                       runtime::Reply<v1::Firm> reply) {
  Change<governance::SetFirmAuthorities, v1::SetFirmAuthoritiesRequest, v1::Firm>(
      call, request, {{"SetFirmAuthorities", request.name()}, Parse(request, operator_subject_)},
      [caller = call.caller](const base::RowReader& rows, const auto&) {
        return RenderFirm(rows, caller, caller.firm);
      },
      std::move(reply));
}

void GovernanceApi::SetFirmSuspended(const runtime::Call& call,
                                     const v1::SetFirmSuspendedRequest& request,
                                     runtime::Reply<v1::Firm> reply) {
  Change<governance::SetFirmSuspended, v1::SetFirmSuspendedRequest, v1::Firm>(
      call, request, {{"SetFirmSuspended", request.name()}, Parse(request)},
      [caller = call.caller, firm = FirmIdOf(request.name())](
          const base::RowReader& rows, const auto&) { return RenderFirm(rows, caller, firm); },
      std::move(reply));
}

void GovernanceApi::SetPrincipal(const runtime::Call& call, const v1::SetPrincipalRequest& request,
                                 runtime::Reply<v1::Principal> reply) {
  const std::string& name = request.principal().name();
  Change<governance::SetPrincipal, v1::SetPrincipalRequest, v1::Principal>(
      call, request, {{"SetPrincipal", name}, Parse(request)},
      [firm = call.caller.firm, id = name.substr(name.rfind('/') + 1)](
          const base::RowReader& rows, const auto&) -> absl::StatusOr<v1::Principal> {
        return PrincipalMessage(firm, {.id = id, .roles = RolesIn(rows, firm, id)});
      },
      std::move(reply));
}

void GovernanceApi::GetFirm(const runtime::Call& call, const v1::GetFirmRequest& request,
                            runtime::Reply<v1::Firm> reply) {
  const absl::StatusOr<std::string> firm = FirmFrom("name", request.name());
  absl::StatusOr<base::Position> position =
      runtime::OpenPosition(sealer_, call.caller.firm, request.min_position());
  if (!firm.ok()) position = firm.status();
  Read<v1::Firm>(
      call, {"GetFirm", request.name()}, std::move(position),
      [caller = call.caller, firm](const base::RowReader& rows, const auto&) {
        return RenderFirm(rows, caller, *firm);
      },
      std::move(reply));
}

void GovernanceApi::ListFirms(const runtime::Call& call, const v1::ListFirmsRequest& request,
                              runtime::Reply<v1::ListFirmsResponse> reply) {
  const auto render = [caller = call.caller](
                          const base::RowReader& rows, int page_size,
                          std::string& last_key) -> absl::StatusOr<v1::ListFirmsResponse> {
    std::vector<std::string> ids;
    const std::string after = std::exchange(last_key, "");
    if (caller.operator_role) {
      rows.Scan(FirmKey(after), "g", [&](std::string_view, std::string_view value) {
        const absl::StatusOr<Firm> firm = DecodeFirm(value);
        if (firm.ok() && firm->id > after) ids.push_back(firm->id);
        return ids.size() <= static_cast<std::size_t>(page_size);
      });
    } else {
      ids = PartnersIn(rows, caller.firm);
      ids.insert(std::upper_bound(ids.begin(), ids.end(), caller.firm), caller.firm);
      ids.erase(ids.begin(), std::upper_bound(ids.begin(), ids.end(), after));
    }
    v1::ListFirmsResponse response;
    std::size_t bytes = 0;
    for (const std::string& id : ids) {
      if (response.firms_size() == page_size || bytes > kPageBytesMax) {
        last_key = FirmIdOf(response.firms().rbegin()->name());
        break;
      }
      TANDEM_ASSIGN_OR_RETURN(*response.add_firms(), RenderFirm(rows, caller, id));
      bytes += response.firms().rbegin()->ByteSizeLong();
    }
    return response;
  };
  ReadPage<v1::ListFirmsRequest, v1::ListFirmsResponse>(call, {"ListFirms", ""}, request, render,
                                                        std::move(reply));
}

absl::StatusOr<governance::OfferAgreement> GovernanceApi::ParseOffer(
    const runtime::Call& call, const v1::OfferAgreementRequest& request) const {
  // Who may not offer does not have its terms checked, which takes long. Decide asks again.
  TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows, router_.Read(kSlot));
  TANDEM_RETURN_IF_ERROR(CheckRole(*rows.rows, call.caller, v1::ROLE_SIGNER));
  governance::OfferAgreement command;
  command.new_relation = request.agreement().empty();
  if (command.new_relation) {
    command.agreement = NewAgreementId(call.caller, request.request_id());
    if (!request.etag().empty()) {
      return base::RefuseField(base::Reason::kFieldOutOfRange, "etag",
                               "goes with the agreement that it was read from");
    }
  } else {
    TANDEM_ASSIGN_OR_RETURN(command.agreement, AgreementFrom("agreement", request.agreement()));
  }
  command.etag = request.etag();
  TANDEM_RETURN_IF_ERROR(CheckTerms(request.terms()));
  command.terms = TermsBytes(request.terms());
  command.terms_hash = BytesOf(runtime::HashOf(command.terms));
  command.parties = PartyIds(request.terms());
  return command;
}

void GovernanceApi::OfferAgreement(const runtime::Call& call,
                                   const v1::OfferAgreementRequest& request,
                                   runtime::Reply<v1::Agreement> reply) {
  absl::StatusOr<governance::OfferAgreement> command = ParseOffer(call, request);
  const std::string id = command.ok() ? command->agreement : std::string();
  Change<governance::OfferAgreement, v1::OfferAgreementRequest, v1::Agreement>(
      call, request, std::pair(Asked("OfferAgreement", OfferedTo(request)), std::move(command)),
      [this, caller = call.caller, id](const base::RowReader& rows, const auto&) {
        return RenderAgreement(rows, caller, id, Now());
      },
      std::move(reply));
}

void GovernanceApi::SignAgreement(const runtime::Call& call,
                                  const v1::SignAgreementRequest& request,
                                  runtime::Reply<v1::Agreement> reply) {
  Change<governance::SignAgreement, v1::SignAgreementRequest, v1::Agreement>(
      call, request, {{"SignAgreement", request.name()}, Parse(request)},
      [this, caller = call.caller, id = FirmIdOf(request.name())](const base::RowReader& rows,
                                                                  const auto&) {
        return RenderAgreement(rows, caller, id, Now());
      },
      std::move(reply));
}

void GovernanceApi::RevokeAgreement(const runtime::Call& call,
                                    const v1::RevokeAgreementRequest& request,
                                    runtime::Reply<v1::Agreement> reply) {
  Change<governance::RevokeAgreement, v1::RevokeAgreementRequest, v1::Agreement>(
      call, request, {{"RevokeAgreement", request.name()}, Parse(request)},
      [this, caller = call.caller, id = FirmIdOf(request.name())](const base::RowReader& rows,
                                                                  const auto&) {
        return RenderAgreement(rows, caller, id, Now());
      },
      std::move(reply));
}

void GovernanceApi::GetAgreement(const runtime::Call& call, const v1::GetAgreementRequest& request,
                                 runtime::Reply<v1::Agreement> reply) {
  const absl::StatusOr<std::string> id = AgreementFrom("name", request.name());
  absl::StatusOr<base::Position> position =
      runtime::OpenPosition(sealer_, call.caller.firm, request.min_position());
  if (!id.ok()) position = id.status();
  const std::int32_t version = request.as_of_version();
  if (version < 0) {
    position = base::RefuseField(base::Reason::kFieldOutOfRange, "as_of_version",
                                 "must not be negative", {{"value", version}});
  }
  Read<v1::Agreement>(
      call, {"GetAgreement", request.name()}, std::move(position),
      [this, call, id, version](const base::RowReader& rows,
                                const auto&) -> absl::StatusOr<v1::Agreement> {
        const absl::Time now = Now();
        TANDEM_ASSIGN_OR_RETURN(const Agreement agreement, ReadableAgreement(rows, call, *id, now));
        if (version == 0) return AgreementMessage(rows, agreement, Items::kWith, now);
        if (version > agreement.version) {
          return base::RefuseField(base::Reason::kUnknownVersion, "as_of_version",
                                   "no such version was signed", {{"value", version}});
        }
        return AgreementMessageAsOf(rows, agreement, version);
      },
      std::move(reply));
}

void GovernanceApi::ListAgreements(const runtime::Call& call,
                                   const v1::ListAgreementsRequest& request,
                                   runtime::Reply<v1::ListAgreementsResponse> reply) {
  const auto render = [this, call](
                          const base::RowReader& rows, int page_size,
                          std::string& last_key) -> absl::StatusOr<v1::ListAgreementsResponse> {
    const std::string& firm = call.caller.firm;
    const absl::Time now = Now();
    v1::ListAgreementsResponse response;
    const std::string after = std::exchange(last_key, "");
    std::vector<std::string> ids;
    rows.Scan(PartyKey(firm, after), base::PrefixEnd(PartyPrefix(firm)),
              [&](std::string_view key, std::string_view) {
                std::string id = LastIdOf(key);
                if (id != after) ids.push_back(std::move(id));
                return ids.size() <= static_cast<std::size_t>(page_size);
              });
    bool more = ids.size() > static_cast<std::size_t>(page_size);
    if (more) ids.pop_back();
    std::size_t bytes = 0;
    std::string last;
    for (const std::string& id : ids) {
      more = more || bytes > kPageBytesMax;
      if (bytes > kPageBytesMax) break;
      last = id;
      TANDEM_ASSIGN_OR_RETURN(const Agreement agreement, AgreementOf(rows, call.caller, id));
      if (now >= ReadableUntilIn(rows, agreement)) continue;
      *response.add_agreements() = AgreementMessage(rows, agreement, Items::kWithout, now);
      bytes += response.agreements().rbegin()->ByteSizeLong();
    }
    if (more) last_key = last;
    return response;
  };
  ReadPage<v1::ListAgreementsRequest, v1::ListAgreementsResponse>(
      call, {"ListAgreements", ""}, request, render, std::move(reply));
}

}  // namespace tandem::governance

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/governance/codec.h"
#include "services/governance/decide.h"

namespace tandem::governance {
namespace {

absl::Status CheckAdmitted(const base::RowReader& rows, const std::vector<std::string>& parties) {
  for (const std::string& party : parties) {
    if (FirmIn(rows, party).has_value()) continue;
    return base::RefuseField(base::Reason::kUnknownFirm, "terms.parties", "no such firm",
                             {{"firm", party}});
  }
  return absl::OkStatus();
}

// What an offer on a relation that is there must agree with.
absl::Status CheckBasis(const Agreement& agreement, const OfferAgreement& command) {
  TANDEM_RETURN_IF_ERROR(CheckNotRevoked(agreement));
  const std::string etag = std::to_string(agreement.revision);
  if (!command.etag.empty() && command.etag != etag) {
    return base::RefuseField(base::Reason::kVersionMoved, "etag",
                             "the agreement has changed: read it again",
                             {{"agreement", agreement.id}, {"etag", etag}});
  }
  if (command.parties == agreement.parties) return absl::OkStatus();
  return base::RefuseField(base::Reason::kFieldOutOfRange, "terms.parties",
                           "the parties of a relation never change: offer a new agreement",
                           {{"agreement", agreement.id}});
}

// One that takes the place of the firm's own adds none.
absl::Status CheckOpenOffers(const base::RowReader& rows, const std::string& firm,
                             const std::string& agreement) {
  if (rows.Get(OpenOfferKey(firm, agreement)).has_value()) return absl::OkStatus();
  std::size_t open = 0;
  rows.ScanPrefix(OpenOfferPrefix(firm),
                  [&open](std::string_view, std::string_view) { return ++open < kOpenOffersMax; });
  if (open < kOpenOffersMax) return absl::OkStatus();
  return base::Refuse(base::Reason::kQuotaExceeded,
                      absl::StrCat("a firm has at most ", kOpenOffersMax,
                                   " open offers: have some signed, or revoke them"),
                      {{"firm", firm}, {"open_offers", open}});
}

absl::Status CheckOffersOfDay(const OffersOfDay& offers, const OfferAgreement& command,
                              const base::Stamp& stamp) {
  if (offers.count < kOffersOfDayMax || offers.Over(stamp.instant)) return absl::OkStatus();
  return base::Refuse(
      base::Reason::kQuotaExceeded,
      absl::StrCat("a firm makes at most ", kOffersOfDayMax, " offers in an agreement in 24 hours"),
      {{"agreement", command.agreement},
       {"firm", stamp.caller.firm},
       {"next_time",
        absl::FormatTime(absl::RFC3339_sec, offers.begin + kOfferDay + absl::Seconds(1),
                         absl::UTCTimeZone())}});
}

std::string StoredTerms(const base::RowReader& rows, const std::string& id, std::int32_t version) {
  std::optional<std::string> terms = rows.Get(TermsKey(id, version));
  base::Require(terms.has_value(), "an offer without its terms");
  return *std::move(terms);
}

}  // namespace

absl::StatusOr<Agreement> AgreementOf(const base::RowReader& rows, const base::Caller& caller,
                                      const std::string& id) {
  std::optional<Agreement> agreement = AgreementIn(rows, id);
  if (agreement.has_value() && agreement->HasParty(caller.firm)) return *std::move(agreement);
  return base::Refuse(base::Reason::kNotGranted, "the firm is no party of this agreement",
                      {{"agreement", id}, {"firm", caller.firm}});
}

absl::Status CheckNotRevoked(const Agreement& agreement) {
  if (agreement.state != v1::Agreement::STATE_REVOKED) return absl::OkStatus();
  return base::Refuse(base::Reason::kAgreementRevoked, "the agreement has ended: offer a new one",
                      {{"agreement", agreement.id}});
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const OfferAgreement& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckRole(rows, stamp.caller, v1::ROLE_SIGNER));
  if (std::find(command.parties.begin(), command.parties.end(), stamp.caller.firm) ==
      command.parties.end()) {
    return base::RefuseField(base::Reason::kNotYours, "terms.parties", "who offers must be a party",
                             {{"firm", stamp.caller.firm}});
  }
  std::int32_t version = 1;
  if (command.new_relation) {
    TANDEM_RETURN_IF_ERROR(CheckAdmitted(rows, command.parties));
    if (AgreementIn(rows, command.agreement).has_value()) {
      return base::Refuse(base::Reason::kAlreadyExists,
                          "this request_id made an agreement before: choose a new one",
                          {{"agreement", command.agreement}});
    }
  } else {
    TANDEM_ASSIGN_OR_RETURN(const Agreement agreement,
                            AgreementOf(rows, stamp.caller, command.agreement));
    TANDEM_RETURN_IF_ERROR(CheckBasis(agreement, command));
    version = agreement.version + 1;
    TANDEM_RETURN_IF_ERROR(CheckOffersOfDay(
        OffersOfDayIn(rows, command.agreement, stamp.caller.firm), command, stamp));
  }
  TANDEM_RETURN_IF_ERROR(CheckOpenOffers(rows, stamp.caller.firm, command.agreement));
  v1::Fact fact;
  v1::AgreementOffered& offered = *fact.mutable_agreement_offered();
  offered.set_agreement(command.agreement);
  offered.set_version(version);
  offered.set_terms(command.terms);
  offered.set_terms_hash(command.terms_hash);
  offered.set_party(stamp.caller.firm);
  return Facts{EncodeFact(fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SignAgreement& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckRole(rows, stamp.caller, v1::ROLE_SIGNER));
  TANDEM_ASSIGN_OR_RETURN(const Agreement agreement,
                          AgreementOf(rows, stamp.caller, command.agreement));
  TANDEM_RETURN_IF_ERROR(CheckNotRevoked(agreement));
  if (agreement.offered_terms_hash.empty()) {
    return base::Refuse(base::Reason::kAgreementNotOffered, "there is no open offer to sign",
                        {{"agreement", agreement.id}});
  }
  if (agreement.offered_terms_hash != command.terms_hash) {
    return base::RefuseField(base::Reason::kContentDiffers, "terms_hash",
                             "the open offer has other terms: read it before signing",
                             {{"agreement", agreement.id}});
  }
  if (agreement.HasSigned(stamp.caller.firm)) {
    return base::Refuse(base::Reason::kAlreadySigned, "the firm has signed this offer",
                        {{"agreement", agreement.id}, {"firm", stamp.caller.firm}});
  }
  const std::int32_t version = agreement.version + 1;
  Facts facts;
  v1::Fact fact;
  v1::AgreementSigned& sign = *fact.mutable_agreement_signed();
  sign.set_agreement(agreement.id);
  sign.set_version(version);
  sign.set_terms_hash(agreement.offered_terms_hash);
  sign.set_party(stamp.caller.firm);
  for (const std::string& party : agreement.parties) sign.add_parties(party);
  facts.push_back(EncodeFact(fact));
  facts.back().agreement_version = static_cast<std::uint32_t>(version);
  if (agreement.offered_signatures.size() + 1 < agreement.parties.size()) return facts;
  v1::AgreementInForce& in_force = *fact.mutable_agreement_in_force();
  in_force.set_agreement(agreement.id);
  in_force.set_version(version);
  in_force.set_terms(StoredTerms(rows, agreement.id, version));
  in_force.set_terms_hash(agreement.offered_terms_hash);
  facts.push_back(EncodeFact(fact));
  facts.back().agreement_version = static_cast<std::uint32_t>(version);
  return facts;
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RevokeAgreement& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckRole(rows, stamp.caller, v1::ROLE_SIGNER));
  TANDEM_ASSIGN_OR_RETURN(const Agreement agreement,
                          AgreementOf(rows, stamp.caller, command.agreement));
  if (command.explanation.size() > kExplanationBytesMax) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "explanation",
                             absl::StrCat("at most ", kExplanationBytesMax, " bytes"),
                             {{"size", command.explanation.size()}});
  }
  TANDEM_RETURN_IF_ERROR(CheckNotRevoked(agreement));
  v1::Fact fact;
  v1::AgreementRevoked& revoked = *fact.mutable_agreement_revoked();
  revoked.set_agreement(agreement.id);
  revoked.set_version(agreement.version);
  revoked.set_party(stamp.caller.firm);
  revoked.set_explanation(command.explanation);
  for (const std::string& party : agreement.parties) revoked.add_parties(party);
  Facts facts{EncodeFact(fact)};
  facts.back().agreement_version = static_cast<std::uint32_t>(agreement.version);
  return facts;
}

}  // namespace tandem::governance

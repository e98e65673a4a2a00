#include "services/governance/api_messages.h"

#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/governance/codec.h"
#include "services/runtime/envelope.h"

namespace tandem::governance {
namespace {

google::protobuf::Timestamp TimestampFrom(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

std::string StoredTerms(const base::RowReader& rows, const std::string& key) {
  std::optional<std::string> bytes = rows.Get(key);
  // A read that failed says so in rows.status(), and nothing of the answer counts then.
  base::Require(bytes.has_value() || !rows.status().ok(), "an agreement without its terms");
  return bytes.has_value() ? *std::move(bytes) : std::string();
}

v1::Terms TermsIn(const base::RowReader& rows, const Agreement& agreement, std::int32_t version,
                  Items items) {
  const std::string key = items == Items::kWith ? TermsKey(agreement.id, version)
                                                : BriefTermsKey(agreement.id, version);
  v1::Terms terms;
  base::Require(terms.ParseFromString(StoredTerms(rows, key)), "stored terms do not parse");
  return terms;
}

void AddSignatures(const std::vector<Signature>& signatures, v1::Agreement& message) {
  for (const Signature& signature : signatures) {
    v1::Signature& added = *message.add_signatures();
    added.set_party(absl::StrCat("firms/", signature.party));
    added.set_principal(signature.principal);
    *added.mutable_sign_time() = TimestampFrom(signature.sign_time);
  }
}

v1::Agreement Head(const Agreement& agreement) {
  v1::Agreement message;
  message.set_name(absl::StrCat("agreements/", agreement.id));
  message.set_state(agreement.state);
  *message.mutable_create_time() = TimestampFrom(agreement.create_time);
  *message.mutable_update_time() = TimestampFrom(agreement.update_time);
  message.set_etag(EtagOf(agreement.revision));
  return message;
}

}  // namespace

std::string EtagOf(std::uint64_t revision) { return std::to_string(revision); }

v1::Principal PrincipalMessage(const std::string& firm, const Principal& principal) {
  v1::Principal message;
  message.set_name(absl::StrCat("firms/", firm, "/principals/", principal.id));
  for (const v1::Role role : principal.roles) message.add_roles(role);
  return message;
}

v1::Firm FirmMessage(const base::RowReader& rows, const Firm& firm, bool with_principals) {
  v1::Firm message;
  message.set_name(absl::StrCat("firms/", firm.id));
  message.set_display_name(firm.display_name);
  message.set_gln(firm.gln);
  for (const std::string& pem : firm.authority_pems) message.add_authority_pems(pem);
  message.set_suspended(firm.suspended);
  *message.mutable_create_time() = TimestampFrom(firm.create_time);
  message.set_etag(EtagOf(firm.revision));
  if (!with_principals) return message;
  for (const Principal& principal : PrincipalsIn(rows, firm.id)) {
    *message.add_principals() = PrincipalMessage(firm.id, principal);
  }
  return message;
}

v1::BreakGlass BreakGlassMessage(const BreakGlass& glass, absl::Time now) {
  v1::BreakGlass message;
  message.set_name(absl::StrCat("agreements/", glass.agreement, "/breakGlasses/", glass.id));
  message.set_state(v1::BreakGlass::STATE_OPEN);
  message.set_principal(glass.principal);
  message.set_explanation(glass.explanation);
  *message.mutable_create_time() = TimestampFrom(glass.open_time);
  *message.mutable_expire_time() = TimestampFrom(glass.expire_time);
  if (glass.Closed()) {
    message.set_state(v1::BreakGlass::STATE_CLOSED);
    *message.mutable_close_time() = TimestampFrom(glass.close_time);
    message.set_closing_firm(absl::StrCat("firms/", glass.closing_firm));
    message.set_closing_principal(glass.closing_principal);
    message.set_close_explanation(glass.close_explanation);
  } else if (!glass.Stands(now)) {
    message.set_state(v1::BreakGlass::STATE_EXPIRED);
  }
  return message;
}

v1::Agreement AgreementMessage(const base::RowReader& rows, const Agreement& agreement, Items items,
                               absl::Time now) {
  v1::Agreement message = Head(agreement);
  for (const BreakGlass& glass : StandingGlassesIn(rows, agreement.id, now)) {
    *message.add_break_glasses() = BreakGlassMessage(glass, now);
  }
  const bool never_in_force = agreement.version == 0;
  const bool revoked = agreement.state == v1::Agreement::STATE_REVOKED;
  message.set_version(agreement.version);
  // Before the first version is in force, `terms` shows the offer; after a withdrawal, the last.
  *message.mutable_terms() =
      TermsIn(rows, agreement, never_in_force ? 1 : agreement.version, items);
  message.set_terms_hash(
      absl::BytesToHexString(never_in_force ? agreement.offered_terms_hash : agreement.terms_hash));
  if (agreement.offered_terms_hash.empty() || revoked) {
    AddSignatures(never_in_force ? agreement.offered_signatures : agreement.signatures, message);
    return message;
  }
  *message.mutable_offered_terms() = TermsIn(rows, agreement, agreement.version + 1, items);
  message.set_offered_terms_hash(absl::BytesToHexString(agreement.offered_terms_hash));
  message.set_offering_party(absl::StrCat("firms/", agreement.offering_party));
  AddSignatures(agreement.offered_signatures, message);
  return message;
}

v1::Agreement AgreementMessageAsOf(const base::RowReader& rows, const Agreement& agreement,
                                   std::int32_t version) {
  v1::Agreement message = Head(agreement);
  message.set_version(version);
  const std::string bytes = StoredTerms(rows, TermsKey(agreement.id, version));
  base::Require(message.mutable_terms()->ParseFromString(bytes), "stored terms do not parse");
  const runtime::Hash hash = runtime::HashOf(bytes);
  message.set_terms_hash(absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size())));
  return message;
}

}  // namespace tandem::governance

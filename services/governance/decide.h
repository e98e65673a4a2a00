// Governance's rules. Each Decide reads rows and returns the facts of one command, or the refusal;
// it changes nothing. Who may is asked first, then what is wrong in the command, then what the
// state forbids. Fields are named as in the requests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/governance/model.h"

namespace tandem::governance {

using Facts = std::vector<base::Fact>;

inline constexpr std::size_t kAuthoritiesMax = 8;
inline constexpr std::size_t kPemBytesMax = std::size_t{16} * 1024;
inline constexpr std::size_t kDisplayNameBytesMax = 200;
inline constexpr std::size_t kExplanationBytesMax = 1'000;
// A firm's open offers: a retailer brings its suppliers in by the hundred, and each offer keeps up
// to 700 KiB of terms and stands in the others' feeds.
inline constexpr std::size_t kOpenOffersMax = 1'000;
// A firm's offers and counter-offers in one agreement and 24 hours.
inline constexpr std::uint64_t kOffersOfDayMax = 100;

// OK if the caller's principal has the role: an administrator has all, and every role can read.
// Otherwise kPermissionDenied / ROLE_MISSING, or kFailedPrecondition / FIRM_SUSPENDED for a
// principal of a suspended firm. The operator's principals have no role of a firm.
absl::Status CheckRole(const base::RowReader& rows, const base::Caller& caller, v1::Role role);

// OK for the network's operator; else ROLE_MISSING.
absl::Status CheckOperator(const base::Caller& caller);
// FIELD_MISSING for no text, FIELD_OUT_OF_RANGE for one that is too long.
absl::Status CheckText(std::string_view field, std::string_view text, std::size_t bytes_max);
// The agreement, if the caller's firm is a party of it; one that is absent answers NOT_GRANTED as
// one that is hidden.
absl::StatusOr<Agreement> AgreementOf(const base::RowReader& rows, const base::Caller& caller,
                                      const std::string& id);
// AGREEMENT_REVOKED for one that has ended.
absl::Status CheckNotRevoked(const Agreement& agreement);

// A certificate authority. The subject is a hash that the shell makes (runtime/certificate.h,
// SubjectHashOf); "" where the PEM holds no certificate that can be read.
struct Authority {
  std::string pem{};
  std::string subject{};
};

struct AdmitFirm {
  std::string firm{};
  std::string display_name{};
  std::string gln{};  // May be empty.
  std::vector<Authority> authorities{};
  std::string admin_principal{};
  std::string operator_subject{};  // Of the operator's own authority; "" without TLS.
};
// The operator's alone: ROLE_MISSING for others. BAD_NAME, BAD_GLN, FIELD_MISSING,
// FIELD_OUT_OF_RANGE by field; AUTHORITY_TAKEN for a subject that is another firm's or the
// operator's; ALREADY_EXISTS.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const AdmitFirm& command,
                             const base::Stamp& stamp);

struct SetFirmAuthorities {
  std::string firm{};
  std::vector<Authority> authorities{};
  std::string operator_subject{};  // As of AdmitFirm.
};
// Its administrator's: NOT_YOURS for another firm's, ROLE_MISSING. FIELD_MISSING without a PEM,
// FIELD_OUT_OF_RANGE for what is none, AUTHORITY_TAKEN. Its own subject may come again: rotation.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SetFirmAuthorities& command,
                             const base::Stamp& stamp);

struct SetFirmSuspended {
  std::string firm{};
  bool suspended = false;
  std::string explanation{};
};
// The operator's alone: ROLE_MISSING. FIELD_MISSING without an explanation; UNKNOWN_FIRM. Accepted
// without a fact where it is so already.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SetFirmSuspended& command,
                             const base::Stamp& stamp);

struct SetPrincipal {
  std::string firm{};
  std::string principal{};
  std::vector<v1::Role> roles{};  // None removes it.
};
// An administrator's of the firm: NOT_YOURS, ROLE_MISSING. UNKNOWN_ENUM, DUPLICATE_ROW; LAST_ADMIN
// where the firm would be left without an administrator.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SetPrincipal& command,
                             const base::Stamp& stamp);

struct OfferAgreement {
  std::string agreement{};  // An id: of a relation, or made for a new one.
  bool new_relation = false;
  std::string etag{};                  // "": whatever it is. Not with a new relation.
  std::string terms{};                 // The bytes of terms that CheckTerms passed.
  std::string terms_hash{};            // Their SHA-256, 32 bytes.
  std::vector<std::string> parties{};  // PartyIds of those terms.
};
// A signer's of a party: ROLE_MISSING, NOT_YOURS, NOT_GRANTED (no party of the relation, there or
// not). UNKNOWN_FIRM for a party that was not admitted, FIELD_OUT_OF_RANGE where the parties are
// not the relation's; AGREEMENT_REVOKED, VERSION_MOVED (another etag), ALREADY_EXISTS (a new
// relation whose request id was used before and forgotten); QUOTA_EXCEEDED beyond kOpenOffersMax or
// kOffersOfDayMax.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const OfferAgreement& command,
                             const base::Stamp& stamp);

struct SignAgreement {
  std::string agreement{};
  std::string terms_hash{};  // 32 bytes.
};
// A signer's of a party: ROLE_MISSING, NOT_GRANTED. AGREEMENT_REVOKED, AGREEMENT_NOT_OFFERED (no
// open offer), CONTENT_DIFFERS (the open offer has another hash), ALREADY_SIGNED. The last
// signature brings a second fact: the version is in force.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SignAgreement& command,
                             const base::Stamp& stamp);

struct RevokeAgreement {
  std::string agreement{};
  std::string explanation{};
};
// A signer's of any party, alone and at once; an open offer is withdrawn with it. ROLE_MISSING,
// NOT_GRANTED, FIELD_OUT_OF_RANGE (a long explanation), AGREEMENT_REVOKED.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RevokeAgreement& command,
                             const base::Stamp& stamp);

inline constexpr absl::Duration kBreakGlassMin = absl::Minutes(1);
inline constexpr absl::Duration kBreakGlassMax = absl::Hours(24);
inline constexpr absl::Duration kBreakGlassDefault = absl::Hours(1);

struct OpenBreakGlass {
  std::string agreement{};
  std::string break_glass{};  // An id made for it.
  std::string explanation{};
  absl::Duration duration = kBreakGlassDefault;
};
// The operator's alone, for the principal who asks: ROLE_MISSING. FIELD_MISSING without an
// explanation, FIELD_OUT_OF_RANGE; UNKNOWN_AGREEMENT; AGREEMENT_NOT_IN_FORCE or AGREEMENT_REVOKED,
// since nothing is shared then; BREAK_GLASS_STANDS where the principal has one, on whatever
// agreement: so that each of its reads is under one; BREAK_GLASS_REFUSED for a day after a party
// closed one of the agreement; ALREADY_EXISTS (its request id was used before and forgotten).
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const OpenBreakGlass& command,
                             const base::Stamp& stamp);

struct CloseBreakGlass {
  std::string agreement{};
  std::string break_glass{};
  std::string explanation{};  // May be empty.
};
// The operator's, or a signer's of any party, alone: ROLE_MISSING, NOT_GRANTED (no party of the
// agreement, there or not). FIELD_OUT_OF_RANGE; UNKNOWN_RECORD; BREAK_GLASS_ENDED.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseBreakGlass& command,
                             const base::Stamp& stamp);

}  // namespace tandem::governance

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/governance/codec.h"
#include "services/governance/decide.h"

namespace tandem::governance {
namespace {

absl::Status CheckOwnFirm(const base::Caller& caller, const std::string& firm) {
  if (!caller.operator_role && caller.firm == firm) return absl::OkStatus();
  return base::Refuse(base::Reason::kNotYours, "a firm sets its own principals and authorities",
                      {{"firm", firm}, {"caller", caller.firm}});
}

// Whether the text is one certificate in PEM, as far as its shape tells (RFC 7468). What it
// certifies is checked where a certificate is presented.
bool IsPem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd)) return false;
  if (text.size() < kBegin.size() + kEnd.size()) return false;
  const std::string_view body =
      text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size());
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : body) {
    if (c == '\n' || c == '\r') continue;
    const bool digit = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/';
    if (!digit && c != '=') return false;
    if (digit && padding > 0) return false;
    digits += digit ? 1 : 0;
    padding += digit ? 0 : 1;
  }
  // The smallest certificate of a real key is far above 64 base64 digits.
  return digits >= 64 && padding <= 2 && (digits + padding) % 4 == 0;
}

absl::Status CheckAuthorities(std::string_view field, const std::vector<Authority>& authorities) {
  const absl::string_view name(field.data(), field.size());
  if (authorities.size() > kAuthoritiesMax) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, field,
                             absl::StrCat("at most ", kAuthoritiesMax, " authorities"),
                             {{"count", authorities.size()}});
  }
  for (std::size_t i = 0; i < authorities.size(); ++i) {
    const std::string at = absl::StrCat(name, "[", i, "]");
    const std::string& pem = authorities[i].pem;
    TANDEM_RETURN_IF_ERROR(CheckText(at, pem, kPemBytesMax));
    if (!IsPem(pem)) {
      return base::RefuseField(base::Reason::kFieldOutOfRange, at,
                               "must be one PEM block, BEGIN CERTIFICATE to END CERTIFICATE");
    }
    if (std::ranges::find(authorities.begin(), authorities.begin() + static_cast<std::ptrdiff_t>(i),
                          pem, &Authority::pem) !=
        authorities.begin() + static_cast<std::ptrdiff_t>(i)) {
      return base::RefuseField(base::Reason::kDuplicateRow, at, "is listed already");
    }
    if (authorities[i].subject.empty()) {
      return base::RefuseField(base::Reason::kFieldOutOfRange, at,
                               "holds no X.509 certificate that can be read");
    }
  }
  return absl::OkStatus();
}

// Handshakes look up who signed a certificate by its issuer's name, among the authorities of all
// firms: another firm's name would stand in its way.
absl::Status CheckSubjects(const base::RowReader& rows, std::string_view field,
                           const std::string& firm, const std::vector<Authority>& authorities,
                           const std::string& operator_subject) {
  for (std::size_t i = 0; i < authorities.size(); ++i) {
    const std::string& subject = authorities[i].subject;
    const std::optional<std::string> owner = SubjectOwnerIn(rows, subject);
    if (subject != operator_subject && owner.value_or(firm) == firm) continue;
    return base::RefuseField(
        base::Reason::kAuthorityTaken,
        absl::StrCat(absl::string_view(field.data(), field.size()), "[", i, "]"),
        "the operator or another firm has an authority of this subject: give yours a subject of "
        "its own");
  }
  return absl::OkStatus();
}

absl::Status CheckAdmission(const AdmitFirm& command) {
  TANDEM_RETURN_IF_ERROR(base::CheckId("firm_id", command.firm));
  if (command.firm == kOperatorFirm) {
    return base::RefuseField(base::Reason::kBadName, "firm_id",
                             "is the network's operator, not a firm", {{"value", command.firm}});
  }
  TANDEM_RETURN_IF_ERROR(
      CheckText("firm.display_name", command.display_name, kDisplayNameBytesMax));
  if (!command.gln.empty()) TANDEM_RETURN_IF_ERROR(base::CheckGln("firm.gln", command.gln));
  TANDEM_RETURN_IF_ERROR(CheckAuthorities("firm.authority_pems", command.authorities));
  return base::CheckId("admin_principal", command.admin_principal);
}

absl::Status CheckRoles(const std::vector<v1::Role>& roles) {
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const std::string at = absl::StrCat("principal.roles[", i, "]");
    if (!v1::Role_IsValid(roles[i]) || roles[i] == v1::ROLE_UNSPECIFIED) {
      return base::RefuseField(base::Reason::kUnknownEnum, at, "is no role",
                               {{"value", static_cast<int>(roles[i])}});
    }
    if (std::count(roles.begin(), roles.end(), roles[i]) > 1) {
      return base::RefuseField(base::Reason::kDuplicateRow, at, "is listed twice",
                               {{"value", v1::Role_Name(roles[i])}});
    }
  }
  return absl::OkStatus();
}

bool IsAdmin(const std::vector<v1::Role>& roles) {
  return std::find(roles.begin(), roles.end(), v1::ROLE_ADMIN) != roles.end();
}

absl::Status CheckAdminLeft(const base::RowReader& rows, const SetPrincipal& command) {
  if (IsAdmin(command.roles)) return absl::OkStatus();
  for (const Principal& principal : PrincipalsIn(rows, command.firm)) {
    if (principal.id != command.principal && IsAdmin(principal.roles)) return absl::OkStatus();
  }
  return base::Refuse(base::Reason::kLastAdmin,
                      "the firm would be left without an administrator: name another one first",
                      {{"firm", command.firm}, {"principal", command.principal}});
}

}  // namespace

absl::Status CheckOperator(const base::Caller& caller) {
  if (caller.operator_role) return absl::OkStatus();
  return base::Refuse(base::Reason::kRoleMissing, "only the network's operator may do this",
                      {{"firm", caller.firm}, {"principal", caller.principal}});
}

absl::Status CheckText(std::string_view field, std::string_view text, std::size_t bytes_max) {
  if (text.empty()) return base::RefuseField(base::Reason::kFieldMissing, field, "is required");
  if (text.size() <= bytes_max) return absl::OkStatus();
  return base::RefuseField(base::Reason::kFieldOutOfRange, field,
                           absl::StrCat("at most ", bytes_max, " bytes"), {{"size", text.size()}});
}

absl::Status CheckRole(const base::RowReader& rows, const base::Caller& caller, v1::Role role) {
  const std::vector<v1::Role> roles =
      caller.operator_role ? std::vector<v1::Role>() : RolesIn(rows, caller.firm, caller.principal);
  const bool has = std::any_of(roles.begin(), roles.end(), [role](v1::Role held) {
    return held == role || held == v1::ROLE_ADMIN || role == v1::ROLE_READER;
  });
  if (!has) {
    return base::Refuse(
        base::Reason::kRoleMissing, "the principal has not the role that this needs",
        {{"firm", caller.firm}, {"principal", caller.principal}, {"role", v1::Role_Name(role)}});
  }
  const std::optional<Firm> firm = FirmIn(rows, caller.firm);
  if (firm.has_value() && firm->suspended) {
    return base::Refuse(base::Reason::kFirmSuspended, "the operator has suspended the firm",
                        {{"firm", caller.firm}});
  }
  return absl::OkStatus();
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const AdmitFirm& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckOperator(stamp.caller));
  TANDEM_RETURN_IF_ERROR(CheckAdmission(command));
  if (FirmIn(rows, command.firm).has_value()) {
    return base::Refuse(base::Reason::kAlreadyExists, "a firm of this id was admitted before",
                        {{"firm", command.firm}});
  }
  TANDEM_RETURN_IF_ERROR(CheckSubjects(rows, "firm.authority_pems", command.firm,
                                       command.authorities, command.operator_subject));
  v1::Fact fact;
  v1::FirmAdmitted& admitted = *fact.mutable_firm_admitted();
  admitted.set_firm(command.firm);
  admitted.set_display_name(command.display_name);
  admitted.set_gln(command.gln);
  for (const Authority& authority : command.authorities) {
    admitted.add_authority_pems(authority.pem);
    admitted.add_authority_subjects(authority.subject);
  }
  admitted.set_admin_principal(command.admin_principal);
  return Facts{EncodeFact(fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SetFirmAuthorities& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckOwnFirm(stamp.caller, command.firm));
  TANDEM_RETURN_IF_ERROR(CheckRole(rows, stamp.caller, v1::ROLE_ADMIN));
  if (command.authorities.empty()) {
    return base::RefuseField(base::Reason::kFieldMissing, "authority_pems",
                             "name at least one: without one nobody of the firm could call");
  }
  TANDEM_RETURN_IF_ERROR(CheckAuthorities("authority_pems", command.authorities));
  TANDEM_RETURN_IF_ERROR(CheckSubjects(rows, "authority_pems", command.firm, command.authorities,
                                       command.operator_subject));
  v1::Fact fact;
  v1::FirmAuthoritiesSet& set = *fact.mutable_firm_authorities_set();
  set.set_firm(command.firm);
  for (const Authority& authority : command.authorities) {
    set.add_authority_pems(authority.pem);
    set.add_authority_subjects(authority.subject);
  }
  return Facts{EncodeFact(fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SetFirmSuspended& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckOperator(stamp.caller));
  TANDEM_RETURN_IF_ERROR(CheckText("explanation", command.explanation, kExplanationBytesMax));
  const std::optional<Firm> firm = FirmIn(rows, command.firm);
  if (!firm.has_value()) {
    return base::Refuse(base::Reason::kUnknownFirm, "no such firm", {{"firm", command.firm}});
  }
  if (firm->suspended == command.suspended) return Facts();
  v1::Fact fact;
  v1::FirmSuspendedSet& set = *fact.mutable_firm_suspended_set();
  set.set_firm(command.firm);
  set.set_suspended(command.suspended);
  set.set_explanation(command.explanation);
  for (const std::string& partner : PartnersIn(rows, command.firm)) set.add_partners(partner);
  return Facts{EncodeFact(fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const SetPrincipal& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckOwnFirm(stamp.caller, command.firm));
  TANDEM_RETURN_IF_ERROR(CheckRole(rows, stamp.caller, v1::ROLE_ADMIN));
  TANDEM_RETURN_IF_ERROR(CheckRoles(command.roles));
  TANDEM_RETURN_IF_ERROR(CheckAdminLeft(rows, command));
  v1::Fact fact;
  v1::PrincipalSet& set = *fact.mutable_principal_set();
  set.set_firm(command.firm);
  set.set_principal(command.principal);
  for (const v1::Role role : command.roles) set.add_roles(role);
  return Facts{EncodeFact(fact)};
}

}  // namespace tandem::governance

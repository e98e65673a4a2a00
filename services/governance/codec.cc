#include "services/governance/codec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::governance {
namespace {

constexpr std::uint8_t kRowVersion = 1;
constexpr std::uint32_t kSchemaVersion = 1;

absl::Status Damaged(std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what);
}

std::string IdKey(char kind, std::string_view id) {
  return base::ByteWriter().Byte(static_cast<std::uint8_t>(kind)).KeyString(id).Take();
}

std::string IdsKey(char kind, std::string_view first, std::string_view second) {
  base::ByteWriter key;
  return key.Byte(static_cast<std::uint8_t>(kind)).KeyString(first).KeyString(second).Take();
}

std::string VersionKey(char kind, std::string_view id, std::int32_t version) {
  base::ByteWriter key;
  key.Byte(static_cast<std::uint8_t>(kind)).KeyString(id);
  return key.BigEndian32(static_cast<std::uint32_t>(version)).Take();
}

void PutTime(base::ByteWriter& out, absl::Time time) { out.Signed(absl::ToUnixNanos(time)); }
absl::Time TakeTime(base::ByteReader& in) { return absl::FromUnixNanos(in.Signed()); }

void PutStrings(base::ByteWriter& out, const std::vector<std::string>& texts) {
  out.Varint(texts.size());
  for (const std::string& text : texts) out.Sized(text);
}

std::vector<std::string> TakeStrings(base::ByteReader& in) {
  std::vector<std::string> texts;
  // The count is not believed: a reader that has run out ends the loop.
  for (std::uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    texts.emplace_back(in.Sized());
  }
  return texts;
}

void PutSignatures(base::ByteWriter& out, const std::vector<Signature>& signatures) {
  out.Varint(signatures.size());
  for (const Signature& signature : signatures) {
    out.Sized(signature.party).Sized(signature.principal);
    PutTime(out, signature.sign_time);
  }
}

std::vector<Signature> TakeSignatures(base::ByteReader& in) {
  std::vector<Signature> signatures;
  for (std::uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    Signature& signature = signatures.emplace_back();
    signature.party = std::string(in.Sized());
    signature.principal = std::string(in.Sized());
    signature.sign_time = TakeTime(in);
  }
  return signatures;
}

const google::protobuf::Message& MessageOf(const v1::Fact& fact) {
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kFirmAdmitted:
      return fact.firm_admitted();
    case v1::Fact::kFirmAuthoritiesSet:
      return fact.firm_authorities_set();
    case v1::Fact::kFirmSuspendedSet:
      return fact.firm_suspended_set();
    case v1::Fact::kPrincipalSet:
      return fact.principal_set();
    case v1::Fact::kAgreementOffered:
      return fact.agreement_offered();
    case v1::Fact::kAgreementSigned:
      return fact.agreement_signed();
    case v1::Fact::kAgreementInForce:
      return fact.agreement_in_force();
    case v1::Fact::kAgreementRevoked:
      return fact.agreement_revoked();
    case v1::Fact::kBreakGlassOpened:
      return fact.break_glass_opened();
    case v1::Fact::kBreakGlassClosed:
      return fact.break_glass_closed();
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact of governance without a kind");
}

// The message of the kind in `fact`, or nullptr for a kind that is not known.
google::protobuf::Message* MutableMessageOf(std::uint32_t kind, v1::Fact& fact) {
  switch (kind) {
    case v1::Fact::kFirmAdmitted:
      return fact.mutable_firm_admitted();
    case v1::Fact::kFirmAuthoritiesSet:
      return fact.mutable_firm_authorities_set();
    case v1::Fact::kFirmSuspendedSet:
      return fact.mutable_firm_suspended_set();
    case v1::Fact::kPrincipalSet:
      return fact.mutable_principal_set();
    case v1::Fact::kAgreementOffered:
      return fact.mutable_agreement_offered();
    case v1::Fact::kAgreementSigned:
      return fact.mutable_agreement_signed();
    case v1::Fact::kAgreementInForce:
      return fact.mutable_agreement_in_force();
    case v1::Fact::kAgreementRevoked:
      return fact.mutable_agreement_revoked();
    case v1::Fact::kBreakGlassOpened:
      return fact.mutable_break_glass_opened();
    case v1::Fact::kBreakGlassClosed:
      return fact.mutable_break_glass_closed();
    default:
      return nullptr;
  }
}

}  // namespace

base::Fact EncodeFact(const v1::Fact& fact) {
  base::Fact encoded;
  encoded.payload = MessageOf(fact).SerializeAsString();
  encoded.kind = static_cast<std::uint32_t>(fact.kind_case());
  encoded.schema_version = kSchemaVersion;
  return encoded;
}

absl::StatusOr<v1::Fact> DecodeFact(const base::Fact& fact) {
  if (fact.schema_version != kSchemaVersion) {
    return Damaged(absl::StrCat("governance's fact of kind ", fact.kind, " has schema version ",
                                fact.schema_version, ", which this build cannot read"));
  }
  v1::Fact decoded;
  google::protobuf::Message* message = MutableMessageOf(fact.kind, decoded);
  if (message == nullptr) {
    return Damaged(absl::StrCat("governance knows no kind of fact ", fact.kind));
  }
  if (!message->ParseFromString(fact.payload)) {
    return Damaged(absl::StrCat("governance's fact of kind ", fact.kind, " does not parse"));
  }
  return decoded;
}

std::string FirmKey(std::string_view firm) { return IdKey('f', firm); }
std::string PrincipalKey(std::string_view firm, std::string_view principal) {
  return IdsKey('p', firm, principal);
}
std::string PartnersKey(std::string_view firm, std::string_view partner) {
  return IdsKey('r', firm, partner);
}
std::string AgreementKey(std::string_view agreement) { return IdKey('a', agreement); }
std::string PartyKey(std::string_view firm, std::string_view agreement) {
  return IdsKey('v', firm, agreement);
}
std::string PartyPrefix(std::string_view firm) { return IdKey('v', firm); }
std::string TermsKey(std::string_view agreement, std::int32_t version) {
  return VersionKey('t', agreement, version);
}
std::string BriefTermsKey(std::string_view agreement, std::int32_t version) {
  return VersionKey('b', agreement, version);
}

std::string SubjectKey(std::string_view subject) { return IdKey('s', subject); }
std::string FirmSubjectKey(std::string_view firm, std::string_view subject) {
  return IdsKey('c', firm, subject);
}

std::string BreakGlassKey(std::string_view agreement, std::string_view glass) {
  return IdsKey('g', agreement, glass);
}
std::string BreakGlassPrefix(std::string_view agreement) { return IdKey('g', agreement); }
std::string NewestGlassKey(std::string_view principal) { return IdKey('o', principal); }
std::string RefusedUntilKey(std::string_view agreement) { return IdKey('n', agreement); }

std::string OpenOfferPrefix(std::string_view firm) { return IdKey('q', firm); }
std::string OpenOfferKey(std::string_view firm, std::string_view agreement) {
  return IdsKey('q', firm, agreement);
}
std::string OffersOfDayKey(std::string_view agreement, std::string_view firm) {
  return IdsKey('k', agreement, firm);
}

std::string EncodeFirm(const Firm& firm) {
  base::ByteWriter out;
  out.Byte(kRowVersion).Sized(firm.id).Sized(firm.display_name).Sized(firm.gln);
  PutStrings(out, firm.authority_pems);
  out.Byte(firm.suspended ? 1 : 0);
  PutTime(out, firm.create_time);
  return out.Varint(firm.revision).Take();
}

absl::StatusOr<Firm> DecodeFirm(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t version = in.Byte();
  Firm firm;
  firm.id = std::string(in.Sized());
  firm.display_name = std::string(in.Sized());
  firm.gln = std::string(in.Sized());
  firm.authority_pems = TakeStrings(in);
  const std::uint8_t suspended = in.Byte();
  firm.suspended = suspended == 1;
  firm.create_time = TakeTime(in);
  firm.revision = in.Varint();
  if (!in.ok() || !in.AtEnd() || version != kRowVersion || suspended > 1) {
    return Damaged("a firm's row is damaged");
  }
  return firm;
}

std::string EncodePrincipal(const Principal& principal) {
  base::ByteWriter out;
  out.Byte(kRowVersion).Sized(principal.id).Varint(principal.roles.size());
  for (const v1::Role role : principal.roles) out.Byte(static_cast<std::uint8_t>(role));
  return out.Take();
}

absl::StatusOr<Principal> DecodePrincipal(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t version = in.Byte();
  Principal principal;
  principal.id = std::string(in.Sized());
  bool known = true;
  for (std::uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const int role = in.Byte();
    known = known && v1::Role_IsValid(role) && role != v1::ROLE_UNSPECIFIED;
    principal.roles.push_back(static_cast<v1::Role>(role));
  }
  if (!in.ok() || !in.AtEnd() || version != kRowVersion || !known || principal.roles.empty()) {
    return Damaged("a principal's row is damaged");
  }
  return principal;
}

std::string EncodeAgreement(const Agreement& agreement) {
  base::ByteWriter out;
  out.Byte(kRowVersion).Sized(agreement.id).Byte(static_cast<std::uint8_t>(agreement.state));
  out.Varint(static_cast<std::uint64_t>(agreement.version));
  PutStrings(out, agreement.parties);
  out.Sized(agreement.terms_hash).Sized(agreement.offered_terms_hash);
  out.Sized(agreement.offering_party);
  PutSignatures(out, agreement.signatures);
  PutSignatures(out, agreement.offered_signatures);
  PutTime(out, agreement.create_time);
  PutTime(out, agreement.update_time);
  return out.Varint(agreement.revision).Take();
}

absl::StatusOr<Agreement> DecodeAgreement(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t row_version = in.Byte();
  Agreement agreement;
  agreement.id = std::string(in.Sized());
  const int state = in.Byte();
  agreement.state = static_cast<v1::Agreement::State>(state);
  const std::uint64_t version = in.Varint();
  agreement.version = static_cast<std::int32_t>(version);
  agreement.parties = TakeStrings(in);
  agreement.terms_hash = std::string(in.Sized());
  agreement.offered_terms_hash = std::string(in.Sized());
  agreement.offering_party = std::string(in.Sized());
  agreement.signatures = TakeSignatures(in);
  agreement.offered_signatures = TakeSignatures(in);
  agreement.create_time = TakeTime(in);
  agreement.update_time = TakeTime(in);
  agreement.revision = in.Varint();
  if (!in.ok() || !in.AtEnd() || row_version != kRowVersion || version > 0x7fffffff ||
      !v1::Agreement::State_IsValid(state) || state == v1::Agreement::STATE_UNSPECIFIED) {
    return Damaged("an agreement's row is damaged");
  }
  return agreement;
}

std::string EncodeBreakGlass(const BreakGlass& glass) {
  base::ByteWriter out;
  out.Byte(kRowVersion).Sized(glass.id).Sized(glass.agreement).Sized(glass.principal);
  out.Sized(glass.explanation);
  PutTime(out, glass.open_time);
  PutTime(out, glass.expire_time);
  out.Sized(glass.closing_firm).Sized(glass.closing_principal).Sized(glass.close_explanation);
  PutTime(out, glass.close_time);
  return out.Take();
}

absl::StatusOr<BreakGlass> DecodeBreakGlass(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t version = in.Byte();
  BreakGlass glass;
  glass.id = std::string(in.Sized());
  glass.agreement = std::string(in.Sized());
  glass.principal = std::string(in.Sized());
  glass.explanation = std::string(in.Sized());
  glass.open_time = TakeTime(in);
  glass.expire_time = TakeTime(in);
  glass.closing_firm = std::string(in.Sized());
  glass.closing_principal = std::string(in.Sized());
  glass.close_explanation = std::string(in.Sized());
  glass.close_time = TakeTime(in);
  if (!in.ok() || !in.AtEnd() || version != kRowVersion) {
    return Damaged("a break-glass's row is damaged");
  }
  return glass;
}

std::string EncodeNewestGlass(const BreakGlass& glass) {
  base::ByteWriter out;
  return out.Byte(kRowVersion).Sized(glass.agreement).Sized(glass.id).Take();
}

std::string EncodeRefusedUntil(absl::Time until) {
  base::ByteWriter out;
  out.Byte(kRowVersion);
  PutTime(out, until);
  return out.Take();
}

std::string EncodeOffersOfDay(const OffersOfDay& offers) {
  base::ByteWriter out;
  out.Byte(kRowVersion);
  PutTime(out, offers.begin);
  return out.Varint(offers.count).Take();
}

std::optional<Firm> FirmIn(const base::RowReader& rows, std::string_view firm) {
  const std::optional<std::string> value = rows.Get(FirmKey(firm));
  if (!value.has_value()) return std::nullopt;
  absl::StatusOr<Firm> decoded = DecodeFirm(*value);
  base::Require(decoded.ok(), "a firm's row is damaged");
  return *std::move(decoded);
}

std::optional<Agreement> AgreementIn(const base::RowReader& rows, std::string_view agreement) {
  const std::optional<std::string> value = rows.Get(AgreementKey(agreement));
  if (!value.has_value()) return std::nullopt;
  absl::StatusOr<Agreement> decoded = DecodeAgreement(*value);
  base::Require(decoded.ok(), "an agreement's row is damaged");
  return *std::move(decoded);
}

std::vector<v1::Role> RolesIn(const base::RowReader& rows, std::string_view firm,
                              std::string_view principal) {
  const std::optional<std::string> value = rows.Get(PrincipalKey(firm, principal));
  if (!value.has_value()) return {};
  absl::StatusOr<Principal> decoded = DecodePrincipal(*value);
  base::Require(decoded.ok(), "a principal's row is damaged");
  return decoded->roles;
}

std::vector<Principal> PrincipalsIn(const base::RowReader& rows, std::string_view firm) {
  std::vector<Principal> principals;
  rows.ScanPrefix(IdKey('p', firm), [&](std::string_view, std::string_view value) {
    absl::StatusOr<Principal> decoded = DecodePrincipal(value);
    base::Require(decoded.ok(), "a principal's row is damaged");
    principals.push_back(*std::move(decoded));
    return true;
  });
  return principals;
}

std::uint64_t SharedIn(const base::RowReader& rows, std::string_view firm,
                       std::string_view partner) {
  const std::optional<std::string> value = rows.Get(PartnersKey(firm, partner));
  if (!value.has_value()) return 0;
  base::ByteReader in(*value);
  const std::uint64_t count = in.Varint();
  base::Require(in.ok() && in.AtEnd() && count > 0, "a row of partners is damaged");
  return count;
}

std::vector<std::string> PartnersIn(const base::RowReader& rows, std::string_view firm) {
  std::vector<std::string> partners;
  rows.ScanPrefix(IdKey('r', firm), [&](std::string_view key, std::string_view) {
    partners.push_back(LastIdOf(key));
    return true;
  });
  return partners;
}

std::optional<std::string> SubjectOwnerIn(const base::RowReader& rows, std::string_view subject) {
  return rows.Get(SubjectKey(subject));
}

std::vector<std::string> SubjectsIn(const base::RowReader& rows, std::string_view firm) {
  std::vector<std::string> subjects;
  rows.ScanPrefix(IdKey('c', firm), [&](std::string_view key, std::string_view) {
    subjects.push_back(LastIdOf(key));
    return true;
  });
  return subjects;
}

std::optional<BreakGlass> BreakGlassIn(const base::RowReader& rows, std::string_view agreement,
                                       std::string_view glass) {
  const std::optional<std::string> value = rows.Get(BreakGlassKey(agreement, glass));
  if (!value.has_value()) return std::nullopt;
  absl::StatusOr<BreakGlass> decoded = DecodeBreakGlass(*value);
  base::Require(decoded.ok(), "a break-glass's row is damaged");
  return *std::move(decoded);
}

std::vector<BreakGlass> StandingGlassesIn(const base::RowReader& rows, std::string_view agreement,
                                          absl::Time now) {
  std::vector<BreakGlass> standing;
  rows.ScanPrefix(BreakGlassPrefix(agreement), [&](std::string_view, std::string_view value) {
    absl::StatusOr<BreakGlass> glass = DecodeBreakGlass(value);
    base::Require(glass.ok(), "a break-glass's row is damaged");
    if (glass->Stands(now)) standing.push_back(*std::move(glass));
    return true;
  });
  return standing;
}

std::optional<BreakGlass> NewestGlassIn(const base::RowReader& rows, std::string_view principal) {
  const std::optional<std::string> value = rows.Get(NewestGlassKey(principal));
  if (!value.has_value()) return std::nullopt;
  base::ByteReader in(*value);
  const std::uint8_t version = in.Byte();
  const std::string_view agreement = in.Sized();
  const std::string_view glass = in.Sized();
  base::Require(in.ok() && in.AtEnd() && version == kRowVersion,
                "a row of a principal's break-glass is damaged");
  return BreakGlassIn(rows, agreement, glass);
}

absl::Time RefusedUntilIn(const base::RowReader& rows, std::string_view agreement) {
  const std::optional<std::string> value = rows.Get(RefusedUntilKey(agreement));
  if (!value.has_value()) return absl::InfinitePast();
  base::ByteReader in(*value);
  const std::uint8_t version = in.Byte();
  const absl::Time until = TakeTime(in);
  base::Require(in.ok() && in.AtEnd() && version == kRowVersion, "a row of a refusal is damaged");
  return until;
}

OffersOfDay OffersOfDayIn(const base::RowReader& rows, std::string_view agreement,
                          std::string_view firm) {
  const std::optional<std::string> value = rows.Get(OffersOfDayKey(agreement, firm));
  if (!value.has_value()) return {};
  base::ByteReader in(*value);
  const std::uint8_t version = in.Byte();
  OffersOfDay offers;
  offers.begin = TakeTime(in);
  offers.count = in.Varint();
  base::Require(in.ok() && in.AtEnd() && version == kRowVersion, "a row of offers is damaged");
  return offers;
}

absl::Time ReadableUntilIn(const base::RowReader& rows, const Agreement& agreement) {
  if (agreement.state != v1::Agreement::STATE_REVOKED || agreement.version == 0) {
    return absl::InfiniteFuture();
  }
  const std::optional<std::string> bytes = rows.Get(BriefTermsKey(agreement.id, agreement.version));
  v1::Terms terms;
  // A read that failed says so in rows.status(), and nothing of the answer counts then.
  const bool read = bytes.has_value() && terms.ParseFromString(*bytes);
  base::Require(read || !rows.status().ok(), "an agreement without its terms");
  // Nothing changes it after its end, so that is its last change.
  return agreement.update_time + terms.retention_days() * absl::Hours(24);
}

std::string LastIdOf(std::string_view key) {
  base::ByteReader in(key);
  in.Byte();
  in.KeyString();
  std::string id = in.KeyString();
  base::Require(in.ok() && in.AtEnd(), "a key with two ids is damaged");
  return id;
}

}  // namespace tandem::governance

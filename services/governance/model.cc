#include "services/governance/model.h"

#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/governance/codec.h"
#include "services/governance/terms.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::governance {
namespace {

Firm KnownFirm(const base::RowReader& rows, std::string_view id) {
  std::optional<Firm> firm = FirmIn(rows, id);
  base::Require(firm.has_value(), "a fact about a firm that was never admitted");
  return *std::move(firm);
}

Agreement KnownAgreement(const base::RowReader& rows, std::string_view id) {
  std::optional<Agreement> agreement = AgreementIn(rows, id);
  base::Require(agreement.has_value(), "a fact about an agreement that was never offered");
  return *std::move(agreement);
}

void PutFirm(Firm firm, base::Rows& rows) {
  ++firm.revision;
  rows.Put(FirmKey(firm.id), EncodeFirm(firm));
}

void PutAgreement(Agreement agreement, absl::Time instant, base::Rows& rows) {
  ++agreement.revision;
  agreement.update_time = instant;
  rows.Put(AgreementKey(agreement.id), EncodeAgreement(agreement));
}

// One more relation, or one less, for each two of the parties.
void CountRelation(const std::vector<std::string>& parties, bool more, base::Rows& rows) {
  for (const std::string& firm : parties) {
    for (const std::string& partner : parties) {
      if (firm == partner) continue;
      const std::uint64_t count = SharedIn(rows, firm, partner);
      base::Require(more || count > 0, "relations that end were counted when they began");
      const std::uint64_t now = more ? count + 1 : count - 1;
      if (now == 0) {
        rows.Delete(PartnersKey(firm, partner));
      } else {
        rows.Put(PartnersKey(firm, partner), base::ByteWriter().Varint(now).Take());
      }
    }
  }
}

void PutTerms(std::string_view agreement, std::int32_t version, const std::string& bytes,
              base::Rows& rows) {
  rows.Put(TermsKey(agreement, version), bytes);
  v1::Terms terms;
  base::Require(terms.ParseFromString(bytes), "terms that do not parse came through the codec");
  for (v1::Scope& scope : *terms.mutable_scopes()) scope.clear_items();
  rows.Put(BriefTermsKey(agreement, version), terms.SerializeAsString());
}

std::vector<std::string> PartiesOf(const std::string& terms_bytes) {
  v1::Terms terms;
  base::Require(terms.ParseFromString(terms_bytes), "terms that do not parse came in a fact");
  return PartyIds(terms);
}

// Subjects of a firm's authorities, in place of those it had.
template <typename Subjects>
void PutSubjects(const std::string& firm, const Subjects& subjects, base::Rows& rows) {
  for (const std::string& subject : SubjectsIn(rows, firm)) {
    rows.Delete(SubjectKey(subject));
    rows.Delete(FirmSubjectKey(firm, subject));
  }
  for (const std::string& subject : subjects) {
    rows.Put(SubjectKey(subject), firm);
    rows.Put(FirmSubjectKey(firm, subject), "");
  }
}

void Admit(const v1::FirmAdmitted& fact, absl::Time instant, base::Rows& rows) {
  Firm firm;
  firm.id = fact.firm();
  firm.display_name = fact.display_name();
  firm.gln = fact.gln();
  firm.authority_pems = {fact.authority_pems().begin(), fact.authority_pems().end()};
  firm.create_time = instant;
  PutFirm(std::move(firm), rows);
  PutSubjects(fact.firm(), fact.authority_subjects(), rows);
  const Principal admin{.id = fact.admin_principal(), .roles = {v1::ROLE_ADMIN}};
  rows.Put(PrincipalKey(fact.firm(), admin.id), EncodePrincipal(admin));
}

void SetAuthorities(const v1::FirmAuthoritiesSet& fact, base::Rows& rows) {
  Firm firm = KnownFirm(rows, fact.firm());
  firm.authority_pems = {fact.authority_pems().begin(), fact.authority_pems().end()};
  PutFirm(std::move(firm), rows);
  PutSubjects(fact.firm(), fact.authority_subjects(), rows);
}

void SetSuspended(const v1::FirmSuspendedSet& fact, base::Rows& rows) {
  Firm firm = KnownFirm(rows, fact.firm());
  firm.suspended = fact.suspended();
  PutFirm(std::move(firm), rows);
}

void SetPrincipal(const v1::PrincipalSet& fact, base::Rows& rows) {
  const std::string key = PrincipalKey(fact.firm(), fact.principal());
  if (fact.roles().empty()) {
    rows.Delete(key);
  } else {
    Principal principal{.id = fact.principal(), .roles = {}};
    for (const int role : fact.roles()) principal.roles.push_back(static_cast<v1::Role>(role));
    rows.Put(key, EncodePrincipal(principal));
  }
  PutFirm(KnownFirm(rows, fact.firm()), rows);
}

// Whose the open offer is from now on; "" once there is none.
void SetOfferingParty(const std::string& party, Agreement& agreement, base::Rows& rows) {
  if (!agreement.offering_party.empty()) {
    rows.Delete(OpenOfferKey(agreement.offering_party, agreement.id));
  }
  if (!party.empty()) rows.Put(OpenOfferKey(party, agreement.id), "");
  agreement.offering_party = party;
}

void CountOffer(const std::string& agreement, const std::string& party, absl::Time instant,
                base::Rows& rows) {
  OffersOfDay offers = OffersOfDayIn(rows, agreement, party);
  if (offers.Over(instant)) offers = {.begin = instant, .count = 0};
  ++offers.count;
  rows.Put(OffersOfDayKey(agreement, party), EncodeOffersOfDay(offers));
}

void Offer(const v1::AgreementOffered& fact, const base::FactRecord& record, base::Rows& rows) {
  std::optional<Agreement> known = AgreementIn(rows, fact.agreement());
  Agreement agreement;
  if (known.has_value()) {
    agreement = *std::move(known);
  } else {
    agreement.id = fact.agreement();
    agreement.state = v1::Agreement::STATE_OFFERED;
    agreement.parties = PartiesOf(fact.terms());
    agreement.create_time = record.instant;
    CountRelation(agreement.parties, true, rows);
    for (const std::string& party : agreement.parties) rows.Put(PartyKey(party, agreement.id), "");
  }
  agreement.offered_terms_hash = fact.terms_hash();
  SetOfferingParty(fact.party(), agreement, rows);
  CountOffer(agreement.id, fact.party(), record.instant, rows);
  agreement.offered_signatures = {
      {.party = fact.party(), .principal = record.actor.principal, .sign_time = record.instant}};
  PutTerms(agreement.id, fact.version(), fact.terms(), rows);
  PutAgreement(std::move(agreement), record.instant, rows);
}

void Sign(const v1::AgreementSigned& fact, const base::FactRecord& record, base::Rows& rows) {
  Agreement agreement = KnownAgreement(rows, fact.agreement());
  agreement.offered_signatures.push_back(
      {.party = fact.party(), .principal = record.actor.principal, .sign_time = record.instant});
  PutAgreement(std::move(agreement), record.instant, rows);
}

void PutInForce(const v1::AgreementInForce& fact, absl::Time instant, base::Rows& rows) {
  Agreement agreement = KnownAgreement(rows, fact.agreement());
  agreement.state = v1::Agreement::STATE_IN_FORCE;
  agreement.version = fact.version();
  agreement.terms_hash = fact.terms_hash();
  agreement.signatures = std::exchange(agreement.offered_signatures, {});
  agreement.offered_terms_hash.clear();
  SetOfferingParty("", agreement, rows);
  PutTerms(agreement.id, fact.version(), fact.terms(), rows);
  PutAgreement(std::move(agreement), instant, rows);
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void OpenGlass(const v1::BreakGlassOpened& fact, absl::Time instant, base::Rows& rows) {
  BreakGlass glass;
  glass.id = fact.break_glass();
  glass.agreement = fact.agreement();
  glass.principal = fact.principal();
  glass.explanation = fact.explanation();
  glass.open_time = instant;
  glass.expire_time = TimeOf(fact.expire_time());
  rows.Put(BreakGlassKey(glass.agreement, glass.id), EncodeBreakGlass(glass));
  rows.Put(NewestGlassKey(glass.principal), EncodeNewestGlass(glass));
}

struct Closing {
  std::string firm{};
  std::string principal{};
  std::string explanation{};
  absl::Time time{};
};

void CloseGlass(BreakGlass glass, const Closing& closing, base::Rows& rows) {
  glass.closing_firm = closing.firm;
  glass.closing_principal = closing.principal;
  glass.close_explanation = closing.explanation;
  glass.close_time = closing.time;
  rows.Put(BreakGlassKey(glass.agreement, glass.id), EncodeBreakGlass(glass));
}

void CloseGlass(const v1::BreakGlassClosed& fact, const base::FactRecord& record,
                base::Rows& rows) {
  std::optional<BreakGlass> glass = BreakGlassIn(rows, fact.agreement(), fact.break_glass());
  base::Require(glass.has_value(), "a fact about a break-glass that was never opened");
  CloseGlass(*std::move(glass),
             {.firm = fact.firm(),
              .principal = record.actor.principal,
              .explanation = fact.explanation(),
              .time = record.instant},
             rows);
  if (fact.firm() != kOperatorFirm) {
    rows.Put(RefusedUntilKey(fact.agreement()),
             EncodeRefusedUntil(record.instant + kBreakGlassRefusal));
  }
}

void Revoke(const v1::AgreementRevoked& fact, const base::FactRecord& record, base::Rows& rows) {
  const absl::Time instant = record.instant;
  Agreement agreement = KnownAgreement(rows, fact.agreement());
  if (agreement.version == 0) {
    // Nothing was ever shared, so the parties are strangers again; the last offer stays to be read.
    CountRelation(agreement.parties, false, rows);
    rows.Delete(OpenOfferKey(agreement.offering_party, agreement.id));
  } else if (!agreement.offered_terms_hash.empty()) {
    rows.Delete(TermsKey(agreement.id, agreement.version + 1));
    rows.Delete(BriefTermsKey(agreement.id, agreement.version + 1));
    agreement.offered_terms_hash.clear();
    SetOfferingParty("", agreement, rows);
    agreement.offered_signatures.clear();
  }
  agreement.state = v1::Agreement::STATE_REVOKED;
  for (const std::string& party : agreement.parties) {
    rows.Delete(OffersOfDayKey(agreement.id, party));
  }
  for (BreakGlass& glass : StandingGlassesIn(rows, agreement.id, instant)) {
    CloseGlass(std::move(glass),
               {.firm = fact.party(),
                .principal = record.actor.principal,
                .explanation = fact.explanation(),
                .time = instant},
               rows);
  }
  PutAgreement(std::move(agreement), instant, rows);
}

}  // namespace

bool Agreement::HasParty(std::string_view firm) const {
  return std::find(parties.begin(), parties.end(), firm) != parties.end();
}

bool Agreement::HasSigned(std::string_view firm) const {
  return std::any_of(offered_signatures.begin(), offered_signatures.end(),
                     [firm](const Signature& signature) { return signature.party == firm; });
}

void Apply(const base::FactRecord& record, base::Rows& rows) {
  const absl::StatusOr<v1::Fact> decoded = DecodeFact(record.fact);
  base::Require(decoded.ok(), "a fact that cannot be read came to Apply");
  const v1::Fact& fact = *decoded;
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kFirmAdmitted:
      return Admit(fact.firm_admitted(), record.instant, rows);
    case v1::Fact::kFirmAuthoritiesSet:
      return SetAuthorities(fact.firm_authorities_set(), rows);
    case v1::Fact::kFirmSuspendedSet:
      return SetSuspended(fact.firm_suspended_set(), rows);
    case v1::Fact::kPrincipalSet:
      return SetPrincipal(fact.principal_set(), rows);
    case v1::Fact::kAgreementOffered:
      return Offer(fact.agreement_offered(), record, rows);
    case v1::Fact::kAgreementSigned:
      return Sign(fact.agreement_signed(), record, rows);
    case v1::Fact::kAgreementInForce:
      return PutInForce(fact.agreement_in_force(), record.instant, rows);
    case v1::Fact::kAgreementRevoked:
      return Revoke(fact.agreement_revoked(), record, rows);
    case v1::Fact::kBreakGlassOpened:
      return OpenGlass(fact.break_glass_opened(), record.instant, rows);
    case v1::Fact::kBreakGlassClosed:
      return CloseGlass(fact.break_glass_closed(), record, rows);
    case v1::Fact::KIND_NOT_SET:
      base::Bug("a fact without a kind came through the codec");
  }
}

}  // namespace tandem::governance

#include "services/governance/view.h"

#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/governance/codec.h"
#include "services/governance/terms.h"

namespace tandem::governance {
namespace {

std::vector<std::string> PartiesIn(const std::string& terms_bytes) {
  v1::Terms terms;
  base::Require(terms.ParseFromString(terms_bytes), "terms that do not parse came in a fact");
  return PartyIds(terms);
}

v1::Fact Readable(const base::FactRecord& record) {
  absl::StatusOr<v1::Fact> fact = DecodeFact(record.fact);
  base::Require(fact.ok(), "a fact that cannot be read came to a view");
  return *std::move(fact);
}

std::vector<std::string> FirmsOf(const v1::Fact& fact) {
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kFirmAdmitted:
      return {fact.firm_admitted().firm()};
    case v1::Fact::kFirmAuthoritiesSet:
      return {fact.firm_authorities_set().firm()};
    case v1::Fact::kFirmSuspendedSet: {
      const v1::FirmSuspendedSet& set = fact.firm_suspended_set();
      std::vector<std::string> firms(set.partners().begin(), set.partners().end());
      firms.insert(std::upper_bound(firms.begin(), firms.end(), set.firm()), set.firm());
      return firms;
    }
    case v1::Fact::kPrincipalSet:
      return {fact.principal_set().firm()};
    case v1::Fact::kAgreementOffered:
      return PartiesIn(fact.agreement_offered().terms());
    case v1::Fact::kAgreementSigned:
      return {fact.agreement_signed().parties().begin(), fact.agreement_signed().parties().end()};
    case v1::Fact::kAgreementInForce:
      return PartiesIn(fact.agreement_in_force().terms());
    case v1::Fact::kAgreementRevoked:
      return {fact.agreement_revoked().parties().begin(), fact.agreement_revoked().parties().end()};
    case v1::Fact::kBreakGlassOpened:
      return {fact.break_glass_opened().parties().begin(),
              fact.break_glass_opened().parties().end()};
    case v1::Fact::kBreakGlassClosed:
      return {fact.break_glass_closed().parties().begin(),
              fact.break_glass_closed().parties().end()};
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact without a kind came through the codec");
}

template <typename Message>
SeenFact Seen(const Message& message, const std::string& relation) {
  return {.type_name = message.GetTypeName(),
          .payload = message.SerializeAsString(),
          .relation = relation};
}

}  // namespace

std::vector<std::string> FirmsOf(const base::FactRecord& record) {
  return FirmsOf(Readable(record));
}

std::optional<SeenFact> SeenBy(const base::FactRecord& record, std::string_view viewer) {
  v1::Fact fact = Readable(record);
  const std::vector<std::string> firms = FirmsOf(fact);
  if (std::find(firms.begin(), firms.end(), viewer) == firms.end()) return std::nullopt;
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kFirmAdmitted:
      return Seen(fact.firm_admitted(), "");
    case v1::Fact::kFirmAuthoritiesSet:
      return Seen(fact.firm_authorities_set(), "");
    case v1::Fact::kFirmSuspendedSet:
      fact.mutable_firm_suspended_set()->clear_partners();
      return Seen(fact.firm_suspended_set(), "");
    case v1::Fact::kPrincipalSet:
      return Seen(fact.principal_set(), "");
    case v1::Fact::kAgreementOffered:
      return Seen(fact.agreement_offered(), fact.agreement_offered().agreement());
    case v1::Fact::kAgreementSigned:
      return Seen(fact.agreement_signed(), fact.agreement_signed().agreement());
    case v1::Fact::kAgreementInForce:
      return Seen(fact.agreement_in_force(), fact.agreement_in_force().agreement());
    case v1::Fact::kAgreementRevoked:
      return Seen(fact.agreement_revoked(), fact.agreement_revoked().agreement());
    case v1::Fact::kBreakGlassOpened:
      return Seen(fact.break_glass_opened(), fact.break_glass_opened().agreement());
    case v1::Fact::kBreakGlassClosed:
      return Seen(fact.break_glass_closed(), fact.break_glass_closed().agreement());
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact without a kind came through the codec");
}

}  // namespace tandem::governance

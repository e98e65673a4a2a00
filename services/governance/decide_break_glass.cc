#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/governance/codec.h"
#include "services/governance/decide.h"

namespace tandem::governance {
namespace {

google::protobuf::Timestamp TimestampFrom(absl::Time time) {
  const std::int64_t nanos = absl::ToUnixNanos(time);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(nanos / 1'000'000'000);
  timestamp.set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
  return timestamp;
}

absl::Status CheckDuration(absl::Duration duration) {
  if (duration >= kBreakGlassMin && duration <= kBreakGlassMax) return absl::OkStatus();
  return base::RefuseField(base::Reason::kFieldOutOfRange, "duration",
                           "a break-glass lasts one minute to 24 hours",
                           {{"seconds", absl::ToInt64Seconds(duration)}});
}

// Nothing is shared by an agreement that is not in force, so there is nothing to read.
absl::StatusOr<Agreement> AgreementInForceOf(const base::RowReader& rows, const std::string& id) {
  std::optional<Agreement> agreement = AgreementIn(rows, id);
  if (!agreement.has_value()) {
    return base::Refuse(base::Reason::kUnknownAgreement, "there is no such agreement",
                        {{"agreement", id}});
  }
  TANDEM_RETURN_IF_ERROR(CheckNotRevoked(*agreement));
  if (agreement->state == v1::Agreement::STATE_IN_FORCE) return *std::move(agreement);
  return base::Refuse(base::Reason::kAgreementNotInForce,
                      "the agreement is only offered: it shares nothing yet", {{"agreement", id}});
}

absl::Status CheckNoneStands(const base::RowReader& rows, const base::Stamp& stamp) {
  const std::optional<BreakGlass> newest = NewestGlassIn(rows, stamp.caller.principal);
  if (!newest.has_value() || !newest->Stands(stamp.instant)) return absl::OkStatus();
  return base::Refuse(
      base::Reason::kBreakGlassStands,
      "the principal has a break-glass that stands: close it first",
      {{"break_glass", newest->id},
       {"agreement", newest->agreement},
       {"expire_time", absl::FormatTime(newest->expire_time, absl::UTCTimeZone())}});
}

absl::Status CheckNotRefused(const base::RowReader& rows, const std::string& agreement,
                             absl::Time now) {
  const absl::Time until = RefusedUntilIn(rows, agreement);
  if (now >= until) return absl::OkStatus();
  return base::Refuse(
      base::Reason::kBreakGlassRefused,
      "a party has closed a break-glass of this agreement and so refuses another for a day",
      {{"agreement", agreement}, {"until", absl::FormatTime(until, absl::UTCTimeZone())}});
}

}  // namespace

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const OpenBreakGlass& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckOperator(stamp.caller));
  TANDEM_RETURN_IF_ERROR(CheckText("explanation", command.explanation, kExplanationBytesMax));
  TANDEM_RETURN_IF_ERROR(CheckDuration(command.duration));
  TANDEM_ASSIGN_OR_RETURN(const Agreement agreement, AgreementInForceOf(rows, command.agreement));
  TANDEM_RETURN_IF_ERROR(CheckNoneStands(rows, stamp));
  TANDEM_RETURN_IF_ERROR(CheckNotRefused(rows, agreement.id, stamp.instant));
  if (BreakGlassIn(rows, agreement.id, command.break_glass).has_value()) {
    return base::Refuse(base::Reason::kAlreadyExists,
                        "this request_id opened a break-glass before: choose a new one",
                        {{"break_glass", command.break_glass}});
  }
  v1::Fact fact;
  v1::BreakGlassOpened& opened = *fact.mutable_break_glass_opened();
  opened.set_agreement(agreement.id);
  opened.set_break_glass(command.break_glass);
  opened.set_principal(stamp.caller.principal);
  opened.set_explanation(command.explanation);
  *opened.mutable_expire_time() = TimestampFrom(stamp.instant + command.duration);
  for (const std::string& party : agreement.parties) opened.add_parties(party);
  Facts facts{EncodeFact(fact)};
  facts.back().agreement_version = static_cast<std::uint32_t>(agreement.version);
  return facts;
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseBreakGlass& command,
                             const base::Stamp& stamp) {
  std::optional<Agreement> agreement;
  if (stamp.caller.operator_role) {
    agreement = AgreementIn(rows, command.agreement);
  } else {
    TANDEM_RETURN_IF_ERROR(CheckRole(rows, stamp.caller, v1::ROLE_SIGNER));
    TANDEM_ASSIGN_OR_RETURN(agreement, AgreementOf(rows, stamp.caller, command.agreement));
  }
  if (command.explanation.size() > kExplanationBytesMax) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "explanation",
                             absl::StrCat("at most ", kExplanationBytesMax, " bytes"),
                             {{"size", command.explanation.size()}});
  }
  const std::optional<BreakGlass> glass =
      BreakGlassIn(rows, command.agreement, command.break_glass);
  if (!agreement.has_value() || !glass.has_value()) {
    return base::Refuse(base::Reason::kUnknownRecord, "there is no such break-glass",
                        {{"agreement", command.agreement}, {"break_glass", command.break_glass}});
  }
  if (!glass->Stands(stamp.instant)) {
    return base::Refuse(base::Reason::kBreakGlassEnded, "the break-glass has ended already",
                        {{"break_glass", glass->id}});
  }
  v1::Fact fact;
  v1::BreakGlassClosed& closed = *fact.mutable_break_glass_closed();
  closed.set_agreement(agreement->id);
  closed.set_break_glass(glass->id);
  closed.set_firm(stamp.caller.operator_role ? kOperatorFirm : stamp.caller.firm);
  closed.set_explanation(command.explanation);
  for (const std::string& party : agreement->parties) closed.add_parties(party);
  Facts facts{EncodeFact(fact)};
  facts.back().agreement_version = static_cast<std::uint32_t>(agreement->version);
  return facts;
}

}  // namespace tandem::governance

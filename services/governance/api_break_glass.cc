// Break-glass: the operator's leave to read what an agreement shares; and who may read an
// agreement.
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/governance/api.h"
#include "services/governance/api_messages.h"
#include "services/governance/api_support.h"
#include "services/governance/codec.h"
#include "services/runtime/envelope.h"

namespace tandem::governance {
namespace {

constexpr char kGlassPattern[] = "agreements/*/breakGlasses/*";

absl::Status NoParty(const runtime::Call& call, const std::string& id) {
  return base::Refuse(base::Reason::kNotGranted, "the firm is no party of this agreement",
                      {{"agreement", id}, {"firm", call.caller.firm}});
}

// The same for every retry, another for every other caller, agreement and request.
std::string NewGlassId(const base::Caller& caller, const std::string& agreement,
                       const std::string& request_id) {
  const std::string whole = absl::StrCat("break-glass/", caller.principal, "/", agreement, "/",
                                         absl::AsciiStrToLower(request_id));
  return absl::BytesToHexString(BytesOf(runtime::HashOf(whole)).substr(0, 10));
}

absl::StatusOr<OpenBreakGlass> Parse(const runtime::Call& call,
                                     const v1::OpenBreakGlassRequest& request) {
  OpenBreakGlass command;
  TANDEM_ASSIGN_OR_RETURN(command.agreement, AgreementFrom("parent", request.parent()));
  command.break_glass = NewGlassId(call.caller, command.agreement, request.request_id());
  command.explanation = request.explanation();
  if (request.has_duration()) {
    command.duration =
        absl::Seconds(request.duration().seconds()) + absl::Nanoseconds(request.duration().nanos());
  }
  return command;
}

absl::StatusOr<CloseBreakGlass> Parse(const v1::CloseBreakGlassRequest& request) {
  CloseBreakGlass command;
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName("name", kGlassPattern, request.name()));
  command.agreement = std::move(ids[0]);
  command.break_glass = std::move(ids[1]);
  command.explanation = request.explanation();
  return command;
}

absl::StatusOr<v1::BreakGlass> RenderGlass(const base::RowReader& rows,
                                           const std::string& agreement, const std::string& id,
                                           absl::Time now) {
  const std::optional<BreakGlass> glass = BreakGlassIn(rows, agreement, id);
  if (glass.has_value()) return BreakGlassMessage(*glass, now);
  return base::Refuse(base::Reason::kUnknownRecord, "there is no such break-glass");
}

// The operator reads what was opened in its name, of any agreement; parties of their own.
absl::Status CheckMayList(const base::RowReader& rows, const runtime::Call& call,
                          const std::string& agreement, absl::Time now) {
  if (!call.caller.operator_role) return ReadableAgreement(rows, call, agreement, now).status();
  return AgreementIn(rows, agreement).has_value() ? absl::OkStatus() : NoParty(call, agreement);
}

}  // namespace

absl::StatusOr<Agreement> ReadableAgreement(const base::RowReader& rows, const runtime::Call& call,
                                            const std::string& id, absl::Time now) {
  std::optional<Agreement> agreement = AgreementIn(rows, id);
  if (!agreement.has_value()) return NoParty(call, id);
  if (call.caller.operator_role) {
    // Under the break-glass that the audit's line names, and no other.
    const std::optional<BreakGlass> glass = BreakGlassIn(rows, id, call.break_glass);
    const bool may =
        glass.has_value() && glass->principal == call.caller.principal && glass->Stands(now);
    if (!may) return NoParty(call, id);
    return *std::move(agreement);
  }
  if (!agreement->HasParty(call.caller.firm)) return NoParty(call, id);
  const absl::Time until = ReadableUntilIn(rows, *agreement);
  if (now < until) return *std::move(agreement);
  return base::Refuse(
      base::Reason::kRetentionEnded,
      "the agreement has ended, and so has the time for which its parties keep reading it",
      {{"agreement", id}, {"until", absl::FormatTime(until, absl::UTCTimeZone())}});
}

void GovernanceApi::OpenBreakGlass(const runtime::Call& call,
                                   const v1::OpenBreakGlassRequest& request,
                                   runtime::Reply<v1::BreakGlass> reply) {
  const absl::StatusOr<governance::OpenBreakGlass> command = Parse(call, request);
  const auto asked = command.value_or(governance::OpenBreakGlass());
  Change<governance::OpenBreakGlass, v1::OpenBreakGlassRequest, v1::BreakGlass>(
      call, request, {{"OpenBreakGlass", request.parent()}, command},
      [this, agreement = asked.agreement, id = asked.break_glass](const base::RowReader& rows,
                                                                  const auto&) {
        return RenderGlass(rows, agreement, id, Now());
      },
      std::move(reply));
}

void GovernanceApi::CloseBreakGlass(const runtime::Call& call,
                                    const v1::CloseBreakGlassRequest& request,
                                    runtime::Reply<v1::BreakGlass> reply) {
  const absl::StatusOr<governance::CloseBreakGlass> command = Parse(request);
  const auto asked = command.value_or(governance::CloseBreakGlass());
  Change<governance::CloseBreakGlass, v1::CloseBreakGlassRequest, v1::BreakGlass>(
      call, request, {{"CloseBreakGlass", request.name()}, command},
      [this, agreement = asked.agreement, id = asked.break_glass](const base::RowReader& rows,
                                                                  const auto&) {
        return RenderGlass(rows, agreement, id, Now());
      },
      std::move(reply));
}

void GovernanceApi::ListBreakGlasses(const runtime::Call& call,
                                     const v1::ListBreakGlassesRequest& request,
                                     runtime::Reply<v1::ListBreakGlassesResponse> reply) {
  const absl::StatusOr<std::string> agreement = AgreementFrom("parent", request.parent());
  const auto render = [this, call, agreement](
                          const base::RowReader& rows, int page_size,
                          std::string& last_key) -> absl::StatusOr<v1::ListBreakGlassesResponse> {
    TANDEM_RETURN_IF_ERROR(agreement.status());
    const absl::Time now = Now();
    TANDEM_RETURN_IF_ERROR(CheckMayList(rows, call, *agreement, now));
    v1::ListBreakGlassesResponse response;
    const std::string after = std::exchange(last_key, "");
    bool more = false;
    std::string last;
    rows.Scan(BreakGlassKey(*agreement, after), base::PrefixEnd(BreakGlassPrefix(*agreement)),
              [&](std::string_view key, std::string_view value) {
                const std::string id = LastIdOf(key);
                if (id == after) return true;
                more = response.break_glasses_size() == page_size;
                if (more) return false;
                const absl::StatusOr<BreakGlass> glass = DecodeBreakGlass(value);
                base::Require(glass.ok(), "a break-glass's row is damaged");
                *response.add_break_glasses() = BreakGlassMessage(*glass, now);
                last = id;
                return true;
              });
    if (more) last_key = last;
    return response;
  };
  ReadPage<v1::ListBreakGlassesRequest, v1::ListBreakGlassesResponse>(
      call, {"ListBreakGlasses", request.parent()}, request, render, std::move(reply));
}

}  // namespace tandem::governance

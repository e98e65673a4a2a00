// What the handlers have in common; included by the api's own sources only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/name.h"
#include "services/base/status.h"
#include "services/exchange/api.h"
#include "services/exchange/decide.h"
#include "services/exchange/model.h"

namespace tandem::exchange {

// "firms/{firm}" of the caller's own. BAD_NAME; PERMISSION_DENIED / NOT_YOURS.
absl::StatusOr<std::string> OwnFirm(const Call& call, std::string_view field,
                                    std::string_view name);
// "firms/{firm}/locations/{location}" and what follows by `pattern`: the ids. The same errors.
absl::StatusOr<std::vector<std::string>> OwnIds(const Call& call, std::string_view field,
                                                std::string_view pattern, std::string_view name);
absl::StatusOr<Place> OwnPlace(const Call& call, std::string_view field, std::string_view name);
// Anybody's.
absl::StatusOr<Place> AnyPlace(std::string_view field, std::string_view name);
absl::StatusOr<std::string> AnyFirm(std::string_view field, std::string_view name);

// PERMISSION_DENIED / ROLE_MISSING for a caller who is no editor of its firm.
absl::Status CheckEditor(const ExchangeSeams& seams, const Call& call);

base::SlotId SlotOf(const ExchangeSeams& seams, const Place& place);
base::SlotId SlotOf(const ExchangeSeams& seams, std::string_view owner);

std::string LocationName(const Place& place);
base::Position PositionOf(const runtime::Outcome& outcome);

// 0: the default; more than the maximum: the maximum. FIELD_OUT_OF_RANGE for a negative size.
absl::StatusOr<int> PageSize(int asked, int size_default, int size_max);

// The message of a fact that was decided, or nullopt where it added none of that kind.
template <typename Message>
std::optional<Message> FactIn(const runtime::Outcome& outcome, std::uint32_t kind) {
  for (const base::FactRecord& record : outcome.facts) {
    Message message;
    if (record.fact.kind == kind && message.ParseFromString(record.fact.payload)) return message;
  }
  return std::nullopt;
}

// The command of an editor's request that has a request id, or why it is none.
template <typename Request, typename Decision>
absl::StatusOr<runtime::Command> EditorsCommand(const ExchangeSeams& seams, const Call& call,
                                                std::string_view method, const Request& request,
                                                Decision decide) {
  TANDEM_RETURN_IF_ERROR(CheckEditor(seams, call));
  TANDEM_RETURN_IF_ERROR(base::CheckRequestId(request.request_id()));
  return runtime::CommandFor(call, method, request, std::move(decide));
}

// Submits a command and answers with what `answer` makes of the outcome:
// absl::StatusOr<Response>(const runtime::Outcome&).
template <typename Response, typename AnswerFn>
void Change(const ExchangeSeams& seams, base::SlotId slot, absl::StatusOr<runtime::Command> command,
            Reply<Response> reply, AnswerFn answer) {
  if (!command.ok()) return reply(command.status());
  seams.router->Submit(
      slot, *std::move(command),
      [reply = std::move(reply),
       answer = std::move(answer)](const absl::StatusOr<runtime::Outcome>& outcome) mutable {
        if (!outcome.ok()) return reply(outcome.status());
        absl::StatusOr<Response> response = answer(*outcome);
        if (!response.ok()) return reply(response.status());
        reply(runtime::Answer<Response>{*std::move(response), PositionOf(*outcome)});
      });
}

// Opens `token` and calls `then` with OK once it is reached here, or with the error.
void AtPosition(const ExchangeSeams& seams, const Call& call, std::string_view token,
                absl::AnyInvocable<void(absl::Status)> then);

}  // namespace tandem::exchange

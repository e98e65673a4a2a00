// What the handlers have in common, and the bodies of GovernanceApi's templates; included by the
// api's own sources only.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/governance/api.h"
#include "services/governance/codec.h"

namespace tandem::governance {

inline constexpr base::SlotId kSlot{.domain = base::DomainId::kGovernance, .index = 0};
inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1'000;

inline std::string BytesOf(const runtime::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

inline absl::StatusOr<std::string> AgreementFrom(std::string_view field, std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName(field, "agreements/*", name));
  return std::move(ids[0]);
}

inline absl::StatusOr<int> PageSizeFrom(std::int32_t page_size) {
  if (page_size < 0) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "page_size", "must not be negative",
                             {{"value", page_size}});
  }
  return page_size == 0 ? kPageSizeDefault : std::min<int>(page_size, kPageSizeMax);
}

inline absl::Status CheckReader(const base::RowReader& rows, const base::Caller& caller) {
  return caller.operator_role ? absl::OkStatus() : CheckRole(rows, caller, v1::ROLE_READER);
}

// The agreement, for whom it is a joint record: its parties as long as retention lasts, and the
// principal of a break-glass that stands on it. NOT_GRANTED, there or not, or RETENTION_ENDED.
absl::StatusOr<Agreement> ReadableAgreement(const base::RowReader& rows, const runtime::Call& call,
                                            const std::string& id, absl::Time now);

template <typename Command, typename Request, typename Message>
void GovernanceApi::Change(const runtime::Call& call, const Request& request,
                           std::pair<Asked, absl::StatusOr<Command>> parsed, Render<Message> render,
                           runtime::Reply<Message> reply) {
  reply = audit_.Change(call, parsed.first, std::move(reply));
  absl::Status status = base::CheckRequestId(request.request_id());
  if (status.ok()) status = parsed.second.status();
  if (!status.ok()) return reply(std::move(status));
  runtime::Command command = runtime::CommandFor(
      call, parsed.first.method, request,
      [command = *std::move(parsed.second)](const base::RowReader& rows, const base::Stamp& stamp) {
        return Decide(rows, command, stamp);
      });
  router_.Submit(kSlot, std::move(command),
                 [this, render = std::move(render), reply = std::move(reply)](
                     const absl::StatusOr<runtime::Outcome>& outcome) mutable {
                   if (!outcome.ok()) return reply(outcome.status());
                   const absl::StatusOr<runtime::Log::Rows> rows = router_.Read(kSlot);
                   if (!rows.ok()) return reply(rows.status());
                   runtime::Answer<Message> answer;
                   answer.position.Set(kSlot, rows->applied);
                   absl::StatusOr<Message> message = render(*rows->rows, answer.position);
                   if (!rows->rows->status().ok()) return reply(rows->rows->status());
                   if (!message.ok()) return reply(message.status());
                   answer.message = *std::move(message);
                   reply(std::move(answer));
                 });
}

template <typename Message>
void GovernanceApi::Read(const runtime::Call& call, Asked asked,
                         absl::StatusOr<base::Position> position, Render<Message> render,
                         runtime::Reply<Message> reply) {
  reply = audit_.Read(call, std::move(asked), std::move(reply));
  if (!position.ok()) return reply(position.status());
  router_.WaitFor(*position, call.deadline,
                  [this, call, render = std::move(render),
                   reply = std::move(reply)](absl::Status status) mutable {
                    if (!status.ok()) return reply(std::move(status));
                    const absl::StatusOr<runtime::Log::Rows> rows = router_.Read(kSlot);
                    if (!rows.ok()) return reply(rows.status());
                    runtime::Answer<Message> answer;
                    answer.position.Set(kSlot, rows->applied);
                    const auto checked = [&]() -> absl::StatusOr<Message> {
                      TANDEM_RETURN_IF_ERROR(CheckReader(*rows->rows, call.caller));
                      return render(*rows->rows, answer.position);
                    };
                    absl::StatusOr<Message> message = checked();
                    if (!rows->rows->status().ok()) message = rows->rows->status();
                    if (!message.ok()) return reply(message.status());
                    answer.message = *std::move(message);
                    reply(std::move(answer));
                  });
}

template <typename Request, typename Message>
void GovernanceApi::ReadPage(
    const runtime::Call& call, Asked asked, const Request& request,
    std::function<absl::StatusOr<Message>(const base::RowReader&, int, std::string&)> render,
    runtime::Reply<Message> reply) {
  const std::string firm = call.caller.firm;
  std::string method = asked.method;
  if (!asked.resource.empty()) method += "/" + asked.resource;
  const absl::StatusOr<int> page_size = PageSizeFrom(request.page_size());
  absl::StatusOr<base::Position> position =
      runtime::OpenPosition(sealer_, firm, request.min_position());
  absl::StatusOr<runtime::PageStart> start =
      runtime::OpenPage(sealer_, method, firm, request.page_token());
  if (!page_size.ok()) position = page_size.status();
  if (!start.ok()) position = start.status();
  if (position.ok()) position->Merge(start->position);
  Read<Message>(
      call, std::move(asked), std::move(position),
      [this, firm, method = std::move(method), render = std::move(render), start = std::move(start),
       page_size](const base::RowReader& rows,
                  const base::Position& now) -> absl::StatusOr<Message> {
        runtime::PageStart next = *start;
        if (next.last_key.empty()) next.position = now;
        TANDEM_ASSIGN_OR_RETURN(Message message, render(rows, *page_size, next.last_key));
        if (!next.last_key.empty()) {
          message.set_next_page_token(runtime::SealPage(sealer_, method, firm, next));
        }
        return message;
      },
      std::move(reply));
}

}  // namespace tandem::governance

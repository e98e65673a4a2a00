#include "services/exchange/api_support.h"

#include <algorithm>

#include "services/base/reason.h"

namespace tandem::exchange {
namespace {

using base::Reason;

absl::Status CheckOwn(const Call& call, std::string_view field, std::string_view firm) {
  if (call.caller.firm == firm) return absl::OkStatus();
  return base::RefuseField(Reason::kNotYours, field, "only the owner changes this",
                           {{"firm", std::string(firm)}});
}

}  // namespace

absl::StatusOr<std::vector<std::string>> OwnIds(const Call& call, std::string_view field,
                                                std::string_view pattern, std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(std::vector<std::string> ids, base::ParseName(field, pattern, name));
  TANDEM_RETURN_IF_ERROR(CheckOwn(call, field, ids[0]));
  return ids;
}

absl::StatusOr<std::string> OwnFirm(const Call& call, std::string_view field,
                                    std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(const auto ids, OwnIds(call, field, "firms/*", name));
  return ids[0];
}

absl::StatusOr<Place> OwnPlace(const Call& call, std::string_view field, std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(auto ids, OwnIds(call, field, "firms/*/locations/*", name));
  return Place{std::move(ids[0]), std::move(ids[1])};
}

absl::StatusOr<Place> AnyPlace(std::string_view field, std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName(field, "firms/*/locations/*", name));
  return Place{std::move(ids[0]), std::move(ids[1])};
}

absl::StatusOr<std::string> AnyFirm(std::string_view field, std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName(field, "firms/*", name));
  return std::move(ids[0]);
}

absl::Status CheckEditor(const ExchangeSeams& seams, const Call& call) {
  if (!seams.check_role) return absl::OkStatus();
  return seams.check_role(call.caller.firm, call.caller.principal, "editor");
}

base::SlotId SlotOf(const ExchangeSeams& seams, const Place& place) {
  return seams.router->SlotOf(base::DomainId::kExchange, SlotKey(place));
}

base::SlotId SlotOf(const ExchangeSeams& seams, std::string_view owner) {
  return seams.router->SlotOf(base::DomainId::kExchange, owner);
}

std::string LocationName(const Place& place) {
  return "firms/" + place.owner + "/locations/" + place.location;
}

base::Position PositionOf(const runtime::Outcome& outcome) {
  base::Position position;
  position.Set(outcome.slot, outcome.durable_number);
  return position;
}

absl::StatusOr<int> PageSize(int asked, int size_default, int size_max) {
  if (asked < 0) {
    return base::RefuseField(Reason::kFieldOutOfRange, "page_size", "is negative",
                             {{"page_size", asked}});
  }
  return asked == 0 ? size_default : std::min(asked, size_max);
}

void AtPosition(const ExchangeSeams& seams, const Call& call, std::string_view token,
                absl::AnyInvocable<void(absl::Status)> then) {
  const auto position = runtime::OpenPosition(*seams.sealer, call.caller.firm, token);
  if (!position.ok()) return then(position.status());
  if (position->numbers().empty()) return then(absl::OkStatus());
  seams.router->WaitFor(*position, call.deadline, std::move(then));
}

}  // namespace tandem::exchange

// Registers, events, promotions and plans: changes, and lists by id.
#include <utility>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/exchange/api.h"
#include "services/exchange/api_audit.h"
#include "services/exchange/api_support.h"
#include "services/exchange/codec.h"
#include "services/exchange/facts.h"
#include "services/exchange/view.h"

namespace tandem::exchange {
namespace {

using base::DataKind;
using base::Reason;

// A Decide over rows alone, as the slot calls it.
template <typename Command>
runtime::DecideFunction Deciding(Command command) {
  return [command = std::move(command)](const base::RowReader& rows, const base::Stamp&) {
    return Decide(rows, command);
  };
}

template <typename Response>
absl::StatusOr<Response> Registered(const ExchangeSeams& seams, const std::string& firm,
                                    const runtime::Outcome& outcome, int count) {
  Response response;
  response.set_registered_count(count);
  response.set_position(runtime::SealPosition(*seams.sealer, firm, PositionOf(outcome)));
  return response;
}

// What has been registered or closed is answered once this instance checks by it: so who has the
// answer may name the entry in the next request. Late or not, it is durable: the answer stands.
template <typename Response>
Reply<Response> OnceKnown(const ExchangeSeams& seams, Reply<Response> reply) {
  return [registers = seams.registers,
          reply = std::move(reply)](absl::StatusOr<runtime::Answer<Response>> answer) mutable {
    if (!answer.ok() || registers->Reached(answer->position)) return reply(std::move(answer));
    const base::Position wanted = answer->position;
    registers->WaitFor(wanted, absl::Seconds(1),
                       [reply = std::move(reply), answer = std::move(answer)](
                           const absl::Status&) mutable { reply(std::move(answer)); });
  };
}

// The durable entry under an id: what was decided is there before anybody is answered.
template <typename Entry>
absl::StatusOr<Entry> EntryAt(const ExchangeSeams& seams, base::SlotId slot,
                              const std::string& by_number, const std::string& id_key) {
  TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows, seams.router->Read(slot));
  const auto number = NumberIn(*rows.rows, id_key);
  Entry entry;
  const auto bytes =
      rows.rows->Get(RegisterKey(by_number, static_cast<std::uint32_t>(number.value_or(0))));
  TANDEM_RETURN_IF_ERROR(rows.rows->status());
  if (!bytes.has_value() || !entry.ParseFromString(*bytes)) {
    return base::Refuse(Reason::kStoredBytesDamaged, "a register's entry cannot be read");
  }
  return entry;
}

// What a list reads: rows by id below a prefix, one page of what `cut` lets through.
struct ListScope {
  base::SlotId slot{};
  std::string prefix{};
  std::string method{};  // And what it filters by: a page token continues that alone.
  int page_size = 0;
  std::string page_token{};
};

// Scans rows from the page's start. `add` returns whether the row was shown.
template <typename Add>
absl::StatusOr<std::pair<std::string, base::Position>> ListPage(const ExchangeSeams& seams,
                                                                const Call& call,
                                                                const ListScope& scope, Add add) {
  TANDEM_ASSIGN_OR_RETURN(
      runtime::PageStart start,
      runtime::OpenPage(*seams.sealer, scope.method, call.caller.firm, scope.page_token));
  TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows, seams.router->Read(scope.slot));
  if (start.position.numbers().empty()) start.position.Set(scope.slot, rows.applied);
  std::string first = scope.prefix;
  if (!start.last_key.empty()) first = scope.prefix + start.last_key + '\0';
  int shown = 0;
  std::string last;
  bool more = false;
  absl::Status status;
  rows.rows->Scan(first, base::PrefixEnd(scope.prefix),
                  [&](std::string_view key, std::string_view value) {
                    if (shown == scope.page_size) {
                      more = true;
                      return false;
                    }
                    const absl::StatusOr<bool> added = add(*rows.rows, value);
                    if (!added.ok()) {
                      status = added.status();
                      return false;
                    }
                    if (*added) ++shown;
                    last = std::string(key.substr(scope.prefix.size()));
                    return true;
                  });
  TANDEM_RETURN_IF_ERROR(status);
  TANDEM_RETURN_IF_ERROR(rows.rows->status());
  std::string next;
  if (more) {
    next = runtime::SealPage(*seams.sealer, scope.method, call.caller.firm,
                             {.last_key = last, .position = start.position});
  }
  return std::pair(std::move(next), start.position);
}

template <typename Message>
absl::StatusOr<Message> Stored(std::string_view bytes) {
  Message message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return base::Refuse(Reason::kStoredBytesDamaged, "a stored record cannot be read");
}

std::string IdOfName(std::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));
}

// Waits for the request's min_position, then lists. `fill` makes the page.
template <typename Request, typename Response, typename Fill>
void List(const ExchangeSeams& seams, const Call& call, const Request& request,
          Reply<Response> reply, Fill fill) {
  AtPosition(
      seams, call, request.min_position(),
      [reply = std::move(reply), fill = std::move(fill)](const absl::Status& reached) mutable {
        if (!reached.ok()) return reply(reached);
        reply(fill());
      });
}

// Sees everything of its own; of others' what Check lets through.
absl::StatusOr<bool> May(const ExchangeSeams& seams, const std::string& firm,
                         const std::string& owner, DataKind kind,
                         const std::pair<std::string, std::string>& item_and_location) {
  const absl::Status status =
      seams.grants->Check(firm, owner, kind, item_and_location.first, item_and_location.second);
  if (status.ok()) return true;
  if (status.code() == absl::StatusCode::kPermissionDenied) return false;
  return status;
}

}  // namespace

void ExchangeApi::RegisterItems(const Call& call, const v1::RegisterItemsRequest& request,
                                Reply<v1::RegisterItemsResponse> reply) {
  reply = AuditOf(seams_).Change(call, {"RegisterItems", request.parent()}, std::move(reply));
  const auto owner = OwnFirm(call, "parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  Change(seams_, SlotOf(seams_, *owner),
         EditorsCommand(seams_, call, "RegisterItems", request,
                        Deciding(exchange::RegisterItems{*owner, request.items()})),
         OnceKnown(seams_, std::move(reply)),
         [this, firm = call.caller.firm](const runtime::Outcome& outcome) {
           const auto fact = FactIn<v1::ItemsRegistered>(
               outcome, static_cast<std::uint32_t>(FactKind::kItemsRegistered));
           return Registered<v1::RegisterItemsResponse>(seams_, firm, outcome,
                                                        fact.has_value() ? fact->items_size() : 0);
         });
}

void ExchangeApi::RegisterLocations(const Call& call, const v1::RegisterLocationsRequest& request,
                                    Reply<v1::RegisterLocationsResponse> reply) {
  reply = AuditOf(seams_).Change(call, {"RegisterLocations", request.parent()}, std::move(reply));
  const auto owner = OwnFirm(call, "parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  Change(seams_, SlotOf(seams_, *owner),
         EditorsCommand(seams_, call, "RegisterLocations", request,
                        Deciding(exchange::RegisterLocations{*owner, request.locations()})),
         OnceKnown(seams_, std::move(reply)),
         [this, firm = call.caller.firm](const runtime::Outcome& outcome) {
           const auto fact = FactIn<v1::LocationsRegistered>(
               outcome, static_cast<std::uint32_t>(FactKind::kLocationsRegistered));
           return Registered<v1::RegisterLocationsResponse>(
               seams_, firm, outcome, fact.has_value() ? fact->locations_size() : 0);
         });
}

void ExchangeApi::CloseItem(const Call& call, const v1::CloseItemRequest& request,
                            Reply<v1::Item> reply) {
  reply = AuditOf(seams_).Change(call, {"CloseItem", request.name()}, std::move(reply));
  const auto ids = OwnIds(call, "name", "firms/*/items/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  const auto day = DayFrom("last_date", request.last_date());
  if (!day.ok()) return reply(day.status());
  const base::SlotId slot = SlotOf(seams_, (*ids)[0]);
  Change(seams_, slot,
         EditorsCommand(seams_, call, "CloseItem", request,
                        Deciding(exchange::CloseItem{(*ids)[0], (*ids)[1], day->number()})),
         OnceKnown(seams_, std::move(reply)), [this, slot, ids = *ids](const runtime::Outcome&) {
           return EntryAt<v1::Item>(seams_, slot, OwnerPrefix(RowKind::kItem, ids[0]),
                                    IdKey(OwnerPrefix(RowKind::kItemId, ids[0]), ids[1]));
         });
}

void ExchangeApi::CloseLocation(const Call& call, const v1::CloseLocationRequest& request,
                                Reply<v1::Location> reply) {
  reply = AuditOf(seams_).Change(call, {"CloseLocation", request.name()}, std::move(reply));
  const auto ids = OwnIds(call, "name", "firms/*/locations/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  const auto day = DayFrom("last_date", request.last_date());
  if (!day.ok()) return reply(day.status());
  const base::SlotId slot = SlotOf(seams_, (*ids)[0]);
  Change(seams_, slot,
         EditorsCommand(seams_, call, "CloseLocation", request,
                        Deciding(exchange::CloseLocation{(*ids)[0], (*ids)[1], day->number()})),
         OnceKnown(seams_, std::move(reply)), [this, slot, ids = *ids](const runtime::Outcome&) {
           return EntryAt<v1::Location>(seams_, slot, OwnerPrefix(RowKind::kLocation, ids[0]),
                                        IdKey(OwnerPrefix(RowKind::kLocationId, ids[0]), ids[1]));
         });
}

void ExchangeApi::PutEvents(const Call& call, const v1::PutEventsRequest& request,
                            Reply<v1::PutEventsResponse> reply) {
  reply = AuditOf(seams_).Change(call, {"PutEvents", request.parent()}, std::move(reply));
  const auto owner = OwnFirm(call, "parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  Change(seams_, SlotOf(seams_, *owner),
         EditorsCommand(seams_, call, "PutEvents", request,
                        Deciding(exchange::PutEvents{*owner, request.events()})),
         std::move(reply),
         [](const runtime::Outcome& outcome) -> absl::StatusOr<v1::PutEventsResponse> {
           v1::PutEventsResponse response;
           const auto fact =
               FactIn<v1::EventsPut>(outcome, static_cast<std::uint32_t>(FactKind::kEventsPut));
           response.set_changed_count(fact.has_value() ? fact->events_size() : 0);
           return response;
         });
}

void ExchangeApi::PutPromotions(const Call& call, const v1::PutPromotionsRequest& request,
                                Reply<v1::PutPromotionsResponse> reply) {
  reply = AuditOf(seams_).Change(call, {"PutPromotions", request.parent()}, std::move(reply));
  const auto place = OwnPlace(call, "parent", request.parent());
  if (!place.ok()) return reply(place.status());
  auto registers = seams_.registers->Of(place->owner);
  if (registers->locations.NumberOf(place->location) == 0) {
    return reply(base::RefuseField(Reason::kUnknownLocation, "parent", "is not in the register",
                                   {{"location", place->location}}));
  }
  Change(seams_, SlotOf(seams_, *place),
         EditorsCommand(
             seams_, call, "PutPromotions", request,
             Deciding(exchange::PutPromotions{*place, request.promotions(), std::move(registers)})),
         std::move(reply),
         [](const runtime::Outcome& outcome) -> absl::StatusOr<v1::PutPromotionsResponse> {
           v1::PutPromotionsResponse response;
           const auto fact = FactIn<v1::PromotionsPut>(
               outcome, static_cast<std::uint32_t>(FactKind::kPromotionsPut));
           response.set_changed_count(fact.has_value() ? fact->promotions_size() : 0);
           return response;
         });
}

void ExchangeApi::PutPlan(const Call& call, const v1::PutPlanRequest& request,
                          Reply<v1::Plan> reply) {
  reply = AuditOf(seams_).Change(call, {"PutPlan", request.plan().name()}, std::move(reply));
  const auto ids = OwnIds(call, "plan.name", "firms/*/plans/*", request.plan().name());
  if (!ids.ok()) return reply(ids.status());
  Change(seams_, SlotOf(seams_, (*ids)[0]),
         EditorsCommand(seams_, call, "PutPlan", request,
                        Deciding(exchange::PutPlan{(*ids)[0], request.plan()})),
         std::move(reply),
         [plan = request.plan()](const runtime::Outcome&) -> absl::StatusOr<v1::Plan> {
           return plan;
         });
}

void ExchangeApi::ListItems(const Call& call, const v1::ListItemsRequest& request,
                            Reply<v1::ListItemsResponse> reply) {
  reply = AuditOf(seams_).Read(call, {"ListItems", request.parent()}, std::move(reply));
  const auto owner = AnyFirm("parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  const auto page_size = PageSize(request.page_size(), 1'000, 10'000);
  if (!page_size.ok()) return reply(page_size.status());
  const ListScope scope{SlotOf(seams_, *owner), OwnerPrefix(RowKind::kItemId, *owner),
                        "ListItems/" + *owner, *page_size, request.page_token()};
  List(seams_, call, request, std::move(reply),
       [this, call, owner = *owner,
        scope]() -> absl::StatusOr<runtime::Answer<v1::ListItemsResponse>> {
         TANDEM_RETURN_IF_ERROR(
             seams_.grants->Check(runtime::ViewerOf(call), owner, DataKind::kItems, "", ""));
         runtime::Answer<v1::ListItemsResponse> answer;
         const std::string by_number = OwnerPrefix(RowKind::kItem, owner);
         TANDEM_ASSIGN_OR_RETURN(
             auto end,
             ListPage(
                 seams_, call, scope,
                 [&](const base::RowReader& rows, std::string_view value) -> absl::StatusOr<bool> {
                   const auto number = static_cast<std::uint32_t>(DecodeNumber(value));
                   TANDEM_ASSIGN_OR_RETURN(
                       v1::Item item,
                       Stored<v1::Item>(rows.Get(RegisterKey(by_number, number)).value_or("\xff")));
                   TANDEM_ASSIGN_OR_RETURN(
                       const bool may, May(seams_, runtime::ViewerOf(call), owner, DataKind::kItems,
                                           {IdOfName(item.name()), ""}));
                   if (!may) return false;
                   *answer.message.add_items() = CutItem(std::move(item), owner, call.caller.firm);
                   return true;
                 }));
         answer.message.set_next_page_token(std::move(end.first));
         answer.position = std::move(end.second);
         return answer;
       });
}

void ExchangeApi::ListLocations(const Call& call, const v1::ListLocationsRequest& request,
                                Reply<v1::ListLocationsResponse> reply) {
  reply = AuditOf(seams_).Read(call, {"ListLocations", request.parent()}, std::move(reply));
  const auto owner = AnyFirm("parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  const auto page_size = PageSize(request.page_size(), 1'000, 10'000);
  if (!page_size.ok()) return reply(page_size.status());
  const ListScope scope{SlotOf(seams_, *owner), OwnerPrefix(RowKind::kLocationId, *owner),
                        "ListLocations/" + *owner, *page_size, request.page_token()};
  List(seams_, call, request, std::move(reply),
       [this, call, owner = *owner,
        scope]() -> absl::StatusOr<runtime::Answer<v1::ListLocationsResponse>> {
         TANDEM_RETURN_IF_ERROR(
             seams_.grants->Check(runtime::ViewerOf(call), owner, DataKind::kLocations, "", ""));
         runtime::Answer<v1::ListLocationsResponse> answer;
         const std::string by_number = OwnerPrefix(RowKind::kLocation, owner);
         TANDEM_ASSIGN_OR_RETURN(
             auto end,
             ListPage(
                 seams_, call, scope,
                 [&](const base::RowReader& rows, std::string_view value) -> absl::StatusOr<bool> {
                   const auto number = static_cast<std::uint32_t>(DecodeNumber(value));
                   TANDEM_ASSIGN_OR_RETURN(
                       v1::Location location,
                       Stored<v1::Location>(
                           rows.Get(RegisterKey(by_number, number)).value_or("\xff")));
                   TANDEM_ASSIGN_OR_RETURN(
                       const bool may, May(seams_, runtime::ViewerOf(call), owner,
                                           DataKind::kLocations, {"", IdOfName(location.name())}));
                   if (!may) return false;
                   if (call.caller.firm != owner) location.clear_register_number();
                   *answer.message.add_locations() = std::move(location);
                   return true;
                 }));
         answer.message.set_next_page_token(std::move(end.first));
         answer.position = std::move(end.second);
         return answer;
       });
}

void ExchangeApi::ListEvents(const Call& call, const v1::ListEventsRequest& request,
                             Reply<v1::ListEventsResponse> reply) {
  reply = AuditOf(seams_).Read(call, {"ListEvents", request.parent()}, std::move(reply));
  const auto owner = AnyFirm("parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  const auto page_size = PageSize(request.page_size(), 1'000, 10'000);
  if (!page_size.ok()) return reply(page_size.status());
  const ListScope scope{SlotOf(seams_, *owner), OwnerPrefix(RowKind::kEvent, *owner),
                        "ListEvents/" + *owner, *page_size, request.page_token()};
  List(seams_, call, request, std::move(reply),
       [this, call, owner = *owner,
        scope]() -> absl::StatusOr<runtime::Answer<v1::ListEventsResponse>> {
         TANDEM_RETURN_IF_ERROR(
             seams_.grants->Check(runtime::ViewerOf(call), owner, DataKind::kEvents, "", ""));
         runtime::Answer<v1::ListEventsResponse> answer;
         TANDEM_ASSIGN_OR_RETURN(
             auto end,
             ListPage(seams_, call, scope,
                      [&](const base::RowReader&, std::string_view value) -> absl::StatusOr<bool> {
                        TANDEM_ASSIGN_OR_RETURN(const auto event, Stored<v1::Event>(value));
                        TANDEM_ASSIGN_OR_RETURN(
                            auto cut,
                            CutEvent(event, owner, runtime::ViewerOf(call), *seams_.grants));
                        if (!cut.has_value()) return false;
                        *answer.message.add_events() = *std::move(cut);
                        return true;
                      }));
         answer.message.set_next_page_token(std::move(end.first));
         answer.position = std::move(end.second);
         return answer;
       });
}

void ExchangeApi::ListPromotions(const Call& call, const v1::ListPromotionsRequest& request,
                                 Reply<v1::ListPromotionsResponse> reply) {
  reply = AuditOf(seams_).Read(call, {"ListPromotions", request.parent()}, std::move(reply));
  const auto place = AnyPlace("parent", request.parent());
  if (!place.ok()) return reply(place.status());
  const auto page_size = PageSize(request.page_size(), 1'000, 10'000);
  if (!page_size.ok()) return reply(page_size.status());
  const ListScope scope{SlotOf(seams_, *place), PlacePrefix(RowKind::kPromotion, *place),
                        "ListPromotions/" + SlotKey(*place), *page_size, request.page_token()};
  List(seams_, call, request, std::move(reply),
       [this, call, place = *place,
        scope]() -> absl::StatusOr<runtime::Answer<v1::ListPromotionsResponse>> {
         TANDEM_RETURN_IF_ERROR(seams_.grants->Check(runtime::ViewerOf(call), place.owner,
                                                     DataKind::kPromotions, "", place.location));
         runtime::Answer<v1::ListPromotionsResponse> answer;
         TANDEM_ASSIGN_OR_RETURN(
             auto end,
             ListPage(seams_, call, scope,
                      [&](const base::RowReader&, std::string_view value) -> absl::StatusOr<bool> {
                        TANDEM_ASSIGN_OR_RETURN(const auto promotion, Stored<v1::Promotion>(value));
                        TANDEM_ASSIGN_OR_RETURN(
                            auto cut, CutPromotion(promotion, place, runtime::ViewerOf(call),
                                                   *seams_.grants));
                        if (!cut.has_value()) return false;
                        *answer.message.add_promotions() = *std::move(cut);
                        return true;
                      }));
         answer.message.set_next_page_token(std::move(end.first));
         answer.position = std::move(end.second);
         return answer;
       });
}

void ExchangeApi::ListPlans(const Call& call, const v1::ListPlansRequest& request,
                            Reply<v1::ListPlansResponse> reply) {
  reply = AuditOf(seams_).Read(call, {"ListPlans", request.parent()}, std::move(reply));
  const auto owner = AnyFirm("parent", request.parent());
  if (!owner.ok()) return reply(owner.status());
  const auto page_size = PageSize(request.page_size(), 100, 1'000);
  if (!page_size.ok()) return reply(page_size.status());
  const ListScope scope{SlotOf(seams_, *owner), OwnerPrefix(RowKind::kPlan, *owner),
                        "ListPlans/" + *owner, *page_size, request.page_token()};
  List(seams_, call, request, std::move(reply),
       [this, call, owner = *owner,
        scope]() -> absl::StatusOr<runtime::Answer<v1::ListPlansResponse>> {
         TANDEM_RETURN_IF_ERROR(
             seams_.grants->Check(runtime::ViewerOf(call), owner, DataKind::kPlans, "", ""));
         runtime::Answer<v1::ListPlansResponse> answer;
         TANDEM_ASSIGN_OR_RETURN(
             auto end,
             ListPage(seams_, call, scope,
                      [&](const base::RowReader&, std::string_view value) -> absl::StatusOr<bool> {
                        TANDEM_ASSIGN_OR_RETURN(const auto plan, Stored<v1::Plan>(value));
                        TANDEM_ASSIGN_OR_RETURN(
                            auto cut,
                            CutPlan(plan, owner, runtime::ViewerOf(call), *seams_.grants));
                        if (!cut.has_value()) return false;
                        *answer.message.add_plans() = *std::move(cut);
                        return true;
                      }));
         answer.message.set_next_page_token(std::move(end.first));
         answer.position = std::move(end.second);
         return answer;
       });
}

}  // namespace tandem::exchange

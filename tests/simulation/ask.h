// A call from a client to an instance's handler, through the simulated network.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "services/base/fact.h"
#include "services/runtime/call.h"
#include "tests/simulation/instance.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

// What every client needs.
struct Wire {
  World* world = nullptr;
  Network* network = nullptr;
  Node* clients = nullptr;  // Clients neither crash nor pause.
  absl::Duration patience = absl::Seconds(3);
};

// Whether the same request may be sent again: nobody knows, or nobody was there.
inline bool MayRetry(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

inline base::Caller CallerOf(const std::string& firm) {
  return {.firm = firm, .principal = "robot", .operator_role = firm == "operator"};
}

// A UUID.
std::string NewRequestId(SeededRandom& random);

// Calls `method` of the instance's api as the firm; `done` runs once, with kUnavailable if nothing
// came back in time. The network may deliver the request twice, or late.
template <typename Api, typename Request, typename Response>
void Ask(const Wire& wire, Instance& instance, Api* (Instance::*api)(),
         void (Api::*method)(const runtime::Call&, const Request&, runtime::Reply<Response>),
         const std::string& firm, const Request& request,
         std::function<void(absl::StatusOr<Response>)> done) {
  const auto once =
      std::make_shared<std::function<void(absl::StatusOr<Response>)>>(std::move(done));
  const auto answer = [once](absl::StatusOr<Response> response) {
    if (const auto call = std::exchange(*once, nullptr)) call(std::move(response));
  };
  wire.network->Send(instance.node(), [wire, &instance, api, method, firm, request, answer] {
    Api* const target = instance.serving() ? (instance.*api)() : nullptr;
    if (target == nullptr) return;
    runtime::Call call;
    call.caller = CallerOf(firm);
    // Sealed tokens and answers travel as they are; the position is the shell's business.
    (target->*method)(
        call, request, [wire, answer](absl::StatusOr<runtime::Answer<Response>> reply) {
          absl::StatusOr<Response> response =
              reply.ok() ? absl::StatusOr<Response>(std::move(reply->message)) : reply.status();
          wire.network->Send(*wire.clients, [answer, response] { answer(response); });
        });
  });
  wire.clients->RunAfter(wire.patience,
                         [answer] { answer(absl::UnavailableError("no answer in time")); });
}

// Asks again with the same bytes until there is an answer, or until `give_up` says so.
template <typename Api, typename Request, typename Response>
void Insist(const Wire& wire, Instance& instance, Api* (Instance::*api)(),
            void (Api::*method)(const runtime::Call&, const Request&, runtime::Reply<Response>),
            const std::string& firm, const Request& request, std::function<bool()> give_up,
            std::function<void(absl::StatusOr<Response>)> done) {
  Ask<Api, Request, Response>(wire, instance, api, method, firm, request,
                              [=, &instance](absl::StatusOr<Response> response) {
                                if (!MayRetry(response.status()) || give_up())
                                  return done(std::move(response));
                                wire.clients->RunAfter(absl::Milliseconds(200), [=, &instance] {
                                  Insist<Api, Request, Response>(wire, instance, api, method, firm,
                                                                 request, give_up, done);
                                });
                              });
}

}  // namespace tandem::simulation

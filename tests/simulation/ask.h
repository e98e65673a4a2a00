// A call from a client to an instance's handler, through the simulated network.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
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

// What a firm asks a handler of an instance.
template <typename Api, typename Request, typename Response>
struct Question {
  Question(Instance& to, Api* (Instance::*of)(),
           void (Api::*handler)(const runtime::Call&, const Request&, runtime::Reply<Response>),
           std::string asker, Request what)
      : instance(&to), api(of), method(handler), firm(std::move(asker)), request(std::move(what)) {}

  Instance* instance;
  Api* (Instance::*api)();
  void (Api::*method)(const runtime::Call&, const Request&, runtime::Reply<Response>);
  std::string firm;
  Request request;
};

template <typename Response>
using Answered = std::function<void(absl::StatusOr<Response>)>;

// Asks; `done` runs once, with kUnavailable if nothing came back in time. The network may deliver
// the request twice, or late.
template <typename Api, typename Request, typename Response>
void Ask(const Wire& wire, const Question<Api, Request, Response>& question,
         std::type_identity_t<Answered<Response>> done) {
  const auto once = std::make_shared<Answered<Response>>(std::move(done));
  const auto answer = [once](absl::StatusOr<Response> response) {
    if (const auto call = std::exchange(*once, nullptr)) call(std::move(response));
  };
  wire.network->Send(question.instance->node(), [wire, question, answer] {
    Instance& instance = *question.instance;
    Api* const target = instance.serving() ? (instance.*question.api)() : nullptr;
    if (target == nullptr) return;
    runtime::Call call;
    call.caller = CallerOf(question.firm);
    // Sealed tokens and answers travel as they are; the position is the shell's business.
    (target->*question.method)(
        call, question.request, [wire, answer](absl::StatusOr<runtime::Answer<Response>> reply) {
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
void Insist(const Wire& wire, const Question<Api, Request, Response>& question,
            const std::function<bool()>& give_up,
            const std::type_identity_t<Answered<Response>>& done) {
  Ask(wire, question, [=](absl::StatusOr<Response> response) {
    if (!MayRetry(response.status()) || give_up()) return done(std::move(response));
    wire.clients->RunAfter(absl::Milliseconds(200), [=] { Insist(wire, question, give_up, done); });
  });
}

}  // namespace tandem::simulation

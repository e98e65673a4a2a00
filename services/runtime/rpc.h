// What a service's gRPC shell is made of: every method is one line. Only service.cc files include
// it.
//
//   grpc::ServerUnaryReactor* SignAgreement(grpc::CallbackServerContext* context,
//                                           const v1::SignAgreementRequest* request,
//                                           v1::Agreement* response) override {
//     return shell_.Unary({"SignAgreement", Role::kSigner}, context, request, response,
//                         &GovernanceApi::SignAgreement);
//   }
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "services/runtime/door.h"
#include "services/runtime/rpc_session.h"
#include "services/runtime/rpc_status.h"
#include "services/runtime/rpc_stream.h"
#include "services/runtime/rpc_unary.h"

namespace tandem::runtime {

// Door and handlers must outlive every call.
template <typename Api>
class Shell {
 public:
  Shell(Door& door, Api& api) : door_(door), api_(api) {}

  // `handler` is a member of Api: void (const Call&, const Request&, Reply<Response>).
  template <typename Request, typename Response, typename Handler>
  grpc::ServerUnaryReactor* Unary(Method method, grpc::CallbackServerContext* context,
                                  const Request* request, Response* response, Handler handler) {
    auto call = std::make_shared<UnaryCall<Response>>(door_, *context, *response);
    grpc::ServerUnaryReactor* const reactor = call->reactor();
    door_.Enter(
        *context, method,
        [this, call = std::move(call), method, request, handler](absl::StatusOr<Guest> guest) {
          if (!call->Begin(std::move(guest), UnaryLoad(method, *request))) return;
          std::invoke(
              handler, api_, call->call(), *request,
              [call](absl::StatusOr<Answer<Response>> answer) { call->Finish(std::move(answer)); });
        });
    return reactor;
  }

  // `handler`: void (const Call&, const Request&, PagesReply<Message>).
  template <typename Message, typename Request, typename Handler>
  grpc::ServerWriteReactor<Message>* Stream(Method method, grpc::CallbackServerContext* context,
                                            const Request* request, Handler handler) {
    method.stream = true;
    auto* reactor = new PageReactor<Message>(door_, *context);  // Deletes itself.
    reactor->Begin(method, [this, request, handler](const Call& call, PagesReply<Message> reply) {
      std::invoke(handler, api_, call, *request, std::move(reply));
    });
    return reactor;
  }

  // `handler`: std::unique_ptr<Session> (const Call&). `load_of` weighs a request, in constant
  // time.
  template <typename Request, typename Response, typename Session>
  grpc::ServerBidiReactor<Request, Response>* Converse(
      Method method, grpc::CallbackServerContext* context,
      std::unique_ptr<Session> (Api::*handler)(const Call&), Load (*load_of)(const Request&)) {
    method.stream = true;
    auto* reactor = new SessionReactor<Request, Response, Session>(door_, *context, load_of);
    reactor->Begin(method, [this, handler](const Call& call) { return (api_.*handler)(call); });
    return reactor;
  }

 private:
  Door& door_;
  Api& api_;
};

}  // namespace tandem::runtime

// One request, one answer: what every unary method of every shell runs. Use through rpc.h's Shell.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "grpcpp/alarm.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "services/runtime/call.h"
#include "services/runtime/door.h"
#include "services/runtime/rpc_status.h"

namespace tandem::runtime {

// What a unary request takes of its firm's share: its bytes, and a row where it changes something.
template <typename Request>
Load UnaryLoad(const Method& method, const Request& request) {
  return {.rows = method.role == Role::kReader ? 0U : 1U, .bytes = request.ByteSizeLong()};
}

// A unary call from the door to its answer. Handlers own it through the reply they hold, so a late
// reply after the deadline finds it here and does nothing.
template <typename Response>
class UnaryCall : public std::enable_shared_from_this<UnaryCall<Response>> {
 public:
  UnaryCall(Door& door, grpc::CallbackServerContext& context, Response& response)
      : door_(door), context_(context), response_(response), reactor_(context.DefaultReactor()) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  // Before the handler runs; refused calls end here.
  bool Begin(absl::StatusOr<Guest> guest, const Load& load) {
    if (!guest.ok()) {
      answered_ = true;
      reactor_->Finish(ToGrpcStatus(guest.status()));
      return false;
    }
    guest_ = *std::move(guest);
    if (absl::Status charged = door_.Charge(guest_, load); !charged.ok()) {
      Finish(std::move(charged));
      return false;
    }
    if (guest_.deadline_is_ours) SetAlarm();
    return true;
  }
  const Call& call() const { return guest_.call; }

  void Finish(absl::StatusOr<Answer<Response>> answer) {
    // gRPC frees context and response once it is finished: whoever comes second touches neither.
    if (answered_.exchange(true)) return;
    if (alarm_.has_value()) alarm_->Cancel();
    base::Position position;
    if (answer.ok()) {
      response_ = std::move(answer->message);
      if (guest_.method.role == Role::kReader) door_.Owe(guest_, response_.ByteSizeLong());
      position = std::move(answer->position);
    }
    reactor_->Finish(door_.Leave(context_, guest_, answer.status(), position));
  }

 private:
  void SetAlarm() {
    alarm_.emplace();
    alarm_->Set(absl::ToChronoTime(guest_.call.deadline),
                [weak = this->weak_from_this()](bool expired) {
                  const std::shared_ptr<UnaryCall> self = expired ? weak.lock() : nullptr;
                  if (self == nullptr) return;
                  self->Finish(absl::DeadlineExceededError(
                      "no answer within the server's own deadline; whether the command took effect "
                      "is unknown, retry with the same request_id"));
                });
  }

  Door& door_;
  grpc::CallbackServerContext& context_;
  Response& response_;
  grpc::ServerUnaryReactor* const reactor_;
  std::atomic<bool> answered_ = false;
  Guest guest_;
  std::optional<grpc::Alarm> alarm_;
};

}  // namespace tandem::runtime

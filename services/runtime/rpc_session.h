// A stream of requests, each answered in order by a session, with several in flight. Use through
// rpc.h's Shell.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "services/runtime/call.h"
#include "services/runtime/door.h"
#include "services/runtime/rpc_status.h"

namespace tandem::runtime {

// Requests in flight a stream: enough to hide a commit's time, few enough to bound its memory
// (8 times the largest message).
inline constexpr std::size_t kSessionWindow = 8;
// Small ones may be more, so that a commit takes many of them: a day's block, 25 kB, costs the
// server two thirds of the processor time then. No more than 8 are taken in once all hold this many
// bytes, as `load_of` counts them.
inline constexpr std::size_t kSessionSmallWindow = 64;
inline constexpr std::uint64_t kSessionSmallBytes = std::uint64_t{2} << 20;

// Deletes itself when gRPC is done with it. `Session` has
//   void Push(Request, absl::AnyInvocable<void(absl::StatusOr<Response>)> done)
// which answers in the order of the calls, once each, on any thread. The first error ends the
// stream: what was answered before is still sent, what is in flight is waited for.
template <typename Request, typename Response, typename Session>
class SessionReactor final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  using Open = absl::AnyInvocable<std::unique_ptr<Session>(const Call&)>;

  SessionReactor(Door& door, grpc::CallbackServerContext& context, Load (*load_of)(const Request&))
      : door_(door), context_(context), load_of_(load_of) {}

  void Begin(Method method, Open open) {
    door_.Enter(context_, method,
                [this, open = std::move(open)](absl::StatusOr<Guest> guest) mutable {
                  if (!guest.ok()) return this->Finish(ToGrpcStatus(guest.status()));
                  guest_ = *std::move(guest);
                  if (guest_.deadline_is_ours) guest_.call.deadline = absl::InfiniteFuture();
                  // Nothing ends, and so deletes, this before it has its session.
                  registration_ = door_.EndOnDrain([this] { Drain(); });
                  std::unique_ptr<Session> session = open(guest_.call);
                  std::unique_lock lock(mutex_);
                  session_ = std::move(session);
                  Step(std::move(lock));
                });
  }

  void OnReadDone(bool ok) override {
    std::unique_lock lock(mutex_);
    if (!ok || status_.has_value()) {
      reading_ = false;
      ended_ = true;
      return Step(std::move(lock));
    }
    const Load load = load_of_(request_);
    if (absl::Status charged = door_.Charge(guest_, load); !charged.ok()) {
      reading_ = false;
      Stop(std::move(charged));
      return Step(std::move(lock));
    }
    in_flight_.push_back(load.bytes);
    in_flight_bytes_ += load.bytes;
    lock.unlock();
    // `reading_` stays set until the request is pushed, so that the next cannot overtake it.
    session_->Push(std::move(request_),
                   [this](absl::StatusOr<Response> answer) { OnAnswer(std::move(answer)); });
    lock.lock();
    reading_ = false;
    Step(std::move(lock));
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    answers_.pop_front();
    if (!ok) Stop(absl::CancelledError("the client went away"));
    Step(std::move(lock));
  }

  void OnCancel() override {
    std::unique_lock lock(mutex_);
    Stop(absl::CancelledError("the client went away"));
    Step(std::move(lock));
  }

  void OnDone() override {
    registration_.reset();
    delete this;
  }

 private:
  void OnAnswer(absl::StatusOr<Response> answer) {
    std::unique_lock lock(mutex_);
    in_flight_bytes_ -= in_flight_.front();  // Answers come in the requests' order.
    in_flight_.pop_front();
    if (!answer.ok()) {
      refused_ = true;
      Stop(answer.status());
    } else if (!refused_) {
      answers_.push_back(*std::move(answer));
    }
    Step(std::move(lock));
  }

  void Drain() {
    std::unique_lock lock(mutex_);
    Stop(Draining());
    Step(std::move(lock));
  }

  // The first cause stands.
  void Stop(absl::Status status) {
    if (!status_.has_value()) status_ = std::move(status);
    const bool gone = status_->code() == absl::StatusCode::kCancelled;
    while (gone && answers_.size() > (writing_ ? 1U : 0U)) answers_.pop_back();
  }

  // Whether one more request may be taken in.
  bool HasRoom() const {
    const std::size_t unsent = in_flight_.size() + answers_.size();
    return unsent < kSessionWindow ||
           (unsent < kSessionSmallWindow && in_flight_bytes_ < kSessionSmallBytes);
  }

  // Starts whatever can be started. gRPC calls back on another stack, so reads and writes begin
  // under the lock: nobody can finish, and so delete this, between the decision and the call.
  void Step(std::unique_lock<std::mutex> lock) {
    if (session_ == nullptr || finished_) return;
    if (!writing_ && !answers_.empty()) {
      writing_ = true;
      this->StartWrite(&answers_.front());
    }
    const bool stops = ended_ || status_.has_value();
    if (!stops && !reading_ && HasRoom()) {
      reading_ = true;
      this->StartRead(&request_);
    }
    // A read that is under way does not hold the end up: gRPC ends it, and comes to OnReadDone.
    if (!stops || !in_flight_.empty() || writing_ || !answers_.empty()) return;
    finished_ = true;
    const grpc::Status wire = door_.Leave(context_, guest_, status_.value_or(absl::OkStatus()), {});
    lock.unlock();
    this->Finish(wire);
  }

  Door& door_;
  grpc::CallbackServerContext& context_;
  Load (*const load_of_)(const Request&);
  Guest guest_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Door::Registration> registration_;
  std::mutex mutex_;
  Request request_;
  std::deque<Response> answers_;         // The front is being written while `writing_`.
  std::deque<std::uint64_t> in_flight_;  // The requests' bytes.
  std::uint64_t in_flight_bytes_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;  // The client sends no more.
  bool finished_ = false;
  bool refused_ = false;                // What is answered after an error is not sent.
  std::optional<absl::Status> status_;  // Why it stops before its end.
};

}  // namespace tandem::runtime

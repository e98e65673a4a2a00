// One request, a stream of messages, pulled one by one from Pages as the transport takes them. Use
// through rpc.h's Shell.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "services/runtime/call.h"
#include "services/runtime/door.h"
#include "services/runtime/rpc_status.h"

namespace tandem::runtime {

// Deletes itself when gRPC is done with it. One callback at a time, by gRPC's rules, so it needs no
// lock: it waits for the door, then for the pages, then for each write.
template <typename Message>
class PageReactor final : public grpc::ServerWriteReactor<Message> {
 public:
  using Start = absl::AnyInvocable<void(const Call&, PagesReply<Message>)>;

  PageReactor(Door& door, grpc::CallbackServerContext& context) : door_(door), context_(context) {}

  // `start` calls the handler. The request it refers to lives until this is done.
  void Begin(Method method, Start start) {
    door_.Enter(context_, method,
                [this, start = std::move(start)](absl::StatusOr<Guest> guest) mutable {
                  if (!guest.ok()) return this->Finish(ToGrpcStatus(guest.status()));
                  guest_ = *std::move(guest);
                  if (absl::Status charged = door_.Charge(guest_, {}); !charged.ok()) {
                    return End(charged);
                  }
                  start(guest_.call, [this](absl::StatusOr<std::unique_ptr<Pages<Message>>> pages) {
                    OnPages(std::move(pages));
                  });
                });
  }

  // The first page is read on a thread of gRPC's, not on the one that the answer came on.
  void OnSendInitialMetadataDone(bool ok) override { Advance(ok); }
  void OnWriteDone(bool ok) override { Advance(ok); }
  void OnDone() override { delete this; }

 private:
  void OnPages(absl::StatusOr<std::unique_ptr<Pages<Message>>> pages) {
    if (!pages.ok()) return End(pages.status());
    pages_ = *std::move(pages);
    this->StartSendInitialMetadata();
  }

  void Advance(bool sent) {
    if (!sent) return End(absl::CancelledError("the client went away"));
    absl::StatusOr<std::optional<Message>> next = pages_->Next();
    if (!next.ok()) return End(next.status());
    if (!next->has_value()) return End(absl::OkStatus());
    message_ = **std::move(next);
    door_.Owe(guest_, message_.ByteSizeLong());
    this->StartWrite(&message_);
  }

  void End(const absl::Status& status) {
    pages_.reset();  // It may pin a snapshot.
    this->Finish(door_.Leave(context_, guest_, status, {}));
  }

  Door& door_;
  grpc::CallbackServerContext& context_;
  Guest guest_;
  std::unique_ptr<Pages<Message>> pages_;
  Message message_;
};

}  // namespace tandem::runtime

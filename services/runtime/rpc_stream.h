// One request, a stream of messages, pulled one by one from Pages as the transport takes them. Use
// through rpc.h's Shell.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "grpcpp/alarm.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "services/base/reason.h"
#include "services/runtime/call.h"
#include "services/runtime/door.h"
#include "services/runtime/rpc_status.h"

namespace tandem::runtime {

// Deletes itself when gRPC is done with it. One callback at a time, by gRPC's rules: it waits for
// the door, then for the pages, then for each write. What a reader that stands still makes the
// server keep, it keeps for DoorOptions::read_stall_max a page: then the pages go, and the reader
// gets READ_STALLED once it has taken what was sent. Only this needs a lock, since the alarm runs
// on a thread of its own.
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
  void OnWriteDone(bool ok) override {
    alarm_.reset();
    Advance(ok);
  }
  void OnDone() override { delete this; }

 private:
  void OnPages(absl::StatusOr<std::unique_ptr<Pages<Message>>> pages) {
    if (!pages.ok()) return End(pages.status());
    held_->pages = *std::move(pages);
    this->StartSendInitialMetadata();
  }

  void Advance(bool sent) {
    {
      const std::lock_guard lock(held_->mutex);
      held_->writing = false;
    }
    // From here on the alarm leaves the pages alone.
    if (!sent) return End(absl::CancelledError("the client went away"));
    if (held_->pages == nullptr) return End(Stalled());
    absl::StatusOr<std::optional<Message>> next = held_->pages->Next();
    if (!next.ok()) return End(next.status());
    if (!next->has_value()) return End(absl::OkStatus());
    message_ = **std::move(next);
    door_.Owe(guest_, message_.ByteSizeLong());
    Watch();
    this->StartWrite(&message_);
  }

  // Lets the pages go if this write is not done in time.
  void Watch() {
    std::uint64_t write = 0;
    {
      const std::lock_guard lock(held_->mutex);
      held_->writing = true;
      write = ++held_->writes;
    }
    alarm_.emplace();
    alarm_->Set(absl::ToChronoTime(door_.clock().Now() + door_.options().read_stall_max),
                [held = held_, write](bool expired) {
                  if (!expired) return;
                  std::unique_ptr<Pages<Message>> gone;  // Goes without the lock.
                  const std::lock_guard lock(held->mutex);
                  if (held->writing && held->writes == write) gone = std::move(held->pages);
                });
  }

  absl::Status Stalled() const {
    return base::Refuse(base::Reason::kReadStalled,
                        "the read stood still for too long, so what it read from was let go: read "
                        "again, from where it stopped where the request can say so",
                        {{"limit_seconds", absl::ToInt64Seconds(door_.options().read_stall_max)}});
  }

  void End(const absl::Status& status) {
    alarm_.reset();
    held_->pages.reset();  // It may pin a snapshot.
    this->Finish(door_.Leave(context_, guest_, status, {}));
  }

  // What the alarm, which may come late, shares with this.
  struct Held {
    std::mutex mutex;
    std::unique_ptr<Pages<Message>> pages;  // The alarm's to take only while a write is under way.
    std::uint64_t writes = 0;
    bool writing = false;
  };

  Door& door_;
  grpc::CallbackServerContext& context_;
  Guest guest_;
  const std::shared_ptr<Held> held_ = std::make_shared<Held>();
  std::optional<grpc::Alarm> alarm_;
  Message message_;
};

}  // namespace tandem::runtime

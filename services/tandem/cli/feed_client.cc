#include "services/tandem/cli/feed_client.h"

#include <utility>

#include "absl/time/clock.h"
#include "tandem/feed/v1/feed.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = feed::v1;

std::string TypeOf(const google::protobuf::Any& fact) {
  const std::string& url = fact.type_url();
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

absl::Status FollowFeed(Client& client, v1::FollowRequest request,
                        const std::function<bool(const v1::FollowResponse&)>& use,
                        const std::function<bool(grpc::ClientContext*)>& on_call) {
  const auto stub = v1::FeedService::NewStub(client.channel());
  const absl::Duration patience = absl::Seconds(client.options().retry_seconds);
  absl::Time progress = absl::Now();
  Backoff backoff;
  for (;;) {
    grpc::ClientContext context;
    client.Identify(&context);
    if (on_call && !on_call(&context)) return absl::OkStatus();
    const auto call = stub->Follow(&context, request);
    bool wanted = true;
    for (v1::FollowResponse message; wanted && call->Read(&message);) {
      request.set_cursor(message.cursor());
      request.set_from_start(false);
      progress = absl::Now();
      backoff.Reset();
      wanted = use(message);
    }
    if (!wanted) context.TryCancel();
    absl::Status status = StatusOfCall(call->Finish());
    if (on_call && !on_call(nullptr)) return absl::OkStatus();
    if (!wanted) return absl::OkStatus();
    const bool heals = absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
    if (!heals || absl::Now() - progress > patience) return client.WithAdvice(status);
    client.WaitToRetry(backoff);
  }
}

FeedWatcher::FeedWatcher(Client& client, std::function<void(const v1::Record&)> inspect)
    : inspect_(std::move(inspect)) {
  thread_ = std::jthread([this, &client] {
    v1::FollowRequest request;
    request.set_from_start(true);
    const absl::Status status = FollowFeed(
        client, request,
        [this](const v1::FollowResponse& message) {
          Take(message);
          const std::lock_guard lock(mutex_);
          return !stopped_;
        },
        [this](grpc::ClientContext* call) {
          const std::lock_guard lock(mutex_);
          call_ = call;
          return !stopped_;
        });
    const std::lock_guard lock(mutex_);
    seen_.status = stopped_ ? absl::OkStatus() : status;
  });
}

FeedWatcher::~FeedWatcher() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (call_ != nullptr) call_->TryCancel();
}

void FeedWatcher::Take(const v1::FollowResponse& message) {
  for (const v1::Record& record : message.records()) {
    if (inspect_) inspect_(record);
  }
  const std::lock_guard lock(mutex_);
  for (const v1::Record& record : message.records()) {
    if (record.number() != last_number_ + 1) ++seen_.gaps;
    last_number_ = record.number();
    ++seen_.records;
    ++seen_.by_type[TypeOf(record.fact())];
    ++seen_.by_agreement[record.agreement()];
  }
  for (const v1::GrantNotice& notice : message.notices()) {
    if (notice.change() == v1::GrantNotice::CHANGE_OPENED) ++seen_.opened;
    if (notice.change() == v1::GrantNotice::CHANGE_REVOKED) {
      seen_.revoked.try_emplace(notice.agreement(), absl::Now());
    }
  }
}

FeedWatcher::Seen FeedWatcher::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace tandem::cli

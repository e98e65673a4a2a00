#include "services/runtime/feed_service.h"

#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/audit.h"
#include "services/runtime/rpc_status.h"
#include "tandem/feed/v1/feed.grpc.pb.h"

namespace tandem::runtime {
namespace {

namespace v1 = ::tandem::feed::v1;

std::string AgreementName(const std::string& relation) {
  return relation.empty() ? "" : absl::StrCat("agreements/", relation);
}

absl::StatusOr<FeedFilter> FilterOf(const v1::FollowRequest& request) {
  FeedFilter filter;
  for (const std::string& name : request.domains()) {
    std::optional<base::DomainId> found;
    for (const base::DomainId domain :
         {base::DomainId::kGovernance, base::DomainId::kExchange, base::DomainId::kForecast}) {
      if (base::DomainName(domain) == name) found = domain;
    }
    if (!found.has_value()) {
      return base::RefuseField(base::Reason::kUnknownEnum, "domains",
                               "is one of governance, exchange, forecast", {{"value", name}});
    }
    filter.domains.push_back(*found);
  }
  if (!request.agreement().empty()) {
    TANDEM_ASSIGN_OR_RETURN(const auto parts,
                            base::ParseName("agreement", "agreements/*", request.agreement()));
    filter.relation = parts[0];
  }
  filter.type_names.assign(request.type_names().begin(), request.type_names().end());
  return filter;
}

void SetTime(absl::Time instant, google::protobuf::Timestamp& timestamp) {
  const std::int64_t nanos = absl::ToUnixNanos(instant);
  timestamp.set_seconds(nanos / 1'000'000'000);
  timestamp.set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
}

v1::FollowResponse ResponseFrom(FeedMessage message, const Sealer& sealer,
                                const std::string& firm) {
  v1::FollowResponse response;
  for (FeedRecord& record : message.records) {
    v1::Record& out = *response.add_records();
    out.set_number(static_cast<std::int64_t>(record.number));
    SetTime(record.instant, *out.mutable_accept_time());
    out.set_actor_firm(std::move(record.actor_firm));
    out.set_agreement(AgreementName(record.fact.relation));
    out.mutable_fact()->set_type_url(absl::StrCat("type.googleapis.com/", record.fact.type_name));
    out.mutable_fact()->set_value(std::move(record.fact.payload));
  }
  for (const GrantChange& change : message.notices) {
    v1::GrantNotice& out = *response.add_notices();
    out.set_agreement(AgreementName(change.relation));
    out.set_version(static_cast<std::int32_t>(change.version));
    out.set_change(change.kind == GrantChange::Kind::kOpened ? v1::GrantNotice::CHANGE_OPENED
                                                             : v1::GrantNotice::CHANGE_REVOKED);
  }
  response.set_cursor(std::move(message.cursor));
  response.set_position(SealPosition(sealer, firm, message.cut));
  return response;
}

// "domains governance types all agreements/deal": what a subscription asks for.
std::string ResourceOf(const v1::FollowRequest& request) {
  return absl::StrCat(AskedIds("domains", request.domains()), " ",
                      AskedIds("types", request.type_names()),
                      request.agreement().empty() ? "" : " ", request.agreement().substr(0, 80));
}

// One subscriber's stream. Deletes itself when gRPC is done with it.
class FeedReactor final : public grpc::ServerWriteReactor<v1::FollowResponse> {
 public:
  FeedReactor(Door& door, Feed& feed, grpc::CallbackServerContext& context)
      : door_(door), feed_(feed), context_(context) {}

  void Begin(const v1::FollowRequest& request) {
    door_.Enter(context_, {.name = "Follow", .role = Role::kReader, .stream = true},
                [this, &request](absl::StatusOr<Guest> guest) {
                  if (!guest.ok()) return Finish(ToGrpcStatus(guest.status()));
                  guest_ = *std::move(guest);
                  Subscribe(request);
                });
  }

  // From the feed, one at a time: the next comes after `sent`.
  void Send(FeedMessage message, absl::AnyInvocable<void()> sent) {
    const std::lock_guard lock(mutex_);
    if (status_.has_value()) return;  // It ends: the feed is not asked for more.
    response_ = ResponseFrom(std::move(message), door_.sealer(), guest_.call.caller.firm);
    AddHead();
    sent_ = std::move(sent);
    writing_ = true;
    StartWrite(&response_);  // gRPC calls back on another stack.
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    absl::AnyInvocable<void()> sent = std::move(sent_);
    if (!ok && !status_.has_value()) status_ = Gone();
    if (status_.has_value()) return FinishIfIdle(std::move(lock));
    lock.unlock();
    sent();
  }
  void OnCancel() override { Stop(Gone()); }
  void Stop(absl::Status status) {
    std::unique_lock lock(mutex_);
    if (!status_.has_value()) status_ = std::move(status);
    FinishIfIdle(std::move(lock));
  }

  void OnDone() override {
    subscription_.reset();  // Once this returns, the feed does not call the sink.
    delete this;
  }

 private:
  static absl::Status Gone() { return absl::CancelledError("the client went away"); }

  void Subscribe(const v1::FollowRequest& request);
  // Each head goes out once, with the first message after it was made.
  void AddHead() {
    std::shared_ptr<const AuditHead> head = feed_.Head();
    if (head == nullptr || head == head_) return;
    head_ = std::move(head);
    v1::AuditHead& out = *response_.mutable_audit_head();
    out.set_hash(std::string(head_->hash.begin(), head_->hash.end()));
    out.set_seal(head_->seal);
  }
  void Audit(const absl::Status& status) const {
    door_.Audit({.caller = guest_.call.caller,
                 .method = "Follow",
                 .resource = asked_,
                 .reason = AuditReason(status)});
  }
  void FinishIfIdle(std::unique_lock<std::mutex> lock) {
    if (!subscribed_ || writing_ || finished_ || !status_.has_value()) return;
    finished_ = true;
    // Refused, or ended by what the firm may no longer; not that either side went away.
    const bool ended = absl::IsCancelled(*status_) || absl::IsUnavailable(*status_);
    if (!ended) Audit(*status_);
    const grpc::Status wire = door_.Leave(context_, guest_, *status_, {});
    lock.unlock();
    Finish(wire);
  }

  Door& door_;
  Feed& feed_;
  grpc::CallbackServerContext& context_;
  Guest guest_;
  std::string asked_;
  std::unique_ptr<Feed::Subscription> subscription_;
  std::mutex mutex_;
  v1::FollowResponse response_;
  std::shared_ptr<const AuditHead> head_;  // Of the last message that had one.
  absl::AnyInvocable<void()> sent_;
  bool subscribed_ = false;  // Until then nothing finishes, and so deletes, this.
  bool writing_ = false;
  bool finished_ = false;
  std::optional<absl::Status> status_;  // Why it ends.
};

class StreamSink final : public FeedSink {
 public:
  explicit StreamSink(FeedReactor& reactor) : reactor_(reactor) {}
  void Send(FeedMessage message, absl::AnyInvocable<void()> sent) override {
    reactor_.Send(std::move(message), std::move(sent));
  }
  void Close(absl::Status status) override { reactor_.Stop(std::move(status)); }

 private:
  FeedReactor& reactor_;  // Lives for as long as the subscription, after which no call comes.
};

void FeedReactor::Subscribe(const v1::FollowRequest& request) {
  const auto follow = [&]() -> absl::StatusOr<std::unique_ptr<Feed::Subscription>> {
    TANDEM_ASSIGN_OR_RETURN(FeedFilter filter, FilterOf(request));
    return feed_.Follow(guest_.call.caller, std::move(filter), request.cursor(),
                        request.from_start(), std::make_shared<StreamSink>(*this));
  };
  absl::StatusOr<std::unique_ptr<Feed::Subscription>> subscription = follow();
  const absl::Status begun = subscription.status();
  asked_ = ResourceOf(request);
  if (begun.ok()) {
    subscription_ = *std::move(subscription);
    Audit(begun);
  }
  std::unique_lock lock(mutex_);
  subscribed_ = true;
  if (!begun.ok() && !status_.has_value()) status_ = begun;
  FinishIfIdle(std::move(lock));
}

class FeedService final : public v1::FeedService::CallbackService {
 public:
  FeedService(Door& door, Feed& feed) : door_(door), feed_(feed) {}

  grpc::ServerWriteReactor<v1::FollowResponse>* Follow(grpc::CallbackServerContext* context,
                                                       const v1::FollowRequest* request) override {
    auto* reactor = new FeedReactor(door_, feed_, *context);  // Deletes itself.
    reactor->Begin(*request);
    return reactor;
  }

 private:
  Door& door_;
  Feed& feed_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeFeedService(Door& door, Feed& feed) {
  return std::make_unique<FeedService>(door, feed);
}

}  // namespace tandem::runtime

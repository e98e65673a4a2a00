#include "services/runtime/remote_governance.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "grpcpp/support/client_callback.h"
#include "services/runtime/envelope.h"
#include "services/runtime/identity.h"
#include "services/runtime/logging.h"
#include "services/runtime/rpc_status.h"
#include "tandem/governance/v1/governance.grpc.pb.h"

namespace tandem::runtime {
namespace {

namespace v1 = ::tandem::governance::v1;

constexpr std::chrono::milliseconds kAskTimeout{500};
constexpr absl::Duration kReconnectDelay = absl::Milliseconds(100);

}  // namespace

struct RemoteGovernance::Impl {
  Impl(std::shared_ptr<grpc::Channel> channel, std::string name, Executor& later)
      : stub(v1::GovernanceReplicaService::NewStub(std::move(channel))),
        instance(std::move(name)),
        executor(later) {}

  void Name(grpc::ClientContext& context) const {
    if (!instance.empty()) context.AddMetadata(kInstanceKey, instance);
  }

  const std::unique_ptr<v1::GovernanceReplicaService::Stub> stub;
  const std::string instance;
  Executor& executor;
};

namespace {

// What a follower and the stream it has at the moment share.
template <typename Impl>
class Following : public std::enable_shared_from_this<Following<Impl>> {
 public:
  Following(std::shared_ptr<Impl> impl, std::uint64_t from, Log::OnGroup on_group)
      : impl_(std::move(impl)), next_(from), on_group_(std::move(on_group)) {}

  void Connect() {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    stream_ = new Stream(this->shared_from_this(), *impl_, next_);  // Deletes itself.
    stream_->Start();
  }

  // After this no callback runs or is running.
  void Close() {
    const std::lock_guard delivering(delivery_mutex_);
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (stream_ != nullptr) stream_->Cancel();
  }

 private:
  class Stream final : public grpc::ClientReadReactor<v1::FollowGroupsResponse> {
   public:
    Stream(std::shared_ptr<Following> owner, Impl& impl, std::uint64_t from)
        : owner_(std::move(owner)) {
      impl.Name(context_);
      request_.set_from_fact_number(static_cast<std::int64_t>(from));
      impl.stub->async()->FollowGroups(&context_, &request_, this);
    }
    void Start() {
      StartRead(&response_);
      StartCall();
    }
    void Cancel() { context_.TryCancel(); }
    void OnReadDone(bool ok) override {
      if (!ok) return;  // OnDone comes.
      if (owner_->Deliver(response_.group())) return StartRead(&response_);
      Cancel();
    }
    void OnDone(const grpc::Status& status) override {
      owner_->OnBroken(FromGrpcStatus(status));
      delete this;
    }

   private:
    const std::shared_ptr<Following> owner_;
    grpc::ClientContext context_;
    v1::FollowGroupsRequest request_;
    v1::FollowGroupsResponse response_;
  };

  // False where the stream must not go on.
  bool Deliver(const std::string& bytes) {
    absl::StatusOr<Group> group = DecodeGroup(bytes);
    if (!group.ok()) {
      LogLine(LogLevel::kWarning, "governance sent an unreadable group",
              {{"cause", group.status().message()}});
      return false;
    }
    const std::lock_guard delivering(delivery_mutex_);
    {
      const std::lock_guard lock(mutex_);
      // Groups are dense: the first may hold facts before `next_`, none may begin after it.
      if (closed_ || group->header.first_number > next_) return false;
      if (group->last_number() < next_) return true;
      next_ = group->last_number() + 1;
    }
    on_group_(std::make_shared<const Group>(*std::move(group)));
    return true;
  }

  void OnBroken(const absl::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      stream_ = nullptr;
      if (closed_) return;
    }
    LogLine(LogLevel::kInfo, "governance's stream broke, trying again",
            {{"cause", status.message()}});
    impl_->executor.RunAfter(kReconnectDelay,
                             [self = this->shared_from_this()] { self->Connect(); });
  }

  const std::shared_ptr<Impl> impl_;
  std::mutex delivery_mutex_;  // Held while `on_group_` runs; before `mutex_`.
  std::mutex mutex_;
  std::uint64_t next_;
  Log::OnGroup on_group_;
  Stream* stream_ = nullptr;
  bool closed_ = false;
};

template <typename Impl>
class RemoteFollower final : public LogFollower {
 public:
  explicit RemoteFollower(std::shared_ptr<Following<Impl>> following)
      : following_(std::move(following)) {}
  ~RemoteFollower() override { following_->Close(); }

 private:
  const std::shared_ptr<Following<Impl>> following_;
};

}  // namespace

RemoteGovernance::RemoteGovernance(std::shared_ptr<grpc::Channel> channel, std::string instance,
                                   Executor& executor)
    : impl_(std::make_shared<Impl>(std::move(channel), std::move(instance), executor)) {}
RemoteGovernance::~RemoteGovernance() = default;

void RemoteGovernance::AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) {
  struct Question {
    std::shared_ptr<Impl> impl;  // The stub must outlive its calls.
    absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done;
    grpc::ClientContext context;
    v1::AskPositionRequest request;
    v1::AskPositionResponse response;
  };
  auto question = std::make_shared<Question>();
  question->impl = impl_;
  question->done = std::move(done);
  question->context.set_deadline(std::chrono::system_clock::now() + kAskTimeout);
  impl_->Name(question->context);
  impl_->stub->async()->AskPosition(
      &question->context, &question->request, &question->response,
      [question](const grpc::Status& status) {
        if (!status.ok()) return question->done(FromGrpcStatus(status));
        question->done(static_cast<std::uint64_t>(question->response.fact_number()));
      });
}

std::unique_ptr<LogFollower> RemoteGovernance::Follow(std::uint64_t from, Log::OnGroup on_group) {
  auto following = std::make_shared<Following<Impl>>(impl_, from, std::move(on_group));
  following->Connect();
  return std::make_unique<RemoteFollower<Impl>>(std::move(following));
}

}  // namespace tandem::runtime

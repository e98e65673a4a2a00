#include "services/governance/service_replica.h"

#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "services/base/reason.h"
#include "services/runtime/envelope.h"
#include "services/runtime/local_governance.h"
#include "services/runtime/rpc.h"
#include "tandem/governance/v1/governance.grpc.pb.h"

namespace tandem::governance {
namespace {

using runtime::Group;
using runtime::Role;

// What waits in memory for one follower. Beyond, nothing is taken until it has been sent, and then
// the log is followed anew from there: so a follower that is far behind, a new one above all, reads
// the log at its own pace.
constexpr std::size_t kQueueBytesMax = std::size_t{16} << 20;

std::string BytesOf(const Group& group) {
  std::vector<std::string> facts;
  for (const base::FactRecord& record : group.facts) facts.push_back(runtime::EncodeFact(record));
  return runtime::EncodeGroup(group.header, facts);
}

// Asked several times a second by every instance, and shows nothing of what firms share: the one
// read that leaves no audit line.
class PositionApi {
 public:
  explicit PositionApi(runtime::Log& log) : source_(log) {}
  void AskPosition(const runtime::Call& /*call*/, const v1::AskPositionRequest& /*request*/,
                   runtime::Reply<v1::AskPositionResponse> reply) {
    source_.AskPosition([&reply](const absl::StatusOr<std::uint64_t>& number) {
      if (!number.ok()) return reply(number.status());
      runtime::Answer<v1::AskPositionResponse> answer;
      answer.message.set_fact_number(static_cast<std::int64_t>(*number));
      reply(std::move(answer));
    });
  }

 private:
  runtime::LocalGovernance source_;  // Answers inside the call.
};

// One follower's stream. Deletes itself when gRPC is done with it.
class GroupsReactor final : public grpc::ServerWriteReactor<v1::FollowGroupsResponse> {
 public:
  GroupsReactor(runtime::Door& door, runtime::Log& log, grpc::CallbackServerContext& context)
      : door_(door), source_(log), context_(context) {}

  void Begin(const v1::FollowGroupsRequest& request) {
    door_.Enter(context_, {.name = "FollowGroups", .role = Role::kInstance, .stream = true},
                [this, from = request.from_fact_number()](absl::StatusOr<runtime::Guest> guest) {
                  if (!guest.ok()) return Finish(runtime::ToGrpcStatus(guest.status()));
                  guest_ = *std::move(guest);
                  Follow(from);
                });
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    queued_bytes_ -= queue_.front()->byte_size;
    queue_.pop_front();
    if (!ok) status_ = absl::CancelledError("the follower went away");
    if (full_ && queue_.empty() && !status_.has_value()) return GoOn(std::move(lock));
    Step(std::move(lock));
  }
  void OnCancel() override { Stop(absl::CancelledError("the follower went away")); }
  void OnDone() override {
    registration_.reset();
    follower_.reset();  // Once this returns, the log does not call.
    delete this;
  }

 private:
  void Follow(std::int64_t from) {
    door_.Audit({.caller = guest_.call.caller,
                 .method = "FollowGroups",
                 .resource = "from " + std::to_string(from)});
    registration_ = door_.EndOnDrain([this] { Stop(runtime::Draining()); });
    std::unique_ptr<runtime::LogFollower> follower;
    std::optional<absl::Status> refused;
    if (from >= 1) {
      follower = FollowFrom(static_cast<std::uint64_t>(from));
    } else {
      refused = base::RefuseField(base::Reason::kFieldOutOfRange, "from_fact_number",
                                  "facts count from 1");
    }
    std::unique_lock lock(mutex_);
    follower_ = std::move(follower);
    following_ = true;
    if (refused.has_value()) status_ = refused;
    Step(std::move(lock));
  }

  std::unique_ptr<runtime::LogFollower> FollowFrom(std::uint64_t from) {
    return source_.Follow(from, [this](std::shared_ptr<const Group> group) {
      std::unique_lock lock(mutex_);
      Push(std::move(group));
      Step(std::move(lock));
    });
  }

  void Push(std::shared_ptr<const Group> group) {
    if (status_.has_value() || full_) return;
    if (!queue_.empty() && queued_bytes_ + group->byte_size > kQueueBytesMax) {
      full_ = true;
      return;
    }
    next_ = group->last_number() + 1;
    queued_bytes_ += group->byte_size;
    queue_.push_back(std::move(group));
  }

  // All that was taken has been sent: takes the rest. On gRPC's thread, never on the follower's
  // own, which must be free to end.
  void GoOn(std::unique_lock<std::mutex> lock) {
    const std::uint64_t from = next_;
    std::unique_ptr<runtime::LogFollower> old = std::move(follower_);
    lock.unlock();
    old.reset();  // Once this returns, it does not call.
    lock.lock();
    full_ = false;
    lock.unlock();
    std::unique_ptr<runtime::LogFollower> follower = FollowFrom(from);
    lock.lock();
    follower_ = std::move(follower);
    Step(std::move(lock));
  }

  void Stop(absl::Status status) {
    std::unique_lock lock(mutex_);
    if (!status_.has_value()) status_ = std::move(status);
    Step(std::move(lock));
  }

  // gRPC calls back on another stack, so a write begins under the lock.
  void Step(std::unique_lock<std::mutex> lock) {
    if (!following_ || writing_ || finished_) return;
    if (status_.has_value()) {
      finished_ = true;
      const grpc::Status wire = door_.Leave(context_, guest_, *status_, {});
      lock.unlock();
      return Finish(wire);
    }
    if (queue_.empty()) return;
    writing_ = true;
    response_.set_group(BytesOf(*queue_.front()));
    StartWrite(&response_);
  }

  runtime::Door& door_;
  runtime::LocalGovernance source_;
  grpc::CallbackServerContext& context_;
  runtime::Guest guest_;
  std::unique_ptr<runtime::Door::Registration> registration_;
  std::unique_ptr<runtime::LogFollower> follower_;
  std::mutex mutex_;
  v1::FollowGroupsResponse response_;
  std::deque<std::shared_ptr<const Group>> queue_;  // The front is being written while `writing_`.
  std::size_t queued_bytes_ = 0;
  std::uint64_t next_ = 0;  // Behind the last group taken.
  bool full_ = false;       // A group was left in the log.
  bool following_ = false;  // Until then nothing finishes, and so deletes, this.
  bool writing_ = false;
  bool finished_ = false;
  std::optional<absl::Status> status_;  // Why it ends.
};

class Service final : public v1::GovernanceReplicaService::CallbackService {
 public:
  Service(runtime::Door& door, runtime::Log& log)
      : door_(door), log_(log), api_(log), shell_(door, api_) {}

  grpc::ServerUnaryReactor* AskPosition(grpc::CallbackServerContext* context,
                                        const v1::AskPositionRequest* request,
                                        v1::AskPositionResponse* response) override {
    return shell_.Unary({"AskPosition", Role::kInstance}, context, request, response,
                        &PositionApi::AskPosition);
  }
  grpc::ServerWriteReactor<v1::FollowGroupsResponse>* FollowGroups(
      grpc::CallbackServerContext* context, const v1::FollowGroupsRequest* request) override {
    auto* reactor = new GroupsReactor(door_, log_, *context);  // Deletes itself.
    reactor->Begin(*request);
    return reactor;
  }

 private:
  runtime::Door& door_;
  runtime::Log& log_;
  PositionApi api_;
  runtime::Shell<PositionApi> shell_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGovernanceReplicaService(runtime::Door& door,
                                                            runtime::Log& log) {
  return std::make_unique<Service>(door, log);
}

}  // namespace tandem::governance

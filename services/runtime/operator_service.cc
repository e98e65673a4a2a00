#include "services/runtime/operator_service.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/server_context.h"
#include "services/base/name.h"
#include "services/base/status.h"
#include "services/runtime/audit.h"
#include "services/runtime/logging.h"
#include "services/runtime/rpc.h"
#include "tandem/runtime/v1/operator.grpc.pb.h"

namespace tandem::runtime {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

v1::Checkpoint CheckpointFrom(const CheckpointInfo& info) {
  v1::Checkpoint message;
  message.set_name(absl::StrCat("checkpoints/", info.id));
  message.set_folder(info.folder);
  const std::int64_t nanos = absl::ToUnixNanos(info.create_time);
  message.mutable_create_time()->set_seconds(nanos / 1'000'000'000);
  message.mutable_create_time()->set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
  return message;
}

class OperatorApi {
 public:
  OperatorApi(const Door& door, Checkpoints& checkpoints)
      : door_(door), checkpoints_(checkpoints) {}

  void CreateCheckpoint(const Call& call, const v1::CreateCheckpointRequest& request,
                        Reply<v1::Checkpoint> reply) {
    // A copy of all that firms have here: the audit, and so the chain, says who had it made.
    reply = Audited(call, {"CreateCheckpoint", request.request_id()}, std::move(reply));
    absl::Status checked = base::CheckRequestId(request.request_id());
    if (!checked.ok()) return reply(std::move(checked));
    checkpoints_.Create(absl::AsciiStrToLower(request.request_id()),
                        [reply = std::move(reply), principal = call.caller.principal,
                         trace_id = call.trace_id](absl::StatusOr<CheckpointInfo> made) mutable {
                          if (!made.ok()) return reply(made.status());
                          LogLine(LogLevel::kInfo, "checkpoint",
                                  {{"folder", made->folder}, {"principal", principal}}, trace_id);
                          reply(Answer<v1::Checkpoint>{.message = CheckpointFrom(*made)});
                        });
  }

  void DeleteCheckpoint(const Call& call, const v1::DeleteCheckpointRequest& request,
                        Reply<v1::DeleteCheckpointResponse> reply) {
    reply = Audited(call, {"DeleteCheckpoint", request.name()}, std::move(reply));
    absl::Status checked = base::CheckRequestId(request.request_id());
    if (!checked.ok()) return reply(std::move(checked));
    auto parts = base::ParseName("name", "checkpoints/*", request.name());
    if (!parts.ok()) return reply(parts.status());
    checkpoints_.Delete(absl::AsciiStrToLower((*parts)[0]),
                        [reply = std::move(reply)](absl::Status status) mutable {
                          if (!status.ok()) return reply(std::move(status));
                          reply(Answer<v1::DeleteCheckpointResponse>{});
                        });
  }

 private:
  // Neither is a fact, so both leave a line, served or refused.
  template <typename Message>
  Reply<Message> Audited(const Call& call, Asked asked, Reply<Message> reply) const {
    return [this, caller = call.caller, asked = std::move(asked),
            reply = std::move(reply)](absl::StatusOr<Answer<Message>> answer) mutable {
      door_.Audit({.caller = caller,
                   .method = asked.method,
                   .resource = asked.resource,
                   .reason = AuditReason(answer.status())});
      reply(std::move(answer));
    };
  }

  const Door& door_;
  Checkpoints& checkpoints_;
};

class OperatorService final : public v1::OperatorService::CallbackService {
 public:
  OperatorService(Door& door, Checkpoints& checkpoints)
      : api_(door, checkpoints), shell_(door, api_) {}

  ServerUnaryReactor* CreateCheckpoint(CallbackServerContext* context,
                                       const v1::CreateCheckpointRequest* request,
                                       v1::Checkpoint* response) override {
    return shell_.Unary({"CreateCheckpoint", Role::kOperator}, context, request, response,
                        &OperatorApi::CreateCheckpoint);
  }
  ServerUnaryReactor* DeleteCheckpoint(CallbackServerContext* context,
                                       const v1::DeleteCheckpointRequest* request,
                                       v1::DeleteCheckpointResponse* response) override {
    return shell_.Unary({"DeleteCheckpoint", Role::kOperator}, context, request, response,
                        &OperatorApi::DeleteCheckpoint);
  }

 private:
  OperatorApi api_;
  Shell<OperatorApi> shell_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeOperatorService(Door& door, Checkpoints& checkpoints) {
  return std::make_unique<OperatorService>(door, checkpoints);
}

}  // namespace tandem::runtime

#include "services/forecast/service.h"

#include "services/runtime/rpc.h"
#include "tandem/forecast/v1/forecast.grpc.pb.h"

namespace tandem::forecast {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using runtime::Role;

// gRPC's threads run this, so nothing here waits. Roles are asked for at the door, and again by
// what a handler knows of the resource.
class Service final : public v1::ForecastService::CallbackService {
 public:
  Service(runtime::Door& door, ForecastApi& api) : shell_(door, api) {}

  ServerUnaryReactor* StageVersion(CallbackServerContext* context,
                                   const v1::StageVersionRequest* request,
                                   v1::Version* response) override {
    return shell_.Unary({"StageVersion", Role::kEditor}, context, request, response,
                        &ForecastApi::StageVersion);
  }
  ServerUnaryReactor* UploadChunk(CallbackServerContext* context,
                                  const v1::UploadChunkRequest* request,
                                  v1::Version* response) override {
    return shell_.Unary({"UploadChunk", Role::kEditor}, context, request, response,
                        &ForecastApi::UploadChunk);
  }
  ServerUnaryReactor* PublishVersion(CallbackServerContext* context,
                                     const v1::PublishVersionRequest* request,
                                     v1::Version* response) override {
    return shell_.Unary({"PublishVersion", Role::kEditor}, context, request, response,
                        &ForecastApi::PublishVersion);
  }
  ServerUnaryReactor* DropVersion(CallbackServerContext* context,
                                  const v1::DropVersionRequest* request,
                                  v1::Version* response) override {
    return shell_.Unary({.name = "DropVersion", .role = Role::kEditor, .ends = true}, context,
                        request, response, &ForecastApi::DropVersion);
  }
  ServerUnaryReactor* GetVersion(CallbackServerContext* context,
                                 const v1::GetVersionRequest* request,
                                 v1::Version* response) override {
    return shell_.Unary({"GetVersion", Role::kReader}, context, request, response,
                        &ForecastApi::GetVersion);
  }
  ServerUnaryReactor* ListVersions(CallbackServerContext* context,
                                   const v1::ListVersionsRequest* request,
                                   v1::ListVersionsResponse* response) override {
    return shell_.Unary({"ListVersions", Role::kReader}, context, request, response,
                        &ForecastApi::ListVersions);
  }
  grpc::ServerWriteReactor<v1::ReadVersionResponse>* ReadVersion(
      CallbackServerContext* context, const v1::ReadVersionRequest* request) override {
    return shell_.Stream<v1::ReadVersionResponse>({"ReadVersion", Role::kReader}, context, request,
                                                  &ForecastApi::ReadVersion);
  }
  ServerUnaryReactor* StartRun(CallbackServerContext* context, const v1::StartRunRequest* request,
                               v1::Run* response) override {
    return shell_.Unary({"StartRun", Role::kEditor}, context, request, response,
                        &ForecastApi::StartRun);
  }
  ServerUnaryReactor* GetRun(CallbackServerContext* context, const v1::GetRunRequest* request,
                             v1::Run* response) override {
    return shell_.Unary({"GetRun", Role::kReader}, context, request, response,
                        &ForecastApi::GetRun);
  }

 private:
  runtime::Shell<ForecastApi> shell_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeForecastService(runtime::Door& door, ForecastApi& api) {
  return std::make_unique<Service>(door, api);
}

}  // namespace tandem::forecast

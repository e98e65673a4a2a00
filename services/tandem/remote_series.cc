#include <chrono>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "grpcpp/support/client_callback.h"
#include "services/runtime/identity.h"
#include "services/runtime/rpc_status.h"
#include "services/tandem/series.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::program {
namespace {

namespace v1 = exchange::v1;
using Stub = v1::ExchangeService::Stub;

constexpr std::chrono::minutes kReadTimeout{2};

// One read. Deletes itself when gRPC is done with it.
class SeriesReader final : public grpc::ClientReadReactor<v1::ReadSeriesResponse> {
 public:
  SeriesReader(std::shared_ptr<Stub> stub, v1::ReadSeriesRequest request,
               forecast::SeriesSource::Done done)
      : stub_(std::move(stub)), request_(std::move(request)), done_(std::move(done)) {}

  void Start(const base::Caller& caller, const std::string& instance) {
    if (!instance.empty()) context_.AddMetadata(runtime::kInstanceKey, instance);
    context_.AddMetadata(runtime::kForwardedFirmKey, caller.firm);
    context_.AddMetadata(runtime::kForwardedPrincipalKey, caller.principal);
    context_.set_deadline(std::chrono::system_clock::now() + kReadTimeout);
    stub_->async()->ReadSeries(&context_, &request_, this);
    StartRead(&page_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone comes.
    added_ = gather_.Add(page_);
    page_.Clear();
    if (added_.ok()) return StartRead(&page_);
    context_.TryCancel();
  }
  void OnDone(const grpc::Status& status) override {
    if (!added_.ok()) {
      done_(added_);
    } else if (!status.ok()) {
      done_(runtime::FromGrpcStatus(status));
    } else {
      done_(gather_.Take());
    }
    delete this;
  }

 private:
  const std::shared_ptr<Stub> stub_;
  const v1::ReadSeriesRequest request_;
  forecast::SeriesSource::Done done_;
  grpc::ClientContext context_;
  v1::ReadSeriesResponse page_;
  SeriesGather gather_;
  absl::Status added_;
};

class RemoteSeries final : public forecast::SeriesSource {
 public:
  RemoteSeries(std::shared_ptr<grpc::Channel> channel, std::string instance)
      : stub_(v1::ExchangeService::NewStub(std::move(channel))), instance_(std::move(instance)) {}
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override {
    auto* reader = new SeriesReader(stub_, RequestFrom(request), std::move(done));
    reader->Start(on_behalf_of, instance_);
  }

 private:
  const std::shared_ptr<Stub> stub_;
  const std::string instance_;
};

}  // namespace

std::unique_ptr<forecast::SeriesSource> MakeRemoteSeries(std::shared_ptr<grpc::Channel> channel,
                                                         std::string instance) {
  return std::make_unique<RemoteSeries>(std::move(channel), std::move(instance));
}

}  // namespace tandem::program

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

struct Channel {
  std::shared_ptr<Stub> stub{};
  std::string instance{};
};

void Prepare(grpc::ClientContext& context, const base::Caller& caller,
             const std::string& instance) {
  if (!instance.empty()) context.AddMetadata(runtime::kInstanceKey, instance);
  context.AddMetadata(runtime::kForwardedFirmKey, caller.firm);
  context.AddMetadata(runtime::kForwardedPrincipalKey, caller.principal);
  context.set_deadline(std::chrono::system_clock::now() + kReadTimeout);
}

// One read under way: series, then the pages of events.
struct RemoteRead {
  const Channel channel;
  const base::Caller caller;
  const forecast::SeriesRequest request;
  forecast::SeriesSource::Done done;
  SeriesGather gather{};
};
using RemoteReadPtr = std::shared_ptr<RemoteRead>;

struct EventsCall {
  grpc::ClientContext context{};
  v1::ListEventsRequest request{};
  v1::ListEventsResponse response{};
};

void ListEvents(const RemoteReadPtr& read, const std::string& page_token) {
  const auto call = std::make_shared<EventsCall>();
  call->request = EventsRequestFrom(read->request, page_token);
  Prepare(call->context, read->caller, read->channel.instance);
  read->channel.stub->async()->ListEvents(
      &call->context, &call->request, &call->response, [read, call](const grpc::Status& status) {
        if (!status.ok() && status.error_code() != grpc::StatusCode::PERMISSION_DENIED) {
          return read->done(runtime::FromGrpcStatus(status));
        }
        read->gather.AddEvents(call->response, read->request.location);
        const std::string& next = call->response.next_page_token();
        if (next.empty()) return read->done(read->gather.Take());
        ListEvents(read, next);
      });
}

// The pages of items, one after the other.
struct RemoteGroups {
  const Channel channel;
  const base::Caller caller;
  const std::string owner;
  forecast::SeriesSource::GroupsDone done;
  forecast::ItemGroups groups{};
};

struct ItemsCall {
  grpc::ClientContext context{};
  v1::ListItemsRequest request{};
  v1::ListItemsResponse response{};
};

void ListItems(const std::shared_ptr<RemoteGroups>& read, const std::string& page_token) {
  const auto call = std::make_shared<ItemsCall>();
  call->request = ItemsRequestFrom(read->owner, page_token);
  Prepare(call->context, read->caller, read->channel.instance);
  read->channel.stub->async()->ListItems(
      &call->context, &call->request, &call->response, [read, call](const grpc::Status& status) {
        if (!status.ok() && status.error_code() != grpc::StatusCode::PERMISSION_DENIED) {
          return read->done(runtime::FromGrpcStatus(status));
        }
        AddGroups(call->response, read->groups);
        const std::string& next = call->response.next_page_token();
        if (next.empty()) return read->done(std::move(read->groups));
        ListItems(read, next);
      });
}

// The series of a read. Deletes itself when gRPC is done with it.
class SeriesReader final : public grpc::ClientReadReactor<v1::ReadSeriesResponse> {
 public:
  explicit SeriesReader(RemoteReadPtr read)
      : read_(std::move(read)), request_(RequestFrom(read_->request)) {}

  void Start() {
    Prepare(context_, read_->caller, read_->channel.instance);
    read_->channel.stub->async()->ReadSeries(&context_, &request_, this);
    StartRead(&page_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone comes.
    added_ = read_->gather.Add(page_);
    page_.Clear();
    if (added_.ok()) return StartRead(&page_);
    context_.TryCancel();
  }
  void OnDone(const grpc::Status& status) override {
    if (!added_.ok()) {
      read_->done(added_);
    } else if (!status.ok()) {
      read_->done(runtime::FromGrpcStatus(status));
    } else if (read_->request.with_events) {
      ListEvents(read_, "");
    } else {
      read_->done(read_->gather.Take());
    }
    delete this;
  }

 private:
  const RemoteReadPtr read_;
  const v1::ReadSeriesRequest request_;
  grpc::ClientContext context_;
  v1::ReadSeriesResponse page_;
  absl::Status added_;
};

class RemoteSeries final : public forecast::SeriesSource {
 public:
  RemoteSeries(std::shared_ptr<grpc::Channel> channel, std::string instance)
      : channel_{v1::ExchangeService::NewStub(std::move(channel)), std::move(instance)} {}
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override {
    auto* reader = new SeriesReader(
        RemoteReadPtr(new RemoteRead{channel_, on_behalf_of, std::move(request), std::move(done)}));
    reader->Start();
  }
  void ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) override {
    ListItems(std::shared_ptr<RemoteGroups>(
                  new RemoteGroups{channel_, on_behalf_of, std::move(owner), std::move(done)}),
              "");
  }

 private:
  const Channel channel_;
};

}  // namespace

std::unique_ptr<forecast::SeriesSource> MakeRemoteSeries(std::shared_ptr<grpc::Channel> channel,
                                                         std::string instance) {
  return std::make_unique<RemoteSeries>(std::move(channel), std::move(instance));
}

}  // namespace tandem::program

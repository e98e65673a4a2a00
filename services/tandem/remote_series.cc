#include <chrono>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "grpcpp/support/client_callback.h"
#include "services/runtime/door.h"
#include "services/runtime/identity.h"
#include "services/runtime/rpc_status.h"
#include "services/tandem/series.h"
#include "services/tandem/series_gather.h"
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

// One read under way: sales, then what else was asked for, one after the other. Each step ends in
// the next one or in `done`.
struct RemoteRead {
  const Channel channel;
  const base::Caller caller;
  const forecast::SeriesRequest request;
  forecast::SeriesSource::Done done;
  SeriesGather gather{};
};
using RemoteReadPtr = std::shared_ptr<RemoteRead>;

void Finish(const RemoteReadPtr& read) { read->done(read->gather.Take()); }

template <typename Request, typename Response>
struct PageCall {
  grpc::ClientContext context{};
  Request request{};
  Response response{};
};

// The position that was read, as the answer's metadata has it; "" where it has none.
std::string CutOf(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(runtime::kPositionKey);
  return found == trailers.end() ? "" : std::string(found->second.data(), found->second.size());
}

void ListEventPage(const RemoteReadPtr& read, const std::string& page_token) {
  const auto call = std::make_shared<PageCall<v1::ListEventsRequest, v1::ListEventsResponse>>();
  call->request = EventsRequestFrom(read->request, page_token);
  Prepare(call->context, read->caller, read->channel.instance);
  read->channel.stub->async()->ListEvents(
      &call->context, &call->request, &call->response, [read, call](const grpc::Status& status) {
        if (!status.ok() && status.error_code() != grpc::StatusCode::PERMISSION_DENIED) {
          return read->done(runtime::FromGrpcStatus(status));
        }
        read->gather.AddEvents(call->response, read->request.location);
        read->gather.NoteCut(CutOf(call->context));
        const std::string& next = call->response.next_page_token();
        if (next.empty()) return Finish(read);
        ListEventPage(read, next);
      });
}

void ListEvents(const RemoteReadPtr& read) {
  if (!read->request.with_events) return Finish(read);
  ListEventPage(read, "");
}

void ListPromotionPage(const RemoteReadPtr& read, const std::string& page_token) {
  const auto call =
      std::make_shared<PageCall<v1::ListPromotionsRequest, v1::ListPromotionsResponse>>();
  call->request = AsNewAs(read->gather, PromotionsRequestFrom(read->request, page_token));
  Prepare(call->context, read->caller, read->channel.instance);
  read->channel.stub->async()->ListPromotions(
      &call->context, &call->request, &call->response, [read, call](const grpc::Status& status) {
        if (!status.ok()) return read->done(runtime::FromGrpcStatus(status));
        read->gather.AddPromotions(call->response, read->request);
        read->gather.NoteCut(CutOf(call->context));
        const std::string& next = call->response.next_page_token();
        if (next.empty()) return ListEvents(read);
        ListPromotionPage(read, next);
      });
}

void ListPromotions(const RemoteReadPtr& read) {
  if (read->request.promoted_items.empty()) return ListEvents(read);
  ListPromotionPage(read, "");
}

// Takes the pages of one stream and goes on with the next step. Deletes itself when gRPC is done
// with it.
template <typename Request, typename Response>
class PageReader final : public grpc::ClientReadReactor<Response> {
 public:
  using Take = absl::Status (SeriesGather::*)(const Response&);
  using Next = void (*)(const RemoteReadPtr&);
  PageReader(RemoteReadPtr read, Request request, Take take, Next next)
      : read_(std::move(read)), request_(std::move(request)), take_(take), next_(next) {
    Prepare(context_, read_->caller, read_->channel.instance);
  }

  // After the stub's call on context() and request().
  void Start() {
    this->StartRead(&page_);
    this->StartCall();
  }
  grpc::ClientContext* context() { return &context_; }
  const Request* request() const { return &request_; }

  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone comes.
    taken_ = (read_->gather.*take_)(page_);
    page_.Clear();
    if (taken_.ok()) return this->StartRead(&page_);
    context_.TryCancel();
  }
  void OnDone(const grpc::Status& status) override {
    if (!taken_.ok()) {
      read_->done(taken_);
    } else if (!status.ok()) {
      read_->done(runtime::FromGrpcStatus(status));
    } else {
      next_(read_);
    }
    delete this;
  }

 private:
  const RemoteReadPtr read_;
  const Request request_;
  const Take take_;
  const Next next_;
  grpc::ClientContext context_;
  Response page_;
  absl::Status taken_;
};

void ReadPrices(const RemoteReadPtr& read) {
  if (read->request.priced_items.empty()) return ListPromotions(read);
  auto* reader = new PageReader<v1::ReadPricesRequest, v1::ReadPricesResponse>(
      read, AsNewAs(read->gather, PricesRequestFrom(read->request)), &SeriesGather::AddPrices,
      ListPromotions);
  read->channel.stub->async()->ReadPrices(reader->context(), reader->request(), reader);
  reader->Start();
}

void ReadSeries(const RemoteReadPtr& read, v1::ReadSeriesRequest request,
                absl::Status (SeriesGather::*take)(const v1::ReadSeriesResponse&),
                void (*next)(const RemoteReadPtr&)) {
  auto* reader = new PageReader<v1::ReadSeriesRequest, v1::ReadSeriesResponse>(
      read, std::move(request), take, next);
  read->channel.stub->async()->ReadSeries(reader->context(), reader->request(), reader);
  reader->Start();
}

void ReadStock(const RemoteReadPtr& read) {
  if (read->request.stocked_items.empty()) return ReadPrices(read);
  ReadSeries(read, AsNewAs(read->gather, StockRequestFrom(read->request)), &SeriesGather::AddStock,
             ReadPrices);
}

void ReadSales(const RemoteReadPtr& read) {
  ReadSeries(read, SalesRequestFrom(read->request), &SeriesGather::Add, ReadStock);
}

// The pages of items, one after the other.
struct RemoteGroups {
  const Channel channel;
  const base::Caller caller;
  const std::string owner;
  forecast::SeriesSource::GroupsDone done;
  forecast::GroupsRead read{};
};

void ListItems(const std::shared_ptr<RemoteGroups>& read, const std::string& page_token) {
  const auto call = std::make_shared<PageCall<v1::ListItemsRequest, v1::ListItemsResponse>>();
  call->request = ItemsRequestFrom(read->owner, page_token);
  Prepare(call->context, read->caller, read->channel.instance);
  read->channel.stub->async()->ListItems(
      &call->context, &call->request, &call->response, [read, call](const grpc::Status& status) {
        if (!status.ok() && status.error_code() != grpc::StatusCode::PERMISSION_DENIED) {
          return read->done(runtime::FromGrpcStatus(status));
        }
        AddGroups(call->response, read->read.groups);
        if (std::string cut = CutOf(call->context); !cut.empty()) {
          read->read.cuts.push_back(std::move(cut));
        }
        const std::string& next = call->response.next_page_token();
        if (next.empty()) return read->done(std::move(read->read));
        ListItems(read, next);
      });
}

class RemoteSeries final : public forecast::SeriesSource {
 public:
  RemoteSeries(std::shared_ptr<grpc::Channel> channel, std::string instance)
      : channel_{v1::ExchangeService::NewStub(std::move(channel)), std::move(instance)} {}
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override {
    ReadSales(
        RemoteReadPtr(new RemoteRead{channel_, on_behalf_of, std::move(request), std::move(done)}));
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

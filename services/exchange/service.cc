#include "services/exchange/service.h"

#include <cstdint>
#include <initializer_list>
#include <string>

#include "services/runtime/rpc.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::exchange {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using runtime::Role;

std::uint64_t Sum(std::initializer_list<int> sizes) {
  std::uint64_t sum = 0;
  for (const int size : sizes) sum += static_cast<std::uint64_t>(size);
  return sum;
}

// What a block takes of its firm's share: its rows, and its bytes as they lie in memory, 8 a value.
runtime::Load LoadOf(const v1::IngestRequest& request) {
  const v1::SeriesBlock& series = request.series();
  const v1::PriceBlock& prices = request.prices();
  const std::uint64_t rows = Sum({series.value_milli_size(), prices.value_size()});
  const std::uint64_t numbers =
      Sum({series.run_item_size(), series.run_first_day_size(), series.run_length_size(),
           prices.item_size(), prices.first_day_size(), prices.last_day_size()});
  const std::uint64_t items = Sum({series.items_size(), prices.items_size()});
  return {.rows = rows, .bytes = 8 * rows + 4 * numbers + sizeof(std::string) * items};
}

// gRPC's threads run this, so nothing here waits. Roles are asked for at the door, and again by
// what a handler knows of the resource.
class Service final : public v1::ExchangeService::CallbackService {
 public:
  Service(runtime::Door& door, ExchangeApi& api) : shell_(door, api) {}

  ServerUnaryReactor* RegisterItems(CallbackServerContext* context,
                                    const v1::RegisterItemsRequest* request,
                                    v1::RegisterItemsResponse* response) override {
    return shell_.Unary({"RegisterItems", Role::kEditor}, context, request, response,
                        &ExchangeApi::RegisterItems);
  }
  ServerUnaryReactor* CloseItem(CallbackServerContext* context, const v1::CloseItemRequest* request,
                                v1::Item* response) override {
    return shell_.Unary({.name = "CloseItem", .role = Role::kEditor, .ends = true}, context,
                        request, response, &ExchangeApi::CloseItem);
  }
  ServerUnaryReactor* ListItems(CallbackServerContext* context, const v1::ListItemsRequest* request,
                                v1::ListItemsResponse* response) override {
    return shell_.Unary({"ListItems", Role::kReader}, context, request, response,
                        &ExchangeApi::ListItems);
  }
  ServerUnaryReactor* RegisterLocations(CallbackServerContext* context,
                                        const v1::RegisterLocationsRequest* request,
                                        v1::RegisterLocationsResponse* response) override {
    return shell_.Unary({"RegisterLocations", Role::kEditor}, context, request, response,
                        &ExchangeApi::RegisterLocations);
  }
  ServerUnaryReactor* CloseLocation(CallbackServerContext* context,
                                    const v1::CloseLocationRequest* request,
                                    v1::Location* response) override {
    return shell_.Unary({.name = "CloseLocation", .role = Role::kEditor, .ends = true}, context,
                        request, response, &ExchangeApi::CloseLocation);
  }
  ServerUnaryReactor* ListLocations(CallbackServerContext* context,
                                    const v1::ListLocationsRequest* request,
                                    v1::ListLocationsResponse* response) override {
    return shell_.Unary({"ListLocations", Role::kReader}, context, request, response,
                        &ExchangeApi::ListLocations);
  }
  ServerUnaryReactor* PutEvents(CallbackServerContext* context, const v1::PutEventsRequest* request,
                                v1::PutEventsResponse* response) override {
    return shell_.Unary({"PutEvents", Role::kEditor}, context, request, response,
                        &ExchangeApi::PutEvents);
  }
  ServerUnaryReactor* ListEvents(CallbackServerContext* context,
                                 const v1::ListEventsRequest* request,
                                 v1::ListEventsResponse* response) override {
    return shell_.Unary({"ListEvents", Role::kReader}, context, request, response,
                        &ExchangeApi::ListEvents);
  }
  ServerUnaryReactor* PutPromotions(CallbackServerContext* context,
                                    const v1::PutPromotionsRequest* request,
                                    v1::PutPromotionsResponse* response) override {
    return shell_.Unary({"PutPromotions", Role::kEditor}, context, request, response,
                        &ExchangeApi::PutPromotions);
  }
  ServerUnaryReactor* ListPromotions(CallbackServerContext* context,
                                     const v1::ListPromotionsRequest* request,
                                     v1::ListPromotionsResponse* response) override {
    return shell_.Unary({"ListPromotions", Role::kReader}, context, request, response,
                        &ExchangeApi::ListPromotions);
  }
  ServerUnaryReactor* PutPlan(CallbackServerContext* context, const v1::PutPlanRequest* request,
                              v1::Plan* response) override {
    return shell_.Unary({"PutPlan", Role::kEditor}, context, request, response,
                        &ExchangeApi::PutPlan);
  }
  ServerUnaryReactor* ListPlans(CallbackServerContext* context, const v1::ListPlansRequest* request,
                                v1::ListPlansResponse* response) override {
    return shell_.Unary({"ListPlans", Role::kReader}, context, request, response,
                        &ExchangeApi::ListPlans);
  }
  ServerUnaryReactor* ReportStock(CallbackServerContext* context,
                                  const v1::ReportStockRequest* request,
                                  v1::ReportStockResponse* response) override {
    return shell_.Unary({"ReportStock", Role::kEditor}, context, request, response,
                        &ExchangeApi::ReportStock);
  }
  grpc::ServerBidiReactor<v1::IngestRequest, v1::IngestResponse>* Ingest(
      CallbackServerContext* context) override {
    return shell_.Converse<v1::IngestRequest, v1::IngestResponse>(
        {"Ingest", Role::kEditor}, context, &ExchangeApi::OpenIngest, &LoadOf);
  }
  ServerUnaryReactor* GetStream(CallbackServerContext* context, const v1::GetStreamRequest* request,
                                v1::Stream* response) override {
    return shell_.Unary({"GetStream", Role::kReader}, context, request, response,
                        &ExchangeApi::GetStream);
  }
  ServerUnaryReactor* CloseBatch(CallbackServerContext* context,
                                 const v1::CloseBatchRequest* request,
                                 v1::Batch* response) override {
    return shell_.Unary({.name = "CloseBatch", .role = Role::kEditor, .ends = true}, context,
                        request, response, &ExchangeApi::CloseBatch);
  }
  ServerUnaryReactor* RetractBatch(CallbackServerContext* context,
                                   const v1::RetractBatchRequest* request,
                                   v1::Batch* response) override {
    return shell_.Unary({.name = "RetractBatch", .role = Role::kEditor, .ends = true}, context,
                        request, response, &ExchangeApi::RetractBatch);
  }
  ServerUnaryReactor* ListBatches(CallbackServerContext* context,
                                  const v1::ListBatchesRequest* request,
                                  v1::ListBatchesResponse* response) override {
    return shell_.Unary({"ListBatches", Role::kReader}, context, request, response,
                        &ExchangeApi::ListBatches);
  }
  grpc::ServerWriteReactor<v1::ReadSeriesResponse>* ReadSeries(
      CallbackServerContext* context, const v1::ReadSeriesRequest* request) override {
    return shell_.Stream<v1::ReadSeriesResponse>({"ReadSeries", Role::kReader}, context, request,
                                                 &ExchangeApi::ReadSeries);
  }
  grpc::ServerWriteReactor<v1::ReadPricesResponse>* ReadPrices(
      CallbackServerContext* context, const v1::ReadPricesRequest* request) override {
    return shell_.Stream<v1::ReadPricesResponse>({"ReadPrices", Role::kReader}, context, request,
                                                 &ExchangeApi::ReadPrices);
  }

 private:
  runtime::Shell<ExchangeApi> shell_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeExchangeService(runtime::Door& door, ExchangeApi& api) {
  return std::make_unique<Service>(door, api);
}

}  // namespace tandem::exchange

// The exchange's handlers below the gRPC shell (runtime/call.h has their shape): who asks, what
// they ask, one decision, one answer. They run on the caller's thread and never wait.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/base/grants.h"
#include "services/exchange/register_replica.h"
#include "services/runtime/call.h"
#include "services/runtime/router.h"
#include "services/runtime/seal.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange {

using runtime::Call;
using runtime::Pages;
using runtime::PagesReply;
using runtime::Reply;

struct ExchangeSeams {
  runtime::Router* router = nullptr;  // Serves the exchange's slots.
  const base::Grants* grants = nullptr;
  RegisterReplica* registers = nullptr;
  const runtime::Sealer* sealer = nullptr;
  // OK if a principal has a role (GrantsReplica::CheckRole); unset: the door alone asks.
  std::function<absl::Status(std::string_view firm, std::string_view principal,
                             std::string_view role)>
      check_role{};
};

// One Ingest call. Blocks may be pushed before earlier ones are answered; answers come in order.
// Push is called by one thread at a time. Dropping the session leaves what is under way to be
// answered.
class IngestSession {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::IngestResponse>)>;

  virtual ~IngestSession() = default;
  // Answers once the block is durable, or with why it was refused; then the shell ends the call.
  // Later blocks that are under way get STREAM_GAP.
  virtual void Push(v1::IngestRequest request, Done done) = 0;
};

// Safe on any thread. What it is given must outlive it and every call. Changes need an editor of
// the owner: PERMISSION_DENIED / ROLE_MISSING, NOT_YOURS.
class ExchangeApi {
 public:
  explicit ExchangeApi(ExchangeSeams seams);
  ~ExchangeApi();

  void RegisterItems(const Call& call, const v1::RegisterItemsRequest& request,
                     Reply<v1::RegisterItemsResponse> reply);
  void CloseItem(const Call& call, const v1::CloseItemRequest& request, Reply<v1::Item> reply);
  void ListItems(const Call& call, const v1::ListItemsRequest& request,
                 Reply<v1::ListItemsResponse> reply);
  void RegisterLocations(const Call& call, const v1::RegisterLocationsRequest& request,
                         Reply<v1::RegisterLocationsResponse> reply);
  void CloseLocation(const Call& call, const v1::CloseLocationRequest& request,
                     Reply<v1::Location> reply);
  void ListLocations(const Call& call, const v1::ListLocationsRequest& request,
                     Reply<v1::ListLocationsResponse> reply);

  void PutEvents(const Call& call, const v1::PutEventsRequest& request,
                 Reply<v1::PutEventsResponse> reply);
  void ListEvents(const Call& call, const v1::ListEventsRequest& request,
                  Reply<v1::ListEventsResponse> reply);
  void PutPromotions(const Call& call, const v1::PutPromotionsRequest& request,
                     Reply<v1::PutPromotionsResponse> reply);
  void ListPromotions(const Call& call, const v1::ListPromotionsRequest& request,
                      Reply<v1::ListPromotionsResponse> reply);
  void PutPlan(const Call& call, const v1::PutPlanRequest& request, Reply<v1::Plan> reply);
  void ListPlans(const Call& call, const v1::ListPlansRequest& request,
                 Reply<v1::ListPlansResponse> reply);

  void ReportStock(const Call& call, const v1::ReportStockRequest& request,
                   Reply<v1::ReportStockResponse> reply);
  std::unique_ptr<IngestSession> OpenIngest(const Call& call);
  void GetStream(const Call& call, const v1::GetStreamRequest& request, Reply<v1::Stream> reply);
  void CloseBatch(const Call& call, const v1::CloseBatchRequest& request, Reply<v1::Batch> reply);
  void RetractBatch(const Call& call, const v1::RetractBatchRequest& request,
                    Reply<v1::Batch> reply);
  void ListBatches(const Call& call, const v1::ListBatchesRequest& request,
                   Reply<v1::ListBatchesResponse> reply);

  void ReadSeries(const Call& call, const v1::ReadSeriesRequest& request,
                  PagesReply<v1::ReadSeriesResponse> reply);
  void ReadPrices(const Call& call, const v1::ReadPricesRequest& request,
                  PagesReply<v1::ReadPricesResponse> reply);

 private:
  ExchangeSeams seams_;
};

}  // namespace tandem::exchange

// The exchange's series as forecast's worker reads them (forecast/worker.h): from the handlers in
// this process, or over gRPC from where the exchange runs.
#pragma once

#include <memory>
#include <string>

#include "services/exchange/api.h"
#include "services/forecast/worker.h"
#include "services/runtime/seams.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tandem::program {

// Puts the pages of one ReadSeries together.
class SeriesGather {
 public:
  // kInternal for a page that does not fit those before it.
  absl::Status Add(const exchange::v1::ReadSeriesResponse& page);
  // Keeps those that are on at the location.
  void AddEvents(const exchange::v1::ListEventsResponse& page, const std::string& location);
  forecast::SeriesColumnsRead Take() { return std::move(read_); }

 private:
  forecast::SeriesColumnsRead read_;
  bool any_ = false;
};

// What the worker asks, as the exchange takes it.
exchange::v1::ReadSeriesRequest RequestFrom(const forecast::SeriesRequest& request);
// A page of the owner's events; `page_token` is that of the page before, or empty.
exchange::v1::ListEventsRequest EventsRequestFrom(const forecast::SeriesRequest& request,
                                                  const std::string& page_token);

// A page of the owner's items, as above.
exchange::v1::ListItemsRequest ItemsRequestFrom(const std::string& owner,
                                                const std::string& page_token);
// Adds the groups of a page's items.
void AddGroups(const exchange::v1::ListItemsResponse& page, forecast::ItemGroups& groups);

// Reads in tasks of the executor. Handlers, clock and executor must outlive it and every read.
class LocalSeries final : public forecast::SeriesSource {
 public:
  LocalSeries(exchange::ExchangeApi& api, const runtime::Clock& clock, runtime::Executor& executor)
      : api_(api), clock_(clock), executor_(executor) {}
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override;
  void ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) override;

 private:
  exchange::ExchangeApi& api_;
  const runtime::Clock& clock_;
  runtime::Executor& executor_;
};

// `instance` names this instance where the channel has no TLS; the caller is forwarded.
std::unique_ptr<forecast::SeriesSource> MakeRemoteSeries(std::shared_ptr<grpc::Channel> channel,
                                                         std::string instance);

}  // namespace tandem::program

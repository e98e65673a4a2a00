// What the exchange answers, put together as forecast's worker reads it (forecast/worker.h), and
// what it is asked. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "services/forecast/worker.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::program {

// Puts the answers to one read together: first the pages of sales, the rest in any order.
class SeriesGather {
 public:
  // A page of sales. kInternal for one that does not fit those before it.
  absl::Status Add(const exchange::v1::ReadSeriesResponse& page);
  // A page of stock, after all sales: days without any left are those of an empty shelf. kInternal
  // for columns that do not fit together.
  absl::Status AddStock(const exchange::v1::ReadSeriesResponse& page);
  absl::Status AddPrices(const exchange::v1::ReadPricesResponse& page);
  // Keeps those of the items that were asked for.
  void AddPromotions(const exchange::v1::ListPromotionsResponse& page,
                     const forecast::SeriesRequest& request);
  // Keeps those that are on at the location.
  void AddEvents(const exchange::v1::ListEventsResponse& page, const std::string& location);
  // Another position that was read, sealed; pages that carry theirs note it themselves.
  void NoteCut(std::string sealed);
  // The position of the first page of sales, which what is read after it must be as new as.
  const std::string& first_cut() const { return first_cut_; }
  forecast::SeriesColumnsRead Take();

 private:
  forecast::SeriesColumnsRead read_;
  bool any_ = false;
  std::string first_cut_;
  absl::flat_hash_map<std::string, std::size_t> rows_;      // By item, once stock is added.
  absl::flat_hash_map<std::string, std::string> currency_;  // By item.
  absl::flat_hash_set<std::string> mixed_;  // Items of several currencies: no ratio of prices.
};

// What the worker asks, as the exchange takes it.
exchange::v1::ReadSeriesRequest SalesRequestFrom(const forecast::SeriesRequest& request);
exchange::v1::ReadSeriesRequest StockRequestFrom(const forecast::SeriesRequest& request);
exchange::v1::ReadPricesRequest PricesRequestFrom(const forecast::SeriesRequest& request);
// A page of the location's promotions; `page_token` is that of the page before, or empty.
exchange::v1::ListPromotionsRequest PromotionsRequestFrom(const forecast::SeriesRequest& request,
                                                          const std::string& page_token);
// A page of the owner's events, as above.
exchange::v1::ListEventsRequest EventsRequestFrom(const forecast::SeriesRequest& request,
                                                  const std::string& page_token);

// A page of the owner's items, as above.
exchange::v1::ListItemsRequest ItemsRequestFrom(const std::string& owner,
                                                const std::string& page_token);
// Adds the groups of a page's items.
void AddGroups(const exchange::v1::ListItemsResponse& page, forecast::ItemGroups& groups);

// The request, to be answered as new as what `gather` has: one location's data of all kinds is in
// one slot, and nothing of a forecast's basis may be older than it says.
template <typename Request>
Request AsNewAs(const SeriesGather& gather, Request request) {
  request.set_min_position(gather.first_cut());
  return request;
}

}  // namespace tandem::program

// The service's records as files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/tandem/cli/client.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::cli {

struct ExportOptions {
  std::string owner{};                   // A firm's id; "": the caller's.
  std::vector<std::string> locations{};  // Ids; empty: all that is granted.
  std::vector<std::string> items{};      // The same.
  std::string first_date{};              // "2016-01-01"
  std::string last_date{};
  std::string stock_owner{};  // A firm's id.
  std::string stock_status{"FREE"};
  std::string as_of{};  // RFC 3339 instant, or "".
  std::string to{};     // A path; "": standard output.
};

absl::Status ExportItems(Client& client, const ExportOptions& options);
absl::Status ExportLocations(Client& client, const ExportOptions& options);
absl::Status ExportEvents(Client& client, const ExportOptions& options);
absl::Status ExportPromotions(Client& client, const ExportOptions& options);
absl::Status ExportPlans(Client& client, const ExportOptions& options);
absl::Status ExportSeries(Client& client, exchange::v1::Measure measure,
                          const ExportOptions& options);
absl::Status ExportPrices(Client& client, const ExportOptions& options);

// Reads series and gives each message to `use`, which may end the reading with an error.
absl::Status ReadSeries(
    Client& client, exchange::v1::ReadSeriesRequest request,
    const std::function<absl::Status(const exchange::v1::ReadSeriesResponse&)>& use);
// The request that the options ask for. Errors of dates as base::Day::Parse.
absl::StatusOr<exchange::v1::ReadSeriesRequest> SeriesRequest(const Client& client,
                                                              exchange::v1::Measure measure,
                                                              const ExportOptions& options);
// "2016-05-22" as a message.
absl::StatusOr<google::type::Date> ParseDate(const std::string& field, const std::string& text);

}  // namespace tandem::cli

// Forecast versions through the public API.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/tandem/cli/client.h"
#include "tandem/forecast/v1/forecast.pb.h"

namespace tandem::cli {

// "agreements/3f2a" for "3f2a" and for itself.
std::string AgreementName(const std::string& agreement);

struct RunOptions {
  std::string agreement{};  // Its name.
  std::string method{};
  google::type::Date origin{};
  int horizon_days = 28;
  std::function<void(const forecast::v1::Run&)> on_progress{};
};
// Starts a run and asks every 50 ms until it has ended. Returns kAborted with its error where it
// failed, kDeadlineExceeded after half an hour.
absl::StatusOr<forecast::v1::Run> RunAndWait(Client& client, const RunOptions& options);

absl::StatusOr<forecast::v1::Version> GetVersion(Client& client, const std::string& name);
// Newest first.
absl::StatusOr<std::vector<forecast::v1::Version>> AllVersions(Client& client,
                                                               const std::string& agreement);
// Gives each chunk to `use`. An index outside its dictionary is kDataLoss, and so are quantiles
// that do not fill the values evenly.
absl::Status ReadVersion(
    Client& client, const forecast::v1::ReadVersionRequest& request,
    const std::function<absl::Status(const forecast::v1::ReadVersionResponse&)>& use);

}  // namespace tandem::cli

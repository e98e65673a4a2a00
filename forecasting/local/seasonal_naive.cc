#include "forecasting/local/seasonal_naive.h"

#include <algorithm>

#include "absl/status/status.h"

namespace tandem::forecasting {

absl::StatusOr<std::vector<double>> SeasonalNaive(std::span<const double> history_units,
                                                  const SeasonalNaiveOptions& options) {
  if (absl::Status status = CheckHorizon(options.horizon_buckets); !status.ok()) return status;
  std::vector<double> forecast_units(options.horizon_buckets);
  const absl::Status status =
      SeasonalNaiveInto(history_units, options.season_buckets, forecast_units);
  if (!status.ok()) return status;
  return forecast_units;
}

absl::Status SeasonalNaiveInto(std::span<const double> history_units, std::size_t season_buckets,
                               std::span<double> mean_units) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (season_buckets == 0) return absl::InvalidArgumentError("a season of no bucket");
  if (absl::Status status = CheckHorizon(mean_units.size()); !status.ok()) return status;
  const std::size_t season = std::min(season_buckets, history_units.size());
  const std::span<const double> last = history_units.last(season);
  for (std::size_t k = 0; k < mean_units.size(); ++k) mean_units[k] = last[k % season];
  return absl::OkStatus();
}

}  // namespace tandem::forecasting

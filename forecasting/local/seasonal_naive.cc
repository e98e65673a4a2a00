#include "forecasting/local/seasonal_naive.h"

#include <algorithm>

#include "absl/status/status.h"

namespace tandem::forecasting {

absl::StatusOr<std::vector<double>> SeasonalNaive(std::span<const double> history_units,
                                                  const SeasonalNaiveOptions& options) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (options.season_buckets == 0) return absl::InvalidArgumentError("a season of no bucket");
  if (absl::Status status = CheckHorizon(options.horizon_buckets); !status.ok()) return status;
  const std::size_t season = std::min(options.season_buckets, history_units.size());
  const std::span<const double> last = history_units.last(season);
  std::vector<double> forecast_units(options.horizon_buckets);
  for (std::size_t k = 0; k < forecast_units.size(); ++k) forecast_units[k] = last[k % season];
  return forecast_units;
}

}  // namespace tandem::forecasting

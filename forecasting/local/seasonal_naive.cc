#include "forecasting/local/seasonal_naive.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

absl::StatusOr<std::vector<double>> SeasonalNaive(std::span<const double> history_units,
                                                  const SeasonalNaiveOptions& options) {
  if (history_units.empty()) return absl::InvalidArgumentError("the history is empty");
  if (!AllFinite(history_units)) {
    return absl::InvalidArgumentError("the history holds a NaN or an infinity");
  }
  if (options.season_buckets == 0) return absl::InvalidArgumentError("a season of no bucket");
  if (options.horizon_buckets > kHorizonBucketsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a horizon of ", options.horizon_buckets, " buckets; the maximum is ", kHorizonBucketsMax));
  }
  const std::size_t season = std::min(options.season_buckets, history_units.size());
  const std::span<const double> last = history_units.last(season);
  std::vector<double> forecast_units(options.horizon_buckets);
  for (std::size_t k = 0; k < forecast_units.size(); ++k) forecast_units[k] = last[k % season];
  return forecast_units;
}

}  // namespace tandem::forecasting

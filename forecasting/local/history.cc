#include "forecasting/local/history.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "forecasting/local/quantiles.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

absl::Status CheckHistory(std::span<const double> history_units) {
  if (history_units.empty()) return absl::InvalidArgumentError("the history is empty");
  if (AllFinite(history_units)) return absl::OkStatus();
  std::size_t t = 0;
  while (std::isfinite(history_units[t])) ++t;
  return absl::InvalidArgumentError(absl::StrCat("the history holds a NaN or an infinity: bucket ",
                                                 t, " of ", history_units.size()));
}

absl::Status CheckDemand(std::span<const double> history_units) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  for (std::size_t t = 0; t < history_units.size(); ++t) {
    if (history_units[t] < 0.0) {
      return absl::InvalidArgumentError(absl::StrCat("the history's bucket ", t, " is ",
                                                     history_units[t], "; demand is 0 or more"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHorizon(std::size_t horizon_buckets) {
  if (horizon_buckets <= kHorizonBucketsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a horizon of ", horizon_buckets,
                                                 " buckets; the maximum is ", kHorizonBucketsMax));
}

absl::Status CheckBandRoom(std::size_t horizon_buckets, std::size_t room) {
  if (room == 0 || room == horizon_buckets * kQuantiles) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("room for ", room, " quantiles of ",
                                                 horizon_buckets, " buckets; it must be ",
                                                 kQuantiles, " a bucket or none"));
}

absl::Status CheckForecast(std::span<const double> forecast_units) {
  if (AllFinite(forecast_units)) return absl::OkStatus();
  return absl::OutOfRangeError("the history's values are too large to forecast from");
}

}  // namespace tandem::forecasting

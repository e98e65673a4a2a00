#include "forecasting/backtest/past_quantiles.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/long_origin.h"
#include "forecasting/backtest/long_panel.h"
#include "forecasting/backtest/long_quantiles.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

absl::Status CheckMeans(const LongPanel& panel, const LongOptions& options,
                        std::span<const double> mean_units) {
  if (mean_units.size() != panel.series.size() * options.horizon_buckets) {
    return absl::InvalidArgumentError(absl::StrCat(mean_units.size(), " means for ",
                                                   panel.series.size(), " series and a horizon of ",
                                                   options.horizon_buckets));
  }
  if (!AllFinite(mean_units)) {
    return absl::InvalidArgumentError("a mean is a NaN or an infinity");
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::size_t> PastOrigins(const LongPanel& panel, const LongOptions& options) {
  return EarlierOrigins(panel, options);
}

absl::StatusOr<std::vector<float>> QuantilesFromPast(const LongPanel& panel,
                                                     const LongOptions& options,
                                                     const MethodMeans& means, Executor& executor) {
  absl::Status status = CheckPanel(panel, options);
  if (status.ok()) status = CheckMeans(panel, options, means.mean_units);
  if (!status.ok()) return status;
  const DriverForm form = DriverForm::Of(panel);
  const OriginInput input{panel, options, form};
  // Drivers are the method's own affair: what spreads is told by levels and seasons.
  const LongStructure structure{};
  const auto now = OriginOf(input, 0, structure, executor);
  if (!now.ok()) return now.status();
  const LevelBuilder builder(panel, options.horizon_buckets);
  const LongLevel level = std::move(LevelsOf(panel).back());
  LevelForecasts forecasts{.now = builder.Nodes(level, *now, *now, means.mean_units)};
  builder.Describe(level, *now, forecasts);
  std::size_t longest = 0;
  for (const LongSeries& series : panel.series) longest = std::max(longest, series.units.size());
  for (const PastMeans& past : means.past) {
    status = CheckMeans(panel, options, past.mean_units);
    if (status.ok() && (past.back == 0 || past.back >= longest)) {
      status = absl::InvalidArgumentError(
          absl::StrCat("an origin ", past.back, " buckets before the end of ", longest));
    }
    if (!status.ok()) return status;
    const auto origin = OriginOf(input, past.back, structure, executor);
    if (!origin.ok()) return origin.status();
    forecasts.past.push_back(builder.Nodes(level, *origin, *now, past.mean_units));
  }
  absl::StatusOr<LongQuantiles> quantiles = QuantilesOfLevel(forecasts);
  if (!quantiles.ok()) return quantiles.status();
  return std::move(quantiles->quantile_units);
}

}  // namespace tandem::forecasting

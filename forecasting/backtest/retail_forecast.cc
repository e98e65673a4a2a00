#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/retail_backtest.h"
#include "forecasting/backtest/retail_local.h"
#include "forecasting/backtest/retail_quantiles.h"
#include "forecasting/backtest/retail_trees.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {

namespace {

static_assert(kQuantileCount == kQuantiles);

constexpr std::size_t kYearDays = 364;
constexpr std::size_t kWeeksDays = 56;  // Fewer tell nothing of a season.

absl::Status Check(const RetailHistory& history) {
  const std::size_t count = history.ids.size();
  if (count == 0) return absl::InvalidArgumentError("the panel has no series");
  if (history.listed_day.size() != count || history.dollars.size() != count ||
      history.units.size() != count * history.days) {
    return absl::InvalidArgumentError(
        absl::StrCat("of ", count, " series, listings, dollars or units differ"));
  }
  if (!history.prices.empty() && history.prices.size() != count) {
    return absl::InvalidArgumentError(
        absl::StrCat("prices of ", history.prices.size(), " series, not of ", count));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const RetailIds& ids = history.ids[i];
    if (ids.department < 0 || ids.store < 0 || ids.state < 0 ||
        static_cast<std::size_t>(ids.state) >= history.region_count) {
      return absl::InvalidArgumentError(absl::StrCat("series ", i, ": an identifier"));
    }
  }
  return absl::OkStatus();
}

// The local engine's means, as TreeMeans gives the trees'.
absl::StatusOr<std::vector<OriginMeans>> LocalOrigins(const RetailHistory& history,
                                                      const RetailOptions& options,
                                                      Executor& executor) {
  std::vector<OriginMeans> origins;
  const std::size_t horizon = options.profile.horizon_days;
  // A year before each, or what a short history has: half of it.
  const std::size_t least = std::clamp(history.days / 2, kWeeksDays, kYearDays);
  for (std::size_t k = 0; k <= options.calibration_origins; ++k) {
    if (k > 0 && history.days < least + k * horizon) break;
    const std::size_t days = history.days - k * horizon;
    absl::StatusOr<LocalForecast> local = ForecastLocally(history, days, options.profile, executor);
    if (!local.ok()) return local.status();
    origins.push_back({.origin_days = days, .mean_units = std::move(local->mean_units)});
    if (options.on_progress) {
      options.on_progress(0.9 * static_cast<double>(k) /
                          static_cast<double>(options.calibration_origins + 1));
    }
  }
  return origins;
}

// Takes the earlier origins' means, and reads what came.
RetailPast PastOf(const RetailHistory& history, std::vector<OriginMeans>& origins,
                  std::size_t horizon) {
  RetailPast past;
  for (std::size_t k = 1; k < origins.size(); ++k) {
    std::vector<double> actual(origins[k].mean_units.size());
    for (std::size_t i = 0; i < history.ids.size(); ++i) {
      const auto after = history.Of(i, history.days).subspan(origins[k].origin_days, horizon);
      std::ranges::copy(after, actual.begin() + static_cast<std::ptrdiff_t>(i * horizon));
    }
    past.forecasts.push_back(std::move(origins[k].mean_units));
    past.actuals.push_back(std::move(actual));
  }
  return past;
}

}  // namespace

absl::StatusOr<RetailForecast> ForecastRetail(const RetailHistory& history,
                                              const RetailOptions& options, Executor& executor) {
  if (const absl::Status status = Check(history); !status.ok()) return status;
  const std::size_t horizon = options.profile.horizon_days;
  if (horizon == 0) return absl::InvalidArgumentError("the horizon is at least one day");
  RetailForecast forecast{.horizon_days = horizon, .levels = RetailLevels(history.ids)};
  absl::StatusOr<std::vector<OriginMeans>> origins = options.engine == BacktestEngine::kLocal
                                                         ? LocalOrigins(history, options, executor)
                                                         : TreeMeans(history, options, executor);
  if (!origins.ok()) return origins.status();
  forecast.mean_units = std::move(origins->front().mean_units);
  const RetailPast past = PastOf(history, *origins, horizon);
  absl::Status status = RunAll(executor, kRetailLevels, [&](std::size_t l) {
    auto quantiles = LevelQuantiles({.level = &forecast.levels[l],
                                     .number = l,
                                     .horizon_days = horizon,
                                     .past = &past,
                                     .mean_units = forecast.mean_units});
    if (!quantiles.ok()) return quantiles.status();
    forecast.quantile_units[l] = *std::move(quantiles);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (options.on_progress) options.on_progress(1.0);
  return forecast;
}

}  // namespace tandem::forecasting

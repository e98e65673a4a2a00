#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/accuracy/interval.h"
#include "forecasting/backtest/retail_backtest.h"
#include "forecasting/uncertainty/negative_binomial.h"
#include "forecasting/uncertainty/pooled_residuals.h"

namespace tandem::forecasting {

namespace {

static_assert(kQuantileCount == kQuantiles);

constexpr std::size_t kYearDays = 364;
constexpr std::size_t kWeekDays = 7;
constexpr std::size_t kItemLevel = 9;       // From here on nodes are items: counts.
constexpr std::size_t kBinSizeMin = 2'000;  // Residuals a pool needs for its outer quantiles.
constexpr std::size_t kBinsMax = 24;
constexpr double kDispersionPairs =
    28.0;  // What the level's dispersion weighs beside a node's own.

absl::Status Check(const RetailHistory& history) {
  const std::size_t count = history.ids.size();
  if (count == 0) return absl::InvalidArgumentError("the panel has no series");
  if (history.listed_day.size() != count || history.dollars.size() != count ||
      history.units.size() != count * history.days) {
    return absl::InvalidArgumentError(
        absl::StrCat("of ", count, " series, listings, dollars or units differ"));
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

ProfilePanel PanelOf(const RetailHistory& history, std::size_t days) {
  ProfilePanel panel{.calendar = history.calendar};
  std::size_t departments = 0;
  std::size_t stores = 0;
  for (const RetailIds& ids : history.ids) {
    departments = std::max(departments, static_cast<std::size_t>(ids.department) + 1);
    stores = std::max(stores, static_cast<std::size_t>(ids.store) + 1);
  }
  panel.pool_count = departments;
  panel.groups.resize(departments * stores);
  for (std::size_t i = 0; i < history.ids.size(); ++i) {
    const RetailIds& ids = history.ids[i];
    const std::size_t group = static_cast<std::size_t>(ids.store) * departments +
                              static_cast<std::size_t>(ids.department);
    panel.groups[group] = {.pool = static_cast<std::size_t>(ids.department),
                           .region = static_cast<std::size_t>(ids.state)};
    panel.series.push_back(
        {.group = group, .history_units = history.Of(i, days), .first_day = history.listed_day[i]});
  }
  return panel;
}

// The first part's error, by number: the same whatever the order in which parts ran.
absl::Status RunAll(Executor& executor, std::size_t count,
                    const std::function<absl::Status(std::size_t)>& part) {
  std::vector<absl::Status> statuses(count);
  executor.ForEach(count, [&](std::size_t k) { statuses[k] = part(k); });
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Means from the first `days` of the history, series by series.
absl::StatusOr<std::vector<double>> Means(const RetailHistory& history, std::size_t days,
                                          const ProfileOptions& options, Executor& executor) {
  absl::StatusOr<Profile> profile = Profile::Make(PanelOf(history, days), options);
  if (!profile.ok()) return profile.status();
  absl::Status status =
      RunAll(executor, profile->pool_count(), [&](std::size_t p) { return profile->FitPool(p); });
  if (!status.ok()) return status;
  status =
      RunAll(executor, profile->group_count(), [&](std::size_t g) { return profile->FitGroup(g); });
  if (!status.ok()) return status;
  status = RunAll(executor, profile->series_count(),
                  [&](std::size_t i) { return profile->FitSeries(i); });
  if (!status.ok()) return status;
  profile->Align();
  const std::size_t horizon = options.horizon_days;
  std::vector<double> means(history.ids.size() * horizon);
  for (std::size_t i = 0; i < history.ids.size(); ++i) {
    profile->Forecast(i, std::span(means).subspan(i * horizon, horizon));
  }
  return means;
}

// Sums of the bottom series' values by node, `width` values each.
std::vector<double> AddUp(const RetailLevel& level, std::span<const double> bottom,
                          std::size_t width) {
  std::vector<double> sums(level.node_count() * width, 0.0);
  for (std::size_t i = 0; i < level.node_of_series.size(); ++i) {
    double* to = &sums[level.node_of_series[i] * width];
    for (std::size_t k = 0; k < width; ++k) to[k] += bottom[i * width + k];
  }
  return sums;
}

// Means and outcomes after each of the earlier origins, of the bottom series.
struct Past {
  std::vector<std::vector<double>> forecasts{};  // An origin each.
  std::vector<std::vector<double>> actuals{};
};

// The quantiles of one level.
class LevelQuantiles {
 public:
  LevelQuantiles(const RetailLevel& level, std::size_t number, std::size_t horizon)
      : level_(level),
        horizon_(horizon),
        growth_(number >= kItemLevel ? VarianceGrowth::kMean : VarianceGrowth::kSquaredMean) {}

  absl::StatusOr<std::vector<float>> Run(const Past& past, std::span<const double> means) {
    for (std::size_t origin = 0; origin < past.forecasts.size(); ++origin) {
      forecasts_.push_back(AddUp(level_, past.forecasts[origin], horizon_));
      actuals_.push_back(AddUp(level_, past.actuals[origin], horizon_));
    }
    Disperse();
    const absl::Status pooled = Pool();
    if (!pooled.ok()) return pooled;
    const std::vector<double> sums = AddUp(level_, means, horizon_);
    std::vector<float> quantiles(sums.size() * kQuantileCount);
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      for (std::size_t h = 0; h < horizon_; ++h) {
        const absl::Status status = FillDay(node, h, sums[node * horizon_ + h], quantiles);
        if (!status.ok()) return status;
      }
    }
    return quantiles;
  }

 private:
  template <typename Use>
  void ForEachPair(std::size_t node, Use use) const {
    for (std::size_t origin = 0; origin < forecasts_.size(); ++origin) {
      for (std::size_t h = 0; h < horizon_; ++h) {
        const std::size_t at = node * horizon_ + h;
        if (forecasts_[origin][at] > 0.0) use(h, forecasts_[origin][at], actuals_[origin][at]);
      }
    }
  }

  void Disperse() {
    std::vector<std::vector<double>> forecast(level_.node_count());
    std::vector<std::vector<double>> actual(level_.node_count());
    double sum = 0.0;
    double nodes = 0.0;
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      ForEachPair(node, [&](std::size_t, double f, double y) {
        forecast[node].push_back(f);
        actual[node].push_back(y);
      });
      if (forecast[node].empty()) continue;
      sum += std::log(std::max(
          1e-6, Dispersion({forecast[node], actual[node]}, growth_, {.pooled_weight = 0.0})));
      nodes += 1.0;
    }
    const double typical = nodes > 0.0 ? std::exp(sum / nodes) : 1.0;
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      dispersion_.push_back(Dispersion({forecast[node], actual[node]}, growth_,
                                       {.pooled = typical, .pooled_weight = kDispersionPairs}));
    }
  }

  // Sizes are binned by rank, so that every bin has as many residuals; a bin is cut by weeks where
  // it has enough.
  absl::Status Pool() {
    std::vector<double> sizes;
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      ForEachPair(node, [&](std::size_t, double f, double) { sizes.push_back(f); });
    }
    const std::size_t weeks = (horizon_ + kWeekDays - 1) / kWeekDays;
    const std::size_t bins =
        std::clamp<std::size_t>(sizes.size() / (weeks * kBinSizeMin), 1, kBinsMax);
    weeks_ = sizes.size() >= weeks * kBinSizeMin ? weeks : 1;
    std::ranges::sort(sizes);
    for (std::size_t b = 1; b < bins; ++b) edges_.push_back(sizes[b * sizes.size() / bins]);
    pools_.resize(bins * weeks_);
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      ForEachPair(node, [&](std::size_t h, double f, double y) {
        const double scale = ResidualScale(f, dispersion_[node], growth_);
        if (scale > 0.0) pools_[PoolOf(h, f)].Add((y - f) / scale);
      });
    }
    for (PooledResiduals& pool : pools_) {
      absl::Status status = pool.Sort();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::size_t PoolOf(std::size_t h, double forecast) const {
    const auto bin =
        static_cast<std::size_t>(std::ranges::upper_bound(edges_, forecast) - edges_.begin());
    return bin * weeks_ + (weeks_ == 1 ? 0 : h / kWeekDays);
  }

  absl::Status FillDay(std::size_t node, std::size_t h, double mean,
                       std::vector<float>& quantiles) const {
    std::array<double, kQuantileCount> values{};
    const PooledResiduals& pool = pools_[PoolOf(h, mean)];
    const double scale = ResidualScale(mean, dispersion_[node], growth_);
    for (std::size_t u = 0; u < kQuantileCount; ++u) {
      const std::optional<double> residual = pool.Quantile(kQuantileLevels[u]);
      if (residual.has_value()) {
        values[u] = mean + scale * *residual;
      } else {
        const auto count =
            CountQuantile({.mean_units = mean, .variance_units = std::max(mean, scale * scale)},
                          kQuantileLevels[u]);
        if (!count.ok()) return count.status();
        values[u] = *count;
      }
    }
    MakeMonotone(values);
    for (std::size_t u = 0; u < kQuantileCount; ++u) {
      quantiles[(node * kQuantileCount + u) * horizon_ + h] = static_cast<float>(values[u]);
    }
    return absl::OkStatus();
  }

  const RetailLevel& level_;
  std::size_t horizon_;
  VarianceGrowth growth_;
  std::vector<std::vector<double>> forecasts_;  // By origin; node by node.
  std::vector<std::vector<double>> actuals_;
  std::vector<double> dispersion_;
  std::vector<double> edges_;
  std::size_t weeks_ = 1;
  std::vector<PooledResiduals> pools_;
};

// Forecasts from the origins before, a horizon apart.
absl::StatusOr<Past> ForecastPast(const RetailHistory& history, const RetailOptions& options,
                                  Executor& executor) {
  const std::size_t horizon = options.profile.horizon_days;
  Past past;
  for (std::size_t k = 1; k <= options.calibration_origins; ++k) {
    if (history.days < kYearDays + k * horizon) break;
    const std::size_t origin = history.days - k * horizon;
    absl::StatusOr<std::vector<double>> means = Means(history, origin, options.profile, executor);
    if (!means.ok()) return means.status();
    std::vector<double> actual(means->size());
    for (std::size_t i = 0; i < history.ids.size(); ++i) {
      const auto after = history.Of(i, history.days).subspan(origin, horizon);
      std::ranges::copy(after, actual.begin() + static_cast<std::ptrdiff_t>(i * horizon));
    }
    past.forecasts.push_back(*std::move(means));
    past.actuals.push_back(std::move(actual));
    if (options.on_progress) {
      options.on_progress(0.9 * static_cast<double>(k) /
                          static_cast<double>(options.calibration_origins));
    }
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
  absl::StatusOr<std::vector<double>> means =
      Means(history, history.days, options.profile, executor);
  if (!means.ok()) return means.status();
  forecast.mean_units = *std::move(means);
  const absl::StatusOr<Past> past = ForecastPast(history, options, executor);
  if (!past.ok()) return past.status();
  const absl::Status status = RunAll(executor, kRetailLevels, [&](std::size_t l) {
    auto quantiles = LevelQuantiles(forecast.levels[l], l, horizon).Run(*past, forecast.mean_units);
    if (!quantiles.ok()) return quantiles.status();
    forecast.quantile_units[l] = *std::move(quantiles);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (options.on_progress) options.on_progress(1.0);
  return forecast;
}

}  // namespace tandem::forecasting

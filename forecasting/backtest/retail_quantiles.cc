#include "forecasting/backtest/retail_quantiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "forecasting/quantile_levels.h"
#include "forecasting/uncertainty/negative_binomial.h"
#include "forecasting/uncertainty/pooled_residuals.h"

namespace tandem::forecasting {

namespace {

constexpr std::size_t kWeekDays = 7;
constexpr std::size_t kItemLevel = 9;       // From here on nodes are items: counts.
constexpr std::size_t kBinSizeMin = 2'000;  // Residuals a pool needs for its outer quantiles.
constexpr std::size_t kBinsMax = 24;
constexpr double kDispersionPairs =
    28.0;  // What the level's dispersion weighs beside a node's own.

constexpr double kClosedShare = 0.2;

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

// By node and day.
std::vector<bool> ClosedDays(std::span<const double> forecasts, std::size_t horizon) {
  std::vector<bool> closed(forecasts.size(), false);
  std::vector<double> days;
  for (std::size_t first = 0; first < forecasts.size(); first += horizon) {
    const auto node = forecasts.subspan(first, horizon);
    days.assign(node.begin(), node.end());
    const auto middle = days.begin() + static_cast<std::ptrdiff_t>(horizon / 2);
    std::ranges::nth_element(days, middle);
    for (std::size_t h = 0; h < horizon; ++h) closed[first + h] = node[h] < kClosedShare * *middle;
  }
  return closed;
}

// The quantiles of one level.
class Pools {
 public:
  explicit Pools(const QuantileTask& task)
      : level_(*task.level),
        horizon_(task.horizon_days),
        growth_(task.number >= kItemLevel ? VarianceGrowth::kMean : VarianceGrowth::kSquaredMean) {}

  absl::StatusOr<std::vector<float>> Run(const RetailPast& past, std::span<const double> means) {
    for (std::size_t origin = 0; origin < past.forecasts.size(); ++origin) {
      forecasts_.push_back(AddUp(level_, past.forecasts[origin], horizon_));
      actuals_.push_back(AddUp(level_, past.actuals[origin], horizon_));
      closed_.push_back(ClosedDays(forecasts_.back(), horizon_));
    }
    Disperse();
    const absl::Status pooled = Pool();
    if (!pooled.ok()) return pooled;
    const std::vector<double> sums = AddUp(level_, means, horizon_);
    const std::vector<bool> closed = ClosedDays(sums, horizon_);
    std::vector<float> quantiles(sums.size() * kQuantiles);
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      for (std::size_t h = 0; h < horizon_; ++h) {
        const std::size_t at = node * horizon_ + h;
        const absl::Status status = closed[at] ? FillClosedDay(node, h, sums[at], quantiles)
                                               : FillDay(node, h, sums[at], quantiles);
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
        if (!(forecasts_[origin][at] > 0.0) || closed_[origin][at]) continue;
        use(h, forecasts_[origin][at], actuals_[origin][at]);
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
    std::array<double, kQuantiles> values{};
    const PooledResiduals& pool = pools_[PoolOf(h, mean)];
    const double scale = ResidualScale(mean, dispersion_[node], growth_);
    for (std::size_t u = 0; u < kQuantiles; ++u) {
      const std::optional<double> residual = pool.Quantile(kQuantileLevels[u]);
      if (residual.has_value()) {
        values[u] = mean + scale * *residual;
      } else {
        const double variance = forecasts_.empty() ? mean : std::max(mean, scale * scale);
        const auto count =
            CountQuantile({.mean_units = mean, .variance_units = variance}, kQuantileLevels[u]);
        if (!count.ok()) return count.status();
        values[u] = *count;
      }
    }
    MakeMonotone(values);
    for (std::size_t u = 0; u < kQuantiles; ++u) {
      quantiles[(node * kQuantiles + u) * horizon_ + h] = static_cast<float>(values[u]);
    }
    return absl::OkStatus();
  }

  absl::Status FillClosedDay(std::size_t node, std::size_t h, double mean,
                             std::vector<float>& quantiles) const {
    for (std::size_t u = 0; u < kQuantiles; ++u) {
      const auto count = CountQuantile({.mean_units = mean, .variance_units = mean + mean * mean},
                                       kQuantileLevels[u]);
      if (!count.ok()) return count.status();
      quantiles[(node * kQuantiles + u) * horizon_ + h] = static_cast<float>(*count);
    }
    return absl::OkStatus();
  }

  const RetailLevel& level_;
  std::size_t horizon_;
  VarianceGrowth growth_;
  std::vector<std::vector<double>> forecasts_;  // By origin; node by node.
  std::vector<std::vector<double>> actuals_;
  std::vector<std::vector<bool>> closed_;
  std::vector<double> dispersion_;
  std::vector<double> edges_;
  std::size_t weeks_ = 1;
  std::vector<PooledResiduals> pools_;
};

}  // namespace

absl::StatusOr<std::vector<float>> LevelQuantiles(const QuantileTask& task) {
  return Pools(task).Run(*task.past, task.mean_units);
}

}  // namespace tandem::forecasting

#include "forecasting/uncertainty/pooled_residuals.h"

#include <algorithm>
#include <cmath>

#include "forecasting/series.h"

namespace tandem::forecasting {

absl::Status PooledResiduals::Sort() {
  if (!AllFinite(residuals_)) return absl::InvalidArgumentError("a residual is not finite");
  std::ranges::sort(residuals_);
  return absl::OkStatus();
}

std::optional<double> PooledResiduals::Quantile(double u) const {
  const double rank = (static_cast<double>(residuals_.size()) + 1.0) * u;
  const double j = u >= 0.5 ? std::ceil(rank) : std::floor(rank);
  if (!(j >= 1.0 && j <= static_cast<double>(residuals_.size()))) return std::nullopt;
  return residuals_[static_cast<std::size_t>(j) - 1];
}

double PooledResiduals::AtMost(double residual) const {
  const auto count = std::ranges::upper_bound(residuals_, residual) - residuals_.begin();
  return static_cast<double>(count) / (static_cast<double>(residuals_.size()) + 1.0);
}

double Dispersion(const PastForecasts& past, VarianceGrowth growth, const DispersionPrior& prior) {
  double errors = 0.0;
  double sizes = 0.0;
  double pairs = 0.0;
  const std::size_t count = std::min(past.forecast_units.size(), past.actual_units.size());
  for (std::size_t k = 0; k < count; ++k) {
    const double forecast = past.forecast_units[k];
    if (!(forecast > 0.0)) continue;
    const double error = past.actual_units[k] - forecast;
    const double size = std::max(forecast, kMeanFloorUnits);
    errors += error * error;
    sizes += growth == VarianceGrowth::kMean ? size : size * size;
    pairs += 1.0;
  }
  // The prior's pairs are of the mean size; without a pair any size does.
  const double size = pairs > 0.0 ? sizes / pairs : 1.0;
  const double weight = sizes + prior.pooled_weight * size;
  return weight > 0.0 ? (errors + prior.pooled * prior.pooled_weight * size) / weight : 0.0;
}

double ResidualScale(double forecast_units, double dispersion, VarianceGrowth growth) {
  const double size = std::max(forecast_units, kMeanFloorUnits);
  return std::sqrt(dispersion) * (growth == VarianceGrowth::kMean ? std::sqrt(size) : size);
}

void MakeMonotone(std::span<double> quantile_units) {
  double least = 0.0;
  for (double& quantile : quantile_units) {
    least = std::max(least, quantile);
    quantile = least;
  }
}

}  // namespace tandem::forecasting

// Quantiles from what forecasts missed before: standardised residuals of like series, horizons and
// sizes are pooled, and a quantile is one of them (split-conformal), so it assumes no distribution.
// References: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World" (2005); Lei et
// al., "Distribution-free predictive inference for regression", J. American Statistical Association
// 113 (2018).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

// One pool's residuals, gathered and then sorted once.
class PooledResiduals {
 public:
  void Add(double residual) { residuals_.push_back(residual); }
  void Add(std::span<const double> residuals) {
    residuals_.insert(residuals_.end(), residuals.begin(), residuals.end());
  }
  std::size_t size() const { return residuals_.size(); }
  // kInvalidArgument if a residual is a NaN or an infinity.
  absl::Status Sort();
  // After Sort. The j-th smallest of n, j = ceil((n + 1) u) for u >= 1/2 and floor((n + 1) u)
  // below; nullopt where there is no such j: too few residuals, pool wider. u in (0, 1).
  std::optional<double> Quantile(double u) const;
  // After Sort. The share of n + 1 that is no more than `residual`: a probability whose quantile it
  // is. 0 without residuals.
  double AtMost(double residual) const;

 private:
  std::vector<double> residuals_;
};

// What is known of one series' past forecasts: pairs of forecast and outcome.
struct PastForecasts {
  std::span<const double> forecast_units{};
  std::span<const double> actual_units{};
};

// How a series' variance grows with its mean: as the mean for counts of single items, as its square
// for sums of many.
enum class VarianceGrowth { kMean, kSquaredMean };

// A mean below this counts as this: what hardly ever sells still scatters like a hundredth of a
// unit.
inline constexpr double kMeanFloorUnits = 0.01;

// Sum of (y - f)^2 over the sum of f (or f^2), of the pairs with f > 0, drawn to `pooled` as if
// that were `pooled_weight` further pairs of the mean size. A ratio of sums, since a mean of ratios
// would be that of the few days on which next to nothing was forecast. 0 or more. O(n).
struct DispersionPrior {
  double pooled = 1.0;
  double pooled_weight = 28.0;
};
double Dispersion(const PastForecasts& past, VarianceGrowth growth, const DispersionPrior& prior);

// sqrt(dispersion f) or sqrt(dispersion) f: what a residual is divided by.
double ResidualScale(double forecast_units, double dispersion, VarianceGrowth growth);

// Makes quantiles of ascending probabilities ascend too and clips them at 0: each becomes the
// largest of it and those before it.
void MakeMonotone(std::span<double> quantile_units);

}  // namespace tandem::forecasting

#include "forecasting/backtest/long_quantiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "forecasting/local/quantiles.h"
#include "forecasting/uncertainty/pooled_residuals.h"

namespace tandem::forecasting {
namespace {

constexpr double kOwnResiduals = 28.0;
constexpr double kRatioMin = 0.2;
constexpr double kRatioMax = 5.0;
constexpr std::size_t kPartsMax = 4;
constexpr std::size_t kPartResidualsMin = 500;
constexpr std::size_t kBinsMax = 8;
constexpr std::size_t kBinResidualsMin = 2'000;
constexpr double kOutlier = 5.0;  // In typical residuals: no more counts towards a node's factor.
constexpr double kFarOut = 30.0;  // And no more in a pool.
constexpr double kUnseenGrowth = 0.05;  // Of the variance a bucket, where no residual is known.

// Of what a residual can be taken of: a bucket that nobody knows is no forecast of nothing.
double MeanOf(const NodeForecasts& node) {
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t h = 0; h < node.mean_units.size(); ++h) {
    if (!node.known.empty() && node.known[h] == 0) continue;
    sum += node.mean_units[h];
    count += 1.0;
  }
  return count > 0.0 ? sum / count : 0.0;
}

double GrowthOf(LongClass kind) {
  switch (kind) {
    case LongClass::kSmooth:
      return 1.0;
    case LongClass::kIntermittent:
      return 0.5;
    case LongClass::kSigned:
      return 0.0;
  }
  return 0.0;
}

// What a residual is divided by, but for the node's own factor.
class Spread {
 public:
  Spread(const NodeForecasts& node, LongClass kind)
      : node_(node), mean_(MeanOf(node)), growth_(GrowthOf(kind)) {}
  double At(std::size_t h) const {
    if (!(mean_ > 0.0) || growth_ == 0.0) return node_.spread_units;
    const double ratio = std::clamp(node_.mean_units[h] / mean_, kRatioMin, kRatioMax);
    return node_.spread_units * (growth_ == 1.0 ? ratio : std::sqrt(ratio));
  }
  // How large the forecast is beside its spread.
  double Size() const { return mean_ / node_.spread_units; }

 private:
  const NodeForecasts& node_;
  double mean_;
  double growth_;
};

// One class's residuals, by size and part of the horizon.
class ClassPools {
 public:
  void AddSize(double size) { sizes_.push_back(size); }
  void Divide(std::size_t horizon) {
    horizon_ = std::max<std::size_t>(1, horizon);
    parts_ = std::clamp<std::size_t>(sizes_.size() / kPartResidualsMin, 1,
                                     std::min(kPartsMax, horizon_));
    const std::size_t bins =
        std::clamp<std::size_t>(sizes_.size() / (parts_ * kBinResidualsMin), 1, kBinsMax);
    std::ranges::sort(sizes_);
    for (std::size_t b = 1; b < bins; ++b) edges_.push_back(sizes_[b * sizes_.size() / bins]);
    pools_.resize(bins * parts_);
  }
  void Add(double size, std::size_t h, double residual) {
    pools_[PoolOf(size, h)].Add(residual);
    all_.Add(residual);
    squares_ += residual * residual;
    least_ = std::min(least_, residual);
    most_ = std::max(most_, residual);
  }
  absl::Status Sort() {
    for (PooledResiduals& pool : pools_) {
      if (absl::Status status = pool.Sort(); !status.ok()) return status;
    }
    return all_.Sort();
  }
  double At(double size, std::size_t h, double level) const {
    const std::optional<double> near = pools_[PoolOf(size, h)].Quantile(level);
    if (near.has_value()) return *near;
    const std::optional<double> any = all_.Quantile(level);
    if (any.has_value()) return *any;
    const double normal = NormalQuantile(level);
    if (all_.size() == 0) return normal * std::sqrt(1.0 + kUnseenGrowth * static_cast<double>(h));
    const double tail = normal * std::sqrt(squares_ / static_cast<double>(all_.size()));
    return level < 0.5 ? std::min(tail, least_) : std::max(tail, most_);
  }
  bool empty() const { return all_.size() == 0; }

 private:
  std::size_t PoolOf(double size, std::size_t h) const {
    const auto bin =
        static_cast<std::size_t>(std::ranges::upper_bound(edges_, size) - edges_.begin());
    return bin * parts_ + std::min(h * parts_ / horizon_, parts_ - 1);
  }
  std::vector<double> sizes_;  // One a residual.
  std::vector<double> edges_;
  std::size_t horizon_ = 1;  // As far as past forecasts reached.
  std::size_t parts_ = 1;
  std::vector<PooledResiduals> pools_;
  PooledResiduals all_;
  double squares_ = 0.0;
  double least_ = 0.0;
  double most_ = 0.0;
};

class LevelPools {
 public:
  explicit LevelPools(const LevelForecasts& forecasts)
      : forecasts_(forecasts), factors_(forecasts.now.size(), 1.0) {}

  absl::StatusOr<std::vector<float>> Run() {
    Factors();
    ForEachResidual([&](std::size_t node, std::size_t h, double, double size) {
      pools_[Kind(node)].AddSize(size);
      reach_ = std::max(reach_, h + 1);
    });
    for (ClassPools& pools : pools_) pools.Divide(reach_);
    ForEachResidual([&](std::size_t node, std::size_t h, double residual, double size) {
      pools_[Kind(node)].Add(size, h, std::clamp(residual / factors_[node], -kFarOut, kFarOut));
    });
    for (ClassPools& pools : pools_) {
      if (absl::Status status = pools.Sort(); !status.ok()) return status;
    }
    std::vector<float> quantiles;
    for (std::size_t node = 0; node < forecasts_.now.size(); ++node) AddNode(node, quantiles);
    return quantiles;
  }

 private:
  std::size_t Kind(std::size_t node) const {
    return static_cast<std::size_t>(forecasts_.kinds[node]);
  }

  template <typename Use>
  void ForEachResidual(Use use) const {
    for (const std::vector<NodeForecasts>& origin : forecasts_.past) {
      for (std::size_t node = 0; node < origin.size(); ++node) {
        const NodeForecasts& one = origin[node];
        if (!(one.spread_units > 0.0)) continue;
        const Spread spread(one, forecasts_.kinds[node]);
        for (std::size_t h = 0; h < one.known.size(); ++h) {
          if (one.known[h] == 0) continue;
          use(node, h, (one.actual_units[h] - one.mean_units[h]) / spread.At(h), spread.Size());
        }
      }
    }
  }

  // How far a node's residuals are from 1, drawn to its class's typical.
  void Factors() {
    std::vector<double> squares(factors_.size());
    std::vector<double> counts(factors_.size());
    ForEachResidual([&](std::size_t node, std::size_t, double residual, double) {
      squares[node] += residual * residual;
      counts[node] += 1.0;
    });
    std::array<double, kLongClasses> typical{};
    for (std::size_t kind = 0; kind < kLongClasses; ++kind) {
      std::vector<double> means;
      for (std::size_t node = 0; node < factors_.size(); ++node) {
        if (Kind(node) == kind && counts[node] > 0.0) means.push_back(squares[node] / counts[node]);
      }
      std::ranges::sort(means);
      typical[kind] = means.empty() ? 1.0 : std::max(1e-6, means[means.size() / 2]);
    }
    // Again, without what is far out.
    std::ranges::fill(squares, 0.0);
    ForEachResidual([&](std::size_t node, std::size_t, double residual, double) {
      squares[node] += std::min(residual * residual, kOutlier * kOutlier * typical[Kind(node)]);
    });
    for (std::size_t node = 0; node < factors_.size(); ++node) {
      factors_[node] = std::sqrt((squares[node] + kOwnResiduals * typical[Kind(node)]) /
                                 (counts[node] + kOwnResiduals));
    }
  }

  void AddNode(std::size_t node, std::vector<float>& quantiles) const {
    const NodeForecasts& now = forecasts_.now[node];
    const Spread spread(now, forecasts_.kinds[node]);
    const ClassPools& pools = pools_[Kind(node)];
    for (std::size_t h = 0; h < now.mean_units.size(); ++h) {
      double scale = now.spread_units > 0.0 ? spread.At(h) * factors_[node] : 0.0;
      if (!pools.empty() && h >= reach_) {
        scale *= std::sqrt(static_cast<double>(h + 1) / static_cast<double>(reach_));
      }
      const double farthest =
          std::max(forecasts_.farthest_units[node][h], std::abs(now.mean_units[h]));
      double least = forecasts_.non_negative[node] ? 0.0 : -farthest;
      for (const double level : kQuantileLevels) {
        double quantile = now.mean_units[h];
        if (scale > 0.0) quantile += scale * pools.At(spread.Size(), h, level);
        least = std::max(least, std::min(quantile, farthest));
        quantiles.push_back(static_cast<float>(least));
      }
    }
  }

  const LevelForecasts& forecasts_;
  std::vector<double> factors_;  // A node each.
  std::array<ClassPools, kLongClasses> pools_;
  std::size_t reach_ = 0;  // Buckets ahead that past forecasts are known of.
};

}  // namespace

absl::StatusOr<std::vector<float>> QuantilesOfLevel(const LevelForecasts& forecasts) {
  return LevelPools(forecasts).Run();
}

}  // namespace tandem::forecasting

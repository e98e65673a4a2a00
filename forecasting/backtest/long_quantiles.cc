#include "forecasting/backtest/long_quantiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "forecasting/local/quantiles.h"
#include "forecasting/uncertainty/pooled_residuals.h"
#include "forecasting/uncertainty/quantile_curve.h"

namespace tandem::forecasting {
namespace {

constexpr double kOwnResiduals = 28.0;
constexpr double kRatioMin = 0.2;
constexpr double kRatioMax = 5.0;
constexpr std::size_t kPartsMax = 4;
constexpr std::size_t kPartResidualsMin = 500;
constexpr std::size_t kBinsMax = 8;
constexpr std::size_t kBinResidualsMin = 2'000;
// Of intermittent nodes: size tells how often they sell, so that many bins tell their zeros apart.
constexpr std::size_t kIntermittentBinsMax = 24;
constexpr std::size_t kIntermittentBinResidualsMin = 500;
constexpr std::size_t kDepthResidualsMin = 200;  // Outer quantiles are told by as many.
constexpr std::size_t kShortBuckets = 16;  // Fewer tell little of their spread (long_panel.cc),
constexpr std::size_t kFewBuckets = 8;     // and fewer than these next to nothing.
constexpr double kOutlier = 5.0;  // In typical residuals: no more counts towards a node's factor.
constexpr double kFarOut = 30.0;  // And no more in a pool.
constexpr std::size_t kNearMin = 40;  // They tell a probability to a fortieth.
constexpr double kOuterBelow = 0.025;
constexpr double kOuterStretch = 1.04;
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

// Origins differ, and a new one is none of those whose residuals are pooled: outermost quantiles
// lie a little farther out than those residuals'. Learnt on nineteen sets by
// tests/bench/forecasting/long_intervals (README.md); those of occasional demand had no need.
double StretchOf(double level, LongClass kind) {
  const bool outer = level <= kOuterBelow || level >= 1.0 - kOuterBelow;
  return outer && kind != LongClass::kIntermittent ? kOuterStretch : 1.0;
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

// Residuals of one class, or of one depth of it, by size and part of the horizon.
class ClassPools {
 public:
  void AddSize(double size) { sizes_.push_back(size); }
  void Divide(std::size_t horizon, LongClass kind) {
    horizon_ = std::max<std::size_t>(1, horizon);
    parts_ = std::clamp<std::size_t>(sizes_.size() / kPartResidualsMin, 1,
                                     std::min(kPartsMax, horizon_));
    const bool fine = kind == LongClass::kIntermittent;
    const std::size_t least = fine ? kIntermittentBinResidualsMin : kBinResidualsMin;
    const std::size_t bins = std::clamp<std::size_t>(sizes_.size() / (parts_ * least), 1,
                                                     fine ? kIntermittentBinsMax : kBinsMax);
    std::ranges::sort(sizes_);
    for (std::size_t b = 1; b < bins; ++b) edges_.push_back(sizes_[b * sizes_.size() / bins]);
    pools_.resize(bins * parts_);
  }
  // `rank` is what is pooled: the residual, or what lies below all others.
  void Add(double size, std::size_t h, double rank, double residual) {
    pools_[PoolOf(size, h)].Add(rank);
    all_.Add(rank);
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
  // The probability that At() gives a value. Where near residuals are too few, that of all.
  double AtMost(double size, std::size_t h, double value) const {
    if (all_.size() == 0) {
      const double z = value / std::sqrt(1.0 + kUnseenGrowth * static_cast<double>(h));
      return 0.5 * std::erfc(-z / std::sqrt(2.0));
    }
    const PooledResiduals& near = pools_[PoolOf(size, h)];
    return (near.size() >= kNearMin ? near : all_).AtMost(value);
  }
  std::size_t size() const { return sizes_.size(); }
  bool empty() const { return sizes_.empty(); }

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

// What a level's residuals add up to, by node.
struct NodeSums {
  explicit NodeSums(std::size_t nodes) : squares(nodes), counts(nodes) {}
  void Add(std::size_t node, double square) {
    squares[node] += square;
    counts[node] += 1.0;
  }
  // The median of the nodes' means; nullopt where no node has any.
  std::optional<double> Typical() const {
    std::vector<double> means;
    for (std::size_t node = 0; node < counts.size(); ++node) {
      if (counts[node] > 0.0) means.push_back(squares[node] / counts[node]);
    }
    if (means.empty()) return std::nullopt;
    std::ranges::sort(means);
    return std::max(1e-6, means[means.size() / 2]);
  }
  std::vector<double> squares{};
  std::vector<double> counts{};
};

// A past forecast's miss of one bucket.
struct Residual {
  std::size_t origin = 0;
  std::size_t node = 0;
  std::size_t h = 0;
  double value = 0.0;  // Over the spread.
  double size = 0.0;
  std::size_t kind = 0;
  std::size_t depth = 0;
  bool sold_none = false;  // Of an intermittent node that is not below zero.
};

class LevelPools {
 public:
  explicit LevelPools(const LevelForecasts& forecasts)
      : forecasts_(forecasts), own_(forecasts.now.size()) {
    own_at_.assign(forecasts.past.size(), own_);
  }

  absl::StatusOr<LongQuantiles> Run() {
    ForEachResidual([&](const Residual& residual) {
      whole_[residual.kind].AddSize(residual.size);
      by_depth_[residual.kind][residual.depth].AddSize(residual.size);
      reach_ = std::max(reach_, residual.h + 1);
    });
    ForEachPool([&](ClassPools& pools, LongClass kind) { pools.Divide(reach_, kind); });
    FindTypical();
    FindFactors();
    Fill();
    absl::Status status;
    ForEachPool([&](ClassPools& pools, LongClass) { status.Update(pools.Sort()); });
    if (!status.ok()) return status;
    LongQuantiles quantiles;
    for (std::size_t node = 0; node < forecasts_.now.size(); ++node) AddNode(node, quantiles);
    return quantiles;
  }

 private:
  std::size_t Kind(std::size_t node) const {
    return static_cast<std::size_t>(forecasts_.kinds[node]);
  }
  // Methods of occasional demand know next to nothing of seasons.
  std::size_t Depth(std::size_t node, const NodeForecasts& forecast) const {
    const bool intermittent = forecasts_.kinds[node] == LongClass::kIntermittent;
    return intermittent ? 0 : static_cast<std::size_t>(forecast.depth);
  }
  bool Suffices(std::size_t kind, std::size_t depth) const {
    return by_depth_[kind][depth].size() >= kDepthResidualsMin;
  }
  const ClassPools& PoolsOf(std::size_t kind, std::size_t depth) const {
    return Suffices(kind, depth) ? by_depth_[kind][depth] : whole_[kind];
  }

  template <typename Use>
  void ForEachPool(Use use) {
    for (std::size_t kind = 0; kind < kLongClasses; ++kind) {
      use(whole_[kind], static_cast<LongClass>(kind));
      for (ClassPools& pools : by_depth_[kind]) use(pools, static_cast<LongClass>(kind));
    }
  }

  template <typename Use>
  void ForEachResidual(Use use) const {
    for (std::size_t k = 0; k < forecasts_.past.size(); ++k) {
      for (std::size_t node = 0; node < forecasts_.past[k].size(); ++node) {
        const NodeForecasts& one = forecasts_.past[k][node];
        if (!(one.spread_units > 0.0)) continue;
        const Spread spread(one, forecasts_.kinds[node]);
        const bool zeros =
            forecasts_.kinds[node] == LongClass::kIntermittent && forecasts_.non_negative[node];
        for (std::size_t h = 0; h < one.known.size(); ++h) {
          if (one.known[h] == 0) continue;
          use(Residual{.origin = k,
                       .node = node,
                       .h = h,
                       .value = (one.actual_units[h] - one.mean_units[h]) / spread.At(h),
                       .size = spread.Size(),
                       .kind = Kind(node),
                       .depth = Depth(node, one),
                       .sold_none = zeros && one.actual_units[h] == 0.0});
        }
      }
    }
  }

  // Mean squares of a class and depth; of the whole class where the depth has too few residuals.
  void FindTypical() {
    const std::size_t nodes = forecasts_.now.size();
    std::vector<NodeSums> whole(kLongClasses, NodeSums(nodes));
    std::vector<NodeSums> by_depth(kLongClasses * kHistoryDepths, NodeSums(nodes));
    ForEachResidual([&](const Residual& residual) {
      const double square = residual.value * residual.value;
      whole[residual.kind].Add(residual.node, square);
      by_depth[residual.kind * kHistoryDepths + residual.depth].Add(residual.node, square);
    });
    for (std::size_t kind = 0; kind < kLongClasses; ++kind) {
      for (std::size_t depth = 0; depth < kHistoryDepths; ++depth) {
        const NodeSums& sums =
            Suffices(kind, depth) ? by_depth[kind * kHistoryDepths + depth] : whole[kind];
        typical_[kind][depth] = sums.Typical().value_or(1.0);
      }
    }
  }

  // How far a node's residuals are from what is typical, without what is far out.
  void FindFactors() {
    ForEachResidual([&](const Residual& residual) {
      const double square =
          std::min(residual.value * residual.value / typical_[residual.kind][residual.depth],
                   kOutlier * kOutlier);
      own_.Add(residual.node, square);
      own_at_[residual.origin].Add(residual.node, square);
    });
  }
  static double Drawn(double squares, double count) {
    return (squares + kOwnResiduals) / (count + kOwnResiduals);
  }

  // A residual that had a part in its own scale would be nearer to it than the next one will be.
  void Fill() {
    ForEachResidual([&](const Residual& residual) {
      const NodeSums& at = own_at_[residual.origin];
      const double others = Drawn(own_.squares[residual.node] - at.squares[residual.node],
                                  own_.counts[residual.node] - at.counts[residual.node]);
      const double scale = std::sqrt(others * typical_[residual.kind][residual.depth]);
      const double value = std::clamp(residual.value / scale, -kFarOut, kFarOut);
      const double rank = residual.sold_none ? -kFarOut : value;
      whole_[residual.kind].Add(residual.size, residual.h, rank, value);
      by_depth_[residual.kind][residual.depth].Add(residual.size, residual.h, rank, value);
    });
  }

  void AddNode(std::size_t node, LongQuantiles& to) const {
    const NodeForecasts& now = forecasts_.now[node];
    const Spread spread(now, forecasts_.kinds[node]);
    const std::size_t depth = Depth(node, now);
    const ClassPools& pools = PoolsOf(Kind(node), depth);
    const double factor =
        std::sqrt(Drawn(own_.squares[node], own_.counts[node]) * typical_[Kind(node)][depth]);
    for (std::size_t h = 0; h < now.mean_units.size(); ++h) {
      double scale = now.spread_units > 0.0 ? spread.At(h) * factor : 0.0;
      if (!pools.empty() && h >= reach_) {
        scale *= std::sqrt(static_cast<double>(h + 1) / static_cast<double>(reach_));
      }
      const double farthest =
          std::max(forecasts_.farthest_units[node][h], std::abs(now.mean_units[h]));
      double least = forecasts_.non_negative[node] ? 0.0 : -farthest;
      std::array<double, kQuantiles> quantiles{};
      for (std::size_t q = 0; q < kQuantiles; ++q) {
        const double level = kQuantileLevels[q];
        double quantile = now.mean_units[h];
        if (scale > 0.0) {
          quantile +=
              StretchOf(level, forecasts_.kinds[node]) * scale * pools.At(spread.Size(), h, level);
        }
        least = std::max(least, std::min(quantile, farthest));
        quantiles[q] = least;
      }
      to.quantile_units.insert(to.quantile_units.end(), quantiles.begin(), quantiles.end());
      double none = 0.0;
      if (forecasts_.non_negative[node]) {
        const double units = NoneUnits(forecasts_.counts[node]);
        const double below = units - now.mean_units[h];
        if (scale > 0.0) none = pools.AtMost(spread.Size(), h, below / scale);
        none = NoneWithin(none, quantiles, units);
      }
      to.none_probability.push_back(static_cast<float>(none));
    }
  }

  const LevelForecasts& forecasts_;
  std::array<ClassPools, kLongClasses> whole_;
  std::array<std::array<ClassPools, kHistoryDepths>, kLongClasses> by_depth_;
  std::array<std::array<double, kHistoryDepths>, kLongClasses> typical_{};
  NodeSums own_;                  // Squares over what is typical: of all origins,
  std::vector<NodeSums> own_at_;  // and of each.
  std::size_t reach_ = 0;         // Buckets ahead that past forecasts are known of.
};

}  // namespace

HistoryDepth DepthOf(std::size_t buckets, std::size_t longest_season_buckets) {
  if (buckets >= std::max(2 * longest_season_buckets, kShortBuckets)) {
    return HistoryDepth::kTwoSeasons;
  }
  const bool one = buckets >= kFewBuckets && 4 * buckets >= 5 * longest_season_buckets;
  return one ? HistoryDepth::kOneSeason : HistoryDepth::kShallow;
}

absl::StatusOr<LongQuantiles> QuantilesOfLevel(const LevelForecasts& forecasts) {
  return LevelPools(forecasts).Run();
}

}  // namespace tandem::forecasting

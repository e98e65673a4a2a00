#include "forecasting/backtest/long_season.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace tandem::forecasting {
namespace {

constexpr double kIndexMax = 20.0;
constexpr double kTypicalSpread = 0.1;  // Of indices between series, where ratios are weighed.

// Sums over a phase: values, their moving averages, and how values scatter about ratio * average.
struct Ratios {
  std::vector<double> values{};
  std::vector<double> averages{};
  double dispersion = 0.0;   // Variance of a value over its average.
  double unit_weight = 0.0;  // What brings series of all sizes together: 1 / sqrt(mean).

  bool Empty() const { return values.empty(); }
  double Of(std::size_t p) const { return values[p] / averages[p]; }
  bool Has(std::size_t p) const { return !Empty() && averages[p] > 0.0; }
};

// The centered moving average over a period; beyond its ends its first and last value, unless the
// inner part alone holds every phase.
class MovingAverage {
 public:
  MovingAverage(std::span<const double> values, std::size_t period)
      : values_(values), period_(period), sums_(values.size() + 1) {
    for (std::size_t t = 0; t < values.size(); ++t) sums_[t + 1] = sums_[t] + values[t];
    const std::size_t half = period / 2;
    first_ = half;
    last_ = values.size() - 1 - half;  // Both included.
    inner_only_ = last_ - first_ + 1 >= period;
  }
  std::optional<double> At(std::size_t t) const {
    if (inner_only_ && (t < first_ || t > last_)) return std::nullopt;
    const std::size_t at = std::clamp(t, first_, last_);
    const std::size_t half = period_ / 2;
    double sum = sums_[at + half + 1] - sums_[at - half];
    if (period_ % 2 == 0) sum -= 0.5 * (values_[at - half] + values_[at + half]);
    return sum / static_cast<double>(period_);
  }

 private:
  std::span<const double> values_;
  std::size_t period_;
  std::vector<double> sums_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  bool inner_only_ = false;
};

// Sums over so many phases to each side, around the year.
void Smooth(std::vector<double>& by_phase, std::size_t reach) {
  if (reach == 0) return;
  const std::size_t period = by_phase.size();
  std::vector<double> around(period + 2 * reach);  // With what lies beyond both ends of the year.
  for (std::size_t k = 0; k < around.size(); ++k) {
    around[k] = by_phase[(k + period - reach % period) % period];
  }
  std::ranges::fill(by_phase, 0.0);
  for (std::size_t k = 0; k <= 2 * reach; ++k) {
    for (std::size_t p = 0; p < period; ++p) by_phase[p] += around[p + k];
  }
}

// `last_phase` is that of the newest value.
Ratios RatiosOf(std::span<const double> values, const LongSeason& season, std::size_t last_phase) {
  const std::size_t period = season.period_buckets;
  const std::size_t n = values.size();
  if (4 * n < 5 * period || n < period + 2) return {};
  const MovingAverage average(values, period);
  const double keep = std::exp2(-1.0 / (season.half_life_periods * static_cast<double>(period)));
  Ratios ratios{.values = std::vector<double>(period), .averages = std::vector<double>(period)};
  std::vector<double> counts(period);
  double total = 0.0;
  double weight = 1.0;
  std::vector<double> means(n);  // By age; 0 where there is none.
  const auto before = [period](std::size_t p) { return (p == 0 ? period : p) - 1; };
  std::size_t p = last_phase;
  for (std::size_t age = 0; age < n; ++age, weight *= keep, p = before(p)) {
    const double mean = average.At(n - 1 - age).value_or(0.0);
    if (!(mean > 0.0)) continue;
    means[age] = mean;
    ratios.values[p] += weight * std::max(0.0, values[n - 1 - age]);
    ratios.averages[p] += weight * mean;
    counts[p] += weight;
    total += mean;
  }
  if (!(total > 0.0)) return {};
  Smooth(ratios.values, season.smooth_buckets);
  Smooth(ratios.averages, season.smooth_buckets);
  Smooth(counts, season.smooth_buckets);
  double squares = 0.0;
  double freedom = 0.0;
  weight = 1.0;
  p = last_phase;
  for (std::size_t age = 0; age < n; ++age, weight *= keep, p = before(p)) {
    if (means[age] == 0.0) continue;
    const double error = values[n - 1 - age] - ratios.Of(p) * means[age];
    squares += weight * error * error / means[age];
    freedom += weight * std::max(0.0, 1.0 - 1.0 / std::max(1.0, counts[p]));
  }
  // With a period seen once nothing is left to tell noise from season: as much as all of it.
  ratios.dispersion = freedom > 0.5 ? squares / freedom : total / static_cast<double>(n);
  ratios.unit_weight = 1.0 / std::sqrt(total / static_cast<double>(n));
  return ratios;
}

// Sums of the ratios of one level's nodes.
class LevelRatios {
 public:
  LevelRatios(std::span<const Ratios> ratios, const LongLevel* level, std::size_t period)
      : ratios_(ratios), level_(level), period_(period) {
    const std::size_t nodes = level == nullptr ? 1 : level->node_count;
    values_.resize(nodes * period);
    averages_.resize(nodes * period);
    for (std::size_t i = 0; i < ratios.size(); ++i) {
      if (ratios[i].Empty()) continue;
      const std::size_t at = NodeOf(i) * period;
      for (std::size_t p = 0; p < period; ++p) {
        values_[at + p] += ratios[i].unit_weight * ratios[i].values[p];
        averages_[at + p] += ratios[i].unit_weight * ratios[i].averages[p];
      }
    }
  }

  // The ratio of all others of the series' node; 1 where there are none.
  double Others(std::size_t i, std::size_t p) const {
    const std::size_t at = NodeOf(i) * period_ + p;
    double values = values_[at];
    double averages = averages_[at];
    if (!ratios_[i].Empty()) {
      values -= ratios_[i].unit_weight * ratios_[i].values[p];
      averages -= ratios_[i].unit_weight * ratios_[i].averages[p];
    }
    // What is left of a node of one series is rounding.
    return averages > 1e-9 * averages_[at] ? std::max(0.0, values) / averages : 1.0;
  }

 private:
  std::size_t NodeOf(std::size_t i) const {
    return level_ == nullptr ? 0 : level_->node_of_series[i];
  }
  std::span<const Ratios> ratios_;
  const LongLevel* level_;
  std::size_t period_;
  std::vector<double> values_;
  std::vector<double> averages_;
};

// How far a level's ratios are from the series' own: weighted squares, and the part of them that
// the series' own errors do not explain.
struct Distance {
  double squares = 0.0;
  double spread = 0.0;  // t^2
};
template <typename Prior>
Distance DistanceOf(std::span<const Ratios> ratios, std::size_t period, Prior prior) {
  Distance distance;
  double weights = 0.0;
  double excess = 0.0;
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    if (ratios[i].Empty()) continue;
    for (std::size_t p = 0; p < period; ++p) {
      if (!ratios[i].Has(p)) continue;
      const double error = ratios[i].dispersion / ratios[i].averages[p];
      const double weight = 1.0 / (kTypicalSpread * kTypicalSpread + error);
      const double apart = ratios[i].Of(p) - prior(i, p);
      distance.squares += weight * apart * apart;
      excess += weight * (apart * apart - error);
      weights += weight;
    }
  }
  if (weights > 0.0) distance.spread = std::max(0.0, excess / weights);
  return distance;
}

// The indices of one season; empty where no series is long enough for it.
std::vector<float> IndicesOf(std::span<const Ratios> ratios, std::span<const LongLevel> groupings,
                             std::size_t period) {
  const auto seen = [](const Ratios& r) { return !r.Empty(); };
  if (std::ranges::none_of(ratios, seen)) return {};
  const LevelRatios all(ratios, nullptr, period);
  std::optional<LevelRatios> best_level;
  Distance best = DistanceOf(ratios, period, [](std::size_t, std::size_t) { return 1.0; });
  const auto consider = [&](const LevelRatios& level) {
    const Distance distance = DistanceOf(
        ratios, period, [&](std::size_t i, std::size_t p) { return level.Others(i, p); });
    if (distance.squares >= best.squares) return;
    best = distance;
    best_level = level;
  };
  consider(all);
  for (const LongLevel& grouping : groupings) consider(LevelRatios(ratios, &grouping, period));
  std::vector<float> indices(ratios.size() * period);
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    float* own = &indices[i * period];
    double sum = 0.0;
    for (std::size_t p = 0; p < period; ++p) {
      double index = best_level.has_value() ? best_level->Others(i, p) : 1.0;
      if (ratios[i].Has(p)) {
        const double error = ratios[i].dispersion / ratios[i].averages[p];
        const double share = best.spread > 0.0 ? best.spread / (best.spread + error) : 0.0;
        index += share * (ratios[i].Of(p) - index);
      }
      index = std::clamp(index, 0.0, kIndexMax);
      own[p] = static_cast<float>(index);
      sum += index;
    }
    for (std::size_t p = 0; p < period; ++p) {
      own[p] = sum > 0.0 ? own[p] * static_cast<float>(static_cast<double>(period) / sum) : 1.0F;
    }
  }
  return indices;
}

}  // namespace

SeasonIndices SeasonIndices::Make(std::span<const LongSeason> seasons,
                                  std::span<const ReadySeries> series,
                                  std::span<const LongLevel> groupings, std::size_t back,
                                  Executor& executor) {
  SeasonIndices indices;
  indices.back_ = back;
  std::size_t longest = back;
  for (const ReadySeries& one : series) longest = std::max(longest, back + one.units.size());
  for (const LongSeason& season : seasons) indices.cycle_ *= season.period_buckets;
  indices.cycle_ *= longest / indices.cycle_ + 1;
  for (const LongSeason& season : seasons) {
    const std::size_t period = season.period_buckets;
    std::vector<Ratios> ratios(series.size());
    const std::size_t last_phase = (indices.cycle_ - back - 1) % period;
    executor.ForEach(series.size(), [&](std::size_t i) {
      if (series[i].kind == LongClass::kSigned) return;
      const std::size_t n = series[i].units.size();
      std::vector<double> rest(n);
      for (std::size_t t = 0; t < n; ++t) {
        const double before = indices.Past(i, n - t);
        rest[t] = before > 0.0 ? series[i].units[t] / before : 0.0;
      }
      ratios[i] = RatiosOf(rest, season, last_phase);
    });
    Table table{.period = period, .index = IndicesOf(ratios, groupings, period)};
    for (std::size_t i = 0; i < series.size() && !table.index.empty(); ++i) {
      if (series[i].kind != LongClass::kSigned) continue;
      std::fill_n(table.index.begin() + static_cast<std::ptrdiff_t>(i * period), period, 1.0F);
    }
    indices.tables_.push_back(std::move(table));
  }
  return indices;
}

double SeasonIndices::AtPhase(std::size_t series, std::size_t after_panel) const {
  double factor = 1.0;
  for (const Table& table : tables_) {
    if (table.index.empty()) continue;
    factor *= static_cast<double>(table.index[series * table.period + after_panel % table.period]);
  }
  return factor;
}

double SeasonIndices::Past(std::size_t series, std::size_t age) const {
  return AtPhase(series, cycle_ - back_ - age);
}

double SeasonIndices::Ahead(std::size_t series, std::size_t ahead) const {
  return AtPhase(series, cycle_ - back_ + ahead);
}

}  // namespace tandem::forecasting

#include "forecasting/backtest/analogs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "forecasting/uncertainty/quantile_curve.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kAnalogsMax = 200;
// Of the series that sell at all, those whose mean is above zero: where fewer are, sizes have no
// logarithm, and analogs stand as they are.
constexpr double kSizedShareMin = 0.95;
// Of the median size: below, a series has all but ended, and how far below says nothing.
constexpr double kSizeFloor = 0.01;
// Of the rests' median distance from zero. One series that still sells, of an item that ended
// everywhere else, lies e times off by the tens: no measure for others.
constexpr double kRestsMax = 7.0;
constexpr double kPrecision = 1e-6;  // Of a quantile, as a share of it.

}  // namespace

std::vector<double> MeansOfBuckets(const LongForecast& forecast) {
  const std::size_t horizon = forecast.horizon_buckets;
  std::vector<double> means(forecast.mean_units.size() / horizon);
  for (std::size_t i = 0; i < means.size(); ++i) {
    const auto units = std::span(forecast.mean_units).subspan(i * horizon, horizon);
    means[i] = std::accumulate(units.begin(), units.end(), 0.0) / static_cast<double>(horizon);
  }
  return means;
}

double PinballOf(double level, double units, double quantile) {
  return std::max(level * (units - quantile), (level - 1.0) * (units - quantile));
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::vector<double> GroupingsTellOf(const LongPanel& panel, std::span<const double> means,
                                    std::span<const std::size_t> members) {
  const std::size_t n = members.size();
  std::vector<double> logs(n);
  for (std::size_t k = 0; k < n; ++k) logs[k] = std::log1p(std::max(means[members[k]], 0.0));
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(n);
  double total = 0.0;
  for (const double value : logs) total += (value - mean) * (value - mean);
  std::vector<double> tells;
  for (const LongLevel& grouping : panel.groupings) {
    std::vector<double> sums(grouping.node_count);
    std::vector<double> counts(grouping.node_count);
    for (std::size_t k = 0; k < n; ++k) {
      sums[grouping.node_of_series[members[k]]] += logs[k];
      counts[grouping.node_of_series[members[k]]] += 1.0;
    }
    double within = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t node = grouping.node_of_series[members[k]];
      within += std::pow(logs[k] - sums[node] / counts[node], 2);
    }
    const auto nodes = static_cast<std::size_t>(
        std::ranges::count_if(counts, [](double count) { return count > 0.0; }));
    double tell = 0.0;
    if (n > nodes && total > 0.0) {
      const double freedom = static_cast<double>(n - 1) / static_cast<double>(n - nodes);
      tell = std::max(0.0, 1.0 - freedom * within / total);
    }
    tells.push_back(tell);
  }
  return tells;
}

AnalogPool::AnalogPool(const LongPanel& panel, const LongForecast& forecast,
                       std::vector<std::size_t> members)
    : panel_(panel),
      forecast_(forecast),
      horizon_(forecast.horizon_buckets),
      means_(MeansOfBuckets(forecast)) {
  std::ranges::copy_if(members, std::back_inserter(alive_),
                       [&](std::size_t i) { return !IsZero(i); });
  tells_ = GroupingsTellOf(panel, means_, members);
  if (alive_.empty()) alive_ = std::move(members);
  FitSizes();
}

void AnalogPool::FitSizes() {
  std::vector<std::size_t> members;
  std::vector<double> logs;
  for (const std::size_t i : alive_) {
    if (means_[i] <= 0.0) continue;
    members.push_back(i);
    logs.push_back(means_[i]);
  }
  if (members.empty() ||
      static_cast<double>(members.size()) < kSizedShareMin * static_cast<double>(alive_.size())) {
    return;
  }
  floor_ = kSizeFloor * MedianOf(logs);
  for (double& value : logs) value = LogOf(value);
  sizes_ = FitCrossedEffects(logs, members, panel_.groupings);
  rests_.resize(means_.size());
  std::vector<double> far;
  for (std::size_t k = 0; k < members.size(); ++k) {
    rests_[members[k]] = sizes_.rests[k];
    rest_square_ += sizes_.rests[k] * sizes_.rests[k] / static_cast<double>(members.size());
    far.push_back(std::abs(sizes_.rests[k]));
  }
  rest_limit_ = kRestsMax * MedianOf(far);
  for (const LongLevel& grouping : panel_.groupings) {
    std::vector<bool>& is = is_node_.emplace_back(grouping.node_count);
    for (const std::size_t i : members) is[grouping.node_of_series[i]] = true;
  }
}

bool AnalogPool::Knows(std::size_t grouping, const std::optional<std::size_t>& node) const {
  return node.has_value() && is_node_[grouping][*node];
}

double AnalogPool::LogOf(double units) const { return std::log(std::max(units, floor_)); }

double AnalogPool::Uncertainty(const SeriesNodes& nodes) const {
  double variance = sizes_.rest_variance;
  for (std::size_t g = 0; g < sizes_.effects.size(); ++g) {
    variance += Knows(g, nodes[g]) ? sizes_.uncertainties[g][*nodes[g]] : sizes_.variances[g];
  }
  return variance;
}

double AnalogPool::LogScale(std::size_t series, const SeriesNodes& nodes) const {
  if (!sized()) return 0.0;
  double log_scale = 0.0;
  double variance = sizes_.rest_variance;
  for (std::size_t g = 0; g < sizes_.effects.size(); ++g) {
    if (!Knows(g, nodes[g])) continue;
    variance += sizes_.uncertainties[g][*nodes[g]];
    log_scale += sizes_.effects[g][*nodes[g]] -
                 sizes_.effects[g][panel_.groupings[g].node_of_series[series]];
  }
  // How much further from its groups' size it may lie than those that these were learnt from.
  const double width = rest_square_ > 0.0 ? std::sqrt(variance / rest_square_) : 1.0;
  const double rest = std::clamp(width * rests_[series], -rest_limit_, rest_limit_);
  return log_scale + rest - rests_[series];
}

std::span<const float> AnalogPool::QuantilesOf(std::size_t series, std::size_t h) const {
  return std::span(forecast_.quantile_units.back())
      .subspan((series * horizon_ + h) * kQuantiles, kQuantiles);
}

bool AnalogPool::IsZero(std::size_t series) const {
  const auto all = std::span(forecast_.quantile_units.back())
                       .subspan(series * horizon_ * kQuantiles, horizon_ * kQuantiles);
  return std::ranges::all_of(all, [](float units) { return units == 0.0F; });
}

std::vector<std::size_t> AnalogPool::Nearest(const SeriesNodes& nodes) const {
  // By what they share, the most first; equal ones in the panel's order.
  std::map<double, std::vector<std::size_t>, std::greater<>> by_share;
  for (const std::size_t i : alive_) {
    double share = 0.0;
    for (std::size_t g = 0; g < nodes.size(); ++g) {
      if (nodes[g] == panel_.groupings[g].node_of_series[i]) share += tells_[g];
    }
    by_share[share].push_back(i);
  }
  std::vector<std::size_t> analogs;
  for (const auto& [share, series] : by_share) {
    if (analogs.size() >= kAnalogsMin) break;
    analogs.insert(analogs.end(), series.begin(), series.end());
  }
  if (analogs.size() <= kAnalogsMax) return analogs;
  for (std::size_t k = 0; k < kAnalogsMax; ++k) {
    analogs[k] = analogs[k * analogs.size() / kAnalogsMax];
  }
  analogs.resize(kAnalogsMax);
  return analogs;
}

MixedForecast AnalogPool::Mix(std::span<const ScaledSeries> analogs) const {
  MixedForecast mixed;
  for (std::size_t h = 0; h < horizon_; ++h) {
    double sum = 0.0;
    for (const auto& [i, scale] : analogs) sum += scale * forecast_.mean_units[i * horizon_ + h];
    mixed.mean_units.push_back(sum / static_cast<double>(analogs.size()));
    AddQuantiles(analogs, h, mixed.quantile_units);
    if (forecast_.none_probability.empty()) continue;
    double none = 0.0;
    for (const auto& [i, scale] : analogs) {
      none += static_cast<double>(forecast_.none_probability.back()[i * horizon_ + h]);
    }
    mixed.none_probability.push_back(
        static_cast<float>(none / static_cast<double>(analogs.size())));
  }
  return mixed;
}

// The least value that the mixture does not exceed with each probability, by halving: it lies
// between the least and the most of its members' own.
void AnalogPool::AddQuantiles(std::span<const ScaledSeries> analogs, std::size_t h,
                              std::vector<float>& to) const {
  std::vector<std::array<double, kQuantiles>> values(analogs.size());
  for (std::size_t k = 0; k < analogs.size(); ++k) {
    std::ranges::transform(QuantilesOf(analogs[k].series, h), values[k].begin(),
                           [scale = analogs[k].scale](float units) { return scale * units; });
  }
  double last = -std::numeric_limits<double>::infinity();
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    const auto reached = [&](double units) {
      double share = 0.0;
      for (const auto& each : values) share += QuantileCurve(each).AtMost(units);
      return share >= kQuantileLevels[q] * static_cast<double>(values.size());
    };
    const auto [least, most] = std::ranges::minmax(
        values, {}, [q](const std::array<double, kQuantiles>& each) { return each[q]; });
    double low = std::max(least[q], last);
    double high = reached(low) ? low : std::max(most[q], low);
    while (high - low > kPrecision * std::abs(high)) {
      const double middle = low + 0.5 * (high - low);
      if (middle <= low || middle >= high) break;
      (reached(middle) ? high : low) = middle;
    }
    last = high;
    constexpr double kMost = std::numeric_limits<float>::max();
    to.push_back(static_cast<float>(std::clamp(high, -kMost, kMost)));
  }
}

}  // namespace tandem::forecasting

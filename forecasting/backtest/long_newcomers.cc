#include "forecasting/backtest/long_newcomers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/crossed_effects.h"
#include "forecasting/uncertainty/quantile_curve.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kAnalogsMin = 20;
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

using Nodes = std::vector<std::optional<std::size_t>>;

// The mean forecast of a bucket, by series.
std::vector<double> SizesOf(const LongForecast& forecast) {
  const std::size_t horizon = forecast.horizon_buckets;
  std::vector<double> sizes(forecast.mean_units.size() / horizon);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto means = std::span(forecast.mean_units).subspan(i * horizon, horizon);
    sizes[i] = std::accumulate(means.begin(), means.end(), 0.0) / static_cast<double>(horizon);
  }
  return sizes;
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

class Newcomers {
 public:
  Newcomers(const LongPanel& panel, const LongForecast& forecast)
      : panel_(panel),
        forecast_(forecast),
        horizon_(forecast.horizon_buckets),
        tells_(GroupingsTell(panel, forecast)) {
    for (std::size_t i = 0; i < panel.series.size(); ++i) {
      if (!IsZero(i)) alive_.push_back(i);
    }
    if (alive_.empty()) {
      alive_.resize(panel.series.size());
      std::iota(alive_.begin(), alive_.end(), std::size_t{0});
    }
    FitSizes();
  }

  LongNewcomerForecast Forecast(const Nodes& nodes) const {
    std::vector<Analog> analogs;
    const double width = WidthOf(nodes);
    for (const std::size_t i : AnalogsOf(nodes)) analogs.push_back({i, ScaleOf(i, nodes, width)});
    LongNewcomerForecast made{.analogs = analogs.size()};
    for (std::size_t h = 0; h < horizon_; ++h) {
      double sum = 0.0;
      for (const auto& [i, scale] : analogs) sum += scale * forecast_.mean_units[i * horizon_ + h];
      made.mean_units.push_back(sum / static_cast<double>(analogs.size()));
      AddQuantiles(analogs, h, made.quantile_units);
    }
    return made;
  }

 private:
  struct Analog {
    std::size_t series = 0;
    double scale = 1.0;
  };

  // What each group adds to the logarithm of a series' size.
  void FitSizes() {
    const std::vector<double> sizes = SizesOf(forecast_);
    std::vector<std::size_t> members;
    for (const std::size_t i : alive_) {
      if (sizes[i] > 0.0) members.push_back(i);
    }
    if (static_cast<double>(members.size()) < kSizedShareMin * static_cast<double>(alive_.size())) {
      return;
    }
    std::vector<double> logs(members.size());
    std::ranges::transform(members, logs.begin(), [&](std::size_t i) { return sizes[i]; });
    const double floor = kSizeFloor * MedianOf(logs);
    for (double& value : logs) value = std::log(std::max(value, floor));
    sizes_ = FitCrossedEffects(logs, members, panel_.groupings);
    rests_.resize(sizes.size());
    std::vector<double> far;
    for (std::size_t k = 0; k < members.size(); ++k) {
      rests_[members[k]] = sizes_.rests[k];
      rest_square_ += sizes_.rests[k] * sizes_.rests[k] / static_cast<double>(members.size());
      far.push_back(std::abs(sizes_.rests[k]));
    }
    rest_limit_ = kRestsMax * MedianOf(far);
  }

  // How much further from its groups' size a newcomer of these may lie than those that the groups
  // were learnt from, as a ratio of standard deviations.
  double WidthOf(const Nodes& nodes) const {
    if (rest_square_ == 0.0) return 1.0;
    double variance = sizes_.rest_variance;
    for (std::size_t g = 0; g < sizes_.effects.size(); ++g) {
      if (nodes[g].has_value()) variance += sizes_.uncertainties[g][*nodes[g]];
    }
    return std::sqrt(variance / rest_square_);
  }

  // What a series of the newcomer's groups sells for each unit of an analog's. Of a group that
  // nobody knows the analogs' own stand, so that they differ by it.
  double ScaleOf(std::size_t series, const Nodes& nodes, double width) const {
    if (sizes_.effects.empty()) return 1.0;
    const double rest = std::clamp(width * rests_[series], -rest_limit_, rest_limit_);
    double log_scale = rest - rests_[series];
    for (std::size_t g = 0; g < nodes.size(); ++g) {
      if (!nodes[g].has_value()) continue;
      log_scale += sizes_.effects[g][*nodes[g]] -
                   sizes_.effects[g][panel_.groupings[g].node_of_series[series]];
    }
    return std::exp(log_scale);
  }

  std::span<const float> QuantilesOf(std::size_t series, std::size_t h) const {
    return std::span(forecast_.quantile_units.back())
        .subspan((series * horizon_ + h) * kQuantiles, kQuantiles);
  }

  bool IsZero(std::size_t series) const {
    const auto all = std::span(forecast_.quantile_units.back())
                         .subspan(series * horizon_ * kQuantiles, horizon_ * kQuantiles);
    return std::ranges::all_of(all, [](float units) { return units == 0.0F; });
  }

  std::vector<std::size_t> AnalogsOf(const Nodes& nodes) const {
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

  // The least value that the mixture does not exceed with each probability, by halving: it lies
  // between the least and the most of its members' own.
  void AddQuantiles(const std::vector<Analog>& analogs, std::size_t h,
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
      to.push_back(static_cast<float>(high));
    }
  }

  const LongPanel& panel_;
  const LongForecast& forecast_;
  std::size_t horizon_;
  std::vector<double> tells_;
  std::vector<std::size_t> alive_;
  CrossedEffects sizes_;       // Of logarithms; empty where too few series have a size.
  std::vector<double> rests_;  // By series.
  double rest_square_ = 0.0;   // Their mean square.
  double rest_limit_ = 0.0;    // Beyond which an analog's rest is not believed.
};

}  // namespace

std::vector<double> GroupingsTell(const LongPanel& panel, const LongForecast& forecast) {
  const std::vector<double> sizes = SizesOf(forecast);
  const std::size_t n = sizes.size();
  std::vector<double> logs(n);
  for (std::size_t i = 0; i < n; ++i) logs[i] = std::log1p(std::max(sizes[i], 0.0));
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(n);
  double total = 0.0;
  for (const double value : logs) total += (value - mean) * (value - mean);
  std::vector<double> tells;
  for (const LongLevel& grouping : panel.groupings) {
    std::vector<double> sums(grouping.node_count);
    std::vector<double> counts(grouping.node_count);
    for (std::size_t i = 0; i < n; ++i) {
      sums[grouping.node_of_series[i]] += logs[i];
      counts[grouping.node_of_series[i]] += 1.0;
    }
    double within = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t node = grouping.node_of_series[i];
      within += std::pow(logs[i] - sums[node] / counts[node], 2);
    }
    double tell = 0.0;
    if (n > grouping.node_count && total > 0.0) {
      const double freedom =
          static_cast<double>(n - 1) / static_cast<double>(n - grouping.node_count);
      tell = std::max(0.0, 1.0 - freedom * within / total);
    }
    tells.push_back(tell);
  }
  return tells;
}

absl::StatusOr<std::vector<LongNewcomerForecast>> ForecastNewcomers(
    const LongPanel& panel, const LongForecast& forecast, std::span<const LongNewcomer> newcomers) {
  for (std::size_t k = 0; k < newcomers.size(); ++k) {
    const Nodes& nodes = newcomers[k].nodes;
    bool good = nodes.size() == panel.groupings.size();
    for (std::size_t g = 0; good && g < nodes.size(); ++g) {
      good = !nodes[g].has_value() || *nodes[g] < panel.groupings[g].node_count;
    }
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat("newcomer ", k, ": its groups are not those of the panel"));
    }
  }
  const Newcomers world(panel, forecast);
  std::map<Nodes, LongNewcomerForecast> made;
  std::vector<LongNewcomerForecast> forecasts;
  for (const LongNewcomer& newcomer : newcomers) {
    auto found = made.find(newcomer.nodes);
    if (found == made.end()) {
      found = made.emplace(newcomer.nodes, world.Forecast(newcomer.nodes)).first;
    }
    forecasts.push_back(found->second);
  }
  return forecasts;
}

}  // namespace tandem::forecasting

#include "forecasting/backtest/long_newcomers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/analogs.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {
namespace {

// One known series in so many is tried as a newcomer, at most so many, and at least so many or
// none.
constexpr std::size_t kTrialEvery = 5;
constexpr std::size_t kTrialMax = 300;
constexpr std::size_t kTrialMin = 20;
constexpr double kLossMax = 5.0;  // Sizes: one series that all but ended must not choose for all.
constexpr std::size_t kShareSteps = 4;
// What a share must gain over the whole way, of the loss.
constexpr double kGainMin = 0.01;

std::vector<std::size_t> AllOf(const LongPanel& panel) {
  std::vector<std::size_t> all(panel.series.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

SeriesNodes NodesOf(const LongPanel& panel, std::size_t series) {
  SeriesNodes nodes;
  for (const LongLevel& grouping : panel.groupings) {
    nodes.emplace_back(grouping.node_of_series[series]);
  }
  return nodes;
}

// The pinball loss of equally likely values, in units, over the nine levels.
double LossOf(std::vector<double>& values, double units) {
  std::ranges::sort(values);
  double loss = 0.0;
  for (const double level : kQuantileLevels) {
    const auto at = static_cast<std::size_t>(level * static_cast<double>(values.size()));
    loss += PinballOf(level, units, values[std::min(at, values.size() - 1)]);
  }
  return loss / static_cast<double>(kQuantiles);
}

// How much of the way from its own groups to the newcomer's an analog is scaled: what would have
// told most of the sizes of known series that are left out of all that is learnt.
double ShareOfScale(const LongPanel& panel, const LongForecast& forecast) {
  const std::vector<double> means = MeansOfBuckets(forecast);
  std::vector<std::size_t> known;
  std::vector<std::size_t> tried;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    (i % kTrialEvery == kTrialEvery / 2 && means[i] > 0.0 ? tried : known).push_back(i);
  }
  if (tried.size() < kTrialMin) return 1.0;
  const AnalogPool pool(panel, forecast, std::move(known));
  if (!pool.sized()) return 1.0;
  const std::size_t count = std::min(tried.size(), kTrialMax);
  std::array<double, kShareSteps + 1> losses{};
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = tried[k * tried.size() / count];
    const SeriesNodes nodes = NodesOf(panel, i);
    const std::vector<std::size_t> analogs = pool.Nearest(nodes);
    for (std::size_t step = 0; step <= kShareSteps; ++step) {
      const double share = static_cast<double>(step) / kShareSteps;
      std::vector<double> sizes;
      sizes.reserve(analogs.size());
      for (const std::size_t a : analogs) {
        sizes.push_back(means[a] * std::exp(share * pool.LogScale(a, nodes)));
      }
      losses[step] += std::min(LossOf(sizes, means[i]) / means[i], kLossMax);
    }
  }
  const auto least = std::ranges::min_element(losses);
  if (*least > (1.0 - kGainMin) * losses.back()) return 1.0;
  return static_cast<double>(least - losses.begin()) / kShareSteps;
}

LongNewcomerForecast ForecastOf(const AnalogPool& pool, const SeriesNodes& nodes, double share) {
  std::vector<ScaledSeries> analogs;
  for (const std::size_t i : pool.Nearest(nodes)) {
    analogs.push_back({i, std::exp(share * pool.LogScale(i, nodes))});
  }
  MixedForecast mixed = pool.Mix(analogs);
  return {.mean_units = std::move(mixed.mean_units),
          .quantile_units = std::move(mixed.quantile_units),
          .analogs = analogs.size()};
}

}  // namespace

std::vector<double> GroupingsTell(const LongPanel& panel, const LongForecast& forecast) {
  return GroupingsTellOf(panel, MeansOfBuckets(forecast), AllOf(panel));
}

absl::StatusOr<std::vector<LongNewcomerForecast>> ForecastNewcomers(
    const LongPanel& panel, const LongForecast& forecast, std::span<const LongNewcomer> newcomers) {
  for (std::size_t k = 0; k < newcomers.size(); ++k) {
    const SeriesNodes& nodes = newcomers[k].nodes;
    bool good = nodes.size() == panel.groupings.size();
    for (std::size_t g = 0; good && g < nodes.size(); ++g) {
      good = !nodes[g].has_value() || *nodes[g] < panel.groupings[g].node_count;
    }
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat("newcomer ", k, ": its groups are not those of the panel"));
    }
  }
  if (newcomers.empty()) return std::vector<LongNewcomerForecast>();
  const AnalogPool pool(panel, forecast, AllOf(panel));
  const double share = pool.sized() ? ShareOfScale(panel, forecast) : 1.0;
  std::map<SeriesNodes, LongNewcomerForecast> made;
  std::vector<LongNewcomerForecast> forecasts;
  for (const LongNewcomer& newcomer : newcomers) {
    auto found = made.find(newcomer.nodes);
    if (found == made.end()) {
      found = made.emplace(newcomer.nodes, ForecastOf(pool, newcomer.nodes, share)).first;
    }
    forecasts.push_back(found->second);
  }
  return forecasts;
}

}  // namespace tandem::forecasting

#include "forecasting/backtest/long_newcomers.h"

#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/analogs.h"

namespace tandem::forecasting {
namespace {

std::vector<std::size_t> AllOf(const LongPanel& panel) {
  std::vector<std::size_t> all(panel.series.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

LongNewcomerForecast ForecastOf(const AnalogPool& pool, const SeriesNodes& nodes) {
  std::vector<ScaledSeries> analogs;
  for (const std::size_t i : pool.Nearest(nodes)) {
    analogs.push_back({i, std::exp(pool.LogScale(i, nodes))});
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
  const AnalogPool pool(panel, forecast, AllOf(panel));
  std::map<SeriesNodes, LongNewcomerForecast> made;
  std::vector<LongNewcomerForecast> forecasts;
  for (const LongNewcomer& newcomer : newcomers) {
    auto found = made.find(newcomer.nodes);
    if (found == made.end()) {
      found = made.emplace(newcomer.nodes, ForecastOf(pool, newcomer.nodes)).first;
    }
    forecasts.push_back(found->second);
  }
  return forecasts;
}

}  // namespace tandem::forecasting

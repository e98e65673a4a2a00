// Series without a past, from those most like them. A newcomer is taken for one more of its kind:
// its forecast is the equal mixture of the forecasts of its analogs, the series that agree with it
// in the groupings that tell most of a series' size, so it is as wide as these differ. References:
// Silver, Pyke and Thomas (2017), 4.8, for analogs; Stone, "The Opinion Pool", Annals of
// Mathematical Statistics 32 (1961), for the mixture.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/long_backtest.h"

namespace tandem::forecasting {

struct LongNewcomer {
  // By grouping of the panel its node there; nullopt where no series of the panel is of its group.
  std::vector<std::optional<std::size_t>> nodes{};
};

struct LongNewcomerForecast {
  std::vector<double> mean_units{};     // The horizon.
  std::vector<float> quantile_units{};  // Nine a bucket, ascending.
  std::size_t analogs = 0;              // What it was made of.
};

// By grouping, what it tells of a series' size: the share by which the variance of log(1 + mean
// forecast) is less within its groups than over all series, both by degrees of freedom; 0 where it
// tells nothing or every series is a group of its own. O(groupings series).
std::vector<double> GroupingsTell(const LongPanel& panel, const LongForecast& forecast);

// Analogs are those that agree in what tells most (the sum over the groupings that they share),
// then in what tells next, until there are eight; at most 200 of them, evenly spread. A series that
// is forecast zero throughout is none, unless all are. Sums of the forecast's levels know nothing
// of newcomers. kInvalidArgument, naming the newcomer, if its nodes are not as many as the
// groupings or there is no such node. O(newcomers (series groupings + horizon 200)), those alike
// once.
absl::StatusOr<std::vector<LongNewcomerForecast>> ForecastNewcomers(
    const LongPanel& panel, const LongForecast& forecast, std::span<const LongNewcomer> newcomers);

}  // namespace tandem::forecasting

// Series without a past, from those most like them. What each group adds to a series' size is
// learnt of all series; a newcomer's forecast is the equal mixture of the forecasts of its analogs,
// the series that agree with it in the groupings that tell most of a size, each scaled from its own
// groups to the newcomer's. So it has the season of its analogs, the size of its groups, and is as
// wide as series of the same groups differ. References: Silver, Pyke and Thomas (2017), 4.8, for
// analogs; crossed_effects.h for sizes; Stone, "The Opinion Pool", Annals of Mathematical
// Statistics 32 (1961), for the mixture.
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
// then in what tells next, until there are twenty; at most 200 of them, evenly spread. A series
// that is forecast zero throughout is none, unless all are. An analog's scale is exp(what the
// newcomer's groups add to the logarithm of a mean forecast, less what its own do), of the groups
// that the newcomer shares with any series; what sets the analog apart from its groups stays,
// widened by how uncertain these are, as far as series differ at all. How far of that way analogs
// go is the quarter that tells most of the sizes of up to 300 known series, every fifth, from the
// others: the whole way but where another is better by one percent. Where one in twenty series
// that sell has a mean not above zero, none is scaled. Sums of the forecast's levels know nothing
// of newcomers. kInvalidArgument, naming the newcomer, if its nodes are not as many as the
// groupings or there is no such node. O(groupings series) four hundred times, then O((newcomers +
// 300) (series groupings + horizon 200)), newcomers alike once.
absl::StatusOr<std::vector<LongNewcomerForecast>> ForecastNewcomers(
    const LongPanel& panel, const LongForecast& forecast, std::span<const LongNewcomer> newcomers);

}  // namespace tandem::forecasting

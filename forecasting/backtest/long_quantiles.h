// Quantiles of one level's nodes from what forecasts of earlier origins missed there. Private to
// the part. As in retail_forecast.cc, residuals are standardised by the node's own spread and
// pooled (uncertainty/pooled_residuals.h), here by class of series, depth of the history, size and
// part of the horizon. References: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random
// World" (2005), 4.5, for pools by category (Mondrian prediction); Vovk, "Cross-conformal
// predictors", Ann. of Mathematics and Artificial Intelligence 74 (2015), and Barber et al.,
// "Predictive inference with the jackknife+", Ann. of Statistics 49 (2021), for scales that a
// residual has no part in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/long_method.h"

namespace tandem::forecasting {

// What a history can tell of its season and of its own spread. A forecast that knew one season is
// off by more than one that knows two, and what missed by a spread of a few buckets says little
// about one of many.
enum class HistoryDepth : std::uint8_t {
  kShallow,
  kOneSeason,  // 5/4 of the longest season, from which on it has indices, and 8 buckets.
  kTwoSeasons  // Two of it, and 16 buckets.
};
inline constexpr std::size_t kHistoryDepths = 3;
HistoryDepth DepthOf(std::size_t buckets, std::size_t longest_season_buckets);

// One node's forecasts from one origin.
struct NodeForecasts {
  HistoryDepth depth = HistoryDepth::kShallow;  // Of its longest series.
  double spread_units = 0.0;           // Its typical error one bucket ahead; 0: none is known.
  std::vector<double> mean_units{};    // The horizon.
  std::vector<double> actual_units{};  // Of an earlier origin: as far as it is known, else empty.
  std::vector<std::uint8_t> known{};   // 1 where the actual is.
};

// What is to be pooled: nodes of one class share.
struct LevelForecasts {
  std::vector<LongClass> kinds{};    // A node each.
  std::vector<bool> non_negative{};  // Likewise.
  std::vector<bool> counts{};        // Likewise: whole numbers of 0 or more.
  // By node, then bucket: no quantile lies farther from zero, unless the mean does.
  std::vector<std::vector<double>> farthest_units{};
  std::vector<std::vector<NodeForecasts>> past{};  // By origin, then node.
  std::vector<NodeForecasts> now{};
};

// Node by node, bucket by bucket.
struct LongQuantiles {
  std::vector<float> quantile_units{};    // Nine each, ascending.
  std::vector<float> none_probability{};  // LongForecast's.
};

// The nine quantiles. A residual is the error over spread *
// (f / mean f)^g, g = 1/2 for intermittent nodes, 1 for smooth, 0 for signed ones, times what is
// typical of its class and depth, times the node's own factor, which is drawn to 1 as if by 28
// residuals and knows nothing of the residual's own origin; beyond 30 it counts as 30, so that no
// single miss stretches the quantiles of all. What an intermittent node sold none of lies below all
// residuals, so that the pool's share of zeros is that of the quantiles. A node asks the pool of
// the depth that it has now, intermittent ones and those whose depth has fewer than 200 residuals
// that of all depths; where a pool cannot tell a quantile, the whole class is asked, then the
// normal distribution; buckets later than any past forecast reached spread with the root of their
// distance. The bounds of the 95 and 99 % intervals lie 4 % farther from the mean than those
// residuals', but for intermittent nodes: a new origin is none of those that are pooled. Ascending;
// not below zero where the node is not. kInvalidArgument if a residual is not finite.
absl::StatusOr<LongQuantiles> QuantilesOfLevel(const LevelForecasts& forecasts);

}  // namespace tandem::forecasting

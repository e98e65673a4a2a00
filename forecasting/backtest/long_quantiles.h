// Quantiles of one level's nodes from what forecasts of earlier origins missed there. Private to
// the part. As in retail_forecast.cc, residuals are standardised by the node's own spread and
// pooled (uncertainty/pooled_residuals.h), here by class of series, size and part of the horizon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/long_method.h"

namespace tandem::forecasting {

// One node's forecasts from one origin.
struct NodeForecasts {
  double spread_units = 0.0;           // Its typical error one bucket ahead; 0: none is known.
  std::vector<double> mean_units{};    // The horizon.
  std::vector<double> actual_units{};  // Of an earlier origin: as far as it is known, else empty.
  std::vector<std::uint8_t> known{};   // 1 where the actual is.
};

// What is to be pooled: nodes of one class share.
struct LevelForecasts {
  std::vector<LongClass> kinds{};    // A node each.
  std::vector<bool> non_negative{};  // Likewise.
  // By node, then bucket: no quantile lies farther from zero, unless the mean does.
  std::vector<std::vector<double>> farthest_units{};
  std::vector<std::vector<NodeForecasts>> past{};  // By origin, then node.
  std::vector<NodeForecasts> now{};
};

// Node by node, bucket by bucket, the nine quantiles. A residual is the error over spread *
// (f / mean f)^g, g = 1/2 for intermittent nodes, 1 for smooth, 0 for signed ones, times the node's
// own factor, which is drawn to that of its class as if by 28 residuals; beyond 30 it counts as 30,
// so that no single miss stretches the quantiles of all. Where a pool cannot tell a
// quantile, the whole class is asked, then the normal distribution; buckets later than any past
// forecast reached spread with the root of their distance. Ascending; not below zero where the node
// is not. kInvalidArgument if a residual is not finite.
absl::StatusOr<std::vector<float>> QuantilesOfLevel(const LevelForecasts& forecasts);

}  // namespace tandem::forecasting

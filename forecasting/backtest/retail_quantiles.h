// Nine quantiles of every node of a retail panel's level, from what forecasts missed before.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/retail_levels.h"

namespace tandem::forecasting {

// Means and outcomes after each of the earlier origins, of the bottom series: horizon_days values
// each.
struct RetailPast {
  std::vector<std::vector<double>> forecasts{};  // An origin each.
  std::vector<std::vector<double>> actuals{};
};

struct QuantileTask {
  const RetailLevel* level = nullptr;
  std::size_t number = 0;  // Of the level, from 0.
  std::size_t horizon_days = 0;
  const RetailPast* past = nullptr;
  std::span<const double> mean_units{};  // Of the bottom series.
};

// Of node 0 the horizon of the first quantile, of the second, ...; of node 1, ... Residuals of all
// nodes are standardised, then pooled by size and week of the horizon. A day on which a node is
// expected to sell less than a fifth of its horizon's median is a closed one (Christmas): it is
// left out of the pools, where it would be the outer quantile of all open days, and has the
// quantiles of a count with its own mean and a variance of mean + mean^2. Errors as PooledResiduals
// and CountQuantile.
absl::StatusOr<std::vector<float>> LevelQuantiles(const QuantileTask& task);

}  // namespace tandem::forecasting

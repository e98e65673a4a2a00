// The local engine's forecast of a retail panel: the pooled profile, from any origin within the
// history.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/retail_backtest.h"

namespace tandem::forecasting {

struct LocalForecast {
  std::vector<double> mean_units{};  // Series by series, options.horizon_days values each.
  // By group (GroupsOf): what each day of history and horizon sells of the level.
  std::vector<std::vector<double>> season_index{};
};

// The group of each series, a store's department, by number.
struct RetailGroups {
  std::size_t departments = 0;
  std::size_t count = 0;
  std::vector<std::size_t> of_series{};
};
RetailGroups GroupsOf(const RetailHistory& history);

// From the first `days` of the history. Errors as Profile's. O(series * days).
absl::StatusOr<LocalForecast> ForecastLocally(const RetailHistory& history, std::size_t days,
                                              const ProfileOptions& options, Executor& executor);

}  // namespace tandem::forecasting

// The local engine's means of a retail panel: the pooled profile, from any origin within the
// history.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/retail_backtest.h"

namespace tandem::forecasting {

// From the first `days` of the history, series by series, options.horizon_days values each. Errors
// as Profile's. O(series * days).
absl::StatusOr<std::vector<double>> LocalMeans(const RetailHistory& history, std::size_t days,
                                               const ProfileOptions& options, Executor& executor);

}  // namespace tandem::forecasting

// Means of a retail panel by boosted trees, from the panel's last day and from earlier origins,
// each by models that learnt from still earlier ones: what they missed there is out of sample.
// Reference: Gross and Sohl, "Disaggregation methods to expedite product line forecasting", J. of
// Forecasting 9 (1990), for the proportions; forecasting/global for the trees and what they see.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/retail_backtest.h"

namespace tandem::forecasting {

// One origin's means, series by series.
struct OriginMeans {
  std::size_t origin_days = 0;
  std::vector<double> mean_units{};
};

// The first is of the panel's last day, the others of up to options.calibration_origins earlier
// ones, a horizon apart; those with less than a year before them are left out. Engine kBest:
//   - the trees begin at the local forecast and learn how the items of a store's department share
//     its sales: before they learn, the forecasts of every past day are scaled to what the group
//     sold, so a day that was good or bad for all teaches nothing about an item;
//   - the means are the trees', scaled so that each group's day sells what the local forecast says
//     (or options.trees between it and the trees' sum), drawn to the group's own path of a year ago
//     (last_year.h).
// Engine kGlobal begins at the series' simple rate, knows no local forecast and scales nothing.
// An origin without an earlier one to learn from keeps its base.
// kInvalidArgument without a trainer, and as ForecastLocally, RetailFeatures::Make and
// TreeTrainer::Train. Time O((calibration + learnt origins) * series * days + models * rows *
// trees).
absl::StatusOr<std::vector<OriginMeans>> TreeMeans(const RetailHistory& history,
                                                   const RetailOptions& options,
                                                   Executor& executor);

}  // namespace tandem::forecasting

// What the engines are measured against on M5: M5's own benchmarks, as means of a whole panel.
#pragma once

#include <span>
#include <vector>

#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/retail_backtest.h"

namespace tandem::bench {

// Series by series, horizon_days values each.
using Means = std::vector<double>;

// The last week again.
Means SeasonalNaiveMeans(const forecasting::RetailHistory& history, std::size_t horizon_days);
// Simple exponential smoothing from the first sale on, alpha of seven by one-step squared errors.
Means SmoothedMeans(const forecasting::RetailHistory& history, std::size_t horizon_days,
                    forecasting::Executor& executor);
// Teunter, Syntetos and Babai's, from the first sale on, both alphas of four each by one-step
// squared errors.
Means TsbMeans(const forecasting::RetailHistory& history, std::size_t horizon_days,
               forecasting::Executor& executor);

// WRMSSE of means alone.
forecasting::RetailErrors ErrorsOf(const forecasting::RetailHistory& history,
                                   std::span<const float> actual_units, Means means,
                                   forecasting::Executor& executor);

}  // namespace tandem::bench

// The engines that a backtest may run.
#pragma once

namespace tandem::forecasting {

enum class BacktestEngine {
  kLocal,   // Each series (or its group) by itself.
  kGlobal,  // Boosted trees over all series, alone.
  kBest,    // Both: the trees begin at the local forecast.
};

}  // namespace tandem::forecasting

// What `tandem forecast backtest --format long` writes and prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_newcomers.h"
#include "services/tandem/cli/backtest.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/long_folder.h"
#include "services/tandem/cli/print.h"

namespace tandem::cli {

// One run: the folder, its forecast, and its errors by level where there are actuals.
struct LongRun {
  const BacktestArgs& args;
  const LongFolder& folder;
  const forecasting::LongForecast& forecast;
  const std::vector<forecasting::LongNewcomerForecast>& newcomers;  // Of folder.without_history.
  std::optional<std::vector<forecasting::LongErrors>> errors{};
};

// As --engine names it.
std::string_view EngineName(forecasting::BacktestEngine engine);
// series,date,mean,q0.005,...: a row a series and bucket, those without a history last.
void WriteLongForecast(const LongRun& run, OutputFile* file);
// One object; a measure whose denominator is zero is null, and without actuals there are none.
std::string LongMetricsJson(const LongRun& run);
Table LongTableOf(const LongRun& run);

}  // namespace tandem::cli

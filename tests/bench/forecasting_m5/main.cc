// Accuracy on M5's files and how long it takes, read to measures:
//   bench_forecast_m5 [forecast_accuracy_m5] [ORIGIN…]
// TANDEM_M5 names the folder. One line of JSON a measure; the peer is seasonal naive's WRMSSE on
// the same part and origin, forecast and measured in the same run.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/retail_backtest.h"
#include "services/tandem/cli/m5_retail.h"
#include "services/tandem/cli/thread_executor.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

using forecasting::RetailErrors;
using forecasting::RetailForecast;
using forecasting::RetailHistory;

constexpr std::size_t kHorizonDays = 28;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <typename T>
T OrExit(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

// The last week again, as the mean and as every quantile.
RetailForecast SeasonalNaive(const RetailHistory& history, const RetailForecast& like) {
  RetailForecast naive{.horizon_days = like.horizon_days, .levels = like.levels};
  for (std::size_t i = 0; i < history.ids.size(); ++i) {
    const auto week = history.Of(i, history.days).last(7);
    for (std::size_t h = 0; h < like.horizon_days; ++h) {
      naive.mean_units.push_back(static_cast<double>(week[h % 7]));
    }
  }
  for (std::size_t l = 0; l < forecasting::kRetailLevels; ++l) {
    naive.quantile_units[l].assign(like.quantile_units[l].size(), 0.0F);
  }
  return naive;
}

struct Scores {
  std::vector<double> wrmsse{};
  std::vector<double> naive{};
  std::vector<double> wspl{};
  double seconds_max = 0.0;
};

void Score(const std::string& folder, int origin, Scores* scores) {
  const double begin = Seconds();
  cli::ThreadExecutor executor(std::thread::hardware_concurrency());
  const cli::M5Panel panel = OrExit(cli::LoadM5Panel(
      folder, {.origin_d = origin, .horizon_days = static_cast<int>(kHorizonDays)}));
  const auto calendar = cli::RetailCalendarOf(panel);
  const RetailHistory history = cli::RetailHistoryOf(panel, calendar);
  const RetailForecast forecast = OrExit(forecasting::ForecastRetail(history, {}, executor));
  const RetailErrors errors =
      OrExit(forecasting::MeasureRetail(history, panel.actual_units, forecast, executor));
  const double seconds = Seconds() - begin;
  const RetailErrors naive = OrExit(forecasting::MeasureRetail(
      history, panel.actual_units, SeasonalNaive(history, forecast), executor));
  std::string levels = "by level";
  for (const double error : errors.wrmsse_by_level) absl::StrAppend(&levels, " ", error);
  Print({.name = absl::StrCat("forecast_accuracy_m5_d_", origin),
         .value = errors.wrmsse,
         .unit = "WRMSSE",
         .limit = naive.wrmsse,
         .goal = 0.77,
         .better = Better::kLower,
         .note = levels});
  std::string spl = "by level";
  for (const double error : errors.wspl_by_level) absl::StrAppend(&spl, " ", error);
  std::string cover = "50, 67, 95, 99 % intervals of levels 1, 9 and 12 cover";
  for (const std::size_t level : {std::size_t{0}, std::size_t{8}, std::size_t{11}}) {
    for (const double share : errors.coverage_by_level[level]) {
      absl::StrAppend(&cover, " ", share);
    }
  }
  Print({.name = absl::StrCat("forecast_quantiles_m5_d_", origin),
         .value = errors.wspl,
         .unit = "WSPL",
         .goal = 0.180,
         .better = Better::kLower,
         .note = spl + "; " + cover});
  scores->wrmsse.push_back(errors.wrmsse);
  scores->naive.push_back(naive.wrmsse);
  scores->wspl.push_back(errors.wspl);
  scores->seconds_max = std::max(scores->seconds_max, seconds);
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void Accuracy(const std::string& folder, const std::vector<int>& origins) {
  Scores scores;
  for (const int origin : origins) Score(folder, origin, &scores);
  Print({.name = "forecast_accuracy_m5",
         .value = MeanOf(scores.wrmsse),
         .unit = "WRMSSE",
         .limit = MeanOf(scores.naive),
         .goal = 0.77,
         .better = Better::kLower,
         .note = "mean of the origins; the limit is seasonal naive"});
  Print({.name = "forecast_quantiles_m5",
         .value = MeanOf(scores.wspl),
         .unit = "WSPL",
         .goal = 0.180,
         .better = Better::kLower});
  Print({.name = "forecast_seconds_m5",
         .value = scores.seconds_max,
         .unit = "s",
         .goal = 600.0,
         .better = Better::kLower,
         .note = "the slowest origin, files read to measures"});
}

int Main(std::span<char*> args) {
  std::vector<int> origins;
  bool accuracy = false;
  for (const std::string_view arg : args.subspan(1)) {
    if (arg == "forecast_accuracy_m5") {
      accuracy = true;
    } else if (const int origin = std::atoi(std::string(arg).c_str()); origin > 0) {
      origins.push_back(origin);
    } else {
      std::fprintf(stderr, "usage: bench_forecast_m5 [forecast_accuracy_m5] [ORIGIN…]\n");
      return 2;
    }
  }
  const char* folder = std::getenv("TANDEM_M5");
  accuracy = accuracy || args.size() == 1 || !origins.empty();
  if (origins.empty()) origins = {1857, 1885, 1913};
  if (accuracy && folder == nullptr) {
    std::fprintf(stderr, "TANDEM_M5 names no folder: no accuracy\n");
  } else if (accuracy) {
    Accuracy(folder, origins);
  }
  return 0;
}

}  // namespace
}  // namespace tandem::bench

int main(int argc, char** argv) {
  return tandem::bench::Main({argv, static_cast<std::size_t>(argc)});
}

// Accuracy on M5's files and how long it takes, read to measures:
//   bench_forecast_m5 [forecast_accuracy_m5] [local|global|best…] [ORIGIN…]
// TANDEM_M5 names the folder. One line of JSON a measure; the peers are seasonal naive's WRMSSE
// and, at level 12, SES's and TSB's, on the same part and origin, forecast and measured in the same
// run.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/retail_backtest.h"
#include "forecasting/global/xgboost_trees.h"
#include "services/tandem/cli/m5_retail.h"
#include "services/tandem/cli/thread_executor.h"
#include "tests/bench/forecasting_m5/peers.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

using forecasting::RetailErrors;
using forecasting::RetailForecast;
using forecasting::RetailHistory;

constexpr std::size_t kHorizonDays = 28;
constexpr std::size_t kBottom = 11;

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

struct Scores {
  std::vector<double> wrmsse{};
  std::vector<double> naive{};
  std::vector<double> wspl{};
  double seconds_max = 0.0;
};

struct Engine {
  const char* name;
  forecasting::BacktestEngine engine;
  double goal;         // WRMSSE over seasonal naive's.
  double seconds_max;  // One origin, files read to measures.
};

// Trees alone have no goal of their own: they are there to be compared.
constexpr std::array<Engine, 3> kEngines = {
    {{"local", forecasting::BacktestEngine::kLocal, 0.77, 600.0},
     {"global", forecasting::BacktestEngine::kGlobal, 0.77, 1'800.0},
     {"best", forecasting::BacktestEngine::kBest, 0.68, 1'800.0}}};

// One origin's data and what the peers make of it.
struct Origin {
  int number = 0;
  double load_seconds = 0.0;
  cli::M5Panel panel{};
  forecasting::RetailCalendar calendar{};
  RetailHistory history{};
  double naive = 0.0;         // WRMSSE.
  double bottom_least = 0.0;  // The least level-12 error of SES and TSB.
};

void PrintPeers(const Origin& origin, double smoothed, double tsb) {
  for (const auto& [name, error] : {std::pair("ses", smoothed), std::pair("tsb", tsb)}) {
    Print({.name = absl::StrCat("forecast_level12_m5_", name, "_d_", origin.number),
           .value = error,
           .unit = "WRMSSE",
           .better = Better::kLower,
           .note = "level 12, parameters by series"});
  }
}

void ReadOrigin(const std::string& folder, int number, forecasting::Executor& executor,
                Origin* origin) {
  const double begin = Seconds();
  origin->number = number;
  origin->panel = OrExit(cli::LoadM5Panel(
      folder, {.origin_d = number, .horizon_days = static_cast<int>(kHorizonDays)}));
  origin->calendar = cli::RetailCalendarOf(origin->panel);
  origin->history = cli::RetailHistoryOf(origin->panel, origin->calendar);
  origin->load_seconds = Seconds() - begin;
  const auto errors = [&](Means means) {
    return ErrorsOf(origin->history, origin->panel.actual_units, std::move(means), executor);
  };
  origin->naive = errors(SeasonalNaiveMeans(origin->history, kHorizonDays)).wrmsse;
  const double smoothed =
      errors(SmoothedMeans(origin->history, kHorizonDays, executor)).wrmsse_by_level[kBottom];
  const double tsb =
      errors(TsbMeans(origin->history, kHorizonDays, executor)).wrmsse_by_level[kBottom];
  PrintPeers(*origin, smoothed, tsb);
  origin->bottom_least = std::min(smoothed, tsb);
}

void PrintErrors(const Engine& engine, const Origin& origin, const RetailErrors& errors) {
  const std::string suffix = absl::StrCat("m5_", engine.name, "_d_", origin.number);
  std::string levels = "by level";
  for (const double error : errors.wrmsse_by_level) absl::StrAppend(&levels, " ", error);
  Print({.name = absl::StrCat("forecast_accuracy_", suffix),
         .value = errors.wrmsse,
         .unit = "WRMSSE",
         .limit = origin.naive,
         .goal = engine.goal,
         .better = Better::kLower,
         .note = levels});
  Print({.name = absl::StrCat("forecast_level12_", suffix),
         .value = errors.wrmsse_by_level[kBottom],
         .unit = "WRMSSE",
         .limit = origin.bottom_least,
         .goal = 1.0,
         .better = Better::kLower,
         .note = "level 12; the limit is the better of SES and TSB"});
  std::string spl = "by level";
  for (const double error : errors.wspl_by_level) absl::StrAppend(&spl, " ", error);
  std::string cover = "50, 67, 80, 95, 99 % intervals of levels 1, 9 and 12 cover";
  for (const std::size_t level : {std::size_t{0}, std::size_t{8}, kBottom}) {
    const forecasting::Calibration& calibration = errors.calibration_by_level[level];
    for (std::size_t k = 0; k < forecasting::kIntervals; ++k) {
      absl::StrAppend(&cover, " ", calibration.Covered(k).value_or(0.0));
    }
  }
  Print({.name = absl::StrCat("forecast_quantiles_", suffix),
         .value = errors.wspl,
         .unit = "WSPL",
         .goal = 0.180,
         .better = Better::kLower,
         .note = spl + "; " + cover});
}

void Score(const Engine& engine, const Origin& origin, forecasting::Executor& executor,
           Scores* scores) {
  const double begin = Seconds();
  const auto trainer = forecasting::MakeXgboostTrainer();
  const RetailForecast forecast = OrExit(forecasting::ForecastRetail(
      origin.history, {.engine = engine.engine, .trainer = trainer.get()}, executor));
  const RetailErrors errors = OrExit(
      forecasting::MeasureRetail(origin.history, origin.panel.actual_units, forecast, executor));
  const double seconds = origin.load_seconds + Seconds() - begin;
  PrintErrors(engine, origin, errors);
  scores->wrmsse.push_back(errors.wrmsse);
  scores->naive.push_back(origin.naive);
  scores->wspl.push_back(errors.wspl);
  scores->seconds_max = std::max(scores->seconds_max, seconds);
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void PrintMeans(const Engine& engine, const Scores& scores) {
  Print({.name = absl::StrCat("forecast_accuracy_m5_", engine.name),
         .value = MeanOf(scores.wrmsse),
         .unit = "WRMSSE",
         .limit = MeanOf(scores.naive),
         .goal = engine.goal,
         .better = Better::kLower,
         .note = "mean of the origins; the limit is seasonal naive"});
  Print({.name = absl::StrCat("forecast_quantiles_m5_", engine.name),
         .value = MeanOf(scores.wspl),
         .unit = "WSPL",
         .goal = 0.180,
         .better = Better::kLower});
  Print({.name = absl::StrCat("forecast_seconds_m5_", engine.name),
         .value = scores.seconds_max,
         .unit = "s",
         .goal = engine.seconds_max,
         .better = Better::kLower,
         .note = "the slowest origin, files read to measures"});
}

void Accuracy(const std::string& folder, const std::vector<int>& origins,
              const std::vector<Engine>& engines) {
  cli::ThreadExecutor executor(std::thread::hardware_concurrency());
  std::vector<Scores> scores(engines.size());
  for (const int number : origins) {
    Origin origin;
    ReadOrigin(folder, number, executor, &origin);
    for (std::size_t k = 0; k < engines.size(); ++k) {
      Score(engines[k], origin, executor, &scores[k]);
    }
  }
  for (std::size_t k = 0; k < engines.size(); ++k) PrintMeans(engines[k], scores[k]);
}

struct Wanted {
  std::vector<int> origins{};
  std::vector<Engine> engines{};
  bool accuracy = false;
};

// Nothing where an argument is none of ours.
std::optional<Wanted> WantedOf(std::span<char*> args) {
  Wanted wanted;
  for (const std::string_view arg : args) {
    const auto engine =
        std::ranges::find_if(kEngines, [arg](const Engine& one) { return arg == one.name; });
    if (arg == "forecast_accuracy_m5") {
      wanted.accuracy = true;
    } else if (engine != kEngines.end()) {
      wanted.engines.push_back(*engine);
    } else if (const int origin = std::atoi(std::string(arg).c_str()); origin > 0) {
      wanted.origins.push_back(origin);
    } else {
      return std::nullopt;
    }
  }
  wanted.accuracy =
      wanted.accuracy || args.empty() || !wanted.origins.empty() || !wanted.engines.empty();
  if (wanted.origins.empty()) wanted.origins = {1857, 1885, 1913};
  if (wanted.engines.empty()) wanted.engines.assign(kEngines.begin(), kEngines.end());
  return wanted;
}

int Main(std::span<char*> args) {
  const std::optional<Wanted> wanted = WantedOf(args.subspan(1));
  if (!wanted.has_value()) {
    std::fprintf(stderr,
                 "usage: bench_forecast_m5 [forecast_accuracy_m5] "
                 "[local|global|best…] [ORIGIN…]\n");
    return 2;
  }
  const char* folder = std::getenv("TANDEM_M5");
  if (wanted->accuracy && folder == nullptr) {
    std::fprintf(stderr, "TANDEM_M5 names no folder: no accuracy\n");
  } else if (wanted->accuracy) {
    Accuracy(folder, wanted->origins, wanted->engines);
  }
  return 0;
}

}  // namespace
}  // namespace tandem::bench

int main(int argc, char** argv) {
  return tandem::bench::Main({argv, static_cast<std::size_t>(argc)});
}

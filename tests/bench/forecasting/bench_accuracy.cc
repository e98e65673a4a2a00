// forecast_accuracy_m1, _m3, _m4: sMAPE and OWA of the median of three local methods on the
// competitions' series, the limit being the goal: the median of ETS, DOTM and CES of the best open
// library on the same series.

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "forecasting/local/choice.h"
#include "tests/bench/forecasting/bench.h"
#include "tests/bench/forecasting/competition.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;

struct Competition {
  const char* name;
  const char* path;
  double smape_goal;
  double owa_goal;
};

constexpr Competition kCompetitions[] = {
    {"m3", "m3/m3_yearly_quarterly.csv.zst", 12.173, 0.870},
    {"m1", "m1/m1.csv.zst", 15.325, 0.835},
    {"m4", "m4/m4_weekly.csv.zst", 9.007, 0.920},
};

CompetitionError Measure(std::span<const CompetitionSeries> series, fc::LocalMethod method) {
  fc::LocalScratch scratch;
  return ErrorOf(series, [&](const CompetitionSeries& one, std::span<double> mean) {
    const absl::Status status =
        fc::ForecastLocal(method, one.history, {.season_buckets = one.season}, {mean, {}}, scratch);
    if (status.ok()) return;
    std::fprintf(stderr, "bench_forecasting: %s\n", std::string(status.message()).c_str());
    std::exit(1);
  });
}

}  // namespace

void ForecastAccuracy() {
  for (const Competition& competition : kCompetitions) {
    const std::vector<CompetitionSeries> series = ReadCompetition(competition.path);
    if (series.empty()) continue;
    const CompetitionError naive = ErrorOf(series, Naive2);
    std::string note = std::to_string(series.size()) + " series, the median of three";
    const auto owa = [&naive](const CompetitionError& error) {
      return 0.5 * (error.smape / naive.smape + error.mase / naive.mase);
    };
    const auto add = [&](const char* name, fc::LocalMethod method) {
      const CompetitionError error = Measure(series, method);
      char text[96];
      std::snprintf(text, sizeof text, "; %s %.3f/%.3f/%.3f", name, error.smape, error.mase,
                    owa(error));
      note += text;
    };
    add("ETS", fc::LocalMethod::kEts);
    add("DOTM", fc::LocalMethod::kDynamicOptimizedTheta);
    add("CES", fc::LocalMethod::kCes);
    const CompetitionError median = Measure(series, fc::LocalMethod::kMedian);
    const std::string name = std::string("forecast_accuracy_") + competition.name;
    Print({.name = name + "_smape",
           .value = median.smape,
           .unit = "%",
           .goal = competition.smape_goal,
           .better = Better::kLower,
           .note = note});
    Print({.name = name + "_owa",
           .value = owa(median),
           .unit = "of Naive2",
           .goal = competition.owa_goal,
           .better = Better::kLower});
  }
  SpareParts();
}

}  // namespace tandem::bench

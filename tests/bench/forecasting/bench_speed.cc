// forecast_speed_…: series a second on one core, fit, forecast and nine quantiles, on M5's daily
// series (every 20th of the folder that TANDEM_M5 names) and on M1's monthly ones.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "forecasting/local/adida.h"
#include "forecasting/local/croston.h"
#include "forecasting/local/demand_events.h"
#include "forecasting/local/ets.h"
#include "forecasting/local/imapa.h"
#include "forecasting/local/sba.h"
#include "forecasting/local/theta.h"
#include "forecasting/local/tsb.h"
#include "forecasting/series.h"
#include "tests/bench/forecasting/bench.h"
#include "tests/bench/forecasting/competition.h"
#include "tests/bench/packed_file.h"

namespace tandem::bench {
namespace {

using Histories = std::vector<std::vector<double>>;
namespace fc = forecasting;

constexpr std::size_t kHorizonDays = 28;

// What a compiler may not throw away, and what must be a number.
double checked = 0.0;

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "bench_forecasting: %s failed\n", what);
  std::exit(1);
}

// Series from their first sale on.
Histories ReadM5(std::size_t every) {
  const char* folder = std::getenv("TANDEM_M5");
  Histories histories;
  if (folder == nullptr) return histories;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("sales")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const std::string text = ReadPacked(path);
    std::size_t line = 0;
    for (std::size_t at = text.find('\n') + 1; at < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (line % every == 0) {
        std::vector<double> history;
        std::size_t comma = at;
        for (int skip = 0; skip < 4; ++skip) comma = text.find(',', comma) + 1;
        while ((comma = text.find(',', comma)) < end) {
          history.push_back(std::strtod(text.data() + ++comma, nullptr));
        }
        const auto sold = fc::FromFirstSale(history);
        if (!sold.empty()) histories.emplace_back(sold.begin(), sold.end());
      }
      at = end + 1;
    }
  }
  return histories;
}

double MeanSize(const Histories& histories) {
  double sum = 0.0;
  for (const auto& history : histories) sum += static_cast<double>(history.size());
  return sum / static_cast<double>(histories.size());
}

// The median of three runs over all histories.
struct Measured {
  const char* name;
  double goal;
  const char* peer;  // What another library does on its own data of the same kind, not in this run.
};
template <typename Work>
void Measure(const Measured& what, const Histories& histories, Work work) {
  std::vector<double> seconds;
  for (int run = 0; run < 3; ++run) {
    const double begin = CpuSeconds();
    for (const auto& history : histories) work(history);
    seconds.push_back(CpuSeconds() - begin);
  }
  Print({.name = std::string("forecast_speed_") + what.name,
         .value = static_cast<double>(histories.size()) / Quantile(seconds, 0.5),
         .unit = "series/s/core",
         .goal = what.goal,
         .note = std::to_string(histories.size()) + " series of " +
                 std::to_string(static_cast<int>(MeanSize(histories))) + " buckets; " + what.peer});
}

void Ets(const Measured& what, const Histories& histories, std::size_t season,
         std::size_t horizon) {
  fc::EtsScratch scratch;
  std::vector<double> mean(horizon);
  std::vector<double> band(horizon * fc::kQuantiles);
  Measure(what, histories, [&](const std::vector<double>& history) {
    const auto model = fc::FitAutoEts(history, {.season_buckets = season}, scratch);
    Require(model.ok() && fc::ForecastEts(*model, mean, band).ok(), what.name);
    checked += mean[0] + band[0];
  });
}

void Theta(const Histories& histories) {
  fc::ThetaScratch scratch;
  std::vector<double> mean(kHorizonDays);
  std::vector<double> band(kHorizonDays * fc::kQuantiles);
  constexpr Measured kWhat = {"dotm_daily", 1000.0, "statsforecast 2.1.1 on M5: 4.14"};
  Measure(kWhat, histories, [&](const std::vector<double>& history) {
    const auto model =
        fc::FitTheta(history, {.season_buckets = 7}, fc::ThetaKind::kDynamicOptimized, scratch);
    Require(model.ok() && fc::ForecastTheta(*model, mean, band).ok(), "DOTM");
    checked += mean[0] + band[0];
  });
}

void Intermittent(const Histories& histories) {
  fc::EventScratch scratch;
  constexpr Measured kWhat = {"six_intermittent", 20'000.0,
                              "statsforecast 2.1.1 on M5, the six one after the other: 905"};
  Measure(kWhat, histories, [&](const std::vector<double>& history) {
    const auto events = fc::ReadEvents(history, scratch);
    Require(events.ok(), "ReadEvents");
    const fc::CrostonState croston = fc::FitCroston(*events, {});
    const double forecasts[] = {fc::CrostonForecast(croston),
                                fc::SbaForecast(croston),
                                fc::CrostonForecast(fc::FitOptimizedCroston(*events)),
                                fc::TsbForecast(fc::FitTsb(*events, {})),
                                fc::AdidaForecast(fc::FitAdida(*events, scratch)),
                                fc::ImapaForecast(*events, scratch)};
    for (const double forecast : forecasts) checked += fc::BandOf(*events, forecast)[8];
  });
}

// A day later: the state moves on, and the next 28 days are forecast with their quantiles.
void Update(const Histories& histories) {
  fc::EtsScratch scratch;
  std::vector<fc::EtsModel> models;
  for (const auto& history : histories) {
    const fc::EtsForm form = {fc::EtsError::kAdditive, fc::EtsTrend::kNone,
                              fc::EtsSeason::kAdditive};
    auto model = fc::FitEts(history, {.season_buckets = 7}, form, scratch);
    models.push_back(model.ok() ? *model : *fc::FitAutoEts(history, {}, scratch));
  }
  std::vector<double> mean(kHorizonDays);
  std::vector<double> band(kHorizonDays * fc::kQuantiles);
  std::size_t next = 0;
  constexpr Measured kWhat = {"update", 200'000.0, "statsforecast 2.1.1 fits anew: 1.97"};
  Measure(kWhat, histories, [&](const std::vector<double>& history) {
    fc::EtsModel& model = models[next++ % models.size()];
    fc::UpdateEts(model, history.back());
    Require(fc::ForecastEts(model, mean, band).ok(), "update");
    checked += mean[0] + band[0];
  });
}

}  // namespace

void ForecastSpeed() {
  if (const Histories daily = ReadM5(20); !daily.empty()) {
    Ets({"ets_daily", 100.0, "statsforecast 2.1.1 on M5: 1.97"}, daily, 7, kHorizonDays);
    Theta(daily);
    Intermittent(daily);
    Update(daily);
  }
  Histories monthly;
  for (CompetitionSeries& series : ReadCompetition("m1/m1.csv.zst")) {
    if (series.season == 12) monthly.push_back(std::move(series.history));
  }
  if (!monthly.empty()) {
    Ets({"ets_monthly", 1500.0, "statsforecast 2.1.1 on M3's monthly series of 99: 7.6"}, monthly,
        12, 18);
  }
  ForecastStream();
  Require(checked == checked, "a forecast");
}

}  // namespace tandem::bench

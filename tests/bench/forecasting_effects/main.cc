// forecast_accuracy_orangejuice: forecasts of weekly juice sales where prices and promotions are
// known in advance. Ten rounds; in each, two weeks are forecast from all weeks up to the one two
// weeks before the first of them. TANDEM_FORECASTING names the folder that holds `orangejuice`.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <string>
#include <vector>

#include "forecasting/effects/uplift.h"
#include "tests/bench/forecasting_effects/orange_juice.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

constexpr int kFirstTestWeek = 137;
constexpr int kRounds = 10;
constexpr int kWeeksARound = 2;
constexpr int kGapWeeks = 2;
constexpr std::size_t kDrivers = kBrands + 8;

// Weeks' drivers: all prices, deal and feature and both, last week's of the own brand (what was
// bought ahead is not bought now), and the year's wave.
std::vector<double> DriversOf(const JuiceSeries& series, std::size_t index) {
  const JuiceWeek& now = series.weeks[index];
  const bool follows = index > 0 && series.weeks[index - 1].week == now.week - 1;
  const JuiceWeek& before = follows ? series.weeks[index - 1] : now;
  const auto own = static_cast<std::size_t>(series.brand - 1);
  std::vector<double> drivers(now.log_prices.begin(), now.log_prices.end());
  const double angle = 2.0 * std::numbers::pi * now.week / 52.18;
  for (const double driver :
       {now.deal, now.feature, now.deal * now.feature, before.log_prices[own] - now.log_prices[own],
        before.deal, before.feature, std::sin(angle), std::cos(angle)}) {
    drivers.push_back(driver);
  }
  return drivers;
}

struct Score {
  double percentage = 0.0;
  double rows = 0.0;
};

// Trains up to `last_week` and adds the errors of the round's weeks.
void Round(const std::vector<JuiceSeries>& juice, int first_test_week, Score& score) {
  using namespace forecasting;
  const int last_week = first_test_week - kGapWeeks;
  std::vector<std::vector<double>> units(juice.size());
  std::vector<std::vector<double>> drivers(juice.size());
  std::vector<PromotedSeries> train;
  std::vector<std::size_t> trained;
  for (std::size_t s = 0; s < juice.size(); ++s) {
    for (std::size_t w = 0; w < juice[s].weeks.size() && juice[s].weeks[w].week <= last_week; ++w) {
      const std::vector<double> row = DriversOf(juice[s], w);
      drivers[s].insert(drivers[s].end(), row.begin(), row.end());
      units[s].push_back(juice[s].weeks[w].units);
    }
    if (units[s].empty()) continue;
    trained.push_back(s);
    train.push_back({.units = units[s],
                     .drivers = drivers[s],
                     .group = static_cast<std::size_t>(juice[s].brand)});
  }
  const auto model =
      FitUplifts(train, {.drivers = kDrivers, .offset_units = 1.0, .lead_buckets = kGapWeeks});
  if (!model.ok()) {
    std::fprintf(stderr, "bench: %s\n", std::string(model.status().message()).c_str());
    std::exit(1);
  }
  for (std::size_t m = 0; m < trained.size(); ++m) {
    const JuiceSeries& series = juice[trained[m]];
    for (std::size_t w = 0; w < series.weeks.size(); ++w) {
      const JuiceWeek& week = series.weeks[w];
      if (week.week < first_test_week || week.week >= first_test_week + kWeeksARound) continue;
      const double forecast =
          model->series[m].Forecast(DriversOf(series, w), Point::kLeastPercentage);
      score.percentage += std::abs(forecast - week.units) / week.units;
      score.rows += 1.0;
    }
  }
}

void OrangeJuice(const std::string& folder) {
  const std::vector<JuiceSeries> juice = ReadJuice(folder + "/orangejuice");
  Score score;
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < kRounds; ++round) {
    Round(juice, kFirstTestWeek + kWeeksARound * round, score);
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Print({.name = "forecast_accuracy_orangejuice",
         .value = 100.0 * score.percentage / score.rows,
         .unit = "% MAPE",
         .goal = 36.0,
         .better = Better::kLower,
         .note = std::to_string(juice.size()) + " series, " +
                 std::to_string(static_cast<int>(score.rows)) + " forecasts, ten fits in " +
                 std::to_string(seconds) + " s"});
}

}  // namespace
}  // namespace tandem::bench

int main() {
  const char* folder = std::getenv("TANDEM_FORECASTING");
  if (folder == nullptr) {
    std::fprintf(stderr,
                 "bench: TANDEM_FORECASTING must name the folder that holds orangejuice/\n");
    return 2;
  }
  tandem::bench::OrangeJuice(folder);
  return 0;
}

// forecast_accuracy_orangejuice: forecasts of weekly juice sales where prices and promotions are
// known in advance. Ten rounds; in each, two weeks are forecast from all weeks up to the one two
// weeks before the first of them. Which drivers, which errors and which point are chosen on ten
// such rounds before these, all within what the first of them trains on.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "forecasting/effects/uplift.h"
#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/forecasting_effects/orange_juice.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

constexpr int kFirstTestWeek = 137;
constexpr int kFirstChoosingWeek =
    117;  // The last one is 136, of which round 1's training lacks it.
constexpr int kRounds = 10;
constexpr int kWeeksARound = 2;
constexpr int kGapWeeks = 2;
constexpr double kPulls[] = {0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6};

// Each holds those before it. Many drivers fit the past of a brand better, but its shops share
// their weeks: 90 weeks of 56 shops are nearer to 90 observations than to 5,000.
enum class DriverSet { kPlain, kPantry, kSeason, kAllPrices };

// Own price, the mean of the others', deal and feature; both at once and last week's price (what
// was bought ahead is not bought now); the year's wave; every other brand's price.
std::vector<double> DriversOf(const JuiceSeries& series, std::size_t index, DriverSet set) {
  const JuiceWeek& now = series.weeks[index];
  const bool follows = index > 0 && series.weeks[index - 1].week == now.week - 1;
  const JuiceWeek& before = follows ? series.weeks[index - 1] : now;
  const auto own = static_cast<std::size_t>(series.brand - 1);
  const double all = std::accumulate(now.log_prices.begin(), now.log_prices.end(), 0.0);
  std::vector<double> drivers = {now.log_prices[own],
                                 (all - now.log_prices[own]) / static_cast<double>(kBrands - 1),
                                 now.deal, now.feature};
  if (set >= DriverSet::kPantry) {
    drivers.push_back(now.deal * now.feature);
    drivers.push_back(before.log_prices[own] - now.log_prices[own]);
  }
  if (set >= DriverSet::kSeason) {
    const double angle = 2.0 * std::numbers::pi * now.week / 52.18;
    drivers.push_back(std::sin(angle));
    drivers.push_back(std::cos(angle));
  }
  if (set >= DriverSet::kAllPrices) {
    drivers.insert(drivers.end(), now.log_prices.begin(), now.log_prices.end());
  }
  return drivers;
}

struct JuiceChoice {
  DriverSet drivers = DriverSet::kPlain;
  double tail_freedom = 0.0;
};

// Percentages by pull, summed over forecasts.
struct JuiceScore {
  std::array<double, std::size(kPulls)> percentage{};
  double rows = 0.0;
};

// Trains up to the gap before `first_week` and adds the errors of the round's weeks.
void JuiceRound(const std::vector<JuiceSeries>& juice, int first_week, const JuiceChoice& choice,
                JuiceScore& score) {
  namespace fc = forecasting;
  const int last_week = first_week - kGapWeeks;
  std::vector<std::vector<double>> units(juice.size());
  std::vector<std::vector<double>> drivers(juice.size());
  std::vector<fc::PromotedSeries> train;
  std::vector<std::size_t> trained;
  std::size_t count = 0;
  for (std::size_t s = 0; s < juice.size(); ++s) {
    for (std::size_t w = 0; w < juice[s].weeks.size() && juice[s].weeks[w].week <= last_week; ++w) {
      const std::vector<double> row = DriversOf(juice[s], w, choice.drivers);
      count = row.size();
      drivers[s].insert(drivers[s].end(), row.begin(), row.end());
      units[s].push_back(juice[s].weeks[w].units);
    }
    if (units[s].empty()) continue;
    trained.push_back(s);
    train.push_back({.units = units[s],
                     .drivers = drivers[s],
                     .group = static_cast<std::size_t>(juice[s].brand)});
  }
  auto model = fc::FitUplifts(train, {.drivers = count,
                                      .offset_units = 1.0,
                                      .lead_buckets = kGapWeeks,
                                      .tail_freedom = choice.tail_freedom});
  if (!model.ok()) Fail(std::string(model.status().message()));
  for (std::size_t m = 0; m < trained.size(); ++m) {
    const JuiceSeries& series = juice[trained[m]];
    for (std::size_t w = 0; w < series.weeks.size(); ++w) {
      const JuiceWeek& week = series.weeks[w];
      if (week.week < first_week || week.week >= first_week + kWeeksARound) continue;
      const std::vector<double> row = DriversOf(series, w, choice.drivers);
      for (std::size_t p = 0; p < std::size(kPulls); ++p) {
        model->series[m].percentage_pull = kPulls[p];
        const double forecast = model->series[m].Forecast(row, fc::Point::kLeastPercentage);
        score.percentage[p] += std::abs(forecast - week.units) / week.units;
      }
      score.rows += 1.0;
    }
  }
}

JuiceScore ScoreOf(const std::vector<JuiceSeries>& juice, int first_week,
                   const JuiceChoice& choice) {
  JuiceScore score;
  for (int round = 0; round < kRounds; ++round) {
    JuiceRound(juice, first_week + kWeeksARound * round, choice, score);
  }
  return score;
}

}  // namespace

void OrangeJuice() {
  const std::vector<JuiceSeries> juice = ReadJuice(DataFolder("orangejuice"));
  JuiceChoice best;
  std::size_t best_pull = 0;
  double least = std::numeric_limits<double>::infinity();
  std::string tried;
  for (const DriverSet drivers :
       {DriverSet::kPlain, DriverSet::kPantry, DriverSet::kSeason, DriverSet::kAllPrices}) {
    for (const double tail_freedom : {0.0, 4.0}) {
      const JuiceChoice choice{drivers, tail_freedom};
      const JuiceScore score = ScoreOf(juice, kFirstChoosingWeek, choice);
      const auto of_choice = std::ranges::min_element(score.percentage);
      char text[32];
      std::snprintf(text, sizeof text, " %.2f", 100.0 * *of_choice / score.rows);
      tried += text;
      if (*of_choice >= least) continue;
      least = *of_choice;
      best = choice;
      best_pull = static_cast<std::size_t>(of_choice - score.percentage.begin());
    }
  }
  const double begin = CpuSeconds();
  const JuiceScore score = ScoreOf(juice, kFirstTestWeek, best);
  const double seconds = CpuSeconds() - begin;
  Print({.name = "forecast_accuracy_orangejuice",
         .value = 100.0 * score.percentage[best_pull] / score.rows,
         .unit = "% MAPE",
         .goal = 36.0,
         .better = Better::kLower,
         .note = std::to_string(juice.size()) + " series, " +
                 std::to_string(static_cast<int>(score.rows)) + " forecasts, ten fits in " +
                 std::to_string(seconds) + " s of processor time; chosen: drivers " +
                 std::to_string(static_cast<int>(best.drivers)) + ", tails " +
                 std::to_string(best.tail_freedom) + ", pull " + std::to_string(kPulls[best_pull]) +
                 ", of" + tried});
}

}  // namespace tandem::bench

#include "tests/bench/forecasting_m5/peers.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <span>
#include <utility>

#include "forecasting/local/smoothing.h"
#include "forecasting/local/tsb.h"
#include "forecasting/series.h"

namespace tandem::bench {
namespace {

using forecasting::RetailHistory;

constexpr std::array<double, 4> kTsbAlphas = {0.02, 0.05, 0.1, 0.2};

// Flat forecasts: `level` of each series' history from its first sale on, 0 for one without a sale.
Means FlatMeans(const RetailHistory& history, std::size_t horizon_days,
                forecasting::Executor& executor,
                const std::function<double(std::span<const double>)>& level) {
  Means means(history.ids.size() * horizon_days, 0.0);
  executor.ForEach(history.ids.size(), [&](std::size_t i) {
    const auto units = history.Of(i, history.days);
    const std::vector<double> all(units.begin(), units.end());
    const auto sold = forecasting::FromFirstSale(all);
    if (sold.empty()) return;
    std::fill_n(means.begin() + static_cast<std::ptrdiff_t>(i * horizon_days), horizon_days,
                level(sold));
  });
  return means;
}

double TsbLevel(std::span<const double> units) {
  double least = std::numeric_limits<double>::infinity();
  double level = 0.0;
  for (const double alpha_size : kTsbAlphas) {
    for (const double alpha_probability : kTsbAlphas) {
      forecasting::TsbState state{
          .options = {.alpha_size = alpha_size, .alpha_probability = alpha_probability}};
      double squares = 0.0;
      for (std::size_t t = 0; t < units.size(); ++t) {
        const double error = units[t] - forecasting::TsbForecast(state);
        if (t > 0) squares += error * error;
        forecasting::UpdateTsb(state, units[t]);
      }
      if (squares >= least) continue;
      least = squares;
      level = forecasting::TsbForecast(state);
    }
  }
  return level;
}

}  // namespace

Means SeasonalNaiveMeans(const RetailHistory& history, std::size_t horizon_days) {
  Means means;
  for (std::size_t i = 0; i < history.ids.size(); ++i) {
    const auto week = history.Of(i, history.days).last(7);
    for (std::size_t h = 0; h < horizon_days; ++h) {
      means.push_back(static_cast<double>(week[h % 7]));
    }
  }
  return means;
}

Means SmoothedMeans(const RetailHistory& history, std::size_t horizon_days,
                    forecasting::Executor& executor) {
  return FlatMeans(history, horizon_days, executor, [](std::span<const double> units) {
    const auto fit = forecasting::FitBestLevel(units);
    return fit.ok() ? fit->fit.level_units : 0.0;
  });
}

Means TsbMeans(const RetailHistory& history, std::size_t horizon_days,
               forecasting::Executor& executor) {
  return FlatMeans(history, horizon_days, executor, TsbLevel);
}

forecasting::RetailErrors ErrorsOf(const RetailHistory& history,
                                   std::span<const float> actual_units, Means means,
                                   forecasting::Executor& executor) {
  const std::size_t horizon = means.size() / history.ids.size();
  forecasting::RetailForecast forecast{.horizon_days = horizon,
                                       .levels = forecasting::RetailLevels(history.ids),
                                       .mean_units = std::move(means)};
  for (std::size_t l = 0; l < forecasting::kRetailLevels; ++l) {
    forecast.quantile_units[l].assign(
        forecast.levels[l].node_count() * forecasting::kQuantileCount * horizon, 0.0F);
  }
  const auto errors = forecasting::MeasureRetail(history, actual_units, forecast, executor);
  if (!errors.ok()) {
    std::fprintf(stderr, "%s\n", errors.status().ToString().c_str());
    std::exit(1);
  }
  return *errors;
}

}  // namespace tandem::bench

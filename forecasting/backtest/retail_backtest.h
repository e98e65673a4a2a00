// A forecast of a whole retail panel from one origin, with nine quantiles at all twelve levels, and
// how far it was from what came: M5's task as a library call. Values in, values out; heavy parts
// run on the executor that is handed in, and the result is the same whatever its threads.
//
// Quantiles of every node come from the engine's own past: it forecasts from earlier origins, a
// horizon apart, and what it missed there (bottom and sums alike, so that days which are good or
// bad for all items stay together) is standardised by the node's dispersion and pooled within a
// level by size and week of the horizon. Nothing is random. Reference: M5 Competitors' Guide
// (2020); forecasting/profile and forecasting/uncertainty for the methods.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/accuracy/calibration.h"
#include "forecasting/backtest/engine.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/last_year.h"
#include "forecasting/backtest/retail_levels.h"
#include "forecasting/global/boosted_trees.h"
#include "forecasting/price_step.h"
#include "forecasting/profile/profile.h"

namespace tandem::forecasting {

inline constexpr std::size_t kQuantileCount = 9;

struct RetailHistory {
  std::vector<RetailIds> ids{};           // A series each.
  std::vector<std::size_t> listed_day{};  // From 0.
  std::vector<double> dollars{};          // Of the last 28 days: what a series weighs.
  // By series, ascending, none after the last day; empty: no price is known.
  std::vector<std::vector<PriceStep>> prices{};
  std::size_t days = 0;
  std::span<const float> units{};  // Of series 0, of series 1, …: `days` each.
  const RetailCalendar* calendar = nullptr;
  std::size_t region_count = 0;  // A state's number is its region in the calendar.

  std::span<const float> Of(std::size_t series, std::size_t first_days) const {
    return units.subspan(series * days, first_days);
  }
};

// How the engines global and best learn. Chosen by earlier origins than those that are measured
// (forecasting/global/README.md, "How it was tuned").
struct RetailTreeOptions {
  TreeOptions trees{.tweedie_power = 1.1, .trees = 150, .leaf_weight_min = 200.0, .bins = 64};
  std::size_t origins = 10;        // Earlier ones, a horizon apart, that a model learns from.
  std::size_t models = 2;          // Averaged; each learns from rows of its own.
  std::size_t rows_max = 450'000;  // A model's; drawn at random, always the same.
  // Engine best: what the trees' own sum weighs in a group's day beside the local forecast's.
  double total_share = 0.0;
  LastYearOptions last_year{};  // Engine best: of each group.
};

struct RetailOptions {
  BacktestEngine engine = BacktestEngine::kLocal;
  const TreeTrainer* trainer = nullptr;  // For the other engines; must outlive the call.
  RetailTreeOptions trees{};
  ProfileOptions profile{};  // With the horizon.
  // Earlier origins from which the quantiles learn. A year of horizons: every season is in them.
  std::size_t calibration_origins = 13;
  // Told of the work done, 0 to 1, from the calling thread.
  std::function<void(double share)> on_progress{};
};

struct RetailForecast {
  std::size_t horizon_days = 0;
  std::array<RetailLevel, kRetailLevels> levels{};
  std::vector<double> mean_units{};  // Series by series, horizon_days each.
  // By level: of node 0 the horizon of the first quantile, of the second, …; of node 1, …
  std::array<std::vector<float>, kRetailLevels> quantile_units{};
};

// Forecasts with the engine (forecasting/profile; retail_trees.h for those with trees). Fewer
// earlier origins are used where the history is short: each needs a year before it, or
// in a short history half of it and eight weeks at least. With none, quantiles are the mean's
// Poisson ones. kInvalidArgument where sizes differ, as Profile::Make or as TreeMeans;
// O((calibration + 1) * series * days) for the local engine, TreeMeans' for the others.
absl::StatusOr<RetailForecast> ForecastRetail(const RetailHistory& history,
                                              const RetailOptions& options, Executor& executor);

struct RetailErrors {
  double wrmsse = 0.0;
  double wspl = 0.0;
  std::array<double, kRetailLevels> wrmsse_by_level{};
  std::array<double, kRetailLevels> wspl_by_level{};
  // Of all nodes and days alike; outcomes are counts.
  std::array<Calibration, kRetailLevels> calibration_by_level{};
};

// `actual_units`: series by series, horizon_days each. Errors as Wrmsse. What PITs draw is a hash
// of level, node and day.
absl::StatusOr<RetailErrors> MeasureRetail(const RetailHistory& history,
                                           std::span<const float> actual_units,
                                           const RetailForecast& forecast, Executor& executor);

}  // namespace tandem::forecasting

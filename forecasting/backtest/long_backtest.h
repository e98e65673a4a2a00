// A forecast of any panel of series from one origin, with nine quantiles for every series, every
// group and the total, and how far it was from what came: `--format long` as a library call. Values
// in, values out; heavy parts run on the executor that is handed in, and the result is the same
// whatever its threads. Nothing is random.
//
// How (README.md): gaps are filled, known drivers (price, promotion) taken out by uplifts that are
// partly pooled over a group, seasons taken out by indices drawn to those of the group that tells
// most of them; what is left is forecast by methods of one series, weighted by class of series
// after what each missed from earlier origins; quantiles come from what that combination missed
// there. A series with a short past is drawn to what others say of it (long_young.h). References:
// Gross and Sohl, J. of Forecasting 9 (1990) and Dekker, van Donselaar and Ouwehand, Int. J. of
// Production Economics 90 (2004) for seasons of groups; Caruana et al., "Ensemble selection from
// libraries of models", ICML (2004) for the weights; Vovk et al. (2005) for the quantiles;
// forecasting/local and forecasting/effects for the models.
//
//   const auto forecast = ForecastLong(panel, {.bucket = BucketLength::kWeek}, executor);
//   const auto errors = MeasureLong(panel, actual_units, *forecast);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/accuracy/calibration.h"
#include "forecasting/backtest/engine.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_method.h"
#include "forecasting/global/boosted_trees.h"
#include "forecasting/knowledge.h"

namespace tandem::forecasting {

enum class BucketLength : std::uint8_t { kHour, kDay, kWeek, kMonth, kQuarter, kYear };

struct LongSeries {
  std::vector<double> units{};         // A value a bucket, oldest first, the origin's the last.
  std::vector<Knowledge> knowledge{};  // Likewise; at least one is no gap.
  // (units.size() + horizon) rows of driver_count values known in advance, horizon included.
  std::vector<float> drivers{};
};

// Nodes of one level: of every series its node, numbered densely from 0.
struct LongLevel {
  std::vector<std::size_t> node_of_series{};
  std::size_t node_count = 0;
};

struct LongPanel {
  std::vector<LongSeries> series{};
  std::vector<LongLevel> groupings{};  // A column each, such as store or category.
  std::size_t driver_count = 0;        // At most kLongDriversMax.
};
inline constexpr std::size_t kLongDriversMax = 24;

// How the engines global and best learn.
struct LongTreeOptions {
  TreeOptions trees{.tweedie_power = 1.2, .leaves_max = 31, .leaf_weight_min = 20.0, .bins = 64};
  // Earlier ones that a model learns from, if there are so many: of trees that begin at the local
  // forecast, which is costly; and of those that stand alone.
  std::size_t origins = 12;
  std::size_t origins_alone = 40;
  std::size_t rows_max = 200'000;  // Drawn at random, always the same.
  std::size_t rows_min = 1'000;    // With fewer, the engine is local.
};

struct LongOptions {
  BucketLength bucket = BucketLength::kDay;
  std::size_t horizon_buckets = 28;  // 1..10,000.
  // Earlier origins to weigh methods and to learn quantiles from, as far as the history reaches.
  std::size_t origins = 4;
  BacktestEngine engine = BacktestEngine::kLocal;
  const TreeTrainer* trainer = nullptr;  // For the other engines; must outlive the call.
  LongTreeOptions trees{};
  // Told of the work done, 0 to 1, from the calling thread.
  std::function<void(double share)> on_progress{};
};

// How one class of series was forecast: weights over methods that add up to 1.
struct LongMixture {
  std::array<double, kLongMethods> weights{};
  std::size_t series = 0;
};

// What trees weigh in a class's forecast; the rest is the local methods'.
struct LongTreeShares {
  double on_local = 0.0;  // Trees that begin at the local forecast.
  double alone = 0.0;     // Trees that know none.
  double sum() const { return on_local + alone; }
};

struct LongForecast {
  std::size_t horizon_buckets = 0;
  std::vector<double> mean_units{};  // Series by series, the horizon each.
  // The total, the groupings in their order, the series themselves.
  std::vector<LongLevel> levels{};
  // By level: of node 0 the horizon's nine quantiles bucket after bucket, of node 1, …
  std::vector<std::vector<float>> quantile_units{};
  // By level, node and bucket: how probable it is that nothing is sold, of counts that it rounds to
  // nothing; 0 where it may be less than nothing. May be left empty: quantiles then tell it
  // roughly.
  std::vector<std::vector<float>> none_probability{};
  std::array<LongMixture, kLongClasses> mixtures{};
  // The grouping by which uplifts of the drivers are pooled: 0 for all series, k for groupings[k -
  // 1]; nullopt where there are no drivers or leaving them out forecast the past better.
  std::optional<std::size_t> uplift_grouping{};
  // What the local forecast without drivers weighs in the local one, by class; 0 where no drivers
  // are used.
  std::array<double, kLongClasses> driverless_shares{};
  // Of the total and of each grouping: how much of the way series were scaled to what their sums
  // forecast (long_sums.h), 0 to 1; 0 where drivers are used.
  std::vector<double> sum_shares{};
  bool longest_season = true;  // Whether indices of the longest season were used.
  // What forecast: kLocal where trees had too few rows, or (best) did not forecast the past better.
  BacktestEngine engine_used = BacktestEngine::kLocal;
  bool too_few_rows = false;
  // Of the trees beside the local methods, by class; the mixtures are the local methods'.
  std::array<LongTreeShares, kLongClasses> tree_shares{};
};

// Fallbacks: a series of one or two values goes on at their level with its group's season; one that
// is all zeros, or constant, goes on as it is, its quantiles equal to the mean; both but for what
// older series hand over to a young one that sold. Negative values
// turn seasonal indices and uplifts off for that series where they are 5 % of its size or more, and
// its forecasts and quantiles may be negative; no other's ever are. kInvalidArgument, naming the
// series, if the panel is empty, sizes differ, a value or driver is not finite, a series is all
// gaps, or an option is out of range, or an engine needs a trainer and has none; kOutOfRange if a
// result is not finite. O(origins * series * buckets) by method, O(origins * rows * trees) of the
// engines with trees.
absl::StatusOr<LongForecast> ForecastLong(const LongPanel& panel, const LongOptions& options,
                                          Executor& executor);

// The errors of one level; nullopt where a measure's denominator is zero. MASE, RMSSE and WSPL are
// scaled by the steps of the history between buckets that are both known: what was filled or is a
// lower bound is left out, and a sum's step is that of the series that are known at both ends.
struct LongErrors {
  std::optional<double> wmape{};  // accuracy.h, over all the level's nodes.
  std::optional<double> bias{};
  std::optional<double> smape{};  // point.h, the mean of the nodes'.
  std::optional<double> mase{};   // Scaled by the season of the bucket's length.
  std::optional<double> rmsse{};
  // Mean over the nine quantiles of SPL (interval.h), weighted by the units of the last 28 buckets.
  std::optional<double> wspl{};
  std::optional<double> pinball{};  // Units: mean over nodes, buckets and quantiles.
  // A node's outcomes are counts where all that is known of its series is whole and 0 or more.
  Calibration calibration{};
  std::size_t nodes = 0;    // With an actual.
  std::size_t buckets = 0;  // Node-buckets with an actual.
};

// What came, series by series, the horizon each; a gap, or a lower bound, is not measured: a node's
// sums are over the series whose value is known. Errors by level, in the forecast's order.
// kInvalidArgument if sizes differ or a value is not finite.
struct LongActuals {
  std::vector<double> units{};
  std::vector<Knowledge> knowledge{};
};
absl::StatusOr<std::vector<LongErrors>> MeasureLong(const LongPanel& panel,
                                                    const LongActuals& actuals,
                                                    const LongForecast& forecast,
                                                    BucketLength bucket);

}  // namespace tandem::forecasting

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_choice.h"
#include "forecasting/backtest/long_origin.h"
#include "forecasting/backtest/long_panel.h"
#include "forecasting/backtest/long_quantiles.h"
#include "forecasting/backtest/long_run.h"
#include "forecasting/backtest/long_trees.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kSampleSeries = 120;  // Of a class, to weigh methods by.
constexpr std::size_t kStructureSeries = 1'500;
constexpr std::size_t kStructureOrigins = 3;
constexpr std::size_t kBlockSeries = 16;  // Forecast with one scratch.
constexpr std::size_t kRecentBuckets = 500;
constexpr std::size_t kCostlyValuesMax = 4'000'000;  // A panel of more does without costly methods.
constexpr double kStructureGainMin = 0.01;
constexpr double kTreeShareMin = 0.02;  // Trees that weigh less in every class are left out.

// One panel's forecast.
class LongEngine {
 public:
  LongEngine(const LongPanel& panel, const LongOptions& options, Executor& executor)
      : panel_(panel),
        options_(options),
        executor_(executor),
        form_(DriverForm::Of(panel)),
        input_{panel, options, form_},
        backs_(EarlierOrigins(panel, options)) {}

  absl::StatusOr<LongForecast> Run() {
    forecast_.horizon_buckets = options_.horizon_buckets;
    forecast_.levels = LevelsOf(panel_);
    const bool alone = options_.engine == BacktestEngine::kGlobal;
    LongTrees trees(panel_, options_, backs_,
                    alone ? LongTrees::Base::kSimple : LongTrees::Base::kLocal);
    const bool grown = options_.engine != BacktestEngine::kLocal && trees.Suffice();
    forecast_.too_few_rows = options_.engine != BacktestEngine::kLocal && !grown;
    const bool global = grown && alone;
    absl::Status status = global ? ReadOrigins() : ForecastLocally();
    if (status.ok() && grown) status = global ? ForecastByTrees(trees) : AddTrees(trees);
    if (!status.ok()) return status;
    if (!AllFinite(std::span<const double>(forecast_.mean_units))) {
      return absl::OutOfRangeError("the history's values are too large to forecast from");
    }
    Tell(0.9);
    status = FillQuantiles();
    if (!status.ok()) return status;
    Tell(1.0);
    return std::move(forecast_);
  }

 private:
  void Tell(double share) const {
    if (options_.on_progress) options_.on_progress(share);
  }

  void TellLearnt(std::size_t back, const LongTrees& trees) const {
    const auto oldest = static_cast<double>(trees.learnt_backs().back());
    Tell(0.8 + 0.05 * static_cast<double>(back) / oldest);
  }

  absl::Status ReadOrigins() {
    for (const std::size_t back : backs_) {
      auto origin = OriginOf(input_, back, structure_, executor_);
      if (!origin.ok()) return origin.status();
      earlier_.push_back(*std::move(origin));
      Tell(0.1 + 0.1 * static_cast<double>(earlier_.size()) / static_cast<double>(backs_.size()));
    }
    auto now = OriginOf(input_, 0, structure_, executor_);
    if (!now.ok()) return now.status();
    now_ = *std::move(now);
    return absl::OkStatus();
  }

  absl::Status ForecastLocally() {
    absl::Status status = ChooseStructure();
    if (status.ok()) status = ReadOrigins();
    if (!status.ok()) return status;
    Weigh(now_);
    for (const LongOrigin& origin : earlier_) {
      past_means_.push_back(Means(origin));
      Tell(0.4 +
           0.4 * static_cast<double>(past_means_.size()) / static_cast<double>(backs_.size()));
    }
    forecast_.mean_units = Means(now_);
    return absl::OkStatus();
  }

  // Earlier origins, then now, of trees that know no local forecast.
  absl::StatusOr<std::vector<std::vector<double>>> MeansAlone(LongTrees& trees) {
    for (const std::size_t back : trees.learnt_backs()) {
      trees.Learn(back, trees.SimpleBase(back, executor_), executor_);
      TellLearnt(back, trees);
    }
    std::vector<std::size_t> backs = backs_;
    backs.push_back(0);
    std::vector<std::vector<double>> bases;
    bases.reserve(backs.size());
    for (const std::size_t back : backs) bases.push_back(trees.SimpleBase(back, executor_));
    auto means = trees.Forecast(backs, bases, executor_);
    if (means.ok() && means->back().empty()) means->back() = std::move(bases.back());
    return means;
  }

  // Engine global: trees alone. Earlier origins with too few rows before them say nothing of it.
  absl::Status ForecastByTrees(LongTrees& trees) {
    auto means = MeansAlone(trees);
    if (!means.ok()) return means.status();
    forecast_.mean_units = std::move(means->back());
    std::vector<LongOrigin> judged;
    for (std::size_t k = 0; k < earlier_.size(); ++k) {
      if ((*means)[k].empty()) continue;
      judged.push_back(std::move(earlier_[k]));
      past_means_.push_back(std::move((*means)[k]));
    }
    earlier_ = std::move(judged);
    forecast_.tree_shares.fill({.alone = 1.0});
    forecast_.engine_used = BacktestEngine::kGlobal;
    return absl::OkStatus();
  }

  // Likewise, of trees that begin at the local forecast.
  absl::StatusOr<std::vector<std::vector<double>>> MeansOnLocal(LongTrees& trees) {
    for (const std::size_t back : trees.learnt_backs()) {
      TellLearnt(back, trees);
      const auto known = std::ranges::find(backs_, back);
      if (known != backs_.end()) {
        trees.Learn(back, past_means_[static_cast<std::size_t>(known - backs_.begin())], executor_);
        continue;
      }
      const auto origin = OriginOf(input_, back, structure_, executor_);
      if (!origin.ok()) return origin.status();
      trees.Learn(back, Means(*origin), executor_);
    }
    std::vector<std::size_t> backs = backs_;
    backs.push_back(0);
    std::vector<std::vector<double>> bases = past_means_;
    bases.push_back(forecast_.mean_units);
    return trees.Forecast(backs, bases, executor_);
  }

  // Engine best: the local forecast, trees that begin at it and trees alone, weighed by class of
  // series after what each missed before.
  absl::Status AddTrees(LongTrees& trees) {
    const auto on_local = MeansOnLocal(trees);
    if (!on_local.ok()) return on_local.status();
    LongTrees plain(panel_, options_, backs_, LongTrees::Base::kSimple);
    const auto alone = MeansAlone(plain);
    if (!alone.ok()) return alone.status();
    if (on_local->back().empty()) return absl::OkStatus();
    forecast_.tree_shares = ChooseTreeShares({.panel = panel_,
                                              .now = now_,
                                              .origins = earlier_,
                                              .local = past_means_,
                                              .on_local = std::span(*on_local).first(backs_.size()),
                                              .alone = std::span(*alone).first(backs_.size()),
                                              .horizon_buckets = options_.horizon_buckets});
    auto& shares = forecast_.tree_shares;
    if (std::ranges::all_of(shares, [](const auto& s) { return s.sum() < kTreeShareMin; })) {
      shares = {};
      return absl::OkStatus();
    }
    Blend(now_, shares, {.on_local = on_local->back(), .alone = alone->back()},
          forecast_.mean_units);
    for (std::size_t k = 0; k < backs_.size(); ++k) {
      if ((*on_local)[k].empty() || (*alone)[k].empty()) continue;
      Blend(now_, shares, {.on_local = (*on_local)[k], .alone = (*alone)[k]}, past_means_[k]);
    }
    forecast_.engine_used = BacktestEngine::kBest;
    return absl::OkStatus();
  }

  // Scaled absolute error of levels with the uplift put back.
  double LevelLoss(const LongPanel& panel, const LongOrigin& origin) const {
    const std::size_t horizon = options_.horizon_buckets;
    double loss = 0.0;
    for (std::size_t i = 0; i < panel.series.size(); ++i) {
      if (!origin.Has(i)) continue;
      // Of the history as it was: that of the ready series depends on the structure.
      const std::vector<double>& whole = panel.series[i].units;
      const std::span<const double> history = std::span(whole).first(whole.size() - origin.back);
      double scale = 0.0;
      for (const double units : history) scale += std::abs(units);
      scale /= static_cast<double>(history.size());
      for (std::size_t h = 0; h < std::min(horizon, origin.back) && scale > 0.0; ++h) {
        const LongOutcome outcome = OutcomeAt(panel.series[i], origin.back, h);
        if (!outcome.known) continue;
        const double mean = origin.levels[i].level_units * origin.indices.Ahead(i, h) *
                            origin.Uplift(i, h, horizon);
        loss += std::abs(outcome.units - mean) / scale;
      }
    }
    return loss;
  }

  // Drivers and the longest season are used the way that forecast best from earlier origins; the
  // season as it is, and no drivers, where that is as good, or nothing can be judged.
  absl::Status ChooseStructure() {
    if (backs_.empty()) return absl::OkStatus();
    const LongPanel sample = SampleOf(panel_, kStructureSeries);
    const OriginInput input{sample, options_, form_};
    const std::size_t uplifts = panel_.driver_count == 0 ? 1 : panel_.groupings.size() + 2;
    const std::size_t choices = SeasonsOf(options_.bucket).empty() ? uplifts : 2 * uplifts;
    const std::size_t origins = std::min(kStructureOrigins, backs_.size());
    double least = 0.0;
    for (std::size_t choice = 0; choice < choices; ++choice) {
      LongStructure structure{.longest_season = choice < uplifts};
      if (choice % uplifts > 0) structure.uplift = choice % uplifts - 1;
      double loss = 0.0;
      for (std::size_t k = 0; k < origins; ++k) {
        const auto origin = OriginOf(input, backs_[k], structure, executor_);
        if (!origin.ok()) return origin.status();
        loss += LevelLoss(sample, *origin);
      }
      if (choice == 0 || loss < (1.0 - kStructureGainMin) * least) {
        least = loss;
        structure_ = structure;
      }
      Tell(0.1 * static_cast<double>(choice + 1) / static_cast<double>(choices));
    }
    forecast_.uplift_grouping = structure_.uplift;
    forecast_.longest_season = structure_.longest_season;
    return absl::OkStatus();
  }

  std::vector<LongMethod> AllowedFor(LongClass kind) const {
    std::size_t values = 0;
    for (const LongSeries& one : panel_.series) {
      values += std::min(one.units.size(), kRecentBuckets);
    }
    const bool costly = values * (backs_.size() + 1) <= kCostlyValuesMax;
    std::vector<LongMethod> allowed;
    for (std::size_t m = 0; m < kLongMethods; ++m) {
      const auto method = static_cast<LongMethod>(m);
      if (Suits(method, kind) && (costly || !IsCostly(method))) allowed.push_back(method);
    }
    return allowed;
  }

  // Runs the methods on a sample of every class at the earlier origins, and weighs them.
  void Weigh(const LongOrigin& now) {
    for (std::size_t kind = 0; kind < kLongClasses; ++kind) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < panel_.series.size(); ++i) {
        if (static_cast<std::size_t>(now.ready[i].kind) == kind) members.push_back(i);
      }
      forecast_.mixtures[kind].series = members.size();
      const std::size_t sample = std::min(members.size(), kSampleSeries);
      std::vector<std::size_t> sampled;
      for (std::size_t k = 0; k < sample; ++k) {
        sampled.push_back(members[k * members.size() / sample]);
      }
      const auto allowed = AllowedFor(static_cast<LongClass>(kind));
      std::vector<std::vector<ChoiceRow>> rows(sample * earlier_.size());
      executor_.ForEach(rows.size(), [&](std::size_t part) {
        rows[part] =
            RowsOf(earlier_[part % earlier_.size()], sampled[part / earlier_.size()], allowed);
      });
      std::vector<ChoiceRow> all;
      std::size_t judged = 0;
      for (const std::vector<ChoiceRow>& one : rows) {
        all.insert(all.end(), one.begin(), one.end());
        if (!one.empty()) ++judged;
      }
      forecast_.mixtures[kind].weights = ChooseWeights({.kind = static_cast<LongClass>(kind),
                                                        .allowed = allowed,
                                                        .rows = all,
                                                        .series_origins = judged});
    }
    Tell(0.4);
  }

  std::vector<ChoiceRow> RowsOf(const LongOrigin& origin, std::size_t i,
                                std::span<const LongMethod> allowed) const {
    std::vector<ChoiceRow> rows;
    if (!origin.Has(i)) return rows;
    const double scale =
        std::max(origin.levels[i].error_units, 0.05 * std::abs(origin.levels[i].level_units));
    if (!(scale > 0.0)) return rows;
    const std::size_t horizon = options_.horizon_buckets;
    LongScratch scratch;
    for (const LongMethod method : allowed) {
      std::vector<double>& mean = scratch.means[static_cast<std::size_t>(method)];
      mean.resize(horizon);
      RunMethod(method, origin, i, mean, scratch);
    }
    for (std::size_t h = 0; h < std::min(horizon, origin.back); ++h) {
      const LongOutcome outcome = OutcomeAt(panel_.series[i], origin.back, h);
      if (!outcome.known) continue;
      ChoiceRow& row = rows.emplace_back();
      row.actual = static_cast<float>(outcome.units);
      row.scale = static_cast<float>(scale);
      for (const LongMethod method : allowed) {
        const auto m = static_cast<std::size_t>(method);
        row.forecast[m] = static_cast<float>(scratch.means[m][h]);
      }
    }
    return rows;
  }

  // The mixtures' forecasts from an origin, series by series; zeros where a series had no history.
  std::vector<double> Means(const LongOrigin& origin) const {
    const std::size_t horizon = options_.horizon_buckets;
    std::vector<double> means(panel_.series.size() * horizon, 0.0);
    const std::size_t blocks = (panel_.series.size() + kBlockSeries - 1) / kBlockSeries;
    executor_.ForEach(blocks, [&](std::size_t block) {
      LongScratch scratch;
      const std::size_t end = std::min(panel_.series.size(), (block + 1) * kBlockSeries);
      for (std::size_t i = block * kBlockSeries; i < end; ++i) {
        if (!origin.Has(i)) continue;
        const std::span<double> to = std::span(means).subspan(i * horizon, horizon);
        const auto kind = static_cast<std::size_t>(origin.ready[i].kind);
        for (std::size_t m = 0; m < kLongMethods; ++m) {
          const double weight = forecast_.mixtures[kind].weights[m];
          if (weight == 0.0) continue;
          std::vector<double>& mean = scratch.means[m];
          mean.resize(horizon);
          RunMethod(static_cast<LongMethod>(m), origin, i, mean, scratch);
          for (std::size_t h = 0; h < horizon; ++h) to[h] += weight * mean[h];
        }
      }
    });
    return means;
  }

  absl::Status FillQuantiles() {
    const LevelBuilder builder(panel_, options_.horizon_buckets);
    std::vector<absl::Status> statuses(forecast_.levels.size());
    forecast_.quantile_units.resize(forecast_.levels.size());
    executor_.ForEach(forecast_.levels.size(), [&](std::size_t l) {
      const LongLevel& level = forecast_.levels[l];
      LevelForecasts level_forecasts{.now = builder.Nodes(level, now_, forecast_.mean_units)};
      builder.Describe(level, now_, level_forecasts);
      for (std::size_t k = 0; k < earlier_.size(); ++k) {
        level_forecasts.past.push_back(builder.Nodes(level, earlier_[k], past_means_[k]));
      }
      auto quantiles = QuantilesOfLevel(level_forecasts);
      statuses[l] = quantiles.status();
      if (quantiles.ok()) forecast_.quantile_units[l] = *std::move(quantiles);
    });
    for (const absl::Status& status : statuses) {
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const LongPanel& panel_;
  const LongOptions& options_;
  Executor& executor_;
  DriverForm form_;
  OriginInput input_;
  std::vector<std::size_t> backs_;
  LongStructure structure_;
  std::vector<LongOrigin> earlier_;
  LongOrigin now_;
  std::vector<std::vector<double>> past_means_;
  LongForecast forecast_;
};

}  // namespace

absl::StatusOr<LongForecast> ForecastLong(const LongPanel& panel, const LongOptions& options,
                                          Executor& executor) {
  if (absl::Status status = CheckPanel(panel, options); !status.ok()) return status;
  if (options.engine != BacktestEngine::kLocal && options.trainer == nullptr) {
    return absl::InvalidArgumentError("the engines global and best need a trainer of trees");
  }
  if (options.trees.rows_min == 0 || options.trees.rows_max < options.trees.rows_min) {
    return absl::InvalidArgumentError("trees: rows_min is 1 or more, rows_max no less");
  }
  return LongEngine(panel, options, executor).Run();
}

}  // namespace tandem::forecasting

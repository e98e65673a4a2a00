#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_local.h"
#include "forecasting/backtest/long_origin.h"
#include "forecasting/backtest/long_panel.h"
#include "forecasting/backtest/long_quantiles.h"
#include "forecasting/backtest/long_sums.h"
#include "forecasting/backtest/long_trees.h"
#include "forecasting/backtest/long_young.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kStructureSeries = 1'500;
constexpr std::size_t kStructureOrigins = 3;
constexpr double kStructureGainMin = 0.01;
constexpr double kFarOff = 5.0;         // Sizes of a series.
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

  // Without what young series are handed by others, for a trial of it.
  absl::StatusOr<LongForecast> RunAlone() {
    hands_over_ = false;
    return Run();
  }

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
    HandOverToYoung();
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

  // A part of the work as a function to be told of it.
  LongLocal::Told Part(double from, double to) const {
    return [this, from, to](double share) { Tell(from + share * (to - from)); };
  }

  absl::Status ReadOrigins() {
    local_.emplace(input_, structure_, executor_);
    return local_->ReadOrigins(backs_, Part(0.1, 0.4));
  }

  absl::Status ForecastLocally() {
    absl::Status status = ChooseStructure();
    if (status.ok()) status = Run(structure_, Part(0.1, 0.4), local_);
    if (!status.ok()) return status;
    past_means_ = local_->past_means();
    forecast_.mean_units = local_->means();
    forecast_.mixtures = local_->mixtures();
    if (structure_.uplift.has_value()) {
      status = Run(driverless_, Part(0.4, 0.6), plain_);
      if (!status.ok()) return status;
      DrawToDriverless();
    }
    Tell(0.6);
    forecast_.sum_shares.assign(forecast_.levels.size() - 1, 0.0);
    // Sums know nothing of drivers: where these are used, the series know better.
    if (!structure_.uplift.has_value()) {
      sums_.emplace(input_, structure_, executor_);
      status = sums_->Learn(*local_, past_means_, forecast_.mean_units);
      forecast_.sum_shares = sums_->shares();
    }
    Tell(0.8);
    return status;
  }

  absl::Status Run(const LongStructure& structure, const LongLocal::Told& told,
                   std::optional<LongLocal>& local) {
    local.emplace(input_, structure, executor_);
    absl::Status status = local->ReadOrigins(backs_, [&](double share) { told(0.3 * share); });
    if (status.ok()) local->Forecast([&](double share) { told(0.3 + 0.7 * share); });
    return status;
  }

  // What drivers did to many series need not be what they do to each: by class of series the
  // forecast is drawn to the one without them, as far as that has missed less.
  void DrawToDriverless() {
    forecast_.driverless_shares = {};
    if (backs_.empty()) return;
    const auto shares = ChooseTreeShares({.panel = panel_,
                                          .now = local_->now(),
                                          .origins = local_->earlier(),
                                          .local = past_means_,
                                          .on_local = plain_->past_means(),
                                          .horizon_buckets = options_.horizon_buckets});
    for (std::size_t c = 0; c < kLongClasses; ++c) {
      forecast_.driverless_shares[c] = shares[c].on_local;
    }
    driverless_blend_ = shares;
    Blend(local_->now(), shares, {.on_local = plain_->means()}, forecast_.mean_units);
    for (std::size_t k = 0; k < backs_.size(); ++k) {
      Blend(local_->now(), shares, {.on_local = plain_->past_means()[k]}, past_means_[k]);
    }
  }

  // The local forecast from any origin.
  absl::StatusOr<std::vector<double>> LocalMeansAt(std::size_t back) const {
    const auto known = std::ranges::find(backs_, back);
    if (known != backs_.end()) return past_means_[static_cast<std::size_t>(known - backs_.begin())];
    const auto origin = OriginOf(input_, back, structure_, executor_);
    if (!origin.ok()) return origin.status();
    std::vector<double> means = local_->MeansOf(*origin);
    if (plain_.has_value()) {
      const auto plain = plain_->MeansAt(back);
      if (!plain.ok()) return plain.status();
      Blend(local_->now(), driverless_blend_, {.on_local = *plain}, means);
    }
    const absl::Status scaled = sums_.has_value() ? sums_->Scale(*origin, means) : absl::OkStatus();
    if (!scaled.ok()) return scaled;
    return means;
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
    for (std::size_t k = 0; k < backs_.size(); ++k) {
      if ((*means)[k].empty()) continue;
      judged.push_back(std::move(local_->earlier()[k]));
      past_means_.push_back(std::move((*means)[k]));
    }
    local_->earlier() = std::move(judged);
    forecast_.tree_shares.fill({.alone = 1.0});
    forecast_.engine_used = BacktestEngine::kGlobal;
    return absl::OkStatus();
  }

  // Likewise, of trees that begin at the local forecast.
  absl::StatusOr<std::vector<std::vector<double>>> MeansOnLocal(LongTrees& trees) {
    for (const std::size_t back : trees.learnt_backs()) {
      TellLearnt(back, trees);
      const auto means = LocalMeansAt(back);
      if (!means.ok()) return means.status();
      trees.Learn(back, *means, executor_);
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
                                              .now = local_->now(),
                                              .origins = local_->earlier(),
                                              .local = past_means_,
                                              .on_local = std::span(*on_local).first(backs_.size()),
                                              .alone = std::span(*alone).first(backs_.size()),
                                              .horizon_buckets = options_.horizon_buckets});
    auto& shares = forecast_.tree_shares;
    if (std::ranges::all_of(shares, [](const auto& s) { return s.sum() < kTreeShareMin; })) {
      shares = {};
      return absl::OkStatus();
    }
    Blend(local_->now(), shares, {.on_local = on_local->back(), .alone = alone->back()},
          forecast_.mean_units);
    for (std::size_t k = 0; k < backs_.size(); ++k) {
      if ((*on_local)[k].empty() || (*alone)[k].empty()) continue;
      Blend(local_->now(), shares, {.on_local = (*on_local)[k], .alone = (*alone)[k]},
            past_means_[k]);
    }
    forecast_.engine_used = BacktestEngine::kBest;
    return absl::OkStatus();
  }

  // Absolute errors of levels with the uplift put back: in units, and over each series' size, where
  // an error of more than kFarOff sizes counts as so many, or one series that came to life would
  // choose for all.
  struct LevelErrors {
    double in_units = 0.0;
    double scaled = 0.0;
  };
  void AddLevelErrors(const LongPanel& panel, const LongOrigin& origin, LevelErrors& errors) const {
    const std::size_t horizon = options_.horizon_buckets;
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
        const double error = std::abs(outcome.units - mean);
        errors.in_units += error;
        errors.scaled += std::min(error / scale, kFarOff);
      }
    }
  }

  // Half by what is in units, half by the series' own, relative to the first choice's.
  static double LossOf(const LevelErrors& errors, const LevelErrors& first) {
    const auto over = [](double error, double of) { return of > 0.0 ? error / of : 1.0; };
    return 0.5 * (over(errors.in_units, first.in_units) + over(errors.scaled, first.scaled));
  }

  // The longest season is used the way that forecast best from earlier origins, as it is where that
  // is as good or nothing can be judged; and drivers the best way, if that is no worse than none.
  absl::Status ChooseStructure() {
    if (backs_.empty()) return absl::OkStatus();
    const LongPanel sample = SampleOf(panel_, kStructureSeries);
    const OriginInput input{sample, options_, form_};
    const std::size_t uplifts = panel_.driver_count == 0 ? 1 : panel_.groupings.size() + 2;
    const std::size_t choices = SeasonsOf(options_.bucket).empty() ? uplifts : 2 * uplifts;
    const std::size_t origins = std::min(kStructureOrigins, backs_.size());
    LevelErrors first;
    std::optional<LongStructure> drivers;
    double least = 0.0;
    double least_driverless = 0.0;
    for (std::size_t choice = 0; choice < choices; ++choice) {
      LongStructure structure{.longest_season = choice < uplifts};
      if (choice % uplifts > 0) structure.uplift = choice % uplifts - 1;
      LevelErrors errors;
      for (std::size_t k = 0; k < origins; ++k) {
        const auto origin = OriginOf(input, backs_[k], structure, executor_);
        if (!origin.ok()) return origin.status();
        AddLevelErrors(sample, *origin, errors);
      }
      if (choice == 0) first = errors;
      const double loss = LossOf(errors, first);
      const bool none = !structure.uplift.has_value();
      if (none && (choice == 0 || loss < (1.0 - kStructureGainMin) * least_driverless)) {
        least_driverless = loss;
        driverless_ = structure;
      }
      if (!none && (!drivers.has_value() || loss < (1.0 - kStructureGainMin) * least)) {
        least = loss;
        drivers = structure;
      }
      Tell(0.1 * static_cast<double>(choice + 1) / static_cast<double>(choices));
    }
    structure_ = drivers.has_value() && least < least_driverless ? *drivers : driverless_;
    forecast_.uplift_grouping = structure_.uplift;
    forecast_.longest_season = structure_.longest_season;
    return absl::OkStatus();
  }

  absl::Status FillQuantiles() {
    const LevelBuilder builder(panel_, options_.horizon_buckets);
    const LongOrigin& now = local_->now();
    const std::vector<LongOrigin>& earlier = local_->earlier();
    std::vector<absl::Status> statuses(forecast_.levels.size());
    forecast_.quantile_units.resize(forecast_.levels.size());
    forecast_.none_probability.resize(forecast_.levels.size());
    executor_.ForEach(forecast_.levels.size(), [&](std::size_t l) {
      const LongLevel& level = forecast_.levels[l];
      LevelForecasts level_forecasts{.now = builder.Nodes(level, now, now, forecast_.mean_units)};
      builder.Describe(level, now, level_forecasts);
      for (std::size_t k = 0; k < earlier.size(); ++k) {
        level_forecasts.past.push_back(builder.Nodes(level, earlier[k], now, past_means_[k]));
      }
      auto quantiles = QuantilesOfLevel(level_forecasts);
      statuses[l] = quantiles.status();
      if (!quantiles.ok()) return;
      forecast_.quantile_units[l] = std::move(quantiles->quantile_units);
      forecast_.none_probability[l] = std::move(quantiles->none_probability);
    });
    for (const absl::Status& status : statuses) {
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Not where drivers are used, since analogs have theirs, nor beside trees, which pool as well,
  // nor where it cannot be tried.
  void HandOverToYoung() {
    if (!hands_over_ || structure_.uplift.has_value()) return;
    if (forecast_.engine_used != BacktestEngine::kLocal) return;
    const std::vector<YoungSeries> young = FindYoung(panel_, options_.bucket);
    const auto trial = MakeTrial(panel_, options_.bucket, options_.horizon_buckets, young);
    if (!trial.has_value()) return;
    const LongOptions options{.bucket = options_.bucket,
                              .horizon_buckets = options_.horizon_buckets,
                              .origins = options_.origins};
    const auto then = LongEngine(trial->panel, options, executor_).RunAlone();
    if (!then.ok()) return;
    const auto tried = HandOver(trial->panel, *then, trial->young);
    const auto handed = HandOver(panel_, forecast_, young);
    if (!tried.has_value() || !handed.has_value()) return;
    DrawToHanded(young, *handed, LearnShares(panel_, *trial, *then, *tried), forecast_);
  }

  const LongPanel& panel_;
  const LongOptions& options_;
  Executor& executor_;
  bool hands_over_ = true;
  DriverForm form_;
  OriginInput input_;
  std::vector<std::size_t> backs_;
  LongStructure structure_;
  LongStructure driverless_;  // The best without drivers.
  std::optional<LongLocal> local_;
  std::optional<LongLocal> plain_;  // Without drivers, where structure_ has them.
  std::optional<LongSums> sums_;    // Where structure_ has no drivers.
  std::array<LongTreeShares, kLongClasses> driverless_blend_{};
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

#include "forecasting/backtest/retail_trees.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "forecasting/backtest/draw.h"
#include "forecasting/backtest/last_year.h"
#include "forecasting/backtest/retail_local.h"
#include "forecasting/global/retail_features.h"

namespace tandem::forecasting {

namespace {

constexpr std::size_t kYearDays = 364;
constexpr double kBaseMinUnits = 1e-4;  // What is expected to sell less teaches nothing.
constexpr double kOpenShare = 0.3;      // Days that sold less of the base were closed.
constexpr std::size_t kSeriesAtOnce = 64;

// All that is known at one origin.
struct Origin {
  std::size_t days = 0;
  std::vector<double> base{};                       // Series by series.
  std::vector<std::vector<double>> season_index{};  // By group; engine best's alone.
  std::vector<double> open{};  // By group and day: sold / base of the group; 0: closed.
  std::optional<RetailFeatures> features{};
};

// The rows of one model, gathered.
struct Rows {
  std::vector<float> values{};
  std::vector<float> labels{};
  std::vector<float> margins{};
};

// Which origins a fold forecasts, by number (0: the panel's last day), and learns from.
struct Fold {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t learn_last = 0;  // From last + 1 to here.
};

class Engine {
 public:
  Engine(const RetailHistory& history, const RetailOptions& options, Executor& executor)
      : history_(history),
        options_(options),
        executor_(executor),
        horizon_(options.profile.horizon_days),
        best_(options.engine == BacktestEngine::kBest),
        group_(GroupsOf(history).of_series),
        groups_(GroupsOf(history).count) {
    group_units_.assign(groups_ * history.days, 0.0);
    for (std::size_t i = 0; i < group_.size(); ++i) {
      const auto units = history.Of(i, history.days);
      double* sums = &group_units_[group_[i] * history.days];
      for (std::size_t t = 0; t < units.size(); ++t) sums[t] += static_cast<double>(units[t]);
    }
  }

  absl::StatusOr<std::vector<OriginMeans>> Run() {
    MakeFolds();
    absl::Status status = ReadOrigins();
    if (!status.ok()) return status;
    std::vector<OriginMeans> means(folds_.back().last + 1);
    for (const Fold& fold : folds_) {
      status = RunFold(fold, means);
      if (!status.ok()) return status;
    }
    return means;
  }

 private:
  // The last day by itself, so that its models know the newest days; the earlier ones in two
  // halves.
  void MakeFolds() {
    std::size_t possible = 0;  // Earlier origins with a year before them.
    while (history_.days >= kYearDays + (possible + 1) * horizon_) ++possible;
    const std::size_t calibrate = std::min(options_.calibration_origins, possible);
    const auto fold = [&](std::size_t first, std::size_t last) {
      folds_.push_back({first, last, std::min(last + options_.trees.origins, possible)});
    };
    fold(0, 0);
    const std::size_t half = (calibrate + 1) / 2;
    if (half > 0) fold(1, half);
    if (calibrate > half) fold(half + 1, calibrate);
    steps_ = 1 + folds_.back().learn_last;  // Bases;
    for (const Fold& one : folds_) steps_ += kModelSteps + one.last - one.first + 1;
  }

  void Tell(std::size_t steps) {
    done_ += steps;
    if (!options_.on_progress) return;
    options_.on_progress(0.95 * static_cast<double>(done_) / static_cast<double>(steps_));
  }

  absl::Status ReadOrigins() {
    std::size_t count = 0;
    for (const Fold& fold : folds_) {
      count = std::max(count, std::max(fold.last, fold.learn_last) + 1);
    }
    origins_.resize(count);
    absl::Status status = RunAll(executor_, count, [&](std::size_t k) { return ReadFeatures(k); });
    for (std::size_t k = 0; status.ok() && k < count; ++k) {
      if (best_) {
        auto local = ForecastLocally(history_, origins_[k].days, options_.profile, executor_);
        if (!local.ok()) return local.status();
        origins_[k].base = std::move(local->mean_units);
        origins_[k].season_index = std::move(local->season_index);
      }
      if (k > 0) ReadOpen(origins_[k]);
      Tell(1);
    }
    return status;
  }

  absl::Status ReadFeatures(std::size_t number) {
    Origin& origin = origins_[number];
    origin.days = history_.days - number * horizon_;
    FeaturePanel panel{.calendar = history_.calendar, .horizon_days = horizon_};
    for (std::size_t i = 0; i < history_.ids.size(); ++i) {
      const RetailIds& ids = history_.ids[i];
      panel.series.push_back({.history_units = history_.Of(i, origin.days),
                              .listed_day = history_.listed_day[i],
                              .item = ids.item,
                              .department = ids.department,
                              .category = ids.category,
                              .store = ids.store,
                              .region = ids.state});
      if (!history_.prices.empty()) panel.series.back().prices = history_.prices[i];
    }
    absl::StatusOr<RetailFeatures> features = RetailFeatures::Make(panel);
    if (!features.ok()) return features.status();
    origin.features = *std::move(features);
    if (best_) return absl::OkStatus();
    for (std::size_t i = 0; i < history_.ids.size(); ++i) {
      origin.base.insert(origin.base.end(), horizon_, origin.features->SimpleRate(i));
    }
    return absl::OkStatus();
  }

  // What each group sold on the days after an earlier origin, over its base.
  void ReadOpen(Origin& origin) {
    std::vector<double> base(groups_ * horizon_, 0.0);
    origin.open.assign(groups_ * horizon_, 0.0);
    for (std::size_t i = 0; i < group_.size(); ++i) {
      const auto sold = history_.Of(i, history_.days).subspan(origin.days, horizon_);
      for (std::size_t h = 0; h < horizon_; ++h) {
        base[group_[i] * horizon_ + h] += origin.base[i * horizon_ + h];
        origin.open[group_[i] * horizon_ + h] += static_cast<double>(sold[h]);
      }
    }
    for (std::size_t k = 0; k < base.size(); ++k) {
      const double share = base[k] > 0.0 ? origin.open[k] / base[k] : 0.0;
      origin.open[k] = share < kOpenShare ? 0.0 : (best_ ? share : 1.0);
    }
  }

  // A fold's model number `model` learns from its own share of the rows.
  Rows Gather(const Fold& fold, std::size_t model) const {
    const std::size_t learnt = fold.learn_last - fold.last;
    const double all = static_cast<double>(group_.size() * horizon_ * learnt);
    const auto models = static_cast<double>(options_.trees.models);
    const double share =
        std::min(1.0 / models, static_cast<double>(options_.trees.rows_max) / std::max(1.0, all));
    Rows rows;
    std::vector<float> filled(horizon_ * kRetailColumnCount);
    std::vector<std::size_t> days;
    for (std::size_t k = fold.last + 1; k <= fold.learn_last; ++k) {
      const Origin& origin = origins_[k];
      for (std::size_t i = 0; i < group_.size(); ++i) {
        days.clear();
        for (std::size_t h = 0; h < horizon_; ++h) {
          const double draw = DrawOf(i, origin.days, h) / share;
          if (draw >= static_cast<double>(model) && draw < static_cast<double>(model + 1) &&
              origin.open[group_[i] * horizon_ + h] > 0.0 &&
              origin.base[i * horizon_ + h] >= kBaseMinUnits) {
            days.push_back(h);
          }
        }
        if (days.empty()) continue;
        const auto base = std::span(origin.base).subspan(i * horizon_, horizon_);
        origin.features->FillSeries(i, base, filled);
        for (const std::size_t h : days) {
          const auto row = std::span(filled).subspan(h * kRetailColumnCount, kRetailColumnCount);
          rows.values.insert(rows.values.end(), row.begin(), row.end());
          rows.labels.push_back(history_.Of(i, history_.days)[origin.days + h]);
          rows.margins.push_back(
              static_cast<float>(std::log(base[h] * origin.open[group_[i] * horizon_ + h])));
        }
      }
    }
    return rows;
  }

  absl::Status RunFold(const Fold& fold, std::vector<OriginMeans>& means) {
    const std::size_t count = options_.trees.models;
    std::vector<std::unique_ptr<BoostedTrees>> models(count);
    absl::Status trained = RunAll(executor_, count, [&](std::size_t m) -> absl::Status {
      const Rows rows = Gather(fold, m);
      if (std::ranges::none_of(rows.labels, [](float units) { return units > 0.0F; })) {
        return absl::OkStatus();  // Nothing to learn from: the base stays.
      }
      TreeOptions options = options_.trees.trees;
      options.seed += static_cast<std::uint32_t>(m);
      auto model = options_.trainer->Train({.features = {kRetailColumnCount, rows.values},
                                            .labels = rows.labels,
                                            .base_margins = rows.margins},
                                           options);
      if (!model.ok()) return model.status();
      models[m] = *std::move(model);
      return absl::OkStatus();
    });
    if (!trained.ok()) return trained;
    Tell(kModelSteps);
    for (std::size_t k = fold.first; k <= fold.last; ++k) {
      means[k] = {.origin_days = origins_[k].days, .mean_units = origins_[k].base};
      const std::size_t parts = (group_.size() + kSeriesAtOnce - 1) / kSeriesAtOnce;
      absl::Status status = RunAll(executor_, parts, [&](std::size_t part) {
        return Predict(origins_[k], models, part, means[k].mean_units);
      });
      if (!status.ok()) return status;
      if (best_) Scale(origins_[k], means[k].mean_units);
      Tell(1);
    }
    return absl::OkStatus();
  }

  // Of the part's series: the mean of the models' predictions.
  absl::Status Predict(const Origin& origin,
                       const std::vector<std::unique_ptr<BoostedTrees>>& models, std::size_t part,
                       std::vector<double>& means) const {
    const std::size_t first = part * kSeriesAtOnce;
    const std::size_t count = std::min(kSeriesAtOnce, group_.size() - first);
    const auto to = std::span(means).subspan(first * horizon_, count * horizon_);
    std::vector<float> values(to.size() * kRetailColumnCount);
    std::vector<float> margins(to.size());
    std::vector<float> predictions(to.size());
    std::vector<double> sums(to.size(), 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      origin.features->FillSeries(first + i, to.subspan(i * horizon_, horizon_),
                                  std::span(values).subspan(i * horizon_ * kRetailColumnCount,
                                                            horizon_ * kRetailColumnCount));
    }
    for (std::size_t k = 0; k < to.size(); ++k) {
      margins[k] = static_cast<float>(std::log(std::max(to[k], kBaseMinUnits)));
    }
    double trained = 0.0;
    for (const std::unique_ptr<BoostedTrees>& model : models) {
      if (model == nullptr) continue;
      absl::Status status = model->Predict(
          {.features = {kRetailColumnCount, values}, .base_margins = margins}, predictions);
      if (!status.ok()) return status;
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += static_cast<double>(predictions[k]);
      trained += 1.0;
    }
    if (trained == 0.0) return absl::OkStatus();
    for (std::size_t k = 0; k < to.size(); ++k) {
      if (to[k] >= kBaseMinUnits) to[k] = sums[k] / trained;
    }
    return absl::OkStatus();
  }

  // Draws each group's day to the sum of its base, and that to last year's path.
  void Scale(const Origin& origin, std::vector<double>& means) const {
    std::vector<double> totals(groups_ * horizon_, 0.0);
    std::vector<double> trees(groups_ * horizon_, 0.0);
    const double share = options_.trees.total_share;
    for (std::size_t k = 0; k < means.size(); ++k) {
      const std::size_t at = group_[k / horizon_] * horizon_ + k % horizon_;
      totals[at] += share * means[k] + (1.0 - share) * origin.base[k];
      trees[at] += means[k];
    }
    for (std::size_t g = 0; g < groups_; ++g) {
      const auto total = std::span(totals).subspan(g * horizon_, horizon_);
      const auto sold = std::span(group_units_).subspan(g * history_.days, origin.days);
      const std::vector<double> factors = LastYearFactors(
          {.history_units = sold, .season_index = origin.season_index[g], .horizon_days = horizon_},
          options_.trees.last_year);
      for (std::size_t h = 0; h < horizon_; ++h) total[h] *= factors[h];
    }
    for (std::size_t k = 0; k < means.size(); ++k) {
      const std::size_t at = group_[k / horizon_] * horizon_ + k % horizon_;
      if (trees[at] > 0.0) means[k] *= totals[at] / trees[at];
    }
  }

  static constexpr std::size_t kModelSteps = 20;  // What training takes beside one origin's base.

  const RetailHistory& history_;
  const RetailOptions& options_;
  Executor& executor_;
  std::size_t horizon_;
  bool best_;
  std::vector<std::size_t> group_;  // By series: its store's department.
  std::size_t groups_ = 0;
  std::vector<double> group_units_;  // By group and day.
  std::vector<Fold> folds_;
  std::vector<Origin> origins_;  // By number; 0 is the panel's last day.
  std::size_t steps_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<OriginMeans>> TreeMeans(const RetailHistory& history,
                                                   const RetailOptions& options,
                                                   Executor& executor) {
  if (options.trainer == nullptr) {
    return absl::InvalidArgumentError("the engines global and best need a trainer of trees");
  }
  if (options.trees.models == 0 || options.trees.rows_max == 0) {
    return absl::InvalidArgumentError("trees: at least one model and one row");
  }
  if (!(options.trees.total_share >= 0.0 && options.trees.total_share <= 1.0)) {
    return absl::InvalidArgumentError("trees: total_share lies in [0, 1]");
  }
  return Engine(history, options, executor).Run();
}

}  // namespace tandem::forecasting

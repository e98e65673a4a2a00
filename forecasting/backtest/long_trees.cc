#include "forecasting/backtest/long_trees.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "forecasting/backtest/draw.h"
#include "forecasting/backtest/long_panel.h"

namespace tandem::forecasting {
namespace {

constexpr double kBaseMin = 1e-3;  // Of the size: what is expected to sell less teaches nothing.
constexpr double kBeyondSeen = 5.0;
constexpr double kLossWidth = 0.01;  // Of the local forecast's error.
constexpr std::size_t kShareSteps = 4;
constexpr std::size_t kMixtures = (kShareSteps + 1) * (kShareSteps + 2) / 2;
constexpr std::size_t kSeriesAtOnce = 64;
constexpr double kSignedLeafWeightMin = 20.0;

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

void LongTrees::Rows::Add(const Rows& others) {
  Append(values, others.values);
  Append(labels, others.labels);
  Append(weights, others.weights);
  Append(margins, others.margins);
  Append(places, others.places);
}

LongTrees::LongTrees(const LongPanel& panel, const LongOptions& options,
                     std::span<const std::size_t> backs, Base base)
    : panel_(panel),
      options_(options),
      backs_(backs.begin(), backs.end()),
      learnt_(backs_),
      columns_(LongFeatures::ColumnsOf({.panel = panel, .options = options})),
      rows_min_(options.trees.rows_min) {
  std::size_t longest = 0;
  double sum = 0.0;
  std::size_t count = 0;
  for (const LongSeries& series : panel.series) {
    longest = std::max(longest, series.units.size());
    for (std::size_t t = 0; t < series.units.size(); ++t) {
      if (series.knowledge[t] == Knowledge::kGap) continue;
      if (series.units[t] < 0.0) signed_ = true;
      sum += std::abs(series.units[t]);
      ++count;
    }
  }
  if (sum > 0.0) size_ = std::exp2(std::round(std::log2(sum / static_cast<double>(count))));
  if (backs_.empty()) return;
  AddOrigins(longest, base);
  std::ranges::sort(learnt_);
  const std::size_t all = RowsKnownAt(0);
  share_ = std::min(1.0, static_cast<double>(options.trees.rows_max) /
                             static_cast<double>(std::max<std::size_t>(1, all)));
}

void LongTrees::AddOrigins(std::size_t longest, Base base) {
  const std::size_t newest = *std::ranges::max_element(backs_);
  const std::size_t before = std::max(MainSeasonOf(options_.bucket) + 2, (longest - newest) / 2);
  const std::size_t reach = longest > before ? longest - before : 0;
  std::size_t step = backs_.front();
  std::size_t count = options_.trees.origins;
  if (base == Base::kSimple) {
    learnt_.clear();
    count = std::max<std::size_t>(1, options_.trees.origins_alone);
    step = std::max<std::size_t>(1, reach / count);
  }
  for (std::size_t back = step; learnt_.size() < count && back <= reach; back += step) {
    if (std::ranges::find(learnt_, back) == learnt_.end()) learnt_.push_back(back);
  }
}

std::size_t LongTrees::RowsKnownAt(std::size_t back) const {
  std::size_t rows = 0;
  for (const LongSeries& series : panel_.series) {
    for (const std::size_t learnt : learnt_) {
      if (learnt > back && series.units.size() > learnt) {
        rows += std::min(options_.horizon_buckets, learnt - back);
      }
    }
  }
  return rows;
}

LongFeatures LongTrees::FeaturesAt(std::size_t back, Executor& executor) const {
  return LongFeatures({.panel = panel_, .options = options_, .is_signed = signed_}, back, executor);
}

std::vector<double> LongTrees::SimpleBase(std::size_t back, Executor& executor) const {
  const LongFeatures features = FeaturesAt(back, executor);
  std::vector<double> base;
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    base.insert(base.end(), options_.horizon_buckets, features.SimpleBase(i));
  }
  return base;
}

float LongTrees::MarginOf(double base, double size) const {
  return static_cast<float>(signed_ ? base / size : std::log(std::max(base / size, kBaseMin)));
}

LongTrees::Rows LongTrees::RowsOf(const LongFeatures& features, std::size_t series,
                                  std::span<const double> base_units) const {
  Rows rows;
  if (!features.Has(series)) return rows;
  const std::size_t back = features.back();
  const double size = features.Size(series);
  std::vector<float> filled;
  for (std::size_t h = 0; h < std::min(base_units.size(), back); ++h) {
    const LongOutcome outcome = OutcomeAt(panel_.series[series], back, h);
    if (!outcome.known || DrawOf(series, back, h) >= share_) continue;
    if (!signed_ && base_units[h] < kBaseMin * size) continue;
    if (filled.empty()) {
      filled.resize(base_units.size() * columns_);
      features.Fill(series, base_units, filled);
    }
    const auto row = std::span(filled).subspan(h * columns_, columns_);
    rows.values.insert(rows.values.end(), row.begin(), row.end());
    rows.labels.push_back(static_cast<float>(outcome.units / size));
    rows.weights.push_back(static_cast<float>(std::sqrt(size / size_)));
    rows.margins.push_back(MarginOf(base_units[h], size));
    rows.places.push_back({.back = back, .h = h});
  }
  return rows;
}

void LongTrees::Learn(std::size_t back, std::span<const double> base_units, Executor& executor) {
  const LongFeatures features = FeaturesAt(back, executor);
  const std::size_t horizon = options_.horizon_buckets;
  std::vector<Rows> rows(panel_.series.size());
  executor.ForEach(rows.size(), [&](std::size_t i) {
    rows[i] = RowsOf(features, i, base_units.subspan(i * horizon, horizon));
  });
  for (const Rows& one : rows) rows_.Add(one);
}

absl::StatusOr<std::unique_ptr<BoostedTrees>> LongTrees::Fit(std::size_t back) const {
  Rows known;
  for (std::size_t r = 0; r < rows_.places.size(); ++r) {
    if (!rows_.places[r].KnownAt(back)) continue;
    const auto row = std::span(rows_.values).subspan(r * columns_, columns_);
    known.values.insert(known.values.end(), row.begin(), row.end());
    known.labels.push_back(rows_.labels[r]);
    known.weights.push_back(rows_.weights[r]);
    known.margins.push_back(rows_.margins[r]);
  }
  const bool learnable = std::ranges::any_of(known.labels, [](float y) { return y != 0.0F; });
  if (!learnable || RowsKnownAt(back) < rows_min_) return nullptr;
  TreeOptions options = options_.trees.trees;
  if (signed_) {
    options.objective = TreeObjective::kSquared;
    options.leaf_weight_min = kSignedLeafWeightMin;
  }
  return options_.trainer->Train({.features = {columns_, known.values},
                                  .labels = known.labels,
                                  .weights = known.weights,
                                  .base_margins = known.margins},
                                 options);
}

absl::Status LongTrees::Predict(const LongFeatures& features, const BoostedTrees& model,
                                std::size_t part, std::span<double> means) const {
  const std::size_t horizon = options_.horizon_buckets;
  const std::size_t end = std::min(panel_.series.size(), (part + 1) * kSeriesAtOnce);
  std::vector<float> values(horizon * columns_);
  std::vector<float> margins(horizon);
  std::vector<float> predictions(horizon);
  for (std::size_t i = part * kSeriesAtOnce; i < end; ++i) {
    if (!features.Has(i)) continue;
    const std::span<double> mean = means.subspan(i * horizon, horizon);
    const double size = features.Size(i);
    features.Fill(i, mean, values);
    for (std::size_t h = 0; h < horizon; ++h) margins[h] = MarginOf(mean[h], size);
    absl::Status status =
        model.Predict({.features = {columns_, values}, .base_margins = margins}, predictions);
    if (!status.ok()) return status;
    const double most = kBeyondSeen * features.Largest(i);
    const double least = features.NonNegative(i) ? 0.0 : -most;
    for (std::size_t h = 0; h < horizon; ++h) {
      if (!signed_ && mean[h] < kBaseMin * size) continue;
      mean[h] = std::clamp(size * static_cast<double>(predictions[h]), least, most);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::vector<double>>> LongTrees::Forecast(
    std::span<const std::size_t> backs, std::span<const std::vector<double>> base_units,
    Executor& executor) const {
  std::vector<std::unique_ptr<BoostedTrees>> models(backs.size());
  absl::Status status = RunAll(executor, backs.size(), [&](std::size_t k) -> absl::Status {
    auto model = Fit(backs[k]);
    if (!model.ok()) return model.status();
    models[k] = *std::move(model);
    return absl::OkStatus();
  });
  std::vector<std::vector<double>> means(backs.size());
  for (std::size_t k = 0; status.ok() && k < backs.size(); ++k) {
    if (models[k] == nullptr) continue;
    means[k] = base_units[k];
    const LongFeatures features = FeaturesAt(backs[k], executor);
    const std::size_t parts = (panel_.series.size() + kSeriesAtOnce - 1) / kSeriesAtOnce;
    status = RunAll(executor, parts, [&](std::size_t part) {
      return Predict(features, *models[k], part, means[k]);
    });
  }
  if (!status.ok()) return status;
  return means;
}

namespace {

// All shares in steps that leave the local forecast none or more; the first is local alone.
std::array<LongTreeShares, kMixtures> Mixtures() {
  std::array<LongTreeShares, kMixtures> mixtures{};
  std::size_t at = 0;
  const auto share = [](std::size_t steps) {
    return static_cast<double>(steps) / static_cast<double>(kShareSteps);
  };
  for (std::size_t own = 0; own <= kShareSteps; ++own) {
    for (std::size_t alone = 0; own + alone <= kShareSteps; ++alone) {
      mixtures[at++] = {.on_local = share(own), .alone = share(alone)};
    }
  }
  return mixtures;
}

// Errors of every mixture after one origin, of one class.
struct MixtureErrors {
  std::array<double, kMixtures> in_units{};
  std::array<double, kMixtures> scaled{};
};

void AddErrors(const LongBlendInput& input, std::size_t k,
               std::array<MixtureErrors, kLongClasses>& errors) {
  static const std::array<LongTreeShares, kMixtures> mixtures = Mixtures();
  const LongOrigin& origin = input.origins[k];
  const std::size_t horizon = input.horizon_buckets;
  for (std::size_t i = 0; i < input.panel.series.size(); ++i) {
    if (!origin.Has(i) || !(origin.levels[i].error_units > 0.0)) continue;
    const LongClass kind = input.now.ready[i].kind;
    MixtureErrors& to = errors[static_cast<std::size_t>(kind)];
    for (std::size_t h = 0; h < std::min(horizon, origin.back); ++h) {
      const LongOutcome outcome = OutcomeAt(input.panel.series[i], origin.back, h);
      if (!outcome.known) continue;
      const std::size_t at = i * horizon + h;
      const double local = input.local[k][at];
      const double alone = input.alone.empty() ? local : input.alone[k][at];
      for (std::size_t m = 0; m < kMixtures; ++m) {
        double error = std::abs(outcome.units - local -
                                mixtures[m].on_local * (input.on_local[k][at] - local) -
                                mixtures[m].alone * (alone - local));
        double scale = origin.levels[i].error_units;
        if (kind == LongClass::kIntermittent) {  // Its median is often zero.
          error *= error;
          scale *= scale;
        }
        to.in_units[m] += error;
        to.scaled[m] += error / scale;
      }
    }
  }
}

LongTreeShares MeanShares(const std::array<double, kMixtures>& losses, bool with_alone) {
  static const std::array<LongTreeShares, kMixtures> mixtures = Mixtures();
  const double least = *std::ranges::min_element(losses);
  LongTreeShares shares;
  double sum = 0.0;
  for (std::size_t m = 0; m < kMixtures; ++m) {
    if (!with_alone && mixtures[m].alone > 0.0) continue;
    const double weight = std::exp((least - losses[m]) / kLossWidth);
    shares.on_local += weight * mixtures[m].on_local;
    shares.alone += weight * mixtures[m].alone;
    sum += weight;
  }
  return {.on_local = shares.on_local / sum, .alone = shares.alone / sum};
}

}  // namespace

std::array<LongTreeShares, kLongClasses> ChooseTreeShares(const LongBlendInput& input) {
  std::array<std::array<double, kMixtures>, kLongClasses> losses{};
  std::array<double, kLongClasses> judged{};
  for (std::size_t k = 0; k < input.origins.size(); ++k) {
    if (input.on_local[k].empty()) continue;
    if (!input.alone.empty() && input.alone[k].empty()) continue;
    std::array<MixtureErrors, kLongClasses> errors{};
    AddErrors(input, k, errors);
    for (std::size_t c = 0; c < kLongClasses; ++c) {
      if (!(errors[c].in_units[0] > 0.0)) continue;
      judged[c] += 1.0;
      for (std::size_t m = 0; m < kMixtures; ++m) {
        losses[c][m] += 0.5 * (errors[c].in_units[m] / errors[c].in_units[0] +
                               errors[c].scaled[m] / errors[c].scaled[0]);
      }
    }
  }
  std::array<LongTreeShares, kLongClasses> shares{};
  for (std::size_t c = 0; c < kLongClasses; ++c) {
    if (judged[c] == 0.0) continue;
    for (double& loss : losses[c]) loss /= judged[c];
    shares[c] = MeanShares(losses[c], !input.alone.empty());
  }
  return shares;
}

void Blend(const LongOrigin& now, std::span<const LongTreeShares> shares,
           const LongTreeMeans& trees, std::span<double> means) {
  const std::size_t horizon = means.size() / now.ready.size();
  for (std::size_t k = 0; k < means.size(); ++k) {
    const LongTreeShares& share = shares[static_cast<std::size_t>(now.ready[k / horizon].kind)];
    const double local = means[k];
    means[k] += share.on_local * (trees.on_local[k] - local);
    if (!trees.alone.empty()) means[k] += share.alone * (trees.alone[k] - local);
  }
}

}  // namespace tandem::forecasting

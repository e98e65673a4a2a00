#include "forecasting/local/theta.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/history.h"
#include "forecasting/local/theta_fit.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kBucketsMin = 5;

// What all kinds share: scale, season, and the history without both, in the scratch.
struct Adjusted {
  std::span<double> values{};
  double scale = 1.0;
  bool plain = false;  // Nothing to fit.
  ThetaModel model{};
};

absl::StatusOr<Adjusted> Adjust(std::span<const double> history_units, const ThetaOptions& options,
                                ThetaScratch& scratch) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (options.season_buckets == 0 || options.season_buckets > kAdjustedSeasonBucketsMax) {
    return absl::InvalidArgumentError(absl::StrCat("a season of ", options.season_buckets,
                                                   " buckets; it must be 1 to ",
                                                   kAdjustedSeasonBucketsMax));
  }
  const std::size_t n = history_units.size();
  if (scratch.adjusted.size() < n) scratch.adjusted.resize(n);
  Adjusted adjusted{.values = std::span(scratch.adjusted).first(n)};
  const auto [least, most] = std::minmax_element(history_units.begin(), history_units.end());
  adjusted.plain = n < kBucketsMin || *least == *most;
  adjusted.model.non_negative = *least >= 0.0;
  double sum = 0.0;
  for (const double y : history_units) sum += std::abs(y) / static_cast<double>(n);
  if (sum > 0.0) adjusted.scale = sum;
  for (std::size_t t = 0; t < n; ++t) adjusted.values[t] = history_units[t] / adjusted.scale;
  if (adjusted.plain) return adjusted;
  SeasonalAdjustment& adjustment = adjusted.model.adjustment;
  adjustment = TakeOutSeason(options.season_buckets, adjusted.values);
  if (!adjustment.multiplicative) {
    for (double& factor : adjustment.factors) factor *= adjusted.scale;
  }
  return adjusted;
}

ThetaModel Fallback(const Adjusted& adjusted, ThetaKind kind) {
  ThetaModel model = adjusted.model;
  model.kind = kind;
  model.alpha = theta::kAlphaMax;
  model.line_share = 0.0;
  model.fallback = true;
  const std::span<const double> values = adjusted.values;
  for (std::size_t t = 0; t < values.size(); ++t) {
    theta::Advance(model.state, model, values[t] * adjusted.scale);
    if (t == 0) continue;
    const double step = (values[t] - values[t - 1]) * adjusted.scale;
    model.error_variance += step * step / static_cast<double>(values.size() - 1);
  }
  model.state.level = values.back() * adjusted.scale;
  model.level_start = values.front() * adjusted.scale;
  return model;
}

ThetaModel ModelOf(const Adjusted& adjusted, ThetaKind kind) {
  if (adjusted.plain) return Fallback(adjusted, kind);
  const theta::Fit fit = theta::Search(adjusted.values, kind);
  ThetaModel model = adjusted.model;
  model.kind = kind;
  model.alpha = fit.alpha;
  model.line_share = fit.line_share;
  model.level_start = fit.level_start;
  model.state = theta::StartOf(adjusted.values, kind, fit.level_start);
  for (const double y : adjusted.values) theta::Advance(model.state, model, y);
  const double scale = adjusted.scale;
  model.level_start *= scale;
  for (double* part :
       {&model.state.level, &model.state.mean, &model.state.line_start, &model.state.line_step}) {
    *part *= scale;
  }
  const auto n = static_cast<double>(adjusted.values.size());
  double size = 0.0;
  for (const double y : adjusted.values) size += std::abs(y) / n;
  model.criterion = fit.squares * scale / size;
  // Less the three errors that do not count; one of two left over has no freedom to lose.
  model.error_variance = fit.squares * scale * scale / std::max(1.0, n - 3.0 - 2.0);
  return model;
}

absl::Status CheckModel(const ThetaModel& model) {
  const double values[] = {model.state.level, model.state.line_start, model.state.line_step,
                           model.error_variance};
  return CheckForecast(values);
}

}  // namespace

absl::StatusOr<ThetaModel> FitTheta(std::span<const double> history_units,
                                    const ThetaOptions& options, ThetaKind kind,
                                    ThetaScratch& scratch) {
  const absl::StatusOr<Adjusted> adjusted = Adjust(history_units, options, scratch);
  if (!adjusted.ok()) return adjusted.status();
  const ThetaModel model = ModelOf(*adjusted, kind);
  if (absl::Status status = CheckModel(model); !status.ok()) return status;
  return model;
}

absl::StatusOr<ThetaModel> FitAutoTheta(std::span<const double> history_units,
                                        const ThetaOptions& options, ThetaScratch& scratch) {
  const absl::StatusOr<Adjusted> adjusted = Adjust(history_units, options, scratch);
  if (!adjusted.ok()) return adjusted.status();
  std::optional<ThetaModel> best;
  for (const ThetaKind kind : kThetaKinds) {
    const ThetaModel model = ModelOf(*adjusted, kind);
    if (!best.has_value() || model.criterion < best->criterion) best = model;
  }
  if (absl::Status status = CheckModel(*best); !status.ok()) return status;
  return *best;
}

void UpdateTheta(ThetaModel& model, double units) {
  theta::Advance(model.state, model, model.adjustment.Remove(units));
}

absl::Status ForecastTheta(const ThetaModel& model, std::span<double> mean_units,
                           std::span<double> band_units) {
  if (absl::Status status = CheckHorizon(mean_units.size()); !status.ok()) return status;
  if (absl::Status status = CheckBandRoom(mean_units.size(), band_units.size()); !status.ok()) {
    return status;
  }
  ThetaState state = model.state;
  SeasonalAdjustment season = model.adjustment;
  double spread = 1.0;
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    const double mean = theta::Mean(state, model);
    theta::Advance(state, model, mean);
    const auto [times, plus] = season.Next();
    mean_units[h] = mean * times + plus;
    if (!band_units.empty()) {
      NormalBand(mean_units[h], times * std::sqrt(model.error_variance * spread),
                 band_units.subspan(h * kQuantiles, kQuantiles));
      spread += model.alpha * model.alpha;
    }
  }
  if (model.non_negative) {
    ClipAtZero(mean_units);
    ClipAtZero(band_units);
  }
  if (absl::Status status = CheckForecast(mean_units); !status.ok()) return status;
  return CheckForecast(band_units);
}

}  // namespace tandem::forecasting

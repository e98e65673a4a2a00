#include "forecasting/local/ets.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/ets_search.h"
#include "forecasting/local/ets_start.h"
#include "forecasting/local/history.h"

namespace tandem::forecasting {
namespace {

using ets::Fit;
using ets::Series;

constexpr std::size_t kFallbackBuckets = 4;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A history over its mean absolute value: so that no square overflows, and tolerances mean the
// same.
struct Scaled {
  Series series{};
  double scale = 0.0;
  double least = 0.0;
};

absl::StatusOr<Scaled> Scale(std::span<const double> history_units, const EtsOptions& options,
                             EtsScratch& scratch) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (options.season_buckets == 0 || options.season_buckets > kEtsSeasonBucketsMax) {
    return absl::InvalidArgumentError(absl::StrCat("a season of ", options.season_buckets,
                                                   " buckets; it must be 1 to ",
                                                   kEtsSeasonBucketsMax));
  }
  if (!(options.slope_share_max >= 0.0 && options.slope_share_max <= 1.0)) {
    return absl::InvalidArgumentError(absl::StrCat("a slope's share of at most ",
                                                   options.slope_share_max, "; it must be 0 to 1"));
  }
  const std::size_t n = history_units.size();
  if (scratch.scaled.size() < n) scratch.scaled.resize(n);
  Scaled scaled;
  scaled.least = history_units.front();
  for (const double y : history_units) {
    scaled.scale += std::abs(y) / static_cast<double>(n);
    scaled.least = std::min(scaled.least, y);
  }
  const double scale = scaled.scale > 0.0 ? scaled.scale : 1.0;
  for (std::size_t t = 0; t < n; ++t) scratch.scaled[t] = history_units[t] / scale;
  scaled.series = {.values = scratch.scaled.data(),
                   .size = n,
                   .season = options.season_buckets,
                   .slope_share_max = options.slope_share_max};
  return scaled;
}

// Level and slope of units, not of the scaled series. A multiplicative season has no unit.
EtsState ToUnits(EtsState state, const EtsForm& form, double scale) {
  state.level *= scale;
  state.slope *= scale;
  if (form.season == EtsSeason::kAdditive) {
    for (double& value : state.season) value *= scale;
  }
  return state;
}

EtsModel ModelOf(const Scaled& scaled, const EtsForm& form, const Fit& fit) {
  const std::size_t k = ets::ParameterCount(form, scaled.series.season);
  const auto n = static_cast<double>(scaled.series.size);
  EtsModel model{.form = form,
                 .season_buckets = scaled.series.season,
                 .parameters = fit.point.parameters,
                 .start = ToUnits(fit.point.start, form, scaled.scale),
                 .state = ToUnits(fit.state, form, scaled.scale),
                 .error_variance = fit.squares / (n - static_cast<double>(k)),
                 .converged = fit.converged,
                 .non_negative = scaled.least >= 0.0};
  if (form.error == EtsError::kAdditive) model.error_variance *= scaled.scale * scaled.scale;
  model.aicc = ets::Aicc(fit.likelihood + 2.0 * n * std::log(scaled.scale), k, scaled.series.size);
  return model;
}

EtsModel Fallback(const Scaled& scaled) {
  const Series& series = scaled.series;
  double squares = 0.0;
  for (std::size_t t = 1; t < series.size; ++t) {
    const double step = (series.values[t] - series.values[t - 1]) * scaled.scale;
    squares += step * step / static_cast<double>(series.size - 1);
  }
  EtsModel model{.season_buckets = series.season,
                 .parameters = {.alpha = 0.9999},
                 .error_variance = squares,
                 .aicc = kInfinity,
                 .fallback = true,
                 .non_negative = scaled.least >= 0.0};
  model.start.level = series.values[0] * scaled.scale;
  model.state.level = series.values[series.size - 1] * scaled.scale;
  return model;
}

bool IsAllowed(const Scaled& scaled, const EtsForm& form) {
  const Series& series = scaled.series;
  const bool seasonal = form.season != EtsSeason::kNone;
  if (seasonal && (series.season < 2 || series.size < 2 * series.season)) return false;
  const bool relative = form.error == EtsError::kMultiplicative;
  if (form.season == EtsSeason::kMultiplicative && !relative) return false;
  // The scaled history, so that nothing near zero is divided by.
  if (relative && !(scaled.least > 1e-9 * scaled.scale)) return false;
  return series.size > ets::ParameterCount(form, series.season) + 1;
}

absl::Status CheckModel(const EtsModel& model) {
  const double values[] = {model.state.level, model.state.slope, model.error_variance};
  return CheckForecast(values);
}

}  // namespace

absl::StatusOr<EtsModel> FitEts(std::span<const double> history_units, const EtsOptions& options,
                                const EtsForm& form, EtsScratch& scratch) {
  const absl::StatusOr<Scaled> scaled = Scale(history_units, options, scratch);
  if (!scaled.ok()) return scaled.status();
  if (!(scaled->scale > 0.0) || !IsAllowed(*scaled, form)) {
    return absl::FailedPreconditionError("the history is too short or not positive for this form");
  }
  ets::Searched searched(scaled->series);
  const Fit* fit = searched.Find(form, kInfinity);
  if (fit == nullptr) return absl::FailedPreconditionError("no parameters of this form fit");
  const EtsModel model = ModelOf(*scaled, form, *fit);
  if (absl::Status status = CheckModel(model); !status.ok()) return status;
  return model;
}

absl::StatusOr<EtsModel> FitAutoEts(std::span<const double> history_units,
                                    const EtsOptions& options, EtsScratch& scratch) {
  const absl::StatusOr<Scaled> scaled = Scale(history_units, options, scratch);
  if (!scaled.ok()) return scaled.status();
  EtsModel best = Fallback(*scaled);
  if (scaled->scale > 0.0 && history_units.size() > kFallbackBuckets) {
    ets::Searched searched(scaled->series);
    double best_aicc = kInfinity;  // Of the scaled series.
    for (const EtsForm& form : ets::kFormsInOrder) {
      if (!IsAllowed(*scaled, form)) continue;
      if (options.damped_only && form.trend != EtsTrend::kDamped) continue;
      const std::size_t k = ets::ParameterCount(form, options.season_buckets);
      const double penalty = ets::Aicc(0.0, k, history_units.size());
      const Fit* fit = searched.Find(form, best_aicc - penalty);
      if (fit == nullptr || !(fit->likelihood + penalty < best_aicc)) continue;
      best_aicc = fit->likelihood + penalty;
      best = ModelOf(*scaled, form, *fit);
    }
  }
  if (absl::Status status = CheckModel(best); !status.ok()) return status;
  return best;
}

}  // namespace tandem::forecasting

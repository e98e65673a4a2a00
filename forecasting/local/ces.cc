#include "forecasting/local/ces.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/ces_fit.h"
#include "forecasting/local/history.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kBucketsMin = 6;
constexpr double kBound = 10.0;  // Times the largest value so far.
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A history over its mean absolute value, in the scratch.
struct Scaled {
  ces::Series series{};
  double scale = 1.0;
  double largest_units = 0.0;
  bool plain = false;  // Nothing to fit.
  bool non_negative = true;
};

absl::StatusOr<Scaled> Scale(std::span<const double> history_units, const CesOptions& options,
                             CesScratch& scratch) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  const std::size_t m = options.season_buckets;
  if (m == 0 || m > kCesSeasonBucketsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a season of ", m, " buckets; it must be 1 to ", kCesSeasonBucketsMax));
  }
  const std::size_t n = history_units.size();
  if (scratch.scaled.size() < n) scratch.scaled.resize(n);
  const auto [least, most] = std::minmax_element(history_units.begin(), history_units.end());
  Scaled scaled{.largest_units = std::max(std::abs(*least), std::abs(*most)),
                .plain = n < kBucketsMin || *least == *most,
                .non_negative = *least >= 0.0};
  double sum = 0.0;
  for (const double y : history_units) sum += std::abs(y) / static_cast<double>(n);
  if (sum > 0.0) scaled.scale = sum;
  for (std::size_t t = 0; t < n; ++t) scratch.scaled[t] = history_units[t] / scaled.scale;
  scaled.series = {.values = std::span(scratch.scaled).first(n), .season = m};
  return scaled;
}

// Whether a form has the buckets that it needs.
bool IsAllowed(const Scaled& scaled, CesForm form) {
  if (scaled.plain) return false;
  const std::size_t m = scaled.series.season;
  return form == CesForm::kNone || (m >= 2 && scaled.series.values.size() >= 2 * m + 4);
}

CesModel ModelOf(const Scaled& scaled, CesForm form) {
  const ces::Fit fit = ces::Search(scaled.series, form);
  const double scale = scaled.scale;
  CesModel model{.form = form,
                 .season_buckets = scaled.series.season,
                 .weights = fit.weights,
                 .state = fit.state,
                 .bound_units = kBound * scaled.largest_units,
                 .non_negative = scaled.non_negative,
                 .converged = fit.converged};
  const auto to_units = [scale](CesPair& pair) {
    pair.value *= scale;
    pair.potential *= scale;
  };
  to_units(model.state.level);
  for (CesPair& pair : model.state.season) to_units(pair);
  const auto n = static_cast<double>(scaled.series.values.size());
  const auto k = static_cast<double>(ces::WeightCount(form) + 1);
  model.error_variance = fit.squares * scale * scale / (n - k);
  model.aicc = n * std::log(std::max(fit.squares, 1e-12 * n)) + 2.0 * n * std::log(scale) +
               2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
  return model;
}

// The last value for ever: with a1 = 1 the level does not feel c, with a0 = 2 it is the last value.
CesModel LastValue(const Scaled& scaled) {
  const std::span<const double> y = scaled.series.values;
  CesModel model{.weights = {.level_real = 2.0, .level_imaginary = 1.0},
                 .bound_units = std::numeric_limits<double>::max(),
                 .aicc = kInfinity,
                 .non_negative = scaled.non_negative,
                 .fallback = true};
  model.state.level.value = y.back() * scaled.scale;
  for (std::size_t t = 1; t < y.size(); ++t) {
    const double step = (y[t] - y[t - 1]) * scaled.scale;
    model.error_variance += step * step / static_cast<double>(y.size() - 1);
  }
  return model;
}

absl::Status CheckModel(const CesModel& model) {
  const double values[] = {model.state.level.value, model.state.level.potential,
                           model.error_variance};
  return CheckForecast(values);
}

// What an error does to the mean 1, 2, ... buckets later.
class Response {
 public:
  explicit Response(const CesModel& model) : model_(model) {
    const CesWeights& w = model.weights;
    ces::Move(level_, w.level_real, w.level_imaginary, 1.0);
    season_ = level_;
    if (model.form == CesForm::kSimple) level_ = {};
    if (model.form == CesForm::kNone) season_ = {};
    if (model.form == CesForm::kPartial) season_ = {.value = w.season_real};
    if (model.form == CesForm::kFull) {
      season_ = {};
      ces::Move(season_, w.season_real, w.season_imaginary, 1.0);
    }
  }

  double Next() {
    double c = level_.value;
    const CesWeights& w = model_.weights;
    ces::Move(level_, w.level_real, w.level_imaginary, 0.0);
    if (++buckets_ % model_.season_buckets == 0) {
      c += season_.value;
      if (model_.form == CesForm::kSimple) {
        ces::Move(season_, w.level_real, w.level_imaginary, 0.0);
      } else if (model_.form == CesForm::kFull) {
        ces::Move(season_, w.season_real, w.season_imaginary, 0.0);
      }
    }
    return c;
  }

 private:
  const CesModel& model_;
  CesPair level_{};
  CesPair season_{};
  std::size_t buckets_ = 0;
};

// Some weights forget their start but forecast without end, growing by a share a bucket.
void Bound(CesPair& pair, double bound) {
  if (std::abs(pair.value) <= bound) return;
  pair = {.value = std::copysign(bound, pair.value)};
}

}  // namespace

absl::StatusOr<CesModel> FitCesForm(std::span<const double> history_units,
                                    const CesOptions& options, CesForm form, CesScratch& scratch) {
  const absl::StatusOr<Scaled> scaled = Scale(history_units, options, scratch);
  if (!scaled.ok()) return scaled.status();
  if (!IsAllowed(*scaled, form)) {
    return absl::FailedPreconditionError("the history is too short for this form, or constant");
  }
  const CesModel model = ModelOf(*scaled, form);
  if (absl::Status status = CheckModel(model); !status.ok()) return status;
  return model;
}

absl::StatusOr<CesModel> FitCes(std::span<const double> history_units, const CesOptions& options,
                                CesScratch& scratch) {
  const absl::StatusOr<Scaled> scaled = Scale(history_units, options, scratch);
  if (!scaled.ok()) return scaled.status();
  std::optional<CesModel> best;
  for (const CesForm form : kCesForms) {
    if (!IsAllowed(*scaled, form)) continue;
    const CesModel model = ModelOf(*scaled, form);
    if (!best.has_value() || model.aicc < best->aicc) best = model;
  }
  const CesModel model = best.has_value() ? *best : LastValue(*scaled);
  if (absl::Status status = CheckModel(model); !status.ok()) return status;
  return model;
}

void UpdateCes(CesModel& model, double units) {
  model.bound_units = std::max(model.bound_units, kBound * std::abs(units));
  CesState& state = model.state;
  const double error = units - ces::MeanAt(model.form, state, state.place);
  ces::MoveAt(model.form, model.weights, error, state, state.place);
  state.place = state.place + 1 == model.season_buckets ? 0 : state.place + 1;
}

absl::Status ForecastCes(const CesModel& model, std::span<double> mean_units,
                         std::span<double> band_units) {
  if (absl::Status status = CheckHorizon(mean_units.size()); !status.ok()) return status;
  if (absl::Status status = CheckBandRoom(mean_units.size(), band_units.size()); !status.ok()) {
    return status;
  }
  CesState state = model.state;
  Response response(model);
  const double bound = model.bound_units;
  double spread = 1.0;
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    const std::size_t place = state.place;
    const double mean = ces::MeanAt(model.form, state, place);
    mean_units[h] = std::clamp(mean, -bound, bound);
    ces::MoveAt(model.form, model.weights, 0.0, state, place);
    Bound(state.level, bound);
    Bound(state.season[place], bound);
    state.place = place + 1 == model.season_buckets ? 0 : place + 1;
    if (band_units.empty()) continue;
    const double deviation = std::min(std::sqrt(model.error_variance * spread), bound);
    NormalBand(mean_units[h], deviation, band_units.subspan(h * kQuantiles, kQuantiles));
    const double c = response.Next();
    if (deviation < bound) spread += c * c;
  }
  if (model.non_negative) {
    ClipAtZero(mean_units);
    ClipAtZero(band_units);
  }
  if (absl::Status status = CheckForecast(mean_units); !status.ok()) return status;
  return CheckForecast(band_units);
}

}  // namespace tandem::forecasting

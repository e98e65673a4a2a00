#include "forecasting/local/ces.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/history.h"
#include "forecasting/local/least_squares.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kBucketsMin = 6;
constexpr std::size_t kParameters = 4;  // a0, a1, l, c.
constexpr int kStepsMax = 60;
constexpr double kBound = 10.0;     // Times the largest value so far.
constexpr double kWeightMax = 2.5;  // The stable region lies inside 0..2.5.

// The eigenvalues of [1 - a0 + a1, a1 - 1; 1 - a0 - a1, 1 - a0], by trace and determinant.
bool IsStable(double a0, double a1) {
  const double trace = 2.0 - 2.0 * a0 + a1;
  const double determinant = (1.0 - a0 + a1) * (1.0 - a0) + (1.0 - a1) * (1.0 - a0 - a1);
  return std::abs(determinant) < 1.0 && std::abs(trace) < 1.0 + determinant;
}

struct Pass {
  NormalSums normal{};
  double squares = 0.0;
  double level = 0.0;
  double potential = 0.0;
};

// The recursion with its derivatives by a0, a1, and the starts of l and c.
bool Run(std::span<const double> values, const BoundedVector& v, double squares_max, Pass& pass) {
  const double a0 = v.x[0];
  const double a1 = v.x[1];
  double l = v.x[2];
  double c = v.x[3];
  std::array<double, kParameters> dl = {0.0, 0.0, 1.0, 0.0};
  std::array<double, kParameters> dc = {0.0, 0.0, 0.0, 1.0};
  for (std::size_t i = 0; i < kParameters; ++i) {
    std::fill_n(pass.normal[i].begin(), kParameters + 1, 0.0);
  }
  pass.squares = 0.0;
  for (const double y : values) {
    const double e = y - l;
    for (std::size_t i = 0; i < kParameters; ++i) {
      for (std::size_t j = i; j < kParameters; ++j) pass.normal[i][j] += dl[i] * dl[j];
      pass.normal[i][kParameters] -= dl[i] * e;
    }
    pass.squares += e * e;
    std::array<double, kParameters> next;
    for (std::size_t j = 0; j < kParameters; ++j) {
      next[j] = dl[j] - (1.0 - a1) * dc[j] - (a0 - a1) * dl[j];
      dc[j] = dl[j] + (1.0 - a0) * dc[j] - (a0 + a1) * dl[j];
    }
    next[0] += e;
    next[1] += c - e;
    dc[0] += e - c;
    dc[1] += e;
    dl = next;
    const double level = l - (1.0 - a1) * c + (a0 - a1) * e;
    c = l + (1.0 - a0) * c + (a0 + a1) * e;
    l = level;
  }
  pass.level = l;
  pass.potential = c;
  return pass.squares < squares_max;
}

struct Fit {
  BoundedVector v{};
  double squares = std::numeric_limits<double>::infinity();
  double level = 0.0;
  double potential = 0.0;
  bool converged = false;
  bool at_edge = false;  // A step out of the stable region was refused.
};

Fit Search(std::span<const double> values, BoundedVector v) {
  std::array<Pass, 2> passes;
  std::size_t best = 0;
  Fit fit;
  if (!Run(values, v, std::numeric_limits<double>::infinity(), passes[0])) return fit;
  double damping = 1e-3;
  const double n = static_cast<double>(values.size());
  for (int step = 0; step < kStepsMax && !fit.converged; ++step) {
    bool accepted = false;
    for (; !accepted && damping <= 1e4; damping *= accepted ? 0.1 : 10.0) {
      BoundedVector next = v;
      if (!DampedStep(v, passes[best].normal, damping).Solve(next)) continue;
      if (!IsStable(next.x[0], next.x[1])) {
        fit.at_edge = true;
        continue;
      }
      if (!Run(values, next, passes[best].squares, passes[1 - best])) continue;
      accepted = true;
      const double gain = n * std::log(passes[best].squares / passes[1 - best].squares);
      fit.converged = damping < 0.1 && gain < 1e-4;
      best = 1 - best;
      v = next;
    }
    damping = std::max(damping, 1e-9);
    if (!accepted) fit.converged = true;
  }
  fit.v = v;
  fit.squares = passes[best].squares;
  fit.level = passes[best].level;
  fit.potential = passes[best].potential;
  return fit;
}

// The best starts for given weights: the errors are linear in them, so one whole step finds them.
bool SolveStarts(std::span<const double> values, double a0, double a1, Fit& fit) {
  if (!IsStable(a0, a1)) return false;
  BoundedVector v = fit.v;
  v.x[0] = v.low[0] = v.high[0] = a0;
  v.x[1] = v.low[1] = v.high[1] = a1;
  Pass pass;
  if (!Run(values, v, std::numeric_limits<double>::infinity(), pass)) return false;
  BoundedVector next = v;
  if (!DampedStep(v, pass.normal, 0.0).Solve(next)) return false;
  if (!Run(values, next, fit.squares, pass)) return false;
  fit.v = next;
  fit.squares = pass.squares;
  fit.level = pass.level;
  fit.potential = pass.potential;
  return true;
}

// Along the edge of the stable region, where the steps above end: the eight neighbors at ever
// shorter distances.
void FollowEdge(std::span<const double> values, Fit& fit) {
  constexpr double kDirections[][2] = {{1, 0}, {-1, 0}, {0, 1},  {0, -1},
                                       {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
  int tries = 0;
  for (double distance = 0.2; distance > 1e-4 && tries < 400; ++tries) {
    bool moved = false;
    const double a0 = fit.v.x[0];
    const double a1 = fit.v.x[1];
    for (const auto& [by0, by1] : kDirections) {
      moved = SolveStarts(values, a0 + by0 * distance, a1 + by1 * distance, fit) || moved;
    }
    if (!moved) distance *= 0.5;
  }
}

Fit SearchAll(std::span<const double> values) {
  const std::size_t first = std::min<std::size_t>(10, values.size());
  double level = 0.0;
  for (const double y : values.first(first)) level += y / static_cast<double>(first);
  Fit best;
  // The published start, one that is nearly a random walk, and a slow one.
  constexpr double kStarts[][2] = {{1.3, 1.0}, {1.9, 1.0}, {1.05, 1.0}};
  for (const auto& [a0, a1] : kStarts) {
    BoundedVector v;
    v.size = kParameters;
    v.bounded = 2;
    v.x = {a0, a1, level, level / 1.1};
    v.high = {kWeightMax, kWeightMax};
    const Fit fit = Search(values, v);
    if (fit.squares < best.squares) best = fit;
  }
  if (best.at_edge) FollowEdge(values, best);
  return best;
}

absl::Status CheckOptions(const CesOptions& options) {
  if (options.season_buckets >= 1 && options.season_buckets <= kAdjustedSeasonBucketsMax) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("a season of ", options.season_buckets,
                                                 " buckets; it must be 1 to ",
                                                 kAdjustedSeasonBucketsMax));
}

// The last value for ever: with a1 = 1 the level does not feel c, with a0 = 2 it is the last value.
void UseLastValue(std::span<const double> history_units, CesModel& model) {
  model.fallback = true;
  model.alpha_real = 2.0;
  model.alpha_imaginary = 1.0;
  model.level = history_units.back();
  for (std::size_t t = 1; t < history_units.size(); ++t) {
    const double step = history_units[t] - history_units[t - 1];
    model.error_variance += step * step / static_cast<double>(history_units.size() - 1);
  }
}

}  // namespace

absl::StatusOr<CesModel> FitCes(std::span<const double> history_units, const CesOptions& options,
                                CesScratch& scratch) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  const std::size_t n = history_units.size();
  if (scratch.adjusted.size() < n) scratch.adjusted.resize(n);
  const std::span<double> values = std::span(scratch.adjusted).first(n);
  const auto [least, most] = std::minmax_element(history_units.begin(), history_units.end());
  CesModel model{.non_negative = *least >= 0.0};
  if (n < kBucketsMin || *least == *most) {
    UseLastValue(history_units, model);
  } else {
    double scale = 0.0;
    for (const double y : history_units) scale += std::abs(y) / static_cast<double>(n);
    for (std::size_t t = 0; t < n; ++t) values[t] = history_units[t] / scale;
    model.adjustment = TakeOutSeason(options.season_buckets, values);
    const Fit fit = SearchAll(values);
    model.alpha_real = fit.v.x[0];
    model.alpha_imaginary = fit.v.x[1];
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    model.bound_units = kBound * std::max(std::abs(*low), std::abs(*high)) * scale;
    model.level = fit.level * scale;
    model.potential = fit.potential * scale;
    model.converged = fit.converged;
    model.error_variance =
        fit.squares * scale * scale / std::max(1.0, static_cast<double>(n) - kParameters - 1.0);
    if (!model.adjustment.multiplicative) {
      for (double& factor : model.adjustment.factors) factor *= scale;
    }
  }
  const double parts[] = {model.level, model.potential, model.error_variance};
  if (absl::Status status = CheckForecast(parts); !status.ok()) return status;
  return model;
}

void UpdateCes(CesModel& model, double units) {
  const double a0 = model.alpha_real;
  const double a1 = model.alpha_imaginary;
  const double l = model.level;
  const double e = model.adjustment.Remove(units) - l;
  model.level = l - (1.0 - a1) * model.potential + (a0 - a1) * e;
  model.potential = l + (1.0 - a0) * model.potential + (a0 + a1) * e;
}

absl::Status ForecastCes(const CesModel& model, std::span<double> mean_units,
                         std::span<double> band_units) {
  if (absl::Status status = CheckHorizon(mean_units.size()); !status.ok()) return status;
  if (absl::Status status = CheckBandRoom(mean_units.size(), band_units.size()); !status.ok()) {
    return status;
  }
  const double a0 = model.alpha_real;
  const double a1 = model.alpha_imaginary;
  SeasonalAdjustment season = model.adjustment;
  double l = model.level;
  double c = model.potential;
  double by_level = a0 - a1;  // What an error does to l and c, j buckets later.
  double by_potential = a0 + a1;
  double variance = model.error_variance;
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    const auto [times, plus] = season.Next();
    // Some weights forget their start but forecast without end, growing by a share a bucket.
    if (!model.fallback && std::abs(l) > model.bound_units) {
      l = std::copysign(model.bound_units, l);
      c = 0.0;
    }
    mean_units[h] = l * times + plus;
    if (!band_units.empty()) {
      const double deviation = std::sqrt(variance);
      NormalBand(mean_units[h],
                 times * (model.fallback ? deviation : std::min(deviation, model.bound_units)),
                 band_units.subspan(h * kQuantiles, kQuantiles));
    }
    variance += model.error_variance * by_level * by_level;
    const double next = by_level - (1.0 - a1) * by_potential;
    by_potential = by_level + (1.0 - a0) * by_potential;
    by_level = next;
    const double level = l - (1.0 - a1) * c;
    c = l + (1.0 - a0) * c;
    l = level;
  }
  if (model.non_negative) {
    ClipAtZero(mean_units);
    ClipAtZero(band_units);
  }
  if (absl::Status status = CheckForecast(mean_units); !status.ok()) return status;
  return CheckForecast(band_units);
}

}  // namespace tandem::forecasting

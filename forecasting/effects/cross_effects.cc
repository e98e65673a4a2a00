#include "forecasting/effects/cross_effects.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"
#include "forecasting/small_matrix.h"

namespace tandem::forecasting {
namespace {

constexpr int kPenalties = 40;          // From the one that leaves nothing, each 0.85 of the last.
constexpr double kPenaltyRatio = 0.85;  // So the least is 1/660 of the first.
constexpr int kPassesMax = 500;         // Of coordinate descent, a penalty.
constexpr double kTolerance = 1e-8;     // Of a standardised coefficient.

// An item's sums of squares and products, each series about its own means.
struct Gram {
  SmallMatrix xx;
  std::vector<double> xy{};
  double yy = 0.0;
  double freedom = 0.0;  // Buckets less a level each.
};

// A candidate: which drivers are in, and their coefficients.
struct Fitted {
  std::vector<double> coefficients{};
  double squares = 0.0;
};

absl::Status CheckOptions(const CrossOptions& options) {
  if (options.cross < 1 || options.own + options.cross > kCrossDriversMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("there must be cross drivers, and at most ", kCrossDriversMax, " in all"));
  }
  if (!std::isfinite(options.offset_units) || options.offset_units < 0.0) {
    return absl::InvalidArgumentError("the offset must be finite and not below 0");
  }
  return absl::OkStatus();
}

absl::Status CheckSeries(std::size_t index, const CrossSeries& series,
                         const CrossOptions& options) {
  const std::size_t n = series.units.size();
  if (n == 0) return absl::InvalidArgumentError(absl::StrCat("series ", index, " is empty"));
  if (series.own.size() != n * options.own || series.cross.size() != n * options.cross) {
    return absl::InvalidArgumentError(
        absl::StrCat("series ", index, " has ", n, " buckets but ", series.own.size(), " own and ",
                     series.cross.size(), " cross drivers instead of ", options.own, " and ",
                     options.cross, " each"));
  }
  if (!AllFinite(series.own) || !AllFinite(series.cross)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a driver of series ", index, " is a NaN or an infinity"));
  }
  for (std::size_t t = 0; t < n; ++t) {
    const double units = series.units[t];
    if (!std::isfinite(units) || units < 0.0 || units + options.offset_units <= 0.0) {
      return absl::InvalidArgumentError(absl::StrCat("bucket ", t, " of series ", index,
                                                     " is no number, below 0, or 0 without an "
                                                     "offset"));
    }
  }
  return absl::OkStatus();
}

void AddSeries(const CrossSeries& series, const CrossOptions& options, Gram& gram) {
  const std::size_t n = series.units.size();
  const std::size_t p = options.own + options.cross;
  std::vector<double> rows(n * (p + 1));  // Drivers, then the logarithm.
  std::vector<double> means(p + 1);
  for (std::size_t t = 0; t < n; ++t) {
    double* row = &rows[t * (p + 1)];
    std::ranges::copy(series.own.subspan(t * options.own, options.own), row);
    std::ranges::copy(series.cross.subspan(t * options.cross, options.cross), row + options.own);
    row[p] = std::log(series.units[t] + options.offset_units);
    for (std::size_t i = 0; i <= p; ++i) means[i] += row[i] / static_cast<double>(n);
  }
  for (std::size_t t = 0; t < n; ++t) {
    double* row = &rows[t * (p + 1)];
    for (std::size_t i = 0; i <= p; ++i) row[i] -= means[i];
    for (std::size_t i = 0; i < p; ++i) {
      gram.xy[i] += row[i] * row[p];
      for (std::size_t j = 0; j <= i; ++j) gram.xx(i, j) += row[i] * row[j];
    }
    gram.yy += row[p] * row[p];
  }
  gram.freedom += static_cast<double>(n) - 1.0;
}

void Mirror(SmallMatrix& matrix) {
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (std::size_t j = i + 1; j < matrix.size(); ++j) matrix(i, j) = matrix(j, i);
  }
}

// Least squares with the drivers of `active`; a trace of a ridge keeps drivers apart that are one.
Fitted LeastSquares(const Gram& gram, const std::vector<std::size_t>& active) {
  Fitted fitted{.coefficients = std::vector<double>(gram.xy.size()), .squares = gram.yy};
  if (active.empty()) return fitted;
  SmallMatrix xx(active.size());
  std::vector<double> xy(active.size());
  for (std::size_t i = 0; i < active.size(); ++i) {
    xy[i] = gram.xy[active[i]];
    for (std::size_t j = 0; j < active.size(); ++j) xx(i, j) = gram.xx(active[i], active[j]);
    xx(i, i) += 1e-8 * xx(i, i) + 1e-12;
  }
  const auto factored = Factored::Of(xx);
  if (!factored.has_value()) return fitted;
  const std::vector<double> solution = factored->Solve(xy);
  for (std::size_t i = 0; i < active.size(); ++i) {
    fitted.coefficients[active[i]] = solution[i];
    fitted.squares -= solution[i] * xy[i];
  }
  fitted.squares = std::max(fitted.squares, 0.0);
  return fitted;
}

// The cross drivers with what own ones explain of them taken out (Frisch and Waugh), scaled to
// length 1; one that is explained wholly has length 0 and is left alone.
struct Partial {
  SmallMatrix xx;
  std::vector<double> xy{};
  std::vector<double> length{};
};

Partial PartialOf(const Gram& gram, std::size_t own) {
  const std::size_t m = gram.xy.size() - own;
  Partial partial{SmallMatrix(m), std::vector<double>(m), std::vector<double>(m)};
  std::vector<std::size_t> active;
  for (std::size_t i = 0; i < own; ++i) {
    if (gram.xx(i, i) > 0.0) active.push_back(i);
  }
  SmallMatrix xx(active.size());
  for (std::size_t i = 0; i < active.size(); ++i) {
    for (std::size_t j = 0; j < active.size(); ++j) xx(i, j) = gram.xx(active[i], active[j]);
    xx(i, i) += 1e-8 * xx(i, i) + 1e-12;
  }
  const auto factored = Factored::Of(xx);
  std::vector<std::vector<double>> explained(m);  // Own drivers' coefficients for each cross one.
  std::vector<double> with(active.size());
  for (std::size_t c = 0; c < m; ++c) {
    for (std::size_t i = 0; i < active.size(); ++i) with[i] = gram.xx(own + c, active[i]);
    explained[c] = factored.has_value() ? factored->Solve(with) : std::vector<double>(with.size());
  }
  for (std::size_t c = 0; c < m; ++c) {
    partial.xy[c] = gram.xy[own + c];
    for (std::size_t i = 0; i < active.size(); ++i) {
      partial.xy[c] -= explained[c][i] * gram.xy[active[i]];
    }
    for (std::size_t d = 0; d < m; ++d) {
      partial.xx(c, d) = gram.xx(own + c, own + d);
      for (std::size_t i = 0; i < active.size(); ++i) {
        partial.xx(c, d) -= explained[c][i] * gram.xx(own + d, active[i]);
      }
    }
    const double left = partial.xx(c, c);
    partial.length[c] = left > 1e-9 * gram.xx(own + c, own + c) ? std::sqrt(left) : 0.0;
  }
  return partial;
}

// Lasso by coordinate descent from the coefficients given, which are of drivers of length 1.
void Descend(const Partial& partial, double penalty, std::vector<double>& beta) {
  const std::size_t m = beta.size();
  for (int pass = 0; pass < kPassesMax; ++pass) {
    double moved = 0.0;
    for (std::size_t c = 0; c < m; ++c) {
      if (partial.length[c] <= 0.0) continue;
      double gradient = partial.xy[c] / partial.length[c];
      for (std::size_t d = 0; d < m; ++d) {
        if (d == c || beta[d] == 0.0) continue;
        gradient -= partial.xx(c, d) / (partial.length[c] * partial.length[d]) * beta[d];
      }
      const double next = std::copysign(std::max(std::abs(gradient) - penalty, 0.0), gradient);
      moved = std::max(moved, std::abs(next - beta[c]));
      beta[c] = next;
    }
    if (moved < kTolerance) return;
  }
}

// Along the penalties: every set of drivers that lasso lets in is fitted plainly; BIC chooses.
Fitted Choose(const Gram& gram, const CrossOptions& options) {
  const Partial partial = PartialOf(gram, options.own);
  const std::size_t m = options.cross;
  std::vector<std::size_t> active;
  for (std::size_t i = 0; i < options.own; ++i) {
    if (gram.xx(i, i) > 0.0) active.push_back(i);
  }
  const std::vector<std::size_t> own = active;
  const double n = std::max(gram.freedom, 1.0);
  const auto bic = [&](const Fitted& fitted, std::size_t drivers) {
    const double floor = 1e-12 * std::max(gram.yy, 1e-300);
    return n * std::log(std::max(fitted.squares, floor) / n) +
           std::log(std::max(n, 2.0)) * static_cast<double>(drivers);
  };
  Fitted best = LeastSquares(gram, active);
  double best_bic = bic(best, active.size());
  double penalty = 0.0;
  for (std::size_t c = 0; c < m; ++c) {
    if (partial.length[c] > 0.0) {
      penalty = std::max(penalty, std::abs(partial.xy[c]) / partial.length[c]);
    }
  }
  std::vector<double> beta(m);
  for (int step = 0; step < kPenalties && penalty > 0.0; ++step) {
    penalty *= kPenaltyRatio;
    Descend(partial, penalty, beta);
    std::vector<std::size_t> next = own;
    for (std::size_t c = 0; c < m; ++c) {
      if (beta[c] != 0.0) next.push_back(options.own + c);
    }
    if (next.size() > own.size() + options.pairs_max) break;
    if (next == active) continue;
    active = next;
    Fitted fitted = LeastSquares(gram, active);
    const double value = bic(fitted, active.size());
    if (value >= best_bic) continue;
    best_bic = value;
    best = std::move(fitted);
  }
  return best;
}

}  // namespace

absl::StatusOr<CrossModel> FitCross(std::span<const CrossSeries> series,
                                    const CrossOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (series.empty()) return absl::InvalidArgumentError("there is no series to fit");
  const std::size_t p = options.own + options.cross;
  std::map<std::size_t, Gram> grams;
  for (std::size_t s = 0; s < series.size(); ++s) {
    if (absl::Status status = CheckSeries(s, series[s], options); !status.ok()) return status;
    Gram& gram = grams.try_emplace(series[s].item, Gram{SmallMatrix(p), std::vector<double>(p)})
                     .first->second;
    AddSeries(series[s], options, gram);
  }
  CrossModel model;
  for (auto& [number, gram] : grams) {
    Mirror(gram.xx);
    const Fitted fitted = Choose(gram, options);
    const auto middle = fitted.coefficients.begin() + static_cast<std::ptrdiff_t>(options.own);
    if (!AllFinite(std::span<const double>(fitted.coefficients)) ||
        !std::isfinite(fitted.squares)) {
      return absl::OutOfRangeError("the values are too large to fit");
    }
    model.items.push_back({.item = number,
                           .own = std::vector<double>(fitted.coefficients.begin(), middle),
                           .cross = std::vector<double>(middle, fitted.coefficients.end()),
                           .deviation = std::sqrt(fitted.squares / std::max(gram.freedom, 1.0))});
  }
  return model;
}

absl::StatusOr<VolumeSources> SourcesOf(std::span<const PromotedItem> items) {
  VolumeSources sources;
  bool promoted = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const PromotedItem& item = items[i];
    if (!std::isfinite(item.baseline_units) || item.baseline_units < 0.0 ||
        !std::isfinite(item.log_effect)) {
      return absl::InvalidArgumentError(
          absl::StrCat("item ", i, " has no finite effect, or a baseline below 0"));
    }
    const double change = item.baseline_units * std::expm1(item.log_effect);
    promoted = promoted || item.promoted;
    if (item.promoted) {
      sources.own_units += change;
    } else if (change < 0.0) {
      sources.cannibalised_units -= change;
    } else {
      sources.halo_units += change;
    }
  }
  if (!promoted) return absl::InvalidArgumentError("no item is promoted");
  if (!std::isfinite(sources.CategoryUnits())) {
    return absl::OutOfRangeError("an effect is too large to be told in units");
  }
  return sources;
}

}  // namespace tandem::forecasting

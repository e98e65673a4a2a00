#include "forecasting/effects/promotion_dip.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {
namespace {

constexpr int kGrid = 19;
constexpr double kGridStep = 0.05;

absl::Status CheckSeries(std::size_t index, const DipSeries& series, const DipOptions& options) {
  const std::size_t n = series.units.size();
  if (n == 0) return absl::InvalidArgumentError(absl::StrCat("series ", index, " is empty"));
  if (series.promotion.size() != n) {
    return absl::InvalidArgumentError(absl::StrCat("series ", index, " has ", n,
                                                   " buckets of units but ",
                                                   series.promotion.size(), " of promotion"));
  }
  for (std::size_t t = 0; t < n; ++t) {
    const double units = series.units[t] + options.offset_units;
    if (!std::isfinite(units) || series.units[t] < 0.0 || units <= 0.0) {
      return absl::InvalidArgumentError(absl::StrCat("units of bucket ", t, " of series ", index,
                                                     " are no number, below 0, or 0 without an "
                                                     "offset"));
    }
    if (!std::isfinite(series.promotion[t]) || series.promotion[t] < 0.0) {
      return absl::InvalidArgumentError(absl::StrCat("promotion of bucket ", t, " of series ",
                                                     index, " is below 0 or no number"));
    }
  }
  return absl::OkStatus();
}

// Sums about the series' means, of promotion (p), pantry (s) and logarithm (y).
struct Sums {
  double pp = 0.0;
  double ps = 0.0;
  double ss = 0.0;
  double py = 0.0;
  double sy = 0.0;
  double yy = 0.0;
  double freedom = 0.0;
};

void Add(const DipSeries& series, const DipOptions& options, double kept, Sums& sums) {
  const std::vector<double> pantry = PantryOf(series.promotion, kept);
  const auto n = static_cast<double>(pantry.size());
  double p = 0.0;
  double s = 0.0;
  double y = 0.0;
  for (std::size_t t = 0; t < pantry.size(); ++t) {
    p += series.promotion[t] / n;
    s += pantry[t] / n;
    y += std::log(series.units[t] + options.offset_units) / n;
  }
  for (std::size_t t = 0; t < pantry.size(); ++t) {
    const double dp = series.promotion[t] - p;
    const double ds = pantry[t] - s;
    const double dy = std::log(series.units[t] + options.offset_units) - y;
    sums.pp += dp * dp;
    sums.ps += dp * ds;
    sums.ss += ds * ds;
    sums.py += dp * dy;
    sums.sy += ds * dy;
    sums.yy += dy * dy;
  }
  sums.freedom += n - 1.0;
}

struct Candidate {
  Dip dip{};
  double squares = 0.0;
};

// Least squares with a dip that is not above 0.
Candidate Solve(const Sums& sums, double kept) {
  const double determinant = sums.pp * sums.ss - sums.ps * sums.ps;
  double uplift = sums.py / sums.pp;
  double dip = 0.0;
  if (determinant > 1e-9 * sums.pp * sums.ss) {
    dip = (sums.pp * sums.sy - sums.ps * sums.py) / determinant;
    if (dip < 0.0) uplift = (sums.ss * sums.py - sums.ps * sums.sy) / determinant;
    dip = std::min(dip, 0.0);
  }
  const double squares = std::max(0.0, sums.yy - uplift * sums.py - dip * sums.sy);
  return {{.uplift = uplift,
           .dip = dip,
           .kept = dip < 0.0 ? kept : 0.0,
           .deviation = std::sqrt(squares / std::max(sums.freedom - 2.0, 1.0))},
          squares};
}

}  // namespace

double Dip::Borrowed() const {
  // A promotion of 1 leaves kept, kept^2, ... in the pantries after it.
  return uplift > 0.0 ? -dip * kept / (1.0 - kept) / uplift : 0.0;
}

std::vector<double> PantryOf(std::span<const double> promotion, double kept) {
  std::vector<double> pantry(promotion.size());
  for (std::size_t t = 1; t < promotion.size(); ++t) {
    pantry[t] = kept * (pantry[t - 1] + promotion[t - 1]);
  }
  return pantry;
}

absl::StatusOr<Dip> FitDip(std::span<const DipSeries> series, const DipOptions& options) {
  if (!std::isfinite(options.offset_units) || options.offset_units < 0.0) {
    return absl::InvalidArgumentError("the offset must be finite and not below 0");
  }
  if (series.empty()) return absl::InvalidArgumentError("there is no series to fit");
  for (std::size_t s = 0; s < series.size(); ++s) {
    if (absl::Status status = CheckSeries(s, series[s], options); !status.ok()) return status;
  }
  Candidate best{.squares = std::numeric_limits<double>::infinity()};
  for (int step = 1; step <= kGrid; ++step) {
    const double kept = kGridStep * step;
    Sums sums;
    for (const DipSeries& one : series) Add(one, options, kept, sums);
    if (!(sums.pp > 0.0)) {
      return absl::FailedPreconditionError("no series has buckets with and without a promotion");
    }
    const Candidate candidate = Solve(sums, kept);
    if (candidate.squares < best.squares) best = candidate;
  }
  if (!std::isfinite(best.squares)) return absl::OutOfRangeError("the values are too large to fit");
  return best.dip;
}

}  // namespace tandem::forecasting

#include "forecasting/uncertainty/quantile_curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "forecasting/local/quantiles.h"

namespace tandem::forecasting {
namespace {

using Scores = std::array<double, kQuantiles>;

const Scores& ScoresOfLevels() {
  static const Scores scores = [] {
    Scores made{};
    for (std::size_t k = 0; k < kQuantiles; ++k) made[k] = NormalQuantile(kQuantileLevels[k]);
    return made;
  }();
  return scores;
}

// Between knots k - 1 and k a cubic in t = 0..1 of the way in scores, ascending as its slopes are
// Fritsch and Butland's: between the secants to either side, their harmonic mean. Where a side is
// flat, values that are one, or there is none, the slope is the secant's own.
class Piece {
 public:
  Piece(std::span<const double, kQuantiles> units, std::size_t k)
      : from_(units[k - 1]), rise_(units[k] - units[k - 1]), width_(WidthOf(k)) {
    const double own = rise_ / width_;
    start_ = width_ * (k > 1 ? SlopeAt(units, k - 1, own) : own);
    const double end = width_ * (k + 1 < kQuantiles ? SlopeAt(units, k, own) : own);
    square_ = 3.0 * rise_ - 2.0 * start_ - end;
    cube_ = start_ + end - 2.0 * rise_;
  }
  double At(double t) const { return from_ + t * (start_ + t * (square_ + t * cube_)); }
  // The t at which it is `units`, between its ends; it rises. Newton's steps within halving ones.
  double Where(double units) const {
    double low = 0.0;
    double high = 1.0;
    double t = (units - from_) / rise_;
    for (int step = 0; step < kStepsMax && low < high; ++step) {
      const double beyond = At(t) - units;
      if (std::abs(beyond) <= kExact * rise_) break;
      (beyond < 0.0 ? low : high) = t;
      const double slope = start_ + t * (2.0 * square_ + 3.0 * t * cube_);
      const double next = t - beyond / slope;
      t = next > low && next < high ? next : low + 0.5 * (high - low);
    }
    return t;
  }

 private:
  static constexpr int kStepsMax = 60;
  static constexpr double kExact = 1e-12;
  static double WidthOf(std::size_t k) { return ScoresOfLevels()[k] - ScoresOfLevels()[k - 1]; }
  static double SlopeAt(std::span<const double, kQuantiles> units, std::size_t knot, double own) {
    const double left_width = WidthOf(knot);
    const double right_width = WidthOf(knot + 1);
    const double left = (units[knot] - units[knot - 1]) / left_width;
    const double right = (units[knot + 1] - units[knot]) / right_width;
    if (!(left > 0.0) || !(right > 0.0)) return own;
    const double left_weight = 2.0 * right_width + left_width;
    const double right_weight = right_width + 2.0 * left_width;
    return (left_weight + right_weight) / (left_weight / left + right_weight / right);
  }

  double from_;
  double rise_;
  double width_;
  double start_ = 0.0;  // Its slope at t = 0.
  double square_ = 0.0;
  double cube_ = 0.0;
};

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

}  // namespace

double QuantileCurve::Quantile(double u) const {
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(kQuantileLevels, u) -
                                              kQuantileLevels.begin());
  const std::size_t k = std::clamp<std::size_t>(above, 1, kQuantiles - 1);
  if (u == kQuantileLevels[k - 1]) return quantile_units_[k - 1];
  if (u == kQuantileLevels[k]) return quantile_units_[k];
  const Scores& z = ScoresOfLevels();
  const double way = (NormalQuantile(u) - z[k - 1]) / (z[k] - z[k - 1]);
  const double rise = quantile_units_[k] - quantile_units_[k - 1];
  const bool between = way > 0.0 && way < 1.0;
  const double value =
      between ? Piece(quantile_units_, k).At(way) : quantile_units_[k - 1] + way * rise;
  // Rounding must not carry a value past its neighbours, which may hold much probability.
  if (u < kQuantileLevels[k - 1]) return std::min(value, quantile_units_[k - 1]);
  if (u > kQuantileLevels[k]) return std::max(value, quantile_units_[k]);
  return std::clamp(value, quantile_units_[k - 1], quantile_units_[k]);
}

double QuantileCurve::AtMost(double units) const {
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(quantile_units_, units) -
                                              quantile_units_.begin());
  // Its own probability, so that a value that is one of the nine is not off by rounding.
  if (above > 0 && quantile_units_[above - 1] == units) {
    const bool rest = above == kQuantiles && quantile_units_[above - 2] == units;
    return rest ? 1.0 : kQuantileLevels[above - 1];
  }
  const std::size_t k = std::clamp<std::size_t>(above, 1, kQuantiles - 1);
  const double width = quantile_units_[k] - quantile_units_[k - 1];
  if (!(width > 0.0)) return above == 0 ? 0.0 : 1.0;  // Beyond a value that holds all the rest.
  const Scores& z = ScoresOfLevels();
  const double linear = (units - quantile_units_[k - 1]) / width;
  const bool between = linear > 0.0 && linear < 1.0;
  const double way = between ? Piece(quantile_units_, k).Where(units) : linear;
  return NormalCdf(z[k - 1] + way * (z[k] - z[k - 1]));
}

double QuantileCurve::Below(double units) const {
  const auto least = static_cast<std::size_t>(std::ranges::lower_bound(quantile_units_, units) -
                                              quantile_units_.begin());
  if (least == kQuantiles || quantile_units_[least] != units) return AtMost(units);
  // The lowest two are equal: they hold all that lies below the third.
  if (least == 0 && quantile_units_[1] == units) return 0.0;
  return kQuantileLevels[least];
}

std::size_t NoneCount(std::span<const double, kQuantiles> quantile_units, double none_units) {
  return static_cast<std::size_t>(std::ranges::upper_bound(quantile_units, none_units) -
                                  quantile_units.begin());
}

double NoneWithin(double none_probability, std::span<const double, kQuantiles> quantile_units,
                  double none_units) {
  const std::size_t nones = NoneCount(quantile_units, none_units);
  const double least = nones > 0 ? kQuantileLevels[nones - 1] : 0.0;
  const double most = nones < kQuantiles ? kQuantileLevels[nones] : 1.0;
  return std::clamp(none_probability, least, most);
}

CountStep StepOfCount(const QuantileCurve& curve, double count) {
  return {.below = count > 0.0 ? curve.AtMost(count - 0.5) : 0.0, .at = curve.AtMost(count + 0.5)};
}

}  // namespace tandem::forecasting

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

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

}  // namespace

double QuantileCurve::Quantile(double u) const {
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(kQuantileLevels, u) -
                                              kQuantileLevels.begin());
  const std::size_t k = std::clamp<std::size_t>(above, 1, kQuantiles - 1);
  if (u == kQuantileLevels[k - 1]) return quantile_units_[k - 1];
  if (u == kQuantileLevels[k]) return quantile_units_[k];
  const Scores& z = ScoresOfLevels();
  const double slope = (quantile_units_[k] - quantile_units_[k - 1]) / (z[k] - z[k - 1]);
  const double value = quantile_units_[k - 1] + slope * (NormalQuantile(u) - z[k - 1]);
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
  return NormalCdf(z[k - 1] + (units - quantile_units_[k - 1]) / width * (z[k] - z[k - 1]));
}

double QuantileCurve::Below(double units) const {
  const auto least = static_cast<std::size_t>(std::ranges::lower_bound(quantile_units_, units) -
                                              quantile_units_.begin());
  if (least == kQuantiles || quantile_units_[least] != units) return AtMost(units);
  // The lowest two are equal: they hold all that lies below the third.
  if (least == 0 && quantile_units_[1] == units) return 0.0;
  return kQuantileLevels[least];
}

CountStep StepOfCount(const QuantileCurve& curve, double count) {
  return {.below = count > 0.0 ? curve.AtMost(count - 0.5) : 0.0, .at = curve.AtMost(count + 0.5)};
}

}  // namespace tandem::forecasting

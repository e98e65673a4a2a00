// The whole distribution that a forecast's nine quantiles stand for: any other quantile, and the
// probability of what came. Between two of them a value is linear in the normal scores of the
// probabilities, and beyond the outermost goes on as between the last two: exact for a normal
// distribution, and for others no corner is made where there is none. Quantiles that are equal are
// one value with the probability between them. Reference: Hyndman and Fan, "Sample quantiles in
// statistical packages", The American Statistician 50 (1996), for interpolation of quantiles.
//
//   const QuantileCurve curve(quantile_units);
//   curve.Quantile(0.9);  // The end of the central 80 %.
#pragma once

#include <span>

#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {

class QuantileCurve {
 public:
  // Finite and ascending, of kQuantileLevels; a view, they must outlive the curve.
  explicit QuantileCurve(std::span<const double, kQuantiles> quantile_units)
      : quantile_units_(quantile_units) {}

  // u in (0, 1). Ascending in u, and one of the nine at its own probability. O(1).
  double Quantile(double u) const;
  // P(Y <= units) and P(Y < units), which differ where quantiles are equal. Ascending in units.
  double AtMost(double units) const;
  double Below(double units) const;

 private:
  std::span<const double, kQuantiles> quantile_units_;
};

// What a forecast of counts says of `count`, by a curve whose values are rounded to the nearest
// whole one: F(count - 1) and F(count). A count is 0 or more.
struct CountStep {
  double below = 0.0;
  double at = 0.0;
};
CountStep StepOfCount(const QuantileCurve& curve, double count);

}  // namespace tandem::forecasting

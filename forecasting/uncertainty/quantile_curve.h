// The whole distribution that a forecast's nine quantiles stand for: any other quantile, and the
// probability of what came. Between two of them a value is a cubic in the normal scores of the
// probabilities that ascends and has no corner where neither has any, and beyond the outermost it
// goes on straight as between the last two: exact for a normal distribution, and bent as much as a
// heavier tail is. Quantiles that are equal are one value with the probability between them; next
// to them nothing is bent. References: Fritsch and Butland, "A method for constructing local
// monotone piecewise cubic interpolants", SIAM J. on Scientific and Statistical Computing 5 (1984);
// Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996).
//
//   const QuantileCurve curve(quantile_units);
//   curve.Quantile(0.9);  // The end of the central 80 %.
#pragma once

#include <cstddef>
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

// What is nothing: of counts all that rounds to it.
constexpr double NoneUnits(bool is_count) { return is_count ? 0.5 : 0.0; }

// How many of ascending quantiles are nothing, none_units or less.
std::size_t NoneCount(std::span<const double, kQuantiles> quantile_units, double none_units);

// A probability of nothing drawn to what the quantiles allow: no less than that of the last one
// that is nothing, no more than that of the next.
double NoneWithin(double none_probability, std::span<const double, kQuantiles> quantile_units,
                  double none_units);

// What a forecast of counts says of `count`, by a curve whose values are rounded to the nearest
// whole one: F(count - 1) and F(count). A count is 0 or more.
struct CountStep {
  double below = 0.0;
  double at = 0.0;
};
CountStep StepOfCount(const QuantileCurve& curve, double count);

}  // namespace tandem::forecasting

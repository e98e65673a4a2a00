#include "forecasting/consensus/confidence.h"

#include <cmath>
#include <numbers>

namespace tandem::forecasting {

double StudentProbability(double t, double freedom) {
  const double shrink = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0);
  const double z = std::copysign(std::sqrt(freedom * std::log1p(t * t / freedom)) * shrink, t);
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

}  // namespace tandem::forecasting

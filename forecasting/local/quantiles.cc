#include "forecasting/local/quantiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tandem::forecasting {
namespace {

double LowerTail(double level) {
  const double q = std::sqrt(-2.0 * std::log(level));
  return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q -
            2.549732539343734e+00) *
               q +
           4.374664141464968e+00) *
              q +
          2.938163982698783e+00) /
         ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
           3.754408661907416e+00) *
              q +
          1.0);
}

double Center(double level) {
  const double q = level - 0.5;
  const double r = q * q;
  return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
            1.383577518672690e+02) *
               r -
           3.066479806614716e+01) *
              r +
          2.506628277459239e+00) *
         q /
         (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
            6.680131188771972e+01) *
               r -
           1.328068155288572e+01) *
              r +
          1.0);
}

// z of kQuantileLevels.
constexpr QuantileBand kNormalQuantiles = {
    -2.5758293035489004, -1.9599639845400545, -0.9741138770593094, -0.6744897501960817, 0.0,
    0.6744897501960817,  0.9741138770593094,  1.9599639845400545,  2.5758293035489004};

}  // namespace

double NormalQuantile(double level) {
  constexpr double kTail = 0.02425;
  if (level < kTail) return LowerTail(level);
  if (level > 1.0 - kTail) return -LowerTail(1.0 - level);
  return Center(level);
}

void NormalBand(double mean_units, double deviation_units, std::span<double> band) {
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    band[q] = mean_units + deviation_units * kNormalQuantiles[q];
  }
}

QuantileBand OccasionalBand(const OccasionalDemand& demand) {
  QuantileBand band{};
  // Of a gamma with shape 1/v: size (1 - v/9 + z sqrt(v/9))^3.
  const double ninth = demand.size_variation / 9.0;
  const double spread = std::sqrt(ninth);
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    const double above = kQuantileLevels[q] - (1.0 - demand.probability);
    if (above <= 0.0) continue;
    const double level = above / demand.probability;
    if (level >= 1.0) {  // Probability 1 within rounding of a level of 1.
      band[q] = q == 0 ? 0.0 : band[q - 1];
      continue;
    }
    const double root = std::max(0.0, 1.0 - ninth + spread * NormalQuantile(level));
    band[q] = std::min(demand.size_units * root * root * root, std::numeric_limits<double>::max());
  }
  return band;
}

void ErrorBand(double mean_units, double spread, std::span<const double> errors_units,
               std::span<double> band) {
  const auto n = static_cast<double>(errors_units.size());
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    const double place = std::clamp(kQuantileLevels[q] * n - 0.5, 0.0, n - 1.0);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, errors_units.size() - 1);
    const double share = place - static_cast<double>(below);
    const double error = errors_units[below] + share * (errors_units[above] - errors_units[below]);
    band[q] = mean_units + spread * error;
  }
}

void ClipAtZero(std::span<double> units) {
  for (double& value : units) value = std::max(value, 0.0);
}

}  // namespace tandem::forecasting

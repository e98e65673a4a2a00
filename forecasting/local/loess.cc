#include "forecasting/local/loess.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {
namespace {

// The tricube of a distance; flat near 0, nothing near the bandwidth, as Cleveland's program.
double Tricube(double distance, double bandwidth) {
  if (distance > 0.999 * bandwidth) return 0.0;
  if (distance < 0.001 * bandwidth) return 1.0;
  const double share = distance / bandwidth;
  const double rest = 1.0 - share * share * share;
  return rest * rest * rest;
}

// Weights of values[left..left+count) for the smooth at x, summing to 1.
void WeightsAt(double x, std::size_t left, std::size_t size, const LoessOptions& options,
               std::span<double> weights) {
  const std::size_t count = weights.size();
  const auto low = static_cast<double>(left);
  const double high = low + static_cast<double>(count - 1);
  double bandwidth = std::max(x - low, high - x);
  if (options.window > size) bandwidth += 0.5 * static_cast<double>(options.window - size);
  double sum = 0.0;
  double moment = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] = Tricube(std::abs(x - low - static_cast<double>(i)), bandwidth);
    sum += weights[i];
    moment += weights[i] * (low + static_cast<double>(i));
  }
  if (!(sum > 0.0)) {  // One value alone, or two at the same distance.
    std::fill(weights.begin(), weights.end(), 1.0 / static_cast<double>(count));
    return;
  }
  const double center = moment / sum;
  double spread = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] /= sum;
    const double off = low + static_cast<double>(i) - center;
    spread += weights[i] * off * off;
  }
  const double range = static_cast<double>(size) - 1.0;
  if (!options.linear || std::sqrt(spread) <= 0.001 * range) return;
  const double tilt = (x - center) / spread;
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] *= 1.0 + tilt * (low + static_cast<double>(i) - center);
  }
}

double Apply(std::span<const double> weights, const double* values) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * values[i];
  return sum;
}

}  // namespace

void Loess(std::span<const double> values, const LoessOptions& options, std::ptrdiff_t first,
           std::span<double> smooth, std::vector<double>& weights) {
  const std::size_t n = values.size();
  const std::size_t count = std::min(n, options.window);
  if (weights.size() < 2 * count) weights.resize(2 * count);
  const std::span<double> edge = std::span(weights).first(count);
  const std::span<double> inner = std::span(weights).subspan(count, count);
  const auto half = static_cast<std::ptrdiff_t>(count / 2);
  const auto left_max = static_cast<std::ptrdiff_t>(n - count);
  bool made = false;
  for (std::size_t i = 0; i < smooth.size(); ++i) {
    const std::ptrdiff_t x = first + static_cast<std::ptrdiff_t>(i);
    const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(x - half, 0, left_max);
    const bool whole = options.window <= n && left == x - half;
    const std::span<double> used = whole ? inner : edge;
    if (!whole || !made) {
      WeightsAt(static_cast<double>(x), static_cast<std::size_t>(left), n, options, used);
      made = made || whole;
    }
    smooth[i] = Apply(used, values.data() + left);
  }
}

}  // namespace tandem::forecasting

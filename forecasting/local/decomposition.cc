#include "forecasting/local/decomposition.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {
namespace {

// The m-bucket moving average around t; for an even m the outermost two count half.
double CenteredMean(std::span<const double> y, std::size_t t, std::size_t m) {
  const std::size_t half = m / 2;
  double sum = 0.0;
  for (std::size_t i = t - half; i <= t + half; ++i) sum += y[i];
  if (m % 2 == 0) sum -= 0.5 * (y[t - half] + y[t + half]);
  return sum / static_cast<double>(m);
}

}  // namespace

bool IsSeasonal(std::span<const double> history_units, std::size_t season_buckets) {
  const std::size_t n = history_units.size();
  if (season_buckets < 2 || n < 2 * season_buckets) return false;
  double mean = 0.0;
  for (const double y : history_units) mean += y / static_cast<double>(n);
  double square = 0.0;
  for (const double y : history_units) square += (y - mean) * (y - mean);
  if (!(square > 0.0)) return false;
  double earlier = 0.0;  // sum of r_i^2, i < m.
  double r = 0.0;
  for (std::size_t lag = 1; lag <= season_buckets; ++lag) {
    r = 0.0;
    for (std::size_t t = lag; t < n; ++t) {
      r += (history_units[t] - mean) * (history_units[t - lag] - mean);
    }
    r /= square;
    if (lag < season_buckets) earlier += r * r;
  }
  return std::abs(r) > 1.645 * std::sqrt((1.0 + 2.0 * earlier) / static_cast<double>(n));
}

void SeasonFactors(std::span<const double> history_units, SeasonKind kind,
                   std::span<double> factors) {
  const std::size_t m = factors.size();
  const std::size_t n = history_units.size();
  const bool multiplicative = kind == SeasonKind::kMultiplicative;
  double center = 0.0;
  for (std::size_t place = 0; place < m; ++place) {
    double sum = 0.0;
    double count = 0.0;
    const std::size_t half = m / 2;
    for (std::size_t t = place < half ? place + m : place; t + half < n; t += m) {
      const double trend = CenteredMean(history_units, t, m);
      sum += multiplicative ? history_units[t] / trend : history_units[t] - trend;
      count += 1.0;
    }
    factors[place] = count > 0.0 ? sum / count : (multiplicative ? 1.0 : 0.0);
    center += factors[place] / static_cast<double>(m);
  }
  for (double& factor : factors) factor = multiplicative ? factor / center : factor - center;
}

}  // namespace tandem::forecasting

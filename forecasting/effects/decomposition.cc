#include "forecasting/effects/decomposition.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/status/status.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kParts = 7;
constexpr std::size_t kReconciliation = 6;
constexpr double kMilliMax = 4.6e18;  // About 2^62.

// (a - b) / log(a / b), the logarithmic mean, with log(a / b) given.
double LogMean(double b, double log_ratio) {
  if (std::abs(log_ratio) < 1e-9) return b * (1.0 + log_ratio / 2.0);
  return b * std::expm1(log_ratio) / log_ratio;
}

// Rounds so that the sum is `sum`, which is within one a part of the parts' sum.
std::array<std::int64_t, kParts> RoundTo(const std::array<double, kParts>& milli,
                                         std::int64_t sum) {
  std::array<std::int64_t, kParts> rounded{};
  std::vector<std::size_t> open;
  std::int64_t left = sum;
  for (std::size_t i = 0; i < kParts; ++i) {
    rounded[i] = static_cast<std::int64_t>(std::floor(milli[i]));
    left -= rounded[i];
    if (milli[i] != 0.0) open.push_back(i);
  }
  if (open.empty()) open.push_back(kReconciliation);
  const auto lost = [&](std::size_t i) { return milli[i] - std::floor(milli[i]); };
  std::stable_sort(open.begin(), open.end(),
                   [&](std::size_t a, std::size_t b) { return lost(a) > lost(b); });
  // What is left is mostly 0..parts - 1; more only where thousandths exceed a double's digits.
  const auto count = static_cast<std::int64_t>(open.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t share = left / (count - i) + (left % (count - i) > 0 ? 1 : 0);
    rounded[open[static_cast<std::size_t>(i)]] += share;
    left -= share;
  }
  return rounded;
}

}  // namespace

absl::StatusOr<ExplainedParts> Explain(const Explainable& forecast) {
  const double logs[] = {forecast.log_season, forecast.log_event, forecast.log_price,
                         forecast.log_promotion};
  const double log_sum = std::accumulate(std::begin(logs), std::end(logs), 0.0);
  if (!std::isfinite(forecast.baseline_units) || forecast.baseline_units < 0.0) {
    return absl::InvalidArgumentError("the baseline is below 0 or not finite");
  }
  if (!std::isfinite(log_sum) || !std::isfinite(forecast.partner_units)) {
    return absl::InvalidArgumentError("an effect is not finite");
  }
  const double mean = LogMean(forecast.baseline_units, log_sum);
  std::array<double, kParts> milli{};
  milli[0] = forecast.baseline_units * 1000.0;
  for (std::size_t i = 0; i < std::size(logs); ++i) milli[i + 1] = logs[i] * mean * 1000.0;
  milli[5] = forecast.partner_units * 1000.0;
  const double sum = std::accumulate(milli.begin(), milli.end(), 0.0);
  const double moved = static_cast<double>(forecast.published_milli) - sum;
  // Published numbers are whole thousandths: half of one, and the doubles' own rounding, is noise.
  if (std::abs(moved) > 0.5 + 1e-12 * std::abs(sum)) milli[kReconciliation] = moved;
  const auto fits = [](double part) { return std::abs(part) < kMilliMax; };
  if (!std::ranges::all_of(milli, fits)) {
    return absl::OutOfRangeError("a part is too large to be told in thousandths");
  }
  const std::array<std::int64_t, kParts> parts = RoundTo(milli, forecast.published_milli);
  return ExplainedParts{.baseline_milli = parts[0],
                        .season_milli = parts[1],
                        .event_milli = parts[2],
                        .price_milli = parts[3],
                        .promotion_milli = parts[4],
                        .partner_milli = parts[5],
                        .reconciliation_milli = parts[kReconciliation]};
}

}  // namespace tandem::forecasting

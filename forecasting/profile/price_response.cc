#include "forecasting/profile/price_response.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::forecasting {

namespace {

constexpr int kNewtonStepsMax = 50;
constexpr double kStepMin = 1e-10;
constexpr double kDriftDeviation = 1.0;  // Of c's prior: without it, one change has no mode.

struct Window {
  double units = 0.0;
  double exposure = 0.0;
};

Window SumOf(const PricedHistory& history, std::size_t first, std::size_t last) {
  Window window;
  for (std::size_t t = first; t < last; ++t) {
    window.units += static_cast<double>(history.history_units[t]);
    window.exposure += history.index[t];
  }
  return window;
}

// log posterior's slope and curvature in (c, elasticity), and Pearson's sum of squares.
struct Newton {
  std::array<double, 2> slope{};
  std::array<double, 3> curvature{};  // cc, ce, ee; of minus the log posterior.
  double pearson = 0.0;
};

Newton Evaluate(std::span<const PriceChange> changes, double drift, double elasticity) {
  Newton sums;
  for (const PriceChange& change : changes) {
    const double total = change.units_before + change.units_after;
    const double odds = change.exposure_after / change.exposure_before *
                        std::exp(drift + elasticity * change.log_ratio);
    const double share = odds / (1.0 + odds);
    const double miss = change.units_after - total * share;
    const double weight = total * share * (1.0 - share);
    sums.slope[0] += miss;
    sums.slope[1] += miss * change.log_ratio;
    sums.curvature[0] += weight;
    sums.curvature[1] += weight * change.log_ratio;
    sums.curvature[2] += weight * change.log_ratio * change.log_ratio;
    if (weight > 0.0) sums.pearson += miss * miss / weight;
  }
  return sums;
}

absl::Status Check(std::span<const PriceChange> changes, const PriceResponseOptions& options) {
  if (!(options.prior_deviation > 0.0) || !std::isfinite(options.prior_deviation) ||
      !(options.elasticity_min <= 0.0) || !std::isfinite(options.elasticity_min)) {
    return absl::InvalidArgumentError("an option is out of range");
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const PriceChange& change = changes[i];
    const bool good = std::isfinite(change.log_ratio) && change.units_before >= 0.0 &&
                      change.units_after >= 0.0 && change.exposure_before > 0.0 &&
                      change.exposure_after > 0.0 && std::isfinite(change.units_before) &&
                      std::isfinite(change.units_after) && std::isfinite(change.exposure_before) &&
                      std::isfinite(change.exposure_after);
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat("change ", i, ": a sum is negative or a number is not finite"));
    }
  }
  return absl::OkStatus();
}

// The mode for a given dispersion.
struct Mode {
  double drift = 0.0;
  double elasticity = 0.0;
  double deviation = 0.0;
};

Mode FindMode(std::span<const PriceChange> changes, double dispersion, double prior_deviation) {
  const double drift_precision = 1.0 / (kDriftDeviation * kDriftDeviation);
  const double precision = 1.0 / (prior_deviation * prior_deviation);
  Mode mode;
  for (int step = 0; step < kNewtonStepsMax; ++step) {
    const Newton at = Evaluate(changes, mode.drift, mode.elasticity);
    const double slope_c = at.slope[0] / dispersion - drift_precision * mode.drift;
    const double slope_e = at.slope[1] / dispersion - precision * mode.elasticity;
    const double cc = at.curvature[0] / dispersion + drift_precision;
    const double ce = at.curvature[1] / dispersion;
    const double ee = at.curvature[2] / dispersion + precision;
    const double determinant = cc * ee - ce * ce;
    mode.deviation = std::sqrt(cc / determinant);
    // No further than 1 at a time: far out the curve is flat.
    const double by_c = std::clamp((ee * slope_c - ce * slope_e) / determinant, -1.0, 1.0);
    const double by_e = std::clamp((cc * slope_e - ce * slope_c) / determinant, -1.0, 1.0);
    mode.drift += by_c;
    mode.elasticity += by_e;
    if (std::abs(by_c) + std::abs(by_e) < kStepMin) break;
  }
  return mode;
}

}  // namespace

void AppendPriceChanges(const PricedHistory& history, const PriceResponseOptions& options,
                        std::vector<PriceChange>& changes) {
  const std::size_t days = history.history_units.size();
  const std::span<const PriceStep> prices = history.prices;
  for (std::size_t k = 1; k < prices.size() && prices[k].first_day < days; ++k) {
    const double log_ratio = std::log(prices[k].price / prices[k - 1].price);
    if (!(std::abs(log_ratio) >= options.log_change_min) || !std::isfinite(log_ratio)) continue;
    const std::size_t change = prices[k].first_day;
    const std::size_t since = std::max(history.first_day, prices[k - 1].first_day);
    const std::size_t until =
        k + 1 < prices.size() ? std::min(days, prices[k + 1].first_day) : days;
    if (change < since + options.window_min || until < change + options.window_min) continue;
    const Window before =
        SumOf(history, std::max(since, change - std::min(change, options.window_days)), change);
    const Window after = SumOf(history, change, std::min(until, change + options.window_days));
    if (before.units + after.units == 0.0 || before.exposure <= 0.0 || after.exposure <= 0.0) {
      continue;
    }
    changes.push_back({.log_ratio = log_ratio,
                       .units_before = before.units,
                       .units_after = after.units,
                       .exposure_before = before.exposure,
                       .exposure_after = after.exposure});
  }
}

absl::StatusOr<PriceResponse> FitPriceResponse(std::span<const PriceChange> changes,
                                               const PriceResponseOptions& options) {
  if (const absl::Status status = Check(changes, options); !status.ok()) return status;
  if (changes.empty()) return PriceResponse{.deviation = options.prior_deviation};
  // The spread that the counts show at the mode of the plain binomial, then the mode with it.
  const Mode plain = FindMode(changes, 1.0, options.prior_deviation);
  const double freedom = std::max(1.0, static_cast<double>(changes.size()) - 2.0);
  const double dispersion =
      std::max(1.0, Evaluate(changes, plain.drift, plain.elasticity).pearson / freedom);
  const Mode mode = FindMode(changes, dispersion, options.prior_deviation);
  return PriceResponse{.elasticity = std::clamp(mode.elasticity, options.elasticity_min, 0.0),
                       .deviation = mode.deviation,
                       .changes = changes.size()};
}

void PriceFactors(std::span<const PriceStep> prices, std::size_t history_days, double elasticity,
                  std::span<double> factors) {
  std::ranges::fill(factors, 1.0);
  std::size_t known = 0;
  while (known < prices.size() && prices[known].first_day < history_days) ++known;
  if (known == 0 || elasticity == 0.0) return;
  const double last = prices[known - 1].price;
  for (std::size_t k = 0; k < prices.size(); ++k) {
    const double factor = std::pow(prices[k].price / last, elasticity);
    const std::size_t first = k == 0 ? 0 : prices[k].first_day;
    const std::size_t end = k + 1 < prices.size() ? prices[k + 1].first_day : factors.size();
    for (std::size_t t = first; t < std::min(end, factors.size()); ++t) factors[t] = factor;
  }
}

}  // namespace tandem::forecasting

#include "forecasting/effects/censored_demand.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

double FactorOf(const CensoredSeries& series, std::size_t t) {
  return series.factors.empty() ? 1.0 : series.factors[t];
}

absl::Status CheckOptions(const CensoredOptions& options) {
  const bool sound = std::isfinite(options.half_life_days) && options.half_life_days > 0.0 &&
                     std::isfinite(options.prior_level_units) && options.prior_level_units >= 0.0 &&
                     std::isfinite(options.prior_days) && options.prior_days >= 0.0 &&
                     options.iterations_max >= 1 && options.tolerance > 0.0 &&
                     options.tolerance < 1.0;
  if (sound) return absl::OkStatus();
  return absl::InvalidArgumentError("an option of censored demand is outside its range");
}

absl::Status CheckSeries(const CensoredSeries& series, const CensoredOptions& options) {
  const std::size_t n = series.units.size();
  if (n == 0) return absl::InvalidArgumentError("the series is empty");
  if (series.sold_out.size() != n || (!series.factors.empty() && series.factors.size() != n)) {
    return absl::InvalidArgumentError(absl::StrCat(n, " days of units but ", series.sold_out.size(),
                                                   " of sold_out and ", series.factors.size(),
                                                   " of factors"));
  }
  bool all_sold_out = true;
  for (std::size_t t = 0; t < n; ++t) {
    if (!std::isfinite(series.units[t]) || series.units[t] < 0.0) {
      return absl::InvalidArgumentError(
          absl::StrCat("units of day ", t, " are below 0 or no number"));
    }
    if (!std::isfinite(FactorOf(series, t)) || FactorOf(series, t) <= 0.0) {
      return absl::InvalidArgumentError(absl::StrCat("the factor of day ", t, " is not above 0"));
    }
    all_sold_out = all_sold_out && series.sold_out[t] != 0;
  }
  if (all_sold_out && options.prior_days <= 0.0) {
    return absl::InvalidArgumentError(
        "every day is sold out: without a prior nothing bounds demand from above");
  }
  return absl::OkStatus();
}

// phi(z) / (1 - Phi(z)). Far out the quotient is 0 / 0, and its continued fraction exact.
double Hazard(double z) {
  if (z > 8.0) return z + 1.0 / (z + 2.0 / (z + 3.0 / z));
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
  return density / (0.5 * std::erfc(z / std::numbers::sqrt2));
}

struct State {
  double level = 0.0;
  double variance = 0.0;
};

struct Moment {
  double mean = 0.0;
  double variance = 0.0;
};

// Of one sold-out day's demand divided by its factor, given that it was at least `at_least`.
Moment NormalAtLeast(const State& state, double at_least) {
  const double deviation = std::sqrt(state.variance);
  if (deviation <= 0.0) return {std::max(state.level, at_least), 0.0};
  const double z = (at_least - state.level) / deviation;
  const double hazard = Hazard(z);
  return {state.level + deviation * hazard,
          std::max(0.0, state.variance * (1.0 + z * hazard - hazard * hazard))};
}

// One step of EM. Poisson: level = sum w E[D] / sum w factor. Normal: mean and variance of E[D] /
// factor. The prior adds `prior_days` days of its level.
State Step(const CensoredSeries& series, const CensoredOptions& options, const State& state) {
  const double keep = std::exp2(-1.0 / options.half_life_days);
  const bool poisson = options.kind == DemandKind::kPoisson;
  double sum = options.prior_days * options.prior_level_units;
  double weights = options.prior_days;
  double squares =
      options.prior_days * (options.prior_level_units * options.prior_level_units + state.variance);
  double weight = 1.0;
  for (std::size_t t = series.units.size(); t-- > 0; weight *= keep) {
    const double factor = FactorOf(series, t);
    const double units = series.units[t];
    const bool censored = series.sold_out[t] != 0;
    if (poisson) {
      sum += weight * (censored ? PoissonAtLeast(state.level * factor, units) : units);
      weights += weight * factor;
      continue;
    }
    const Moment day = censored ? NormalAtLeast(state, units / factor) : Moment{units / factor, 0};
    sum += weight * day.mean;
    squares += weight * (day.mean * day.mean + day.variance);
    weights += weight;
  }
  const double level = sum / weights;
  return {level, poisson ? level : std::max(0.0, squares / weights - level * level)};
}

// All sales as if they were demand, above zero so that EM can leave it.
State Start(const CensoredSeries& series, const CensoredOptions& options) {
  double sum = 0.0;
  double squares = 0.0;
  for (std::size_t t = 0; t < series.units.size(); ++t) {
    const double units = series.units[t] / FactorOf(series, t);
    sum += units;
    squares += units * units;
  }
  const auto n = static_cast<double>(series.units.size());
  const double level = std::max({sum / n, options.prior_level_units, 1e-9});
  return {level, std::max(squares / n - (sum / n) * (sum / n), 1e-4 * level * level)};
}

}  // namespace

double PoissonAtLeast(double mean, double at_least) {
  if (mean <= 0.0 || at_least <= 0.0) return std::max(mean, at_least);
  // mu + s p(s) / P(D >= s), the quotient's inverse being the sum of mu^j / ((s+1) ... (s+j)).
  double sum = 1.0;
  double term = 1.0;
  for (double j = 1.0; term > 1e-16 * sum; ++j) {
    term *= mean / (at_least + j);
    sum += term;
    if (sum > 1e18 * at_least) return mean;  // It is all but certain that demand was more.
  }
  return mean + at_least / sum;
}

absl::StatusOr<CensoredFit> FitCensored(const CensoredSeries& series,
                                        const CensoredOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = CheckSeries(series, options); !status.ok()) return status;
  State state = Start(series, options);
  CensoredFit fit;
  while (fit.iterations < options.iterations_max && !fit.converged) {
    const State next = Step(series, options, state);
    fit.converged = std::abs(next.level - state.level) <=
                    options.tolerance * std::max(std::abs(state.level), 1e-12);
    state = next;
    ++fit.iterations;
  }
  if (!std::isfinite(state.level) || !std::isfinite(state.variance)) {
    return absl::OutOfRangeError("the values are too large to fit");
  }
  fit.level_units = std::max(0.0, state.level);
  fit.deviation_units = std::sqrt(state.variance);
  return fit;
}

}  // namespace tandem::forecasting

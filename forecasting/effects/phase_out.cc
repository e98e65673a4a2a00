#include "forecasting/effects/phase_out.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kBucketsMax = 100'000;
constexpr double kDecayMax = 20.0;      // By bucket: a two-billionth is left of the next one's.
constexpr double kDeviationMin = 1e-4;  // Below it items are taken as equal.
constexpr double kTolerance = 1e-8;

bool NotNegative(double value) { return std::isfinite(value) && value >= 0.0; }

// What the likelihood of a decay needs of a series.
struct Total {
  std::size_t buckets = 0;
  double units = 0.0;   // Sum of units,
  double moment = 0.0;  // and of units times their bucket's number.
};

// Mean and variance of a bucket's number under weights exp(-decay t), t = 0..n-1.
struct Times {
  double mean = 0.0;
  double variance = 0.0;
};

Times TimesOf(std::size_t buckets, double decay) {
  // From the heavy end, so that no weight is above 1.
  const auto last = static_cast<double>(buckets) - 1.0;
  double weights = 0.0;
  double first = 0.0;
  double second = 0.0;
  for (std::size_t t = 0; t < buckets; ++t) {
    const auto at = static_cast<double>(t);
    const double weight = std::exp(decay >= 0.0 ? -decay * at : decay * (last - at));
    weights += weight;
    first += weight * at;
    second += weight * at * at;
  }
  const double mean = first / weights;
  return {mean, std::max(0.0, second / weights - mean * mean)};
}

struct Mode {
  double decay = 0.0;
  double variance = 0.0;  // Of its posterior, by curvature.
};

// The most likely decay of a series under a normal prior: Newton on a concave function of one
// variable, kept between the points where its slope is known to be above and below 0.
Mode ModeOf(const Total& total, double prior_mean, double prior_precision, double dispersion) {
  double low = -kDecayMax;
  double high = kDecayMax;
  double decay = std::clamp(prior_mean, low, high);
  double curvature = prior_precision;
  for (int step = 0; step < 100; ++step) {
    const Times times = TimesOf(total.buckets, decay);
    const double slope = (total.units * times.mean - total.moment) / dispersion -
                         prior_precision * (decay - prior_mean);
    curvature = total.units * times.variance / dispersion + prior_precision;
    (slope > 0.0 ? low : high) = decay;
    double next = curvature > 0.0 ? decay + slope / curvature : decay;
    if (!(next > low && next < high)) next = (low + high) / 2.0;
    const double moved = std::abs(next - decay);
    decay = next;
    if (moved < 1e-12) break;
  }
  return {decay, curvature > 0.0 ? 1.0 / curvature : kDecayMax * kDecayMax};
}

// The decay that all share: every series with the same one. Bisection of the summed slope.
double CommonDecay(std::span<const Total> totals) {
  double low = -kDecayMax;
  double high = kDecayMax;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2.0;
    double slope = 0.0;
    for (const Total& total : totals) {
      slope += total.units * TimesOf(total.buckets, middle).mean - total.moment;
    }
    (slope > 0.0 ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

absl::StatusOr<std::vector<Total>> TotalsOf(std::span<const FadingSeries> series) {
  std::vector<Total> totals;
  bool any = false;
  for (std::size_t s = 0; s < series.size(); ++s) {
    Total& total = totals.emplace_back();
    total.buckets = series[s].units.size();
    for (std::size_t t = 0; t < total.buckets; ++t) {
      if (!NotNegative(series[s].units[t])) {
        return absl::InvalidArgumentError(
            absl::StrCat("bucket ", t, " of series ", s, " is below 0 or no number"));
      }
      total.units += series[s].units[t];
      total.moment += static_cast<double>(t) * series[s].units[t];
    }
    if (!std::isfinite(total.moment)) return absl::OutOfRangeError("units are too large to fit");
    any = any || (total.buckets > 1 && total.units > 0.0);
  }
  if (!any) return absl::FailedPreconditionError("no series tells how demand fades");
  return totals;
}

}  // namespace

absl::StatusOr<Fading> FitFading(std::span<const FadingSeries> series,
                                 const FadingOptions& options) {
  if (!std::isfinite(options.dispersion) || options.dispersion <= 0.0 ||
      options.iterations_max < 1) {
    return absl::InvalidArgumentError("an option of fading is outside its range");
  }
  if (series.empty()) return absl::InvalidArgumentError("there is no series to fit");
  const absl::StatusOr<std::vector<Total>> totals = TotalsOf(series);
  if (!totals.ok()) return totals.status();
  Fading fading{.group_decay = CommonDecay(*totals), .group_deviation = 0.3};
  fading.decays.resize(series.size());
  for (int i = 0; i < options.iterations_max && !fading.converged; ++i) {
    const double precision = 1.0 / (fading.group_deviation * fading.group_deviation);
    double sum = 0.0;
    double squares = 0.0;
    double count = 0.0;
    for (std::size_t s = 0; s < series.size(); ++s) {
      const Total& total = (*totals)[s];
      const bool tells = total.buckets > 1 && total.units > 0.0;
      const Mode mode = tells ? ModeOf(total, fading.group_decay, precision, options.dispersion)
                              : Mode{fading.group_decay, 0.0};
      fading.decays[s] = mode.decay;
      if (!tells) continue;
      sum += mode.decay;
      squares += mode.decay * mode.decay + mode.variance;
      count += 1.0;
    }
    const double mean = sum / count;
    const double deviation =
        std::max(kDeviationMin, std::sqrt(std::max(0.0, squares / count - mean * mean)));
    fading.converged = std::abs(mean - fading.group_decay) < kTolerance &&
                       std::abs(deviation - fading.group_deviation) < 1e-5;
    fading.group_decay = mean;
    fading.group_deviation = deviation;
  }
  for (std::size_t s = 0; s < series.size(); ++s) {
    if ((*totals)[s].buckets <= 1 || (*totals)[s].units <= 0.0) {
      fading.decays[s] = fading.group_decay;
    }
  }
  return fading;
}

absl::StatusOr<PhaseOutPlan> PhaseOut(const PhaseOutInput& input, std::size_t horizon_buckets) {
  if (!NotNegative(input.level_units) || !std::isfinite(input.decay) ||
      !NotNegative(input.stock_units)) {
    return absl::InvalidArgumentError("level, decay or stock is below 0 or no number");
  }
  if (horizon_buckets > kBucketsMax || input.buckets_left > kBucketsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the horizon and buckets_left may be at most ", kBucketsMax));
  }
  PhaseOutPlan plan{.units = std::vector<double>(horizon_buckets),
                    .leftover_units = input.stock_units};
  for (std::size_t h = 0; h < input.buckets_left; ++h) {
    const double demand = input.level_units * std::exp(-input.decay * static_cast<double>(h));
    if (!std::isfinite(demand)) return absl::OutOfRangeError("demand grows beyond what is finite");
    const double sold = std::min(demand, plan.leftover_units);
    if (h < horizon_buckets) plan.units[h] = sold;
    plan.leftover_units -= sold;
    plan.unserved_units += demand - sold;
  }
  if (!std::isfinite(plan.unserved_units)) {
    return absl::OutOfRangeError("demand grows beyond what is finite");
  }
  return plan;
}

absl::StatusOr<double> AliveChance(const Silence& silence) {
  const auto inside = [](double chance) { return chance > 0.0 && chance < 1.0; };
  if (!inside(silence.demand_chance) || !inside(silence.death_chance)) {
    return absl::InvalidArgumentError("the chances of demand and of death must lie within 0 and 1");
  }
  const double stay = (1.0 - silence.death_chance) * (1.0 - silence.demand_chance);
  const double alive = std::pow(stay, static_cast<double>(silence.buckets));
  const double dead = silence.death_chance * (1.0 - alive) / (1.0 - stay);
  return alive / (alive + dead);
}

}  // namespace tandem::forecasting

#include "forecasting/uncertainty/negative_binomial.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace tandem::forecasting {

namespace {

constexpr double kGammaFrom = 10'000.0;

absl::Status Check(const NegativeBinomial& demand) {
  if (!(demand.mean_units >= 0.0 && demand.variance_units >= 0.0) ||
      !std::isfinite(demand.mean_units) || !std::isfinite(demand.variance_units)) {
    return absl::InvalidArgumentError("a mean or variance is negative or not finite");
  }
  return absl::OkStatus();
}

// P(0), P(1), … of the counts. In logarithms, since P(0) of a large mean is below the least double.
class Probabilities {
 public:
  explicit Probabilities(const NegativeBinomial& demand) : mean_(demand.mean_units) {
    const double excess = demand.variance_units - demand.mean_units;
    size_ = excess > 1e-9 * mean_ ? mean_ * mean_ / excess : 0.0;
    log_ = size_ > 0.0 ? -size_ * std::log1p(mean_ / size_) : -mean_;
  }
  double Next() {
    const double probability = std::exp(log_);
    const auto x = static_cast<double>(count_++);
    log_ += size_ > 0.0 ? std::log((x + size_) / (x + 1.0) * mean_ / (size_ + mean_))
                        : std::log(mean_ / (x + 1.0));
    return probability;
  }

 private:
  double mean_;
  double size_ = 0.0;  // k; 0 stands for Poisson.
  double log_ = 0.0;
  std::int64_t count_ = 0;
};

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// By bisection: used for large means only, where a microsecond does not matter.
double NormalQuantile(double u) {
  double low = -40.0;
  double high = 40.0;
  for (int round = 0; round < 80; ++round) {
    const double middle = 0.5 * (low + high);
    (NormalCdf(middle) < u ? low : high) = middle;
  }
  return high;
}

// A count of so large a mean is next to a gamma variable of its mean and variance.
double GammaShape(const NegativeBinomial& demand) {
  return demand.mean_units * demand.mean_units / std::max(demand.mean_units, demand.variance_units);
}

// The cube root of a gamma variable over its mean is next to normal (Wilson and Hilferty, "The
// distribution of chi-square", PNAS 17 (1931)): its value `z` deviations above its mean.
double GammaCube(const NegativeBinomial& demand, double z) {
  const double shape = GammaShape(demand);
  return 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * std::sqrt(shape));
}

double DeviationOf(const NegativeBinomial& demand) {
  return std::sqrt(std::max(demand.mean_units, demand.variance_units));
}

}  // namespace

absl::StatusOr<double> CountQuantile(const NegativeBinomial& demand, double u) {
  if (const auto status = Check(demand); !status.ok()) return status;
  if (!(u > 0.0 && u < 1.0)) return absl::InvalidArgumentError("not a probability in (0, 1)");
  if (demand.mean_units == 0.0) return 0.0;
  const double deviation = DeviationOf(demand);
  if (demand.mean_units >= kGammaFrom) {
    const double cube = GammaCube(demand, NormalQuantile(u));
    return std::round(demand.mean_units * std::max(0.0, cube * cube * cube));
  }
  Probabilities next(demand);
  double sum = next.Next();
  double count = 0.0;
  // Chebyshev: beyond the bound lies less than (1 - u) / 4, but for what rounding adds.
  const double bound = demand.mean_units + 2.0 * deviation / std::sqrt(1.0 - u) + 1.0;
  while (sum < u && count < bound) {
    sum += next.Next();
    count += 1.0;
  }
  return count;
}

absl::StatusOr<double> CountCdf(const NegativeBinomial& demand, std::int64_t count) {
  if (const auto status = Check(demand); !status.ok()) return status;
  if (count < 0) return 0.0;
  if (demand.mean_units == 0.0) return 1.0;
  if (demand.mean_units >= kGammaFrom) {
    const double shape = GammaShape(demand);
    const double cube = std::cbrt((static_cast<double>(count) + 0.5) / demand.mean_units);
    return NormalCdf((cube - 1.0 + 1.0 / (9.0 * shape)) * 3.0 * std::sqrt(shape));
  }
  // So far beyond the mean the rest of the tail is below what a double shows beside 1.
  const double bound = demand.mean_units + 1e3 * (DeviationOf(demand) + 1.0);
  if (static_cast<double>(count) > bound) return 1.0;
  Probabilities next(demand);
  double sum = 0.0;
  for (std::int64_t x = 0; x <= count; ++x) sum += next.Next();
  return std::min(sum, 1.0);
}

absl::StatusOr<NegativeBinomial> LeadTimeDemand(const DailyDemand& daily) {
  const std::size_t days = daily.mean_units.size();
  if (daily.variance_units.size() != days) {
    return absl::InvalidArgumentError("means and variances differ in number");
  }
  for (const double rho : daily.correlations) {
    if (!(rho >= -1.0 && rho <= 1.0)) {
      return absl::InvalidArgumentError("a correlation outside of [-1, 1]");
    }
  }
  NegativeBinomial sum;
  for (std::size_t i = 0; i < days; ++i) {
    const NegativeBinomial day{daily.mean_units[i], daily.variance_units[i]};
    if (const auto status = Check(day); !status.ok()) return status;
    sum.mean_units += day.mean_units;
    sum.variance_units += day.variance_units;
    for (std::size_t lag = 1; lag <= std::min(i, daily.correlations.size()); ++lag) {
      sum.variance_units += 2.0 * daily.correlations[lag - 1] *
                            std::sqrt(day.variance_units * daily.variance_units[i - lag]);
    }
  }
  sum.variance_units = std::max(sum.variance_units, 0.0);
  return sum;
}

}  // namespace tandem::forecasting

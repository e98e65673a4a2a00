// Counts that scatter more than Poisson's: the negative binomial with mean m and variance m +
// m^2/k, and demand over a lead time as its sum. Reference: Hilbe, "Negative Binomial Regression",
// 2nd ed. (2011), 8.2; Silver, Pyke and Thomas, "Inventory and Production Management in Supply
// Chains", 4th ed. (2017), 6.7, for the lead time.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

struct NegativeBinomial {
  double mean_units = 0.0;
  double variance_units = 0.0;  // At most the mean: Poisson.
};

// The smallest count q with P(Y <= q) >= u, for u in (0, 1). By the recursion of the probabilities:
// O(q) time; from means of 10,000 on by a gamma variable's, rounded, where the recursion
// would be long and its first term zero. kInvalidArgument for a mean or variance that is negative
// or not finite, or a u outside (0, 1).
absl::StatusOr<double> CountQuantile(const NegativeBinomial& demand, double u);

// P(Y <= count); 0 for a negative count. Errors as above.
absl::StatusOr<double> CountCdf(const NegativeBinomial& demand, std::int64_t count);

// Mean and variance of the sum over a lead time of daily demands with these moments. `correlations`
// are those of the days' errors 1, 2, … days apart; what is not given is 0.
//   variance = sum_i v_i + 2 sum_{i<j} rho_{j-i} sqrt(v_i v_j),  not below 0
// kInvalidArgument if the lengths differ, a mean or variance is negative, a correlation lies
// outside
// [-1, 1] or a value is not finite. O(days * correlations).
struct DailyDemand {
  std::span<const double> mean_units{};
  std::span<const double> variance_units{};
  std::span<const double> correlations{};
};
absl::StatusOr<NegativeBinomial> LeadTimeDemand(const DailyDemand& daily);

}  // namespace tandem::forecasting

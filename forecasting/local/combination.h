// Several forecasts of one series made into one: the median, or weights by past error.
// References: J. M. Bates and C. W. J. Granger, "The combination of forecasts", Operational
// Research Quarterly 20 (1969); F. Petropoulos and I. Svetunkov, "A simple combination of
// univariate models", Int. J. of Forecasting 36 (2020) for the median.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tandem::forecasting {

inline constexpr std::size_t kCombinedMax = 16;

// `combined[i]` = the median of forecasts[k][i] over k; of an even number the mean of the middle
// two. Also of quantiles, level by level: what is sorted in each stays sorted. Returns
// kInvalidArgument if there are none or more than kCombinedMax, sizes differ, or a value is a NaN
// or an infinity. No allocation.
absl::Status CombineByMedian(std::span<const std::span<const double>> forecasts,
                             std::span<double> combined);

// Weights proportional to 1 / MSE, shrunk to equal ones:
//   w_k = (1 - d) / K + d (1/mse_k) / sum_j (1/mse_j),  d = `trust` in [0, 1].
// A method without error takes all of the second part (evenly, if several have none).
// Returns kInvalidArgument if there are none or more than kCombinedMax, an error is negative or not
// finite, or `trust` is outside [0, 1].
absl::StatusOr<std::vector<double>> BatesGrangerWeights(std::span<const double> mean_squares,
                                                        double trust);

// `combined[i]` = sum of weights[k] forecasts[k][i]. Errors as CombineByMedian, and
// kInvalidArgument unless there is a weight a forecast.
absl::Status CombineByWeights(std::span<const std::span<const double>> forecasts,
                              std::span<const double> weights, std::span<double> combined);

}  // namespace tandem::forecasting

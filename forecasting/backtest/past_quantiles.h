// Quantiles for the means of any method, from what the same method missed from earlier origins of
// the same panel: as ForecastLong makes those of its own mixtures (long_quantiles.h, README.md).
// Values in, values out. Reference: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random
// World" (2005), 4.5, conformal prediction with residuals pooled by category.
//
//   std::vector<PastMeans> past;
//   for (const std::size_t back : PastOrigins(panel, options)) past.push_back({back, Mine(back)});
//   const auto quantiles = QuantilesFromPast(panel, options, {Mine(0), past}, executor);
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"

namespace tandem::forecasting {

// Earlier origins to forecast from, as buckets before the panel's last: at most options.origins, a
// horizon apart, and that of a year ago where three years are there; fewer, or none, of a short
// history. The panel must be one that ForecastLong takes.
std::vector<std::size_t> PastOrigins(const LongPanel& panel, const LongOptions& options);

// What the method forecast from `back` buckets before the panel's last, knowing nothing later:
// series by series, the horizon each. Of a series that had no bucket then the values are not used.
struct PastMeans {
  std::size_t back = 0;
  std::vector<double> mean_units{};
};

struct MethodMeans {
  std::span<const double> mean_units{};  // From the panel's last bucket, likewise.
  std::span<const PastMeans> past{};
};

// Series by series, bucket by bucket, the nine quantiles, ascending; not below zero but of signed
// series. With no past they are those of a normal distribution about the mean. kInvalidArgument as
// ForecastLong, or where means do not fit the panel or are not finite, or a past origin is none of
// the panel's. O(origins * series * buckets).
absl::StatusOr<std::vector<float>> QuantilesFromPast(const LongPanel& panel,
                                                     const LongOptions& options,
                                                     const MethodMeans& means, Executor& executor);

}  // namespace tandem::forecasting

// The nine quantiles that a forecast carries, from a mean and what is known of its error.
//
//   std::array<double, 9> band;
//   NormalBand(mean_units, deviation_units, band);
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {

using QuantileBand = std::array<double, kQuantiles>;  // One value a level, ascending.

// The standard normal's quantile at `level` in (0, 1), to 1.2e-9 of its value.
// After P. J. Acklam's rational approximation (2003).
double NormalQuantile(double level);

// mean + deviation z(level); `band` holds kQuantiles values. The deviation is 0 or more.
void NormalBand(double mean_units, double deviation_units, std::span<double> band);

// Demand that comes with a probability a bucket, in sizes that follow a gamma distribution:
// quantile 0 up to 1 - probability, above it the gamma's (Wilson and Hilferty, "The distribution of
// chi-square", PNAS 17 (1931)). Scales with its units, so it serves counts and measures alike.
struct OccasionalDemand {
  double probability = 0.0;     // Of a demand in a bucket, in [0, 1].
  double size_units = 0.0;      // Mean size of a demand, 0 or more.
  double size_variation = 0.0;  // Squared coefficient of variation of sizes, 0 or more.
};
QuantileBand OccasionalBand(const OccasionalDemand& demand);

// The general path, for any method: `mean_units` plus the order statistics of one-step errors
// (actual less forecast), spread by `spread` (1 one step ahead, wider further on). The j-th
// smallest of n errors stands for level (j - 1/2) / n, linearly between (Hazen), the extremes
// beyond. `errors_units` must be sorted and not empty; `band` holds kQuantiles values.
void ErrorBand(double mean_units, double spread, std::span<const double> errors_units,
               std::span<double> band);

// Raises every value below zero to zero: for histories that hold none.
void ClipAtZero(std::span<double> units);

}  // namespace tandem::forecasting

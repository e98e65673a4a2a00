// Is a series seasonal, and what are its seasonal factors: classical decomposition.
// Reference: Hyndman and Athanasopoulos, FPP3, 3.4; the test as in Assimakopoulos and Nikolopoulos,
// "The theta model", Int. J. of Forecasting 16 (2000), and in M4's benchmarks.
#pragma once

#include <cstddef>
#include <span>

namespace tandem::forecasting {

// |r_m| > 1.645 sqrt((1 + 2 sum_{i<m} r_i^2) / n): autocorrelation at the season's lag is there
// with 90 % confidence. False if m < 2, n < 2 m or the series is constant. O(n m) time.
bool IsSeasonal(std::span<const double> history_units, std::size_t season_buckets);

enum class SeasonKind { kAdditive, kMultiplicative };

// `factors` (m values, for buckets t = 0..m-1 and again every m): the mean of y - trend, or of
// y / trend, over the cycles, shifted to sum 0, or scaled to mean 1; the trend is the centered
// moving average of m buckets. Needs m >= 2, n >= 2 m, and a positive history if multiplicative.
// O(n m) time, no allocation.
void SeasonFactors(std::span<const double> history_units, SeasonKind kind,
                   std::span<double> factors);

}  // namespace tandem::forecasting

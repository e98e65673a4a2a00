// A history without its season: what the models take that know none themselves (theta.h, ces.h).
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace tandem::forecasting {

inline constexpr std::size_t kAdjustedSeasonBucketsMax = 60;

// The factors found, and where the next bucket stands. Holds no pointers: it may be copied.
struct SeasonalAdjustment {
  std::size_t season_buckets = 1;  // 1: none.
  std::size_t place = 0;           // Of the next bucket.
  bool multiplicative = false;
  std::array<double, kAdjustedSeasonBucketsMax> factors{};

  // The next bucket's value without season; moves on.
  double Remove(double units);
  // The next bucket's season as what multiplies and what is added; moves on.
  struct Factor {
    double times = 1.0;
    double plus = 0.0;
  };
  Factor Next();
};

// Takes the season out of `values` if it has one of `season_buckets` (decomposition.h's test; 4 at
// least): multiplicative if all values are positive and no factor is below .01 (as R's forecTheta
// and statsforecast), else additive. The place is that after the last value. O(n m) time.
SeasonalAdjustment TakeOutSeason(std::size_t season_buckets, std::span<double> values);

}  // namespace tandem::forecasting

// One series of a panel made ready: gaps filled, days before its first sale cut, its class and its
// seasons known. Private to the part.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/backtest/long_backtest.h"

namespace tandem::forecasting {

// A season that indices are estimated of. Phases are counted so that the bucket after the origin
// has phase 0, whatever the series' length.
struct LongSeason {
  std::size_t period_buckets = 1;
  std::size_t smooth_buckets = 0;  // An index is the mean of so many phases to each side.
  double half_life_periods = 4.0;  // After so many periods a bucket counts half.
};

// Whether demand is intermittent: 1.32 buckets a demand or more (Syntetos and Boylan 2005).
bool IsIntermittent(std::size_t buckets, std::size_t demands);

// Whether all that is known of it is whole and 0 or more.
bool AreCounts(const LongSeries& series);

// The seasons of a bucket's length, shortest first: 7 and 365 days, 24 and 168 hours, 52 weeks, 12
// months, 4 quarters, none of a year.
std::span<const LongSeason> SeasonsOf(BucketLength bucket);
// The season that methods of one series are told, and MASE is scaled by: 7, 24, 52, 12, 4, 1.
std::size_t MainSeasonOf(BucketLength bucket);

// A series up to an origin, oldest first, without gaps.
struct ReadySeries {
  std::vector<double> units{};
  std::vector<Knowledge> knowledge{};  // Of the same buckets.
  std::size_t cut = 0;                 // Buckets of the history that were left out before.
  LongClass kind = LongClass::kSmooth;
  bool non_negative =
      true;  // Not signed: what it sold is no less than nothing but for a few takings-back.
};

// Of the first `buckets`, those before a gap that is longer than all the rest together, if two
// seasons or eight buckets are known after it; 0: none. They are of another time, or a slip in a
// date.
std::size_t ForgottenBuckets(const LongSeries& series, std::size_t buckets,
                             std::size_t season_buckets);

// The first `buckets` of `series`. A gap becomes the mean of up to three known values of the same
// phase of `season_buckets` to each side of it, however far away, else that of the nearest season
// with known values to each side; a lower bound is raised to that. Zeros before the first sale are
// cut, but for those that leave it fewer than two seasons or eight buckets, and so are the
// ForgottenBuckets. Empty if nothing is known of these buckets.
ReadySeries MakeReady(const LongSeries& series, std::size_t buckets, std::size_t season_buckets);

}  // namespace tandem::forecasting

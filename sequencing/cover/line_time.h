// When the line will have advanced by so many positions: the map from positions to instants, by
// which needs are dated. A stop or another takt changes the calendar, never the positions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

// The line runs from one instant to the other at one takt. Breaks and stops are what no run covers.
struct LineRun {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::int64_t takt_ms = 1;  // For one position.
};

// The instants of the positions 1 .. count from the reference point, which the line passes at the
// first run's begin: T(x) is the first instant at which it has advanced x positions. The need of
// the i-th vehicle at a location is T(i + offset of the location). A position begun in one run is
// ended in the next; progress is kept in billionths of a position and instants are rounded up to 1
// ms. Fewer than `count` where the calendar ends. O(runs + count). Returns kInvalidArgument, naming
// the run, for one that ends before it begins, begins before the last ended, lies beyond 2^50 ms or
// has a takt below 1 ms or above 2^31; and for a negative count.
absl::StatusOr<std::vector<std::int64_t>> PositionTimes(std::span<const LineRun> runs,
                                                        std::int64_t count);

}  // namespace tandem::sequencing

// Load on one method, closed loop: a fixed number of calls in flight, the next sent when one is
// answered.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/client.h"

namespace tandem::bench {

struct LoadOptions {
  int in_flight = 1;
  int connections = 1;
  double warm_seconds = 1.0;
  double seconds = 5.0;
};

struct LoadResult {
  double calls_per_second = 0.0;
  std::vector<double> seconds{};  // Of each call in the measured span.
};

// Single stock reports of the firm "bench" (32 locations, 2,000 items, a new day each round)
// against the target; the same bytes go to the server and to the bare peer.
LoadResult ReportStock(const std::string& target, const LoadOptions& options);

}  // namespace tandem::bench

// An order to begin a search from. Internal to the search.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

// The better of the plan (the given order where there is none) and of an order in paint batches as
// long as allowed; frozen vehicles stand at their places. O(n * colours).
// kFailedPrecondition if none was found that keeps the paint batch limit: without frozen vehicles
// there is none then.
absl::StatusOr<std::vector<int>> StartOrder(const LineProblem& problem);

}  // namespace tandem::sequencing

// An order to begin a search from. Internal to the search.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

// The better of the plan (the given order where there is none) and of an order in paint batches as
// long as allowed; frozen vehicles stand at their places. O(n * colours). Where neither keeps the
// paint batch limit, one that does is sought by colours (colour_search.h).
// kFailedPrecondition says that there is none or, of a large day with many frozen vehicles, that
// none was found in bounded time.
absl::StatusOr<std::vector<int>> StartOrder(const LineProblem& problem);

}  // namespace tandem::sequencing

// What a stock's needs and supplies allow at best, from nothing but their times: bounds and proofs
// for one variant, without pegs and without state.
// Reference: Hall's theorem on nested neighbourhoods; Glover's rule for convex bipartite graphs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

struct Coverage {
  std::int64_t on_time = 0;    // The most needs that can be on time together.
  std::int64_t uncovered = 0;  // The others: max over t of needs due by t minus parts ready by t.
  std::optional<std::int32_t> first_uncovered_tick{};  // The first t at which that is above 0.
  std::int64_t weight_on_time = 0;  // The greatest weight that can be on time together.
  // Of an assignment that gives every need a part; nullopt if there are fewer parts than needs.
  std::optional<std::int64_t> max_late_ticks{};    // The least that the latest need can be late.
  std::optional<std::int64_t> total_late_ticks{};  // The least sum.
};

// `ready_ticks[j]` may serve `due_ticks[i]` on time iff it is not above it; each part serves one
// need. Neither need be sorted. O(n log n + m log m).
// Returns kInvalidArgument / WEIGHT_COUNT unless there is a weight for each need,
// WEIGHT_NOT_POSITIVE, or TICK_OUT_OF_RANGE beyond kTickMax.
absl::StatusOr<Coverage> CoverageOf(std::span<const std::int32_t> due_ticks,
                                    std::span<const std::int32_t> weights,
                                    std::span<const std::int32_t> ready_ticks);

}  // namespace tandem::sequencing

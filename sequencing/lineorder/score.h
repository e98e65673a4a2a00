// What an order is worth, counted from its definition alone: the yardstick of the search.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

struct LineScore {
  std::int64_t high_violations = 0;
  std::int64_t low_violations = 0;
  // Vehicles of another colour than the one before them, the last of the previous day included;
  // with no previous day the first vehicle is no change.
  std::int64_t colour_changes = 0;
  // 1,000,000 * first objective + 1,000 * second + third.
  std::int64_t score = 0;
  std::vector<TermValue> extras{};  // As LineProblem::extra_terms.

  friend bool operator==(const LineScore&, const LineScore&) = default;
};

// The weights 1,000,000, 1,000 and 1 go to the objectives in their order; 0 to one that is not
// named.
std::int64_t WeightOf(const LineProblem& problem, Objective objective);

// Violations of one ratio: the sum over its windows of max(0, vehicles with the option - P).
std::int64_t RatioViolations(const LineProblem& problem, std::size_t ratio,
                             std::span<const int> order);

// The score of an order that keeps every rule. O((n + previous) * ratios).
// kInvalidArgument if it is not a permutation of the day (names the vehicle or position), breaks
// the paint batch limit (names position and colour), or moves a frozen vehicle.
absl::StatusOr<LineScore> ScoreOf(const LineProblem& problem, std::span<const int> order);

}  // namespace tandem::sequencing

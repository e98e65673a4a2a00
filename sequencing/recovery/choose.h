// One option for every position, so that the longest stop is the shortest there can be, and of such
// choices one with the fewest moves, then the least money. Exact: a bottleneck assignment along
// paths that raise the stop the least (Derigs and Zimmermann, "An augmenting path method for
// solving linear bottleneck assignment problems", 1978), then a minimum-cost flow along shortest
// augmenting paths with potentials (Edmonds and Karp, 1972).
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/recovery/line.h"

namespace tandem::sequencing {

inline constexpr std::int32_t kNoResource = -1;

struct ChoiceOption {
  std::int32_t resource = kNoResource;  // A part, or the places of an origin's trucks.
  Lates late{};
  std::int64_t moves = 0;  // At least 0, as money.
  std::int64_t money = 0;
};

// Each need's options stand one after another; its first is what it has if nothing is done, costs
// nothing, and no other need's first has the same resource.
struct ChoiceProblem {
  std::vector<std::int32_t> first{0};  // Of each need's options; one more at the end.
  std::vector<ChoiceOption> options{};
  std::vector<std::int32_t> capacity{};  // Needs that a resource serves.

  std::int32_t needs() const { return static_cast<std::int32_t>(first.size()) - 1; }
  std::span<const ChoiceOption> OptionsOf(std::int32_t need) const {
    return std::span(options).subspan(At(first[At(need)]),
                                      At(first[At(need) + 1] - first[At(need)]));
  }
};

// The index of each need's option. The stop is that of `quantile`, and at least `stop_least_ms`,
// which the line loses anyway. Ties are broken by the order of needs and options alone.
// Two passes, each of one path for every need whose first option is later than the stop; a path is
// O(options log options) at worst, and stops at the first end that none can be nearer than.
std::vector<std::int32_t> Choose(const ChoiceProblem& problem, std::size_t quantile,
                                 std::int64_t stop_least_ms);

}  // namespace tandem::sequencing

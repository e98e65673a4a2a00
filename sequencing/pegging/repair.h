// The repair of one group of stocks as a whole: every need that has no valid peg is served anew,
// for any number of changes, weights, expiry dates and alternates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/pegging/types.h"

namespace tandem::sequencing {

inline constexpr std::int32_t kNoSupply = -1;

struct RepairNeed {
  std::int32_t due_tick = 0;
  std::int32_t weight = 1;
  std::span<const std::int32_t> stocks{};  // Those whose parts it accepts, each once.
  std::int32_t peg = kNoSupply;            // Its supply before, if that is still good for it.
};

struct RepairSupply {
  std::int32_t ready_tick = 0;
  std::int32_t expiry_tick = kNeverExpires;
  std::int32_t stock = 0;
};

struct RepairProblem {
  std::vector<RepairNeed> needs{};
  std::vector<RepairSupply> supplies{};
};

struct Repaired {
  std::vector<std::int32_t> on_time{};  // By need: its supply, kNoSupply if it is late.
  std::vector<std::int32_t> late{};     // By need: the supply it gets too late, kNoSupply if none.
};

// The optimum of all three levels, exactly: greatest weight on time, then fewest valid pegs
// changed, then least total lateness, where a late need may get a part that it accepts after its
// due tick and one that gets none counts as served at kHorizonTick. What is on time before stays on
// time unless something heavier takes its place.
//
// One shortest path a need without a peg, on a network with the time line as its nodes:
// O((late + 1) * (n + e log n) * log n) time for n needs and supplies, e of them expiring.
// Pegs must be valid (ready <= due <= expiry, stock accepted), each supply pegged at most once.
Repaired RepairExactly(const RepairProblem& problem);

// Fewest needs late in one stock without expiry: max over t of needs due minus supplies ready by t.
std::int64_t ShortageOf(const RepairProblem& problem);

// The same for one stock without expiry, in O(n log n): the fewest pegs are released that let
// `shortage` = ShortageOf(problem) needs go short and no more (interval multi-cover; reference, 5a,
// "Sweep"), and what is open is served in need order. Exact in the first two levels if weights are
// equal or the shortage is 0, and in the third one unless late needs and unused parts coexist.
// Returns the on-time supply by need.
std::vector<std::int32_t> RepairBySweep(const RepairProblem& problem, std::int64_t shortage);

}  // namespace tandem::sequencing

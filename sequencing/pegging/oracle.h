// For tests only: the three-level optimum by minimum-cost assignment on the dense bipartite graph.
// It shares nothing with the library but the numbers it is given: a need is compatible with a part
// or not, whatever the reason.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace tandem::sequencing {

struct OracleCost {
  std::int64_t weight_late = 0;
  std::int64_t repegs = 0;
  std::int64_t lateness = 0;
  auto operator<=>(const OracleCost&) const = default;
  OracleCost operator+(const OracleCost& o) const {
    return {weight_late + o.weight_late, repegs + o.repegs, lateness + o.lateness};
  }
  OracleCost operator-(const OracleCost& o) const {
    return {weight_late - o.weight_late, repegs - o.repegs, lateness - o.lateness};
  }
};

struct OracleNeed {
  std::int64_t due = 0;
  std::int64_t weight = 1;
  int peg = -1;                 // The part it had before the change, if still good for it.
  std::vector<bool> accepts{};  // By part.
};

struct OraclePart {
  std::int64_t ready = 0;
  std::int64_t expiry = 0;
};

// The least cost there is. A need without a part counts as served at `horizon`.
OracleCost BestCost(const std::vector<OracleNeed>& needs, const std::vector<OraclePart>& parts,
                    std::int64_t horizon);

}  // namespace tandem::sequencing

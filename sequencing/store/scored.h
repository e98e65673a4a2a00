// A random-access store for goals other than plan order: which vehicle leaves is chosen by score,
// looking some releases ahead by beam search. A heuristic: exact only where the look-ahead sees the
// whole rest and the beam drops nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

struct ScoredVehicle {
  std::int64_t rank = 0;  // Its place in the plan, from 0.
  std::int32_t colour = 0;
  std::uint32_t options = 0;  // Bit r: it has the option of rule r.
};

// At most `most` vehicles with the option in any `window` consecutive ones (P/Q).
struct RatioRule {
  std::int32_t most = 1;
  std::int32_t window = 1;
};

struct ScoredOptions {
  std::int64_t slots = 0;
  std::int64_t late_cost = 0;       // For each place that a vehicle leaves after its rank.
  std::int64_t colour_cost = 0;     // For each change of colour.
  std::int64_t violation_cost = 0;  // For each vehicle too many in a window, as it fills.
  std::span<const RatioRule> rules{};
  std::int64_t overdue_places = 0;  // Later than so much: goes first, whatever it costs. 0: never.
  std::int32_t look_ahead = 1;      // Releases, 1 to 5.
  std::int32_t beam = 50;           // Partial orders kept at each, 1 to 50.
};

struct ScoredOrder {
  std::vector<std::int32_t> order{};  // Indices into the vehicles, as they leave.
  std::int64_t cost = 0;
};

// The order in which vehicles that come as given leave. While more than `slots` are inside, the
// best look-ahead's first one leaves; ties by the earlier arrival. O(n look_ahead beam slots)
// scores. Returns kInvalidArgument, naming vehicle or rule, for a rank below 0 or twice, P > Q or
// below 0, Q above 1,000, an option without a rule, more than 32 rules, a negative cost or one
// above 2^31, and limits outside of what is said; kOutOfRange if the cost could exceed 2^62.
absl::StatusOr<ScoredOrder> ReleaseByScore(std::span<const ScoredVehicle> vehicles,
                                           const ScoredOptions& options);

}  // namespace tandem::sequencing

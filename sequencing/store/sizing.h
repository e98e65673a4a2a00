// How large a store must be for a given scrambling: the order measured before it, as the planned
// rank of the k-th vehicle that came, 0..n-1 each once.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "sequencing/adherence/share.h"

namespace tandem::sequencing {

// The slots of the smallest random-access store that leaves at least `share` of the vehicles in
// sequence (overtaken by no later-ranked one): the ceil(q n)-th smallest overtaken count, without a
// simulation. 0 for no vehicle or no share. Share 1 restores the plan. O(n log n).
// Returns kInvalidArgument for a share above 1, below 0 or of nothing, and for ranks as
// MeasureOrder.
absl::StatusOr<std::int64_t> SlotsFor(std::span<const std::int32_t> ranks, const Share& share);

struct LaneDemand {
  std::int32_t lane_places = 1;
  Share adherence{1, 1};       // The share of LIS in n that must come out.
  std::int32_t lanes_max = 1;  // More are not tried, nor more than kLanesMax.
};

struct LaneSize {
  std::int32_t lanes = 0;
  Share adherence{};  // What so many reach, by simulation of this order.
};

// The fewest lanes whose simulation on this order reaches the adherence, with the default fill
// target: tries 1, 2, .. in turn, since more lanes need not be better.
// O(lanes^2 n). Returns kInvalidArgument as SlotsFor and for less than one place or lane;
// kNotFound if not even `lanes_max` reach it, naming the best adherence.
absl::StatusOr<LaneSize> LanesFor(std::span<const std::int32_t> ranks, const LaneDemand& demand);

// A first guess of the lanes without a simulation: lanes filled to 60 % sort like a random-access
// store of that size, so K c = SlotsFor / 0.6, rounded up. Errors as SlotsFor.
absl::StatusOr<std::int64_t> LanesGuess(std::span<const std::int32_t> ranks,
                                        const LaneDemand& demand);

}  // namespace tandem::sequencing

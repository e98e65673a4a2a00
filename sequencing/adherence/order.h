// How well a planned order was kept: each measure from the planned ranks in the order in which the
// vehicles were seen.
//
//   const auto seen = RanksOf(planned, actual);  // Vehicles by id, in both orders.
//   const auto order = MeasureOrder(seen->ranks);
//   if (const auto adherence = order->SequenceAdherence().value()) Print(*adherence);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/adherence/share.h"

namespace tandem::sequencing {

struct SeenRanks {
  // Of the vehicles in both orders: the planned rank of the k-th one seen, renumbered 0..n-1.
  std::vector<std::int32_t> ranks{};
  std::vector<std::int64_t> added{};    // Seen and not planned, as seen.
  std::vector<std::int64_t> removed{};  // Planned and not seen, as planned.
};

// Compares two orders of vehicles. O(n). Returns kInvalidArgument, naming the vehicle, for one that
// stands twice in one of them, and for more than 2^30.
absl::StatusOr<SeenRanks> RanksOf(std::span<const std::int64_t> planned,
                                  std::span<const std::int64_t> actual);

// a[k] is the planned rank of the k-th vehicle seen, d[k] = k - a[k] its displacement (positive:
// late), b[k] = #{j < k: a[j] > a[k]} how many later ones have overtaken it.
struct OrderMeasures {
  std::int64_t vehicles = 0;         // n.
  std::int64_t increasing = 0;       // The longest increasing subsequence of a.
  std::int64_t records = 0;          // b = 0: overtaken by no later-ranked one.
  std::int64_t adjacent_pairs = 0;   // a[k+1] = a[k] + 1.
  std::int64_t exact_positions = 0;  // d = 0.
  std::int64_t aligned_positions =
      0;                              // d = aligned_offset, the most frequent displacement; ties go
  std::int64_t aligned_offset = 0;    // to the smallest |offset|, then to the positive one.
  std::int64_t footrule = 0;          // Sum of |d|.
  std::int64_t displacement_p95 = 0;  // Of |d|.
  std::int64_t late_max = 0;          // Greatest d, at least 0.
  std::int64_t early_max = 0;         // Greatest -d, at least 0.
  std::int64_t inversions = 0;        // Sum of b.
  std::int64_t restore_buffer = 0;    // Greatest b: places of a store that restores the plan.

  std::int64_t MovesMin() const { return vehicles - increasing; }  // Pulled and put in again.
  Share SequenceAdherence() const { return {increasing, vehicles}; }
  Share InSequenceRate() const { return {records, vehicles}; }
  Share Adjacency() const { return {adjacent_pairs, vehicles == 0 ? 0 : vehicles - 1}; }
  Share ExactRate() const { return {exact_positions, vehicles}; }
  Share AlignedRate() const { return {aligned_positions, vehicles}; }
  Share DisplacementMean() const { return {footrule, vehicles}; }
  Share NormalFootrule() const { return {footrule, vehicles * vehicles / 2}; }
  Share Scrambling() const;  // Inversions in all pairs.

  friend bool operator==(const OrderMeasures&, const OrderMeasures&) = default;
};

// Measures the order `ranks`: each of 0..n-1 once. O(n log n), about 20 bytes a vehicle.
// Returns kInvalidArgument, naming the place, for a rank outside or twice, and for more than 2^30.
absl::StatusOr<OrderMeasures> MeasureOrder(std::span<const std::int32_t> ranks);

// b[k], how many later-ranked vehicles were seen before the k-th one. Errors as MeasureOrder.
absl::StatusOr<std::vector<std::int32_t>> OvertakenCounts(std::span<const std::int32_t> ranks);

}  // namespace tandem::sequencing

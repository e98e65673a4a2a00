// Resequencing stores as policies: vehicles enter in the order in which they come, and leave nearer
// to the plan's. Each store is a value that one arrival at a time changes; what it holds can be
// read and stored.
//
//   RandomAccessStore store = RandomAccessStore::Make(25).value();
//   for (const std::int64_t rank : arrivals) {
//     if (const auto released = *store.Enter(rank)) Send(*released);
//   }
//   for (const std::int64_t rank : store.Drain()) Send(rank);
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"

namespace tandem::sequencing {

// A store of B slots whose every vehicle can be reached (AS/RS). When more than B are in, the
// smallest planned rank leaves; it may be the one that has just come. Each vehicle then is
// overtaken by max(0, b - B) later-ranked ones, b of them before the store, and the output is the
// plan iff B >= max b.
class RandomAccessStore {
 public:
  // Returns kInvalidArgument for a negative number of slots.
  static absl::StatusOr<RandomAccessStore> Make(std::int64_t slots);

  // The rank that leaves, if one does. O(log B). Returns kInvalidArgument, naming the rank, for one
  // that is inside already.
  absl::StatusOr<std::optional<std::int64_t>> Enter(std::int64_t rank);

  // Everything leaves, in the order of ranks.
  std::vector<std::int64_t> Drain();

  const absl::btree_set<std::int64_t>& inside() const { return inside_; }
  friend bool operator==(const RandomAccessStore&, const RandomAccessStore&) = default;

 private:
  explicit RandomAccessStore(std::int64_t slots) : slots_(slots) {}

  std::int64_t slots_ = 0;
  absl::btree_set<std::int64_t> inside_;
};

// More lanes than any bank has.
inline constexpr std::int32_t kLanesMax = 1 << 14;

struct LaneStoreOptions {
  std::int32_t lanes = 1;        // K, at most kLanesMax.
  std::int32_t lane_places = 1;  // c.
  // Vehicles that stay inside while more arrive; none: 0.6 K c, rounded down.
  std::optional<std::int64_t> fill_target{};
};

// K lanes, first in, first out, of c places (mix or selectivity bank). A vehicle enters, of the
// lanes with room, the one with the largest tail rank below its own; else an empty one; else the
// one with the smallest tail. Without room the store releases first. Then, while more are inside
// than the target, or the rank after the last released stands at a head: the smallest head leaves.
// Ties: the lowest lane. Sorts fully iff the longest descending subsequence is at most K and lanes
// and target are long enough.
class LaneStore {
 public:
  // Returns kInvalidArgument for less than one lane or place, more than kLanesMax lanes, and a
  // negative target.
  static absl::StatusOr<LaneStore> Make(const LaneStoreOptions& options);

  // The ranks that leave, in order. O(K) each. Returns kInvalidArgument, naming the rank, for a
  // negative one or one that is inside already.
  absl::StatusOr<std::vector<std::int64_t>> Enter(std::int64_t rank);
  std::vector<std::int64_t> Drain();

  const std::vector<std::deque<std::int64_t>>& lanes() const { return lanes_; }
  friend bool operator==(const LaneStore&, const LaneStore&) = default;

 private:
  explicit LaneStore(const LaneStoreOptions& options);

  std::size_t LaneFor(std::int64_t rank) const;
  std::size_t SmallestHead() const;
  bool NextStandsAtHead() const;
  void Release(std::vector<std::int64_t>& released);

  std::int64_t places_ = 0;
  std::int64_t target_ = 0;
  std::int64_t inside_ = 0;
  std::int64_t last_released_ = -1;
  std::vector<std::deque<std::int64_t>> lanes_;
};

// What a number of pull-off tables beside the line does towards plan order: a vehicle is lifted, is
// passed by others and put back.
struct PullOff {
  std::vector<std::int64_t> order{};   // As they leave.
  std::vector<std::int64_t> lifted{};  // Those that another really passed, as they came.
};

// The rule and bound of a random-access store of `tables` slots; a vehicle that no later one passes
// is not lifted. O(n log n). Errors as RandomAccessStore.
absl::StatusOr<PullOff> PullOffTowardsPlan(std::span<const std::int64_t> ranks,
                                           std::int64_t tables);

// The order in which `ranks` leave a store. Errors as its Enter.
absl::StatusOr<std::vector<std::int64_t>> OrderFrom(RandomAccessStore store,
                                                    std::span<const std::int64_t> ranks);
absl::StatusOr<std::vector<std::int64_t>> OrderFrom(LaneStore store,
                                                    std::span<const std::int64_t> ranks);

struct Body {
  std::int64_t rank = 0;  // Of its order.
  std::int64_t spec =
      0;  // What is still to be built into it; equal for bodies that may be swapped.
};

// Virtual resequencing: swaps orders between bodies of identical remaining specification instead of
// moving bodies, so at no cost; always to be tried first. Of each specification the k-th body that
// comes gets the k-th smallest rank. Returns the ranks in the bodies' order. O(n log n).
std::vector<std::int64_t> SwapOrders(std::span<const Body> bodies);

}  // namespace tandem::sequencing

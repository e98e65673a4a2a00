// Searches over a group of stocks, in which parts may expire and needs may accept several stocks:
// who could serve whom if pegs were handed on, breadth first, each entry seen once.
//
// Nothing depends on where an entry lies: a level is walked in the order of tick and identifier.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "sequencing/pegging/chains.h"
#include "sequencing/pegging/types.h"

namespace tandem::sequencing {

// What a book knows of a group's entries beside the store. Must outlive what it is given to.
struct GroupRules {
  std::span<const std::int32_t> stocks;  // Of the group, ascending.
  std::span<const std::vector<std::int32_t>> acceptances;
  absl::FunctionRef<std::int32_t(Place)> acceptance_of;  // Of a need.
  absl::FunctionRef<std::int32_t(Place)> expiry_of;      // Of a supply.
};

// Entries with the ticks from `low` to `high`; gives out those that meet a range, each once.
class TickPool {
 public:
  // Entries added one after the other should have ticks near each other: that makes it fast.
  void Add(std::int32_t low, std::int32_t high, Place place);
  // O(entries / 64 + 64 for each bucket that has one or almost has one).
  void Take(std::int32_t low, std::int32_t high, absl::FunctionRef<void(Place)> visit);

 private:
  struct Entry {
    std::int32_t low = 0;
    std::int32_t high = 0;
    Place place = kNowhere;
  };
  struct Bucket {
    std::int32_t low = 0;  // The least, and the greatest high.
    std::int32_t high = 0;
    std::vector<Entry> entries{};
  };
  std::vector<Bucket> buckets_{};
};

// The needs and supplies of a group as a graph. Loads one side of a stock when it is first asked
// for.
class GroupGraph {
 public:
  GroupGraph(const PegStore& store, const GroupRules& rules) : store_(store), rules_(rules) {}

  // Needs that accept the same stocks are of one kind.
  std::int32_t KindOf(Place need);
  std::span<const std::span<const std::int32_t>> accepted() const { return accepted_; }
  bool Fits(Place need, Place supply);
  // Every supply that fits (need that it fits) and was not visited before, in no order.
  void VisitSupplies(Place need, absl::FunctionRef<void(Place)> visit);
  void VisitNeeds(Place supply, absl::FunctionRef<void(Place)> visit);
  // Those without a mate; each time.
  void ForEachFreeSupply(absl::FunctionRef<void(Place)> visit) const;
  void ForEachLate(absl::FunctionRef<void(Place)> visit) const;

 private:
  bool Accepts(std::int32_t kind, std::uint32_t stock) const;
  void LoadNeeds();

  const PegStore& store_;
  const GroupRules& rules_;
  absl::flat_hash_map<std::int64_t, std::int32_t> kinds_{};
  std::vector<std::span<const std::int32_t>> accepted_{};   // By kind.
  absl::flat_hash_map<std::int32_t, TickPool> supplies_{};  // By stock.
  std::vector<TickPool> needs_{};                           // By kind.
  bool needs_loaded_ = false;
};

struct GroupStep {
  Place entry = kNowhere;
  std::int32_t from = -1;  // The step before; none of the first one.
  std::int32_t level = 0;  // Steps before.
};
struct GroupEnd {
  Place entry = kNowhere;
  std::int32_t step = 0;  // Where it is reached from.
};

// From a need: each step's need could go on if the step before took its part.
struct WalkFromNeed {
  std::vector<GroupStep> steps{};      // Needs; the first is the start.
  std::vector<GroupEnd> ends{};        // Free supplies, all of those the fewest steps away.
  std::vector<std::int32_t> rivals{};  // Steps: lightest, if lighter than the start; fewest steps.
  std::int32_t except_from = -1;       // The first step that `except` fits, up to the ends' level.
};
// `except` (kNowhere: none) is a supply that does not count as free.
WalkFromNeed WalkToSupplies(const PegStore& store, GroupGraph& graph, Place need, Place except);

// From a supply: each step's supply would be left if its need took that of the step before.
struct WalkFromSupply {
  std::vector<GroupStep> steps{};  // Supplies; the first is the start.
  std::vector<GroupEnd> ends{};    // Late needs: the heaviest, of those the fewest steps away.
};
// `except` (kNowhere: none) is a need that does not count.
WalkFromSupply WalkToLateNeeds(const PegStore& store, GroupGraph& graph, Place supply,
                               Place except);

}  // namespace tandem::sequencing

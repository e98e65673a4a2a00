// Pegs of plain queues, and the chains that repair them with the fewest re-pegs.
//
// A plain queue is one stock without expiry or alternates: a part serves a need iff it is ready by
// the due tick. Then who can be reached in s steps is a prefix of the keys, and a breadth-first
// search is a row of limits (reference, 5a, "Chain E1" and "Chain E2").
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sequencing/pegging/entry_store.h"
#include "sequencing/pegging/types.h"

namespace tandem::sequencing {

// Both sides of all queues: needs by due tick, supplies by ready tick; a supply's reach is the due
// tick of the need that is pegged to it.
struct PegStore {
  PegStore(std::size_t queues, std::pmr::memory_resource* memory)
      : needs(queues, EntryStore::Role::kNeeds, memory),
        supplies(queues, EntryStore::Role::kSupplies, memory) {}

  EntryStore needs;
  EntryStore supplies;

  NeedId IdOfNeed(Place need) const { return NeedId{needs.id(need)}; }
  SupplyId IdOfSupply(Place supply) const { return SupplyId{supplies.id(supply)}; }
  // Overwrites what either had; the other end of an overwritten peg is the caller's to settle.
  void Peg(Place need, Place supply);
  // Ends a peg.
  void Unpeg(Place need, Place supply);
};

// What changes of pegs came of an event.
struct Repegs {
  std::vector<PegChange> changes{};
  std::int64_t voluntary = 0;  // Re-pegs: changes of pegs that were still good.
};

// A walk from a need to a free supply, or from a free supply to a late need. Step s hands on the
// part `steps[s]`; limits[s] is the tick that s steps reach: the latest due tick from which a part
// can be handed on, or the earliest ready tick of a part that can be handed here.
struct Chain {
  Place end = kNowhere;  // What the walk found; nothing if kNowhere.
  std::vector<Place> steps{};
  std::vector<std::int32_t> limits{};  // One more than steps.
};

// Two walks' memory, kept from change to change; what is in it means nothing in between.
struct ChainScratch {
  Chain to_supply{};
  Chain to_late{};
};

// The repairs of one plain queue. Each is exact in all three levels where its comment says so; the
// proofs are in the folder's README. The entry is already in the store, without a mate. A need that
// goes short after it was on time is told; one that was without a part before is not.
class Chains {
 public:
  Chains(PegStore& store, Repegs& repegs, ChainScratch& scratch)
      : store_(store), repegs_(repegs), to_supply_(scratch.to_supply), to_late_(scratch.to_late) {}

  // A need has no part: takes one along the shortest chain, else the lightest of those that compete
  // with it goes short. Exact from an optimal state, whatever the weights; also with one part free
  // that was not before, if no other need is late.
  void Expose(Place need);
  // A part is free: the heaviest late need that it can help gets one. Exact from an optimal state.
  void Free(Place supply);
  // One need has no part, one part is free, others are late. Exact from what is left of an optimal
  // state, whatever the weights.
  void ExposeAndFree(Place need, Place supply);
  // A peg is as good as before, but its need became later or lighter or its part earlier, and
  // others are late: serves one more of those, or a heavier one, if it can. Exact as ExposeAndFree
  // is.
  void Widen(Place need);

 private:
  // A need on time that may give its part up, and the steps until it is asked to.
  struct Rival {
    Place need = kNowhere;
    std::size_t level = 0;
  };

  // Walk until an end (other than `except`) is within reach, or no step reaches further. Among ends
  // of equal length, the latest supply and the earliest need.
  void WalkToSupply(Place need, Place except);
  void WalkToLate(Place supply, Place except);
  // All limits, whatever ends lie on the way: a heavier need may be more steps away.
  void WalkBack(Place supply);
  // Walks to the late need other than `except` that `supply` helps most: the heaviest, then the
  // fewest steps. False if there is none.
  bool WalkToHeaviest(Place supply, Place except);
  // Gives `need` the part at the chain's end, everyone on the way handing on. `need` is new to it.
  void HandToNeed(Place need);
  // Gives `supply` down the chain to the late need at its end.
  void HandToLate(Place supply);
  // The lightest of those that compete with `need`, after a walk that found no supply for it;
  // nobody if none is lighter than itself.
  Rival LightestRival(Place need) const;
  // `need` takes the rival's place; without one it goes short itself.
  void GoShort(Place need, const Rival& rival);
  // Both walks are done: whether the late need gets the free part, and `need` goes without it.
  bool LateNeedGains(Place need, const Rival& rival) const;
  Place HeaviestLate(std::uint32_t queue, Place except, std::size_t& level) const;
  void Give(Place need, Place supply, bool voluntary);

  PegStore& store_;
  Repegs& repegs_;
  Chain& to_supply_;
  Chain& to_late_;
};

}  // namespace tandem::sequencing

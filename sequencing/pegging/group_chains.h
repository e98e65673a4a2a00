// The repairs of a group of stocks, in which parts may expire and needs may accept several stocks,
// after one change: as Chains, by breadth-first search in place of limits.
//
// Among repairs of equal weight and equally many re-pegs the total lateness decides. It is that of
// a matching between the late needs and the parts that are left (LateMatching), so it does not add
// up from the two ends of a repair; ties are tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/pegging/chains.h"
#include "sequencing/pegging/group_walk.h"
#include "sequencing/pegging/late_matching.h"

namespace tandem::sequencing {

// Each call is made once, on a new object. Exact in all three levels from what is left of an
// optimal state; what it tells is as of Chains. The `rules` must outlive it.
//
// O(n) to load the group where no end is at hand, then O(64) for each entry reached and O(n / 64)
// for each step; where ends tie and needs are late, O(late + free parts) for a matching, and one
// more for each late need that ties.
class GroupChains {
 public:
  GroupChains(PegStore& store, Repegs& repegs, const GroupRules& rules)
      : store_(store), repegs_(repegs), graph_(store, rules), rules_(rules) {}

  void Expose(Place need);
  void Free(Place supply);
  void ExposeAndFree(Place need, Place supply);
  void Widen(Place need);

 private:
  // The late needs and the parts that are left, other than those of the change.
  struct Left {
    std::vector<Place> needs{};
    std::vector<Place> parts{};
  };
  struct Pick {
    GroupEnd served{};        // The late need that is served.
    GroupEnd taken{};         // The free part that is taken.
    std::int32_t rival = -1;  // Or the step whose need goes short.
    std::int64_t total = 0;   // The lateness then, of those that stay late.
  };

  Left LeftOf(Place without_need, Place without_supply) const;
  LateMatching MatchingOf(const Left& left);
  LateEnd EndOf(Place need);
  // Of the late needs among `left` that `ends` names, the one without which the others are least
  // late.
  Pick PickServed(std::span<const GroupEnd> ends, const Left& left);
  GroupEnd PickTaken(std::span<const GroupEnd> ends, const Left& left);
  std::int32_t PickRival(const WalkFromNeed& from, const Left& left);
  // The pair of least lateness, one end of each walk.
  Pick PickBoth(const WalkFromNeed& from, const WalkFromSupply& to, const Left& left);
  Pick PickOfMany(const WalkFromNeed& from, GroupEnd served, const Left& left);
  // The steps that may go short: the need's own, if nobody is lighter.
  static std::vector<std::int32_t> ShortSteps(const WalkFromNeed& from);
  // Whether the need gets the part, on which both walks meet, rather than a late one.
  bool Joins(const WalkFromNeed& from, const WalkFromSupply& to, const Left& left);
  void MakeBoth(const WalkFromNeed& from, const WalkFromSupply& to, const Pick& pick);

  void Take(const WalkFromNeed& walk, std::int32_t step, Place supply);
  void GoShort(const WalkFromNeed& walk, std::int32_t step);
  void HandToLate(const WalkFromSupply& walk, const GroupEnd& end);
  void Give(Place need, Place supply, bool voluntary);

  PegStore& store_;
  Repegs& repegs_;
  GroupGraph graph_;
  const GroupRules& rules_;
};

}  // namespace tandem::sequencing

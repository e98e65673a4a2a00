#include "sequencing/pegging/chains.h"

#include <algorithm>
#include <tuple>

namespace tandem::sequencing {

void PegStore::Peg(Place need, Place supply) {
  needs.SetMate(need, supply, -supplies.key(supply));
  supplies.SetMate(supply, need, DueTick(need));
}

void PegStore::Unpeg(Place need, Place supply) {
  needs.ClearMate(need);
  supplies.ClearMate(supply);
}

void Chains::Walk(const EntryStore& side, std::uint32_t queue, std::int32_t start, Place except,
                  Chain& chain) const {
  chain.steps.clear();
  chain.limits.assign(1, start);
  chain.end = kNowhere;
  const std::uint32_t ends = side.FreeIn(queue) - (except == kNowhere ? 0 : 1);
  while (true) {
    const std::int32_t limit = chain.limits.back();
    if (ends > 0) chain.end = side.LatestFree(queue, limit, except);
    if (chain.end != kNowhere) return;
    const Place step = side.FurthestMate(queue, limit);
    if (step == kNowhere || side.mate_key(step) <= limit) return;
    chain.steps.push_back(step);
    chain.limits.push_back(side.mate_key(step));
  }
}

void Chains::Give(Place need, Place supply, bool voluntary) {
  store_.Peg(need, supply);
  repegs_.changes.push_back({.need = store_.IdOfNeed(need),
                              .supply = store_.IdOfSupply(supply),
                              .on_time = true,
                              .voluntary = voluntary});
  if (voluntary) ++repegs_.voluntary;
}

void Chains::HandToNeed(Place need, const Chain& chain) {
  Place taker = need;
  for (const Place supply : chain.steps) {
    const Place giver = store_.supplies.mate(supply);
    Give(taker, supply, taker != need);
    taker = giver;
  }
  Give(taker, chain.end, taker != need);
}

void Chains::HandToLate(Place supply, const Chain& chain) {
  Place part = supply;
  for (const Place need : chain.steps) {
    const Place left = store_.needs.mate(need);
    Give(need, part, true);
    part = left;
  }
  Give(chain.end, part, false);
}

Place Chains::LightestRival(Place need, const Chain& chain, std::size_t& level) const {
  const EntryStore& needs = store_.needs;
  Place lightest = kNowhere;
  // Weight, level, later due tick first (as its key is minus that), identifier.
  std::tuple<std::int32_t, std::size_t, std::int32_t, std::uint64_t> least;
  needs.ForEach(needs.queue(need), [&](Place rival) {
    if (!needs.HasMate(rival) || needs.weight(rival) >= needs.weight(need)) return;
    const std::int32_t ready = -needs.mate_key(rival);
    const auto first = std::lower_bound(chain.limits.begin(), chain.limits.end(), ready);
    if (first == chain.limits.end()) return;
    const auto its_level = static_cast<std::size_t>(first - chain.limits.begin());
    const std::tuple rank(needs.weight(rival), its_level, needs.key(rival), needs.id(rival));
    if (lightest != kNowhere && least <= rank) return;
    lightest = rival;
    least = rank;
    level = its_level;
  });
  return lightest;
}

void Chains::GoShort(Place need, const Chain& chain) {
  std::size_t level = 0;
  const bool unit = store_.needs.UnitWeights(store_.needs.queue(need));
  const Place rival = unit ? kNowhere : LightestRival(need, chain, level);
  if (rival == kNowhere) return;
  const Place part = store_.needs.mate(rival);
  Place taker = need;
  for (std::size_t s = 0; s < level; ++s) {
    const Place supply = chain.steps[s];
    const Place giver = store_.supplies.mate(supply);
    Give(taker, supply, taker != need);
    taker = giver;
  }
  Give(taker, part, taker != need);
  store_.needs.ClearMate(rival);
  repegs_.changes.push_back({.need = store_.IdOfNeed(rival), .voluntary = true});
  ++repegs_.voluntary;
}

void Chains::Expose(Place need) {
  const EntryStore& needs = store_.needs;
  const std::uint32_t queue = needs.queue(need);
  // Without a free part and with equal weights no walk can help.
  if (store_.supplies.FreeIn(queue) == 0 && needs.UnitWeights(queue)) return;
  Walk(store_.supplies, queue, store_.DueTick(need), kNowhere, to_supply_);
  if (to_supply_.end != kNowhere) return HandToNeed(need, to_supply_);
  GoShort(need, to_supply_);
}

Place Chains::HeaviestLate(std::uint32_t queue, Chain& chain) const {
  const EntryStore& needs = store_.needs;
  Place heaviest = kNowhere;
  std::tuple<std::int32_t, std::size_t, std::int32_t, std::uint64_t> least;
  std::size_t level = 0;
  needs.ForEach(queue, [&](Place late) {
    if (needs.HasMate(late)) return;
    const auto first =
        std::lower_bound(chain.limits.begin(), chain.limits.end(), needs.key(late));
    if (first == chain.limits.end()) return;
    const auto its_level = static_cast<std::size_t>(first - chain.limits.begin());
    // Heaviest, fewest steps, earliest due tick (the greatest key), identifier.
    const std::tuple rank(-needs.weight(late), its_level, -needs.key(late), needs.id(late));
    if (heaviest != kNowhere && least <= rank) return;
    heaviest = late;
    least = rank;
    level = its_level;
  });
  if (heaviest != kNowhere) chain.steps.resize(level);
  return heaviest;
}

void Chains::Free(Place supply) {
  const EntryStore& needs = store_.needs;
  const std::uint32_t queue = store_.supplies.queue(supply);
  if (needs.FreeIn(queue) == 0) return;
  const std::int32_t start = -store_.supplies.key(supply);
  if (needs.UnitWeights(queue)) {
    Walk(needs, queue, start, kNowhere, to_late_);
  } else {
    // All limits first: a heavier need may be more steps away.
    to_late_.steps.clear();
    to_late_.limits.assign(1, start);
    for (Place step = needs.FurthestMate(queue, start);
         step != kNowhere && needs.mate_key(step) > to_late_.limits.back();
         step = needs.FurthestMate(queue, to_late_.limits.back())) {
      to_late_.steps.push_back(step);
      to_late_.limits.push_back(needs.mate_key(step));
    }
    to_late_.end = HeaviestLate(queue, to_late_);
  }
  if (to_late_.end != kNowhere) HandToLate(supply, to_late_);
}

void Chains::ExposeAndFree(Place need, Place supply) {
  const std::uint32_t queue = store_.needs.queue(need);
  Walk(store_.supplies, queue, store_.DueTick(need), supply, to_supply_);
  const bool need_reaches = to_supply_.end != kNowhere;
  if (!need_reaches) return Free(supply);  // Serves a late need, this one among them.
  Walk(store_.needs, queue, -store_.supplies.key(supply), need, to_late_);
  if (to_late_.end == kNowhere) return Expose(need);
  // Both chains exist; they share no entry, else a late need could have been served before.
  HandToNeed(need, to_supply_);
  HandToLate(supply, to_late_);
}

void Chains::Widen(Place need) {
  const std::uint32_t queue = store_.needs.queue(need);
  const Place supply = store_.needs.mate(need);
  if (store_.supplies.FreeIn(queue) == 0) return;
  Walk(store_.supplies, queue, store_.DueTick(need), kNowhere, to_supply_);
  if (to_supply_.end == kNowhere) return;
  Walk(store_.needs, queue, -store_.supplies.key(supply), kNowhere, to_late_);
  if (to_late_.end == kNowhere) return;
  const std::size_t told = repegs_.changes.size();
  HandToNeed(need, to_supply_);
  repegs_.changes[told].voluntary = true;  // Its own peg was good too.
  ++repegs_.voluntary;
  HandToLate(supply, to_late_);
}

}  // namespace tandem::sequencing

#include "sequencing/pegging/chains.h"

#include <algorithm>
#include <tuple>

namespace tandem::sequencing {

void PegStore::Peg(Place need, Place supply) {
  needs.SetMate(need, supply, supplies.key(supply));
  supplies.SetMate(supply, need, needs.key(need));
}

void PegStore::Unpeg(Place need, Place supply) {
  needs.ClearMate(need);
  supplies.ClearMate(supply);
}

void Chains::WalkToSupply(Place need, Place except) {
  const EntryStore& supplies = store_.supplies;
  const std::uint32_t queue = store_.needs.queue(need);
  Chain& chain = to_supply_;
  chain.steps.clear();
  chain.limits.assign(1, store_.needs.key(need));
  const std::uint32_t ends = supplies.FreeIn(queue) - (except == kNowhere ? 0 : 1);
  chain.end = kNowhere;
  while (true) {
    const std::int32_t limit = chain.limits.back();
    if (ends > 0) chain.end = supplies.LastFree(queue, limit, except);
    if (chain.end != kNowhere) return;
    const Place step = supplies.FurthestReach(queue, limit);
    if (step == kNowhere || supplies.reach(step) <= limit) return;
    chain.steps.push_back(step);
    chain.limits.push_back(supplies.reach(step));
  }
}

void Chains::WalkToLate(Place supply, Place except) {
  const EntryStore& supplies = store_.supplies;
  const std::uint32_t queue = supplies.queue(supply);
  Chain& chain = to_late_;
  chain.steps.clear();
  chain.limits.assign(1, supplies.key(supply));
  while (true) {
    const std::int32_t limit = chain.limits.back();
    chain.end = store_.needs.FirstFree(queue, limit, except);
    if (chain.end != kNowhere) return;
    const Place step = supplies.EarliestReaching(queue, limit);
    if (step == kNowhere || supplies.key(step) >= limit) return;
    chain.steps.push_back(step);
    chain.limits.push_back(supplies.key(step));
  }
}

void Chains::WalkBack(Place supply) {
  const EntryStore& supplies = store_.supplies;
  const std::uint32_t queue = supplies.queue(supply);
  to_late_.steps.clear();
  to_late_.limits.assign(1, supplies.key(supply));
  while (true) {
    const std::int32_t limit = to_late_.limits.back();
    const Place step = supplies.EarliestReaching(queue, limit);
    if (step == kNowhere || supplies.key(step) >= limit) return;
    to_late_.steps.push_back(step);
    to_late_.limits.push_back(supplies.key(step));
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

void Chains::HandToNeed(Place need) {
  Place taker = need;
  for (const Place supply : to_supply_.steps) {
    const Place giver = store_.supplies.mate(supply);
    Give(taker, supply, taker != need);
    taker = giver;
  }
  Give(taker, to_supply_.end, taker != need);
}

void Chains::HandToLate(Place supply) {
  Place part = supply;
  for (const Place left : to_late_.steps) {
    Give(store_.supplies.mate(left), part, true);
    part = left;
  }
  Give(to_late_.end, part, false);
}

Place Chains::LightestRival(Place need, std::size_t& level) const {
  const EntryStore& needs = store_.needs;
  const std::vector<std::int32_t>& limits = to_supply_.limits;  // Ascending.
  Place lightest = kNowhere;
  std::tuple<std::int32_t, std::size_t, std::int32_t, std::uint64_t> least;
  needs.ForEach(needs.queue(need), [&](Place rival) {
    if (!needs.HasMate(rival) || needs.weight(rival) >= needs.weight(need)) return;
    const std::int32_t ready = store_.supplies.key(needs.mate(rival));
    const auto first = std::lower_bound(limits.begin(), limits.end(), ready);
    if (first == limits.end()) return;
    const auto its_level = static_cast<std::size_t>(first - limits.begin());
    // Weight, fewest steps, latest due tick, identifier.
    const std::tuple rank(needs.weight(rival), its_level, -needs.key(rival), needs.id(rival));
    if (lightest != kNowhere && least <= rank) return;
    lightest = rival;
    least = rank;
    level = its_level;
  });
  return lightest;
}

void Chains::GoShort(Place need) {
  std::size_t level = 0;
  const bool unit = store_.needs.UnitWeights(store_.needs.queue(need));
  const Place rival = unit ? kNowhere : LightestRival(need, level);
  if (rival == kNowhere) return;
  const Place part = store_.needs.mate(rival);
  Place taker = need;
  for (std::size_t s = 0; s < level; ++s) {
    const Place supply = to_supply_.steps[s];
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
  const std::uint32_t queue = store_.needs.queue(need);
  // Without a free part and with equal weights no walk can help.
  if (store_.supplies.FreeIn(queue) == 0 && store_.needs.UnitWeights(queue)) return;
  WalkToSupply(need, kNowhere);
  if (to_supply_.end != kNowhere) return HandToNeed(need);
  GoShort(need);
}

Place Chains::HeaviestLate(std::uint32_t queue, std::size_t& level) const {
  const EntryStore& needs = store_.needs;
  const std::vector<std::int32_t>& limits = to_late_.limits;  // Descending.
  Place heaviest = kNowhere;
  std::tuple<std::int32_t, std::size_t, std::int32_t, std::uint64_t> least;
  needs.ForEach(queue, [&](Place late) {
    if (needs.HasMate(late)) return;
    const std::int32_t due = needs.key(late);
    const auto first = std::partition_point(limits.begin(), limits.end(),
                                            [&](std::int32_t limit) { return limit > due; });
    if (first == limits.end()) return;
    const auto its_level = static_cast<std::size_t>(first - limits.begin());
    // Heaviest, fewest steps, earliest due tick, identifier.
    const std::tuple rank(-needs.weight(late), its_level, due, needs.id(late));
    if (heaviest != kNowhere && least <= rank) return;
    heaviest = late;
    least = rank;
    level = its_level;
  });
  return heaviest;
}

void Chains::Free(Place supply) {
  const std::uint32_t queue = store_.supplies.queue(supply);
  if (store_.needs.FreeIn(queue) == 0) return;
  if (store_.needs.UnitWeights(queue)) {
    WalkToLate(supply, kNowhere);
  } else {
    WalkBack(supply);
    std::size_t level = 0;
    to_late_.end = HeaviestLate(queue, level);
    if (to_late_.end != kNowhere) to_late_.steps.resize(level);
  }
  if (to_late_.end != kNowhere) HandToLate(supply);
}

void Chains::ExposeAndFree(Place need, Place supply) {
  WalkToSupply(need, supply);
  if (to_supply_.end == kNowhere) return Free(supply);  // To a late need, this one among them.
  WalkToLate(supply, need);
  if (to_late_.end == kNowhere) return Expose(need);
  // Both chains exist; they share no entry, else a late need could have been served before.
  HandToNeed(need);
  HandToLate(supply);
}

void Chains::Widen(Place need) {
  const Place supply = store_.needs.mate(need);
  if (store_.supplies.FreeIn(store_.needs.queue(need)) == 0) return;
  WalkToSupply(need, kNowhere);
  if (to_supply_.end == kNowhere) return;
  WalkToLate(supply, kNowhere);
  if (to_late_.end == kNowhere) return;
  const std::size_t told = repegs_.changes.size();
  HandToNeed(need);
  repegs_.changes[told].voluntary = true;  // Its own peg was good too.
  ++repegs_.voluntary;
  HandToLate(supply);
}

}  // namespace tandem::sequencing

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

Chains::Rival Chains::LightestRival(Place need) const {
  const EntryStore& needs = store_.needs;
  const std::uint32_t queue = needs.queue(need);
  if (needs.UnitWeights(queue)) return {};
  const std::vector<std::int32_t>& limits = to_supply_.limits;  // Ascending.
  Rival lightest;
  std::tuple<std::int32_t, std::size_t, std::int32_t, std::uint64_t> least;
  needs.ForEach(queue, [&](Place rival) {
    // Whose part is within the limits is so itself, else it would have moved them.
    if (needs.key(rival) > limits.back() || !needs.HasMate(rival)) return;
    const std::int32_t weight = needs.weight(rival);
    if (weight >= needs.weight(need)) return;
    if (lightest.need != kNowhere && weight > std::get<0>(least)) return;
    const std::int32_t ready = store_.supplies.key(needs.mate(rival));
    const auto first = std::lower_bound(limits.begin(), limits.end(), ready);
    if (first == limits.end()) return;
    const auto level = static_cast<std::size_t>(first - limits.begin());
    // Weight, fewest steps, latest due tick, identifier.
    const std::tuple rank(weight, level, -needs.key(rival), needs.id(rival));
    if (lightest.need != kNowhere && least <= rank) return;
    lightest = {.need = rival, .level = level};
    least = rank;
  });
  return lightest;
}

void Chains::GoShort(Place need, const Rival& rival) {
  if (rival.need == kNowhere) return;
  const Place part = store_.needs.mate(rival.need);
  Place taker = need;
  for (std::size_t s = 0; s < rival.level; ++s) {
    const Place supply = to_supply_.steps[s];
    const Place giver = store_.supplies.mate(supply);
    Give(taker, supply, taker != need);
    taker = giver;
  }
  Give(taker, part, taker != need);
  store_.needs.ClearMate(rival.need);
  repegs_.changes.push_back({.need = store_.IdOfNeed(rival.need), .voluntary = true});
  ++repegs_.voluntary;
}

void Chains::Expose(Place need) {
  const std::uint32_t queue = store_.needs.queue(need);
  // Without a free part and with equal weights no walk can help.
  if (store_.supplies.FreeIn(queue) == 0 && store_.needs.UnitWeights(queue)) return;
  WalkToSupply(need, kNowhere);
  if (to_supply_.end != kNowhere) return HandToNeed(need);
  GoShort(need, LightestRival(need));
}

Place Chains::HeaviestLate(std::uint32_t queue, Place except, std::size_t& level) const {
  const EntryStore& needs = store_.needs;
  const std::vector<std::int32_t>& limits = to_late_.limits;  // Descending.
  Place heaviest = kNowhere;
  std::tuple<std::int32_t, std::size_t, std::int32_t, std::uint64_t> least;
  needs.ForEachFree(queue, [&](Place late) {
    if (late == except) return;
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

bool Chains::WalkToHeaviest(Place supply, Place except) {
  const std::uint32_t queue = store_.supplies.queue(supply);
  if (store_.needs.UnitWeights(queue)) {
    WalkToLate(supply, except);
    return to_late_.end != kNowhere;
  }
  WalkBack(supply);
  std::size_t level = 0;
  to_late_.end = HeaviestLate(queue, except, level);
  if (to_late_.end == kNowhere) return false;
  to_late_.steps.resize(level);
  return true;
}

void Chains::Free(Place supply) {
  if (store_.needs.FreeIn(store_.supplies.queue(supply)) == 0) return;
  if (WalkToHeaviest(supply, kNowhere)) HandToLate(supply);
}

// What is best differs from the pegs there are by one alternating path from the need and one from
// the part, or by one path that joins them. No two paths that are both wanted share an entry: else
// a late need could have had its gain before, along the one and on along the other. So each is
// chosen by itself. If the joined path is as heavy, re-pegs and then lateness decide between the
// two.
bool Chains::LateNeedGains(Place need, const Rival& rival) const {
  const EntryStore& needs = store_.needs;
  const bool gives = rival.need != kNowhere;
  const Place out = gives ? rival.need : need;
  const Place in = to_late_.end;
  const std::vector<std::int32_t>& limits = to_late_.limits;  // Descending.
  const auto first = std::partition_point(
      limits.begin(), limits.end(), [&](std::int32_t limit) { return limit > needs.key(need); });
  if (first == limits.end()) return true;  // The need cannot use the part, or only in more steps.
  const auto own_steps = static_cast<std::size_t>(first - limits.begin());
  const std::size_t steps = to_late_.steps.size() + (gives ? rival.level + 1 : 0);
  return std::tuple(needs.weight(out), steps, needs.key(in)) <
         std::tuple(needs.weight(in), own_steps, needs.key(out));
}

void Chains::ExposeAndFree(Place need, Place supply) {
  WalkToSupply(need, supply);
  const bool served = to_supply_.end != kNowhere;
  const bool helps = WalkToHeaviest(supply, need);
  if (served && !helps) return Expose(need);  // The part may be the nearest of all.
  if (served) {
    HandToNeed(need);
    return HandToLate(supply);
  }
  const Rival rival = LightestRival(need);
  if (helps && LateNeedGains(need, rival)) {
    GoShort(need, rival);
    return HandToLate(supply);
  }
  Expose(need);  // With the part, if it can be had; else one goes short.
}

void Chains::Widen(Place need) {
  const EntryStore& needs = store_.needs;
  const std::uint32_t queue = needs.queue(need);
  // With equal weights it helps only if another part is free.
  if (store_.supplies.FreeIn(queue) == 0 && needs.UnitWeights(queue)) return;
  const Place supply = needs.mate(need);
  if (!WalkToHeaviest(supply, kNowhere)) return;
  WalkToSupply(need, kNowhere);
  const std::size_t told = repegs_.changes.size();
  if (to_supply_.end != kNowhere) {
    HandToNeed(need);
  } else {
    const Rival rival = LightestRival(need);
    const bool gives = rival.need != kNowhere;
    if (needs.weight(gives ? rival.need : need) >= needs.weight(to_late_.end)) return;
    if (gives) {
      GoShort(need, rival);
    } else {
      store_.needs.ClearMate(need);
      repegs_.changes.push_back({.need = store_.IdOfNeed(need)});
    }
  }
  repegs_.changes[told].voluntary = true;  // Its own peg was good too.
  ++repegs_.voluntary;
  HandToLate(supply);
}

}  // namespace tandem::sequencing

#include "sequencing/pegging/group_chains.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace tandem::sequencing {
namespace {

std::size_t Index(std::int32_t k) { return static_cast<std::size_t>(k); }

// The steps from the one after the start to `step`.
std::vector<GroupStep> PathTo(std::span<const GroupStep> steps, std::int32_t step) {
  std::vector<GroupStep> path;
  for (; step > 0; step = steps[Index(step)].from) path.push_back(steps[Index(step)]);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

GroupChains::Left GroupChains::LeftOf(Place without_need, Place without_supply) const {
  Left left;
  graph_.ForEachLate([&](Place need) {
    if (need != without_need) left.needs.push_back(need);
  });
  graph_.ForEachFreeSupply([&](Place supply) {
    if (supply != without_supply) left.parts.push_back(supply);
  });
  return left;
}

LateEnd GroupChains::EndOf(Place need) {
  return {.due_tick = store_.needs.key(need), .kind = graph_.KindOf(need)};
}

LateMatching GroupChains::MatchingOf(const Left& left) {
  std::vector<LateEnd> needs;
  std::vector<LeftPart> parts;
  for (const Place need : left.needs) needs.push_back(EndOf(need));
  for (const Place part : left.parts) {
    parts.push_back({.ready_tick = store_.supplies.key(part),
                     .stock = static_cast<std::int32_t>(store_.supplies.queue(part))});
  }
  return LateMatching(graph_.accepted(), needs, parts);
}

GroupChains::Pick GroupChains::PickServed(std::span<const GroupEnd> ends, const Left& left) {
  const LateMatching matching = MatchingOf(left);
  const std::vector<std::int64_t> changes = matching.WithoutNeed();
  absl::flat_hash_map<Place, std::int64_t> change_of;
  for (std::size_t i = 0; i < changes.size(); ++i) change_of.emplace(left.needs[i], changes[i]);
  // The least lateness, the earliest due, the lowest identifier.
  const auto rank = [&](const GroupEnd& end) {
    return std::tuple(change_of.at(end.entry), store_.needs.key(end.entry),
                      store_.needs.id(end.entry));
  };
  const auto best =
      std::min_element(ends.begin(), ends.end(),
                       [&](const GroupEnd& a, const GroupEnd& b) { return rank(a) < rank(b); });
  return {.served = *best, .total = matching.total() + change_of.at(best->entry)};
}

GroupEnd GroupChains::PickTaken(std::span<const GroupEnd> ends, const Left& left) {
  absl::flat_hash_map<Place, std::int64_t> change_of;
  if (!left.needs.empty() && ends.size() > 1) {
    const std::vector<std::int64_t> changes = MatchingOf(left).WithoutPart();
    for (std::size_t j = 0; j < changes.size(); ++j) change_of.emplace(left.parts[j], changes[j]);
  }
  // The least lateness, then the part that is good for the fewest others.
  const auto rank = [&](const GroupEnd& end) {
    const auto change = change_of.find(end.entry);
    return std::tuple(change == change_of.end() ? 0 : change->second, rules_.expiry_of(end.entry),
                      -store_.supplies.key(end.entry), store_.supplies.id(end.entry));
  };
  return *std::min_element(ends.begin(), ends.end(),
                           [&](const GroupEnd& a, const GroupEnd& b) { return rank(a) < rank(b); });
}

std::vector<std::int32_t> GroupChains::ShortSteps(const WalkFromNeed& from) {
  return from.rivals.empty() ? std::vector<std::int32_t>{0} : from.rivals;
}

std::int32_t GroupChains::PickRival(const WalkFromNeed& from, const Left& left) {
  return PickOfMany(from, {}, left).rival;
}

// For a late need that is served already: `left` is without it.
GroupChains::Pick GroupChains::PickOfMany(const WalkFromNeed& from, GroupEnd served,
                                          const Left& left) {
  const std::vector<std::int32_t> steps = ShortSteps(from);
  std::vector<LateEnd> more;  // Before the matching, which must know all kinds.
  more.reserve(steps.size());
  for (const std::int32_t step : steps) more.push_back(EndOf(from.steps[Index(step)].entry));
  const LateMatching matching = MatchingOf(left);
  Pick pick{.served = served, .total = matching.total()};
  if (!from.ends.empty()) {
    pick.taken = PickTaken(from.ends, left);
    const auto at = std::find(left.parts.begin(), left.parts.end(), pick.taken.entry);
    pick.total += matching.WithoutPart()[static_cast<std::size_t>(at - left.parts.begin())];
    return pick;
  }
  const std::vector<std::int64_t> changes = matching.WithNeed(more);
  std::size_t best = 0;
  // The least lateness, the latest due; steps are in the order of tick and identifier.
  for (std::size_t k = 1; k < steps.size(); ++k) {
    const bool less =
        std::tuple(changes[k], -more[k].due_tick) < std::tuple(changes[best], -more[best].due_tick);
    if (less) best = k;
  }
  pick.rival = steps[best];
  pick.total += changes[best];
  return pick;
}

GroupChains::Pick GroupChains::PickBoth(const WalkFromNeed& from, const WalkFromSupply& to,
                                        const Left& left) {
  const std::vector<std::int32_t> steps = ShortSteps(from);
  if (from.ends.size() == 1 || (from.ends.empty() && steps.size() == 1)) {
    Left rest = left;
    if (from.ends.empty()) {
      rest.needs.push_back(from.steps[Index(steps.front())].entry);
    } else {
      std::erase(rest.parts, from.ends.front().entry);
    }
    Pick pick = PickServed(to.ends, rest);
    if (from.ends.empty()) {
      pick.rival = steps.front();
    } else {
      pick.taken = from.ends.front();
    }
    return pick;
  }
  std::optional<Pick> best;
  const auto rank = [&](const Pick& pick) {
    return std::tuple(pick.total, store_.needs.key(pick.served.entry),
                      store_.needs.id(pick.served.entry));
  };
  for (const GroupEnd& end : to.ends) {
    Left rest = left;
    std::erase(rest.needs, end.entry);
    const Pick pick = PickOfMany(from, end, rest);
    if (!best.has_value() || rank(pick) < rank(*best)) best = pick;
  }
  return *best;
}

void GroupChains::Give(Place need, Place supply, bool voluntary) {
  store_.Peg(need, supply);
  repegs_.changes.push_back({.need = store_.IdOfNeed(need),
                             .supply = store_.IdOfSupply(supply),
                             .on_time = true,
                             .voluntary = voluntary});
  if (voluntary) ++repegs_.voluntary;
}

void GroupChains::Take(const WalkFromNeed& walk, std::int32_t step, Place supply) {
  const Place start = walk.steps.front().entry;
  Place taker = start;
  for (const GroupStep& next : PathTo(walk.steps, step)) {
    Give(taker, store_.needs.mate(next.entry), taker != start);
    taker = next.entry;
  }
  Give(taker, supply, taker != start);
}

void GroupChains::GoShort(const WalkFromNeed& walk, std::int32_t step) {
  const std::int32_t before = walk.steps[Index(step)].from;
  const Place rival = walk.steps[Index(step)].entry;
  Take(walk, before, store_.needs.mate(rival));
  store_.needs.ClearMate(rival);
  repegs_.changes.push_back({.need = store_.IdOfNeed(rival), .voluntary = true});
  ++repegs_.voluntary;
}

void GroupChains::HandToLate(const WalkFromSupply& walk, const GroupEnd& end) {
  Place part = walk.steps.front().entry;
  for (const GroupStep& next : PathTo(walk.steps, end.step)) {
    Give(store_.supplies.mate(next.entry), part, true);
    part = next.entry;
  }
  Give(end.entry, part, false);
}

void GroupChains::MakeBoth(const WalkFromNeed& from, const WalkFromSupply& to, const Pick& pick) {
  if (pick.taken.entry != kNowhere) {
    Take(from, pick.taken.step, pick.taken.entry);
  } else if (pick.rival > 0) {
    GoShort(from, pick.rival);
  }
  HandToLate(to, pick.served);
}

void GroupChains::Expose(Place need) {
  const WalkFromNeed walk = WalkToSupplies(store_, graph_, need, kNowhere);
  if (!walk.ends.empty()) {
    const GroupEnd end = PickTaken(walk.ends, LeftOf(need, kNowhere));
    return Take(walk, end.step, end.entry);
  }
  if (walk.rivals.empty()) return;
  const bool tie = walk.rivals.size() > 1;
  GoShort(walk, tie ? PickRival(walk, LeftOf(need, kNowhere)) : walk.rivals.front());
}

void GroupChains::Free(Place supply) {
  const WalkFromSupply walk = WalkToLateNeeds(store_, graph_, supply, kNowhere);
  if (walk.ends.empty()) return;
  const bool tie = walk.ends.size() > 1;
  HandToLate(walk,
             tie ? PickServed(walk.ends, LeftOf(kNowhere, supply)).served : walk.ends.front());
}

// As in Chains::LateNeedGains: two walks that both gain share no entry.
bool GroupChains::Joins(const WalkFromNeed& from, const WalkFromSupply& to, const Left& left) {
  if (!from.ends.empty() || from.except_from < 0) return false;
  const GroupStep& out = from.steps[Index(ShortSteps(from).front())];
  const GroupEnd& in = to.ends.front();
  const std::int32_t repegs_both = out.level + to.steps[Index(in.step)].level;
  const std::int32_t repegs_joined = from.steps[Index(from.except_from)].level;
  const std::tuple both(store_.needs.weight(out.entry), repegs_both);
  const std::tuple joined(store_.needs.weight(in.entry), repegs_joined);
  if (both != joined) return joined < both;
  return MatchingOf(left).total() <= PickBoth(from, to, left).total;
}

void GroupChains::ExposeAndFree(Place need, Place supply) {
  const WalkFromSupply to = WalkToLateNeeds(store_, graph_, supply, need);
  if (to.ends.empty()) return Expose(need);
  const WalkFromNeed from = WalkToSupplies(store_, graph_, need, supply);
  const Left left = LeftOf(need, supply);
  if (Joins(from, to, left)) return Take(from, from.except_from, supply);
  MakeBoth(from, to, PickBoth(from, to, left));
}

void GroupChains::Widen(Place need) {
  const Place supply = store_.needs.mate(need);
  const WalkFromSupply to = WalkToLateNeeds(store_, graph_, supply, need);
  if (to.ends.empty()) return;
  const WalkFromNeed from = WalkToSupplies(store_, graph_, need, supply);
  const Place out = from.steps[Index(ShortSteps(from).front())].entry;
  const Place in = to.ends.front().entry;
  if (from.ends.empty() && store_.needs.weight(out) >= store_.needs.weight(in)) return;
  const Pick pick = PickBoth(from, to, LeftOf(kNowhere, kNowhere));
  const std::size_t told = repegs_.changes.size();
  if (pick.rival == 0) {
    store_.needs.ClearMate(need);
    repegs_.changes.push_back({.need = store_.IdOfNeed(need)});
  }
  MakeBoth(from, to, pick);
  repegs_.changes[told].voluntary = true;  // Its own peg was good too.
  ++repegs_.voluntary;
}

}  // namespace tandem::sequencing

// What a change left open is settled: by one or two chains where that is exact, else as a whole.
#include <algorithm>

#include "sequencing/pegging/group_chains.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {

bool PegBook::Accepts(Place need, std::uint32_t stock) const {
  const Extra* extra = ExtraOf(need);
  if (extra == nullptr || extra->acceptance == kNoAcceptance) {
    return store_.needs.queue(need) == stock;
  }
  const auto& stocks = layout_.acceptances[static_cast<std::size_t>(extra->acceptance)];
  return std::find(stocks.begin(), stocks.end(), static_cast<std::int32_t>(stock)) != stocks.end();
}

const PegBook::Extra* PegBook::ExtraOf(Place need) const {
  if (extras_.empty()) return nullptr;
  const auto found = extras_.find(store_.needs.id(need));
  return found == extras_.end() ? nullptr : &found->second;
}

std::int32_t PegBook::ExpiryTick(Place supply) const {
  if (expiry_ticks_.empty()) return kNeverExpires;
  const auto found = expiry_ticks_.find(store_.supplies.id(supply));
  return found == expiry_ticks_.end() ? kNeverExpires : found->second;
}

bool PegBook::Fits(Place need, Place supply) const {
  const std::int32_t due = store_.needs.key(need);
  if (store_.supplies.key(supply) > due) return false;
  if (PlainStock(store_.supplies.queue(supply))) return true;
  return due <= ExpiryTick(supply) && Accepts(need, store_.supplies.queue(supply));
}

void PegBook::MarkPlain(std::uint32_t group) {
  const std::uint8_t plain = members_[group].empty() && expiring_[group] == 0 ? 1 : 0;
  plain_[group] = plain;
  for (const std::int32_t stock : members_[group]) plain_[static_cast<std::size_t>(stock)] = plain;
}

std::int64_t PegBook::LateIn(std::uint32_t group) const {
  if (PlainStock(group)) return store_.needs.FreeIn(group);
  if (members_[group].empty()) return store_.needs.FreeIn(group);
  std::int64_t late = 0;
  for (const std::int32_t stock : members_[group]) {
    late += store_.needs.FreeIn(static_cast<std::uint32_t>(stock));
  }
  return late;
}

void PegBook::Settle(PegOutcome& outcome) {
  if (touches_.empty()) return;
  if (touches_.size() > 1) {
    const auto before = [](const Touch& a, const Touch& b) { return a.Rank() < b.Rank(); };
    const auto same = [](const Touch& a, const Touch& b) { return a.Rank() == b.Rank(); };
    std::sort(touches_.begin(), touches_.end(), before);
    touches_.erase(std::unique(touches_.begin(), touches_.end(), same), touches_.end());
  }
  const std::span<const Touch> touches = touches_;
  for (std::size_t from = 0; from < touches.size();) {
    std::size_t to = from;
    while (to < touches.size() && touches[to].group == touches[from].group) ++to;
    SettleGroup(touches.subspan(from, to - from));
    from = to;
  }
  outcome.changes.insert(outcome.changes.end(), repegs_.changes.begin(), repegs_.changes.end());
  outcome.voluntary += repegs_.voluntary;
  touches_.clear();
  repegs_.changes.clear();
  repegs_.voluntary = 0;
}

PegBook::Open PegBook::OpenOf(std::span<const Touch> touches) const {
  Open open;
  for (const Touch& touch : touches) {
    if (touch.kind == TouchKind::kFreed) {
      const Place supply = SupplyOf(touch);
      if (supply == kNowhere || store_.supplies.HasMate(supply)) continue;
      ++open.freed;
      open.supply = supply;
      continue;
    }
    const Place need = NeedOf(touch);
    if (need == kNowhere) continue;
    const bool pegged = store_.needs.HasMate(need);
    if (touch.kind == TouchKind::kWidened) {
      if (!pegged) continue;
      ++open.widened;
      open.widened_need = need;
    } else if (!pegged && need != open.need) {
      ++open.exposed;
      open.need = need;
    }
  }
  return open;
}

void PegBook::SettleGroup(std::span<const Touch> touches) {
  const std::uint32_t group = touches.front().group;
  const std::int64_t late = LateIn(group);
  if (late == 0) return;  // All are on time by the pegs they had.
  const Open open = OpenOf(touches);
  if (open.exposed + open.freed + open.widened == 0) return;
  const std::int64_t late_before = late - open.exposed;
  if (PlainStock(group)) {
    // With weights of 1 a chain without an exposed need helps only if it ends at a free part.
    const bool none_free = store_.supplies.FreeIn(group) == 0;
    if (open.exposed == 0 && none_free && store_.needs.UnitWeights(group)) return;
    Chains chains(store_, repegs_, scratch_);
    if (!SettleBy(chains, open, late_before)) return SettleWhole(touches);
  } else {
    const std::vector<std::int32_t> alone = {static_cast<std::int32_t>(group)};
    const auto acceptance_of = [&](Place need) {
      const Extra* extra = ExtraOf(need);
      return extra == nullptr ? kNoAcceptance : extra->acceptance;
    };
    const auto expiry_of = [&](Place supply) { return ExpiryTick(supply); };
    const GroupRules rules{.stocks = members_[group].empty() ? alone : members_[group],
                           .acceptances = layout_.acceptances,
                           .acceptance_of = acceptance_of,
                           .expiry_of = expiry_of};
    GroupChains chains(store_, repegs_, rules);
    if (!SettleBy(chains, open, late_before)) return SettleWhole(touches);
  }
  // The chains tell of what they change; a need that lost its part and got none is left.
  for (const Touch& touch : touches) {
    if (touch.kind != TouchKind::kExposed) continue;
    const Place need = NeedOf(touch);
    if (need == kNowhere || store_.needs.HasMate(need)) continue;
    repegs_.changes.push_back({.need = NeedId{touch.id}});
  }
}

template <typename Repair>
bool PegBook::SettleBy(Repair& repair, const Open& open, std::int64_t late_before) {
  const std::int32_t others = open.freed + open.widened;
  if (open.exposed == 1 && (late_before == 0 || others == 0)) {
    repair.Expose(open.need);
    return true;
  }
  if (open.exposed > 1 || others > 1) return false;
  if (open.exposed == 1 && open.widened == 1) return false;
  if (open.exposed == 1) {
    repair.ExposeAndFree(open.need, open.supply);
  } else if (open.freed == 1) {
    repair.Free(open.supply);
  } else {
    repair.Widen(open.widened_need);
  }
  return true;
}

PegBook::Group PegBook::Gather(std::uint32_t group) const {
  Group gathered;
  gathered.own_stocks = members_[group];
  if (gathered.own_stocks.empty()) gathered.own_stocks = {static_cast<std::int32_t>(group)};
  for (const std::int32_t stock : gathered.own_stocks) {
    const auto queue = static_cast<std::uint32_t>(stock);
    store_.needs.ForEach(queue, [&](Place need) { gathered.needs.push_back(need); });
    store_.supplies.ForEach(queue, [&](Place supply) { gathered.supplies.push_back(supply); });
  }
  std::sort(gathered.needs.begin(), gathered.needs.end(), [&](Place a, Place b) {
    return std::pair(store_.needs.key(a), store_.needs.id(a)) <
           std::pair(store_.needs.key(b), store_.needs.id(b));
  });
  std::sort(gathered.supplies.begin(), gathered.supplies.end(), [&](Place a, Place b) {
    return std::pair(store_.supplies.key(a), store_.supplies.id(a)) <
           std::pair(store_.supplies.key(b), store_.supplies.id(b));
  });
  absl::flat_hash_map<Place, std::int32_t> index_of;
  for (const Place supply : gathered.supplies) {
    index_of.emplace(supply, static_cast<std::int32_t>(index_of.size()));
    gathered.problem.supplies.push_back(
        {.ready_tick = store_.supplies.key(supply),
         .expiry_tick = ExpiryTick(supply),
         .stock = static_cast<std::int32_t>(store_.supplies.queue(supply))});
  }
  for (const Place need : gathered.needs) {
    const Extra* extra = ExtraOf(need);
    std::span<const std::int32_t> stocks;
    if (extra != nullptr && extra->acceptance != kNoAcceptance) {
      stocks = layout_.acceptances[static_cast<std::size_t>(extra->acceptance)];
    } else {
      const auto own = static_cast<std::int32_t>(store_.needs.queue(need));
      const auto at = std::find(gathered.own_stocks.begin(), gathered.own_stocks.end(), own);
      stocks = std::span(&*at, 1);
    }
    gathered.problem.needs.push_back(
        {.due_tick = store_.needs.key(need),
         .weight = store_.needs.weight(need),
         .stocks = stocks,
         .peg = store_.needs.HasMate(need) ? index_of.at(store_.needs.mate(need)) : kNoSupply});
  }
  return gathered;
}

void PegBook::SettleWhole(std::span<const Touch> touches) {
  const std::uint32_t group = touches.front().group;
  const Group gathered = Gather(group);
  const RepairProblem& problem = gathered.problem;
  if (PlainStock(group)) {
    const std::int64_t shortage = ShortageOf(problem);
    const auto on_time = static_cast<std::int64_t>(problem.needs.size()) - shortage;
    const bool parts_left = static_cast<std::int64_t>(problem.supplies.size()) > on_time;
    if (shortage == 0 || (store_.needs.UnitWeights(group) && !parts_left)) {
      return WriteBack(gathered, RepairBySweep(problem, shortage), touches);
    }
  }
  WriteBack(gathered, RepairExactly(problem).on_time, touches);
}

// `touches` are of one group, in the order of Rank.
bool PegBook::WasExposed(std::span<const Touch> touches, std::uint64_t need) {
  const Touch exposed{.group = touches.front().group, .kind = TouchKind::kExposed, .id = need};
  return std::binary_search(touches.begin(), touches.end(), exposed,
                            [](const Touch& a, const Touch& b) { return a.Rank() < b.Rank(); });
}

void PegBook::WriteBack(const Group& group, std::span<const std::int32_t> pegs,
                        std::span<const Touch> touches) {
  const std::vector<RepairNeed>& before = group.problem.needs;
  for (std::size_t i = 0; i < pegs.size(); ++i) {
    if (before[i].peg == pegs[i] || before[i].peg == kNoSupply) continue;
    store_.Unpeg(group.needs[i], group.supplies[static_cast<std::size_t>(before[i].peg)]);
  }
  for (std::size_t i = 0; i < pegs.size(); ++i) {
    const Place need = group.needs[i];
    const bool had = before[i].peg != kNoSupply;
    PegChange change{.need = store_.IdOfNeed(need), .voluntary = had};
    if (before[i].peg == pegs[i]) {
      if (had || !WasExposed(touches, store_.needs.id(need))) continue;
    } else if (pegs[i] != kNoSupply) {
      const Place supply = group.supplies[static_cast<std::size_t>(pegs[i])];
      store_.Peg(need, supply);
      change.supply = store_.IdOfSupply(supply);
      change.on_time = true;
    }
    if (had) ++repegs_.voluntary;
    repegs_.changes.push_back(change);
  }
}

}  // namespace tandem::sequencing

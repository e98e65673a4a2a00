// The events, made. A peg that is no longer good ends here; Settle finds what takes its place.
#include <utility>

#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {

void PegBook::TouchNeed(Place need, TouchKind kind) {
  touches_.push_back({.group = GroupOf(store_.needs.queue(need)),
                      .kind = kind,
                      .id = store_.needs.id(need),
                      .hint = need});
}

void PegBook::TouchSupply(Place supply) {
  touches_.push_back({.group = GroupOf(store_.supplies.queue(supply)),
                      .kind = TouchKind::kFreed,
                      .id = store_.supplies.id(supply),
                      .hint = supply});
}

void PegBook::Make(const Event& event, const Target& target) {
  if (target.fixed != nullptr) return MakeFixed(event, FixedRow(*target.fixed));
  switch (event.kind) {
    case EventKind::kNeedAdded: {
      const Location& location = layout_.locations[static_cast<std::size_t>(event.location)];
      return AddNeed({.need = event.need,
                      .stock = StockOf(layout_, location.pool, event.variant),
                      .due_tick = event.tick - location.handling_ticks,
                      .handling_ticks = location.handling_ticks,
                      .weight = event.weight,
                      .acceptance = event.acceptance});
    }
    case EventKind::kNeedMoved: {
      const Extra* extra = ExtraOf(target.need);
      return MoveNeed(target.need, event.tick - (extra == nullptr ? 0 : extra->handling_ticks));
    }
    case EventKind::kNeedWeighed:
      return WeighNeed(target.need, event.weight);
    case EventKind::kNeedCancelled:
      return RemoveNeed(target.need);
    case EventKind::kSupplyAdded:
      return AddSupply({.supply = event.supply,
                        .stock = StockOf(layout_, event.pool, event.variant),
                        .ready_tick = event.tick,
                        .expiry_tick = event.expiry_tick});
    case EventKind::kSupplyMoved:
      return MoveSupply(target.supply, event.tick);
    case EventKind::kSupplyLost:
      return RemoveSupply(target.supply);
    case EventKind::kFixed: {
      const FixedRow row{.need = RowOfNeed(target.need), .supply = RowOfSupply(target.supply)};
      RemovePair(target.need, target.supply);
      fixed_.emplace(static_cast<std::uint64_t>(event.need), row);
      fixed_supplies_.emplace(static_cast<std::uint64_t>(event.supply),
                              static_cast<std::uint64_t>(event.need));
      return;
    }
    case EventKind::kFitted:
      return RemovePair(target.need, target.supply);
    case EventKind::kReleased:
      return;  // Only of a pair pegged hard: MakeFixed.
  }
}

// An event on a pair that is pegged hard. Where one end goes, the other is open again.
void PegBook::MakeFixed(const Event& event, const FixedRow& row) {
  const auto need = static_cast<std::uint64_t>(row.need.need);
  FixedRow& kept = fixed_.find(need)->second;
  if (event.kind == EventKind::kNeedMoved) {
    kept.need.due_tick = event.tick - row.need.handling_ticks;
    return;
  }
  if (event.kind == EventKind::kNeedWeighed) {
    kept.need.weight = event.weight;
    return;
  }
  if (event.kind == EventKind::kSupplyMoved) {
    kept.supply.ready_tick = event.tick;
    return;
  }
  fixed_.erase(need);
  fixed_supplies_.erase(static_cast<std::uint64_t>(row.supply.supply));
  if (event.kind == EventKind::kSupplyLost) AddNeed(row.need);
  if (event.kind == EventKind::kNeedCancelled) AddSupply(row.supply);
  if (event.kind == EventKind::kReleased) Release(row);
}

// The pair stays together as long as nothing is gained by parting it.
void PegBook::Release(const FixedRow& row) {
  AddNeed(row.need);
  AddSupply(row.supply);
  const Place need = store_.needs.Find(static_cast<std::uint64_t>(row.need.need));
  const Place supply = store_.supplies.Find(static_cast<std::uint64_t>(row.supply.supply));
  if (!Fits(need, supply)) return;
  store_.Peg(need, supply);
  TouchNeed(need, TouchKind::kWidened);
}

void PegBook::AddNeed(const NeedRow& row) {
  const auto id = static_cast<std::uint64_t>(row.need);
  if (row.handling_ticks != 0 || row.acceptance != kNoAcceptance) {
    extras_.emplace(id, Extra{.handling_ticks = row.handling_ticks, .acceptance = row.acceptance});
  }
  const auto queue = static_cast<std::uint32_t>(row.stock);
  const Place need = store_.needs.Insert(
      queue, {.id = id, .key = row.due_tick, .weight = row.weight}, store_.supplies);
  TouchNeed(need, TouchKind::kExposed);
}

void PegBook::AddSupply(const SupplyRow& row) {
  const auto id = static_cast<std::uint64_t>(row.supply);
  const auto queue = static_cast<std::uint32_t>(row.stock);
  if (row.expiry_tick != kNeverExpires) {
    expiry_ticks_.emplace(id, row.expiry_tick);
    if (++expiring_[group_of_[queue]] == 1) MarkPlain(group_of_[queue]);
  }
  TouchSupply(store_.supplies.Insert(queue, {.id = id, .key = row.ready_tick}, store_.needs));
}

void PegBook::BreakPeg(Place need, Place supply) {
  store_.Unpeg(need, supply);
  TouchNeed(need, TouchKind::kExposed);
  TouchSupply(supply);
}

// The same change may yet move the other end, so that the peg was good all along.
void PegBook::DoubtPeg(Place need, Place supply) {
  if (!batch_) return BreakPeg(need, supply);
  doubtful_.push_back(store_.needs.id(need));
}

void PegBook::BreakDoubtful() {
  for (const std::uint64_t id : doubtful_) {
    const Place need = store_.needs.Find(id);
    if (need == kNowhere || !store_.needs.HasMate(need)) continue;
    const Place supply = store_.needs.mate(need);
    if (Fits(need, supply)) {
      TouchNeed(need, TouchKind::kWidened);
    } else {
      BreakPeg(need, supply);
    }
  }
  doubtful_.clear();
}

void PegBook::MoveNeed(Place need, std::int32_t due_tick) {
  const std::int32_t before = store_.needs.key(need);
  if (due_tick == before) return;
  const Place moved = store_.needs.Rekey(need, due_tick, store_.supplies);
  // With expiry an earlier need may accept a part that it did not.
  const bool wider = due_tick > before || !PlainStock(store_.needs.queue(moved));
  if (!store_.needs.HasMate(moved)) {
    if (wider) TouchNeed(moved, TouchKind::kHopeful);
    return;
  }
  const Place supply = store_.needs.mate(moved);
  store_.supplies.SetReach(supply, due_tick);
  if (!Fits(moved, supply)) return DoubtPeg(moved, supply);
  if (wider) TouchNeed(moved, TouchKind::kWidened);
}

void PegBook::WeighNeed(Place need, std::int32_t weight) {
  const std::int32_t before = store_.needs.weight(need);
  store_.needs.SetWeight(need, weight);
  const bool late = !store_.needs.HasMate(need);
  if (late && weight > before) TouchNeed(need, TouchKind::kHopeful);
  // A lighter need may have to give its part away.
  if (!late && weight < before) TouchNeed(need, TouchKind::kWidened);
}

void PegBook::MoveSupply(Place supply, std::int32_t ready_tick) {
  const std::int32_t before = store_.supplies.key(supply);
  if (ready_tick == before) return;
  const Place moved = store_.supplies.Rekey(supply, ready_tick, store_.needs);
  if (!store_.supplies.HasMate(moved)) {
    if (ready_tick < before) TouchSupply(moved);
    return;
  }
  // Most often that is all: the reach says that the part is still in time.
  const std::uint32_t stock = store_.supplies.queue(moved);
  const bool plain = PlainStock(stock);
  if (plain && ready_tick <= store_.supplies.reach(moved) &&
      (ready_tick > before || store_.needs.FreeIn(stock) == 0)) {
    return;
  }
  const Place need = store_.supplies.mate(moved);
  if (!Fits(need, moved)) return DoubtPeg(need, moved);
  if (ready_tick < before) TouchNeed(need, TouchKind::kWidened);
}

void PegBook::EraseNeed(Place need) {
  if (!extras_.empty()) extras_.erase(store_.needs.id(need));
  store_.needs.Erase(need, store_.supplies);
}

void PegBook::EraseSupply(Place supply) {
  if (!expiry_ticks_.empty() && expiry_ticks_.erase(store_.supplies.id(supply)) > 0) {
    const std::uint32_t group = group_of_[store_.supplies.queue(supply)];
    if (--expiring_[group] == 0) MarkPlain(group);
  }
  store_.supplies.Erase(supply, store_.needs);
}

void PegBook::RemoveNeed(Place need) {
  if (store_.needs.HasMate(need)) {
    const Place supply = store_.needs.mate(need);
    store_.Unpeg(need, supply);
    TouchSupply(supply);
  }
  EraseNeed(need);
}

void PegBook::RemoveSupply(Place supply) {
  if (store_.supplies.HasMate(supply)) {
    const Place need = store_.supplies.mate(supply);
    store_.Unpeg(need, supply);
    TouchNeed(need, TouchKind::kExposed);
  }
  EraseSupply(supply);
}

// Where the two are pegged to each other, what is left is the optimum of what is left.
void PegBook::RemovePair(Place need, Place supply) {
  if (store_.needs.HasMate(need) && store_.needs.mate(need) == supply) {
    store_.Unpeg(need, supply);
  }
  RemoveNeed(need);
  RemoveSupply(supply);
}

}  // namespace tandem::sequencing

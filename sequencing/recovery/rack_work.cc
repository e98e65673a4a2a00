#include "sequencing/recovery/rack_work.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "sequencing/racks/repeg_racks.h"
#include "sequencing/recovery/limits.h"
#include "sequencing/recovery/rack_align.h"

namespace tandem::sequencing {
namespace {

using rack_align::AlignAny;
using rack_align::AlignNumbered;
using rack_align::AlignSliding;
using rack_align::CodesOf;
using rack_align::Group;
using rack_align::Move;
using rack_align::MovedPart;
using rack_align::Need;
using rack_align::Slot;
using rack_align::WhereOf;

// One family's racks: what is in them, and what the change makes of them.
class RackWorker {
 public:
  RackWorker(const FamilyColumns& family, const LineOrder& order, const LineClock& clock)
      : family_(family), order_(order), clock_(clock) {}

  RackWork Work(const Window& window, std::int64_t now_ms);

 private:
  // The stretch of the taking order that the change touches; false: none.
  bool FindStretch(const Window& window);
  void WidenStretch();
  void MarkExcluded();
  // Slots and needs of the stretch, those inside the fence apart.
  void Gather(const Window& window);
  void GatherSlots();
  void GatherNeeds();
  void AddNewNeeds(const Window& window);
  std::int32_t CodeOf(const TakenPart& taken, bool only_its_own) const;
  void Align(Group& group) const;
  // Finds each moved part a rack between the parts that stay beside it; false: one has no room.
  bool PlaceSliding(Group& group) const;
  // Cuts the needs into racks anew, each within its capacity.
  void Recut(Group& group) const;
  std::vector<LoadedRack> LoadedRacks(const Group& group,
                                      std::span<const std::int32_t> codes) const;
  // Every rack serves as many as before, and more where it has room.
  std::vector<RackCut> KeepSizes(std::span<const LoadedRack> racks,
                                 std::span<const std::int32_t> codes, const Group& group) const;
  void Tell(const Group& frozen, const Group& group, RackWork& work) const;
  void TellRacks(const Group& group, RackWork& work) const;
  void TellHoles(const Group& group, RackWork& work) const;
  void TellProof(const Group& group, RackProof& proof) const;
  std::int64_t VehicleId(std::int32_t vehicle) const {
    return family_.vehicles[At(vehicle)].vehicle;
  }

  const FamilyColumns& family_;
  const LineOrder& order_;
  const LineClock& clock_;
  std::int32_t first_ = 0;  // Of the taking order: the stretch.
  std::int32_t last_ = kNone;
  std::int32_t unfrozen_ = 0;                 // Position.
  static constexpr std::uint8_t kLeaves = 1;  // Excluded: its slot will be empty,
  static constexpr std::uint8_t kStays = 2;   // or it stays where it is.
  std::vector<std::uint8_t> excluded_{};      // By place in the stretch.
  Group frozen_{};
  Group free_{};
};

bool RackWorker::FindStretch(const Window& window) {
  first_ = static_cast<std::int32_t>(family_.book->take.size());
  const auto include = [this](std::int32_t part) {
    const std::int32_t at = part == kNone ? kNone : family_.book->take_at[At(part)];
    if (at == kNone) return;
    first_ = std::min(first_, at);
    last_ = std::max(last_, at);
  };
  for (std::int32_t p = window.first; p < window.end; ++p) {
    const std::int32_t vehicle = order_.vehicles[At(p)];
    if (vehicle != kNone) include(family_.book->pegs[At(vehicle)]);
  }
  for (const std::int32_t vehicle : family_.facts->changed) {
    include(family_.book->pegs[At(vehicle)]);
  }
  if (first_ > last_) return false;
  WidenStretch();
  return true;
}

// A hole may wander through equal variants behind it, and nothing is touched: the farther the
// better where a part is missing; where one is left over, up to those that come late themselves.
void RackWorker::WidenStretch() {
  const FamilyFacts& facts = *family_.facts;
  if (facts.changed.empty()) return;
  const bool missing = !facts.lost.empty() || !facts.moved.empty();
  const std::vector<TakenPart>& take = family_.book->take;
  const std::int32_t variant = take[At(last_)].variant;
  for (auto at = At(last_) + 1; at < take.size(); ++at) {
    const auto& [part, vehicle, rack, own_variant] = take[at];
    if (own_variant != variant) return;
    const std::int32_t position = vehicle == kNone ? kNone : order_.positions[At(vehicle)];
    if (position < FirstPosition(*family_.plan)) continue;
    const bool late = family_.ready[At(part)].p90_ms > clock_.NeedMs(*family_.plan, position);
    if (missing || late) last_ = static_cast<std::int32_t>(at);
  }
}

void RackWorker::MarkExcluded() {
  excluded_.assign(At(last_ - first_ + 1), 0);
  const FamilyFacts& facts = *family_.facts;
  const auto exclude = [this](std::span<const std::int32_t> parts, std::uint8_t how) {
    for (const std::int32_t part : parts) {
      const std::int32_t at = family_.book->take_at[At(part)];
      if (at >= first_ && at <= last_) excluded_[At(at - first_)] = how;
    }
  };
  exclude(facts.lost, kLeaves);
  exclude(facts.moved, kLeaves);
  exclude(facts.kept, kStays);
  exclude(facts.useless, kStays);
}

std::int32_t RackWorker::CodeOf(const TakenPart& taken, bool only_its_own) const {
  return only_its_own ? family_.plan->variant_count + taken.part : taken.variant;
}

void RackWorker::Gather(const Window& window) {
  GatherSlots();
  GatherNeeds();
  AddNewNeeds(window);
}

void RackWorker::GatherSlots() {
  std::int32_t frozen_last = kNone;  // Place in the taking order.
  const std::int32_t passed = FirstPosition(*family_.plan);
  const bool repegged = !family_.facts->pegs.empty();
  free_.slots.reserve(excluded_.size());
  for (std::int32_t at = first_; at <= last_; ++at) {
    if (excluded_[At(at - first_)] != 0) continue;
    const TakenPart& taken = family_.book->take[At(at)];
    std::int32_t vehicle = taken.vehicle;
    if (repegged && vehicle != kNone && family_.pegs[At(vehicle)] != taken.part) vehicle = kNone;
    const std::int32_t position = vehicle == kNone ? kNone : order_.positions[At(vehicle)];
    if (position == kNone) {
      free_.slots.push_back({.part = taken.part,
                             .rack = taken.rack,
                             .code = CodeOf(taken, family_.Bound(taken.part))});
      continue;
    }
    if (position < passed) continue;
    const bool frozen = position < unfrozen_;
    // A substitute stays its vehicle's; inside the fence so does all that is not at hand.
    const bool own = taken.variant != family_.variants[At(vehicle)] || family_.Bound(taken.part) ||
                     (frozen && !family_.AtHand(taken.part));
    if (frozen) frozen_last = at;
    (frozen ? frozen_ : free_)
        .slots.push_back({.part = taken.part,
                          .vehicle = vehicle,
                          .rack = taken.rack,
                          .code = CodeOf(taken, own)});
  }
  // Inside of the fence nothing that is left over is put before what comes there.
  if (frozen_last == kNone) return;
  std::erase_if(free_.slots, [&](const Slot& slot) {
    return slot.vehicle == kNone && family_.book->take_at[At(slot.part)] < frozen_last;
  });
}

void RackWorker::GatherNeeds() {
  for (Group* group : {&frozen_, &free_}) {
    Window positions;  // Of the vehicles that have these parts.
    for (const Slot& slot : group->slots) {
      if (slot.vehicle == kNone) continue;
      const std::int32_t position = order_.positions[At(slot.vehicle)];
      positions.Include(position, position);
    }
    std::vector<std::int32_t> slots(At(positions.end - positions.first), kNone);  // By position.
    for (std::size_t s = 0; s < group->slots.size(); ++s) {
      if (group->slots[s].vehicle == kNone) continue;
      const std::int32_t position = order_.positions[At(group->slots[s].vehicle)];
      slots[At(position - positions.first)] = static_cast<std::int32_t>(s);
    }
    group->needs.reserve(group->slots.size());
    for (std::int32_t p = positions.first; p < positions.end; ++p) {
      const std::int32_t s = slots[At(p - positions.first)];
      if (s == kNone) continue;
      const Slot& slot = group->slots[At(s)];
      group->needs.push_back(
          {.position = p, .vehicle = slot.vehicle, .own = slot.part, .slot = s, .code = slot.code});
    }
  }
}

void RackWorker::AddNewNeeds(const Window& window) {
  if (free_.slots.empty()) return;
  std::vector<std::int32_t> positions;
  const auto add = [&](std::int32_t vehicle) {
    if (vehicle == kNone || family_.pegs[At(vehicle)] != kNone) return;
    const std::int32_t position = order_.positions[At(vehicle)];
    if (position < unfrozen_ || family_.variants[At(vehicle)] == kNoPart) return;
    positions.push_back(position);
  };
  for (std::int32_t p = window.first; p < window.end; ++p) add(order_.vehicles[At(p)]);
  for (const std::int32_t vehicle : family_.facts->changed) add(vehicle);
  if (positions.empty()) return;
  std::ranges::sort(positions);
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  for (const std::int32_t p : positions) {
    const std::int32_t vehicle = order_.vehicles[At(p)];
    free_.needs.push_back(
        {.position = p, .vehicle = vehicle, .code = family_.variants[At(vehicle)]});
  }
  std::ranges::sort(free_.needs, {}, &Need::position);
}

void RackWorker::Align(Group& group) const {
  group.rack_of.assign(group.needs.size(), kNone);
  switch (family_.plan->slot_order) {
    case SlotOrder::kSliding:
      group.kept = AlignSliding(group);
      break;
    case SlotOrder::kNumbered:
      AlignNumbered(group);
      break;
    case SlotOrder::kAny:
      AlignAny(group);
      break;
  }
  Move(group);
}

bool RackWorker::PlaceSliding(Group& group) const {
  if (group.moved.empty()) return true;
  const std::int32_t first = group.slots.front().rack;
  const std::int32_t last = group.slots.back().rack;
  std::vector<std::int32_t> room(At(last - first + 1));
  for (std::int32_t r = first; r <= last; ++r) {
    room[At(r - first)] = family_.plan->racks[At(r)].capacity - family_.book->parts_in[At(r)];
  }
  for (std::size_t k = 0; k < excluded_.size(); ++k) {  // What is lost or wrong leaves its slot.
    if (excluded_[k] != kLeaves) continue;
    const std::int32_t rack = family_.book->take[At(first_) + k].rack;
    if (rack >= first && rack <= last) ++room[At(rack - first)];
  }
  for (const KeptPart& part : group.moved) ++room[At(group.slots[At(part.slot)].rack - first)];
  // Both lists ascend by need: each moved one lies between two that stay.
  std::size_t k = 0;
  std::int32_t at = first;
  for (const KeptPart& part : group.moved) {
    for (; k < group.kept.size() && group.kept[k].position < part.position; ++k) {
      at = std::max(at, group.slots[At(group.kept[k].slot)].rack);
    }
    const std::int32_t to = k < group.kept.size() ? group.slots[At(group.kept[k].slot)].rack : last;
    while (at < to && room[At(at - first)] == 0) ++at;
    if (room[At(at - first)] == 0) return false;
    --room[At(at - first)];
    group.rack_of[At(part.position)] = at;
  }
  return true;
}

std::vector<LoadedRack> RackWorker::LoadedRacks(const Group& group,
                                                std::span<const std::int32_t> codes) const {
  std::vector<LoadedRack> racks;
  std::size_t s = 0;
  for (std::int32_t r = group.slots.front().rack; r <= group.slots.back().rack; ++r) {
    const std::size_t begin = s;
    while (s < group.slots.size() && group.slots[s].rack == r) ++s;
    const auto others = family_.book->parts_in[At(r)] - static_cast<std::int32_t>(s - begin);
    racks.push_back({.slots = codes.subspan(begin, s - begin),
                     .capacity = family_.plan->racks[At(r)].capacity - others});
  }
  return racks;
}

std::vector<RackCut> RackWorker::KeepSizes(std::span<const LoadedRack> racks,
                                           std::span<const std::int32_t> codes,
                                           const Group& group) const {
  std::vector<std::int32_t> sizes(racks.size(), 0);
  const std::int32_t first = group.slots.front().rack;
  for (const Slot& slot : group.slots) {
    if (slot.vehicle != kNone) ++sizes[At(slot.rack - first)];
  }
  auto more = std::ssize(codes) - std::accumulate(sizes.begin(), sizes.end(), std::ptrdiff_t{0});
  std::vector<RackCut> cuts;
  cuts.reserve(racks.size());
  std::int32_t at = 0;
  for (std::size_t k = 0; k < racks.size(); ++k) {
    const auto room = std::max<std::ptrdiff_t>(0, racks[k].capacity - sizes[k]);
    const auto extra = std::clamp<std::ptrdiff_t>(more, 0, room);
    more -= extra;
    const auto left = static_cast<std::int32_t>(codes.size()) - at;
    const auto size = std::min(left, sizes[k] + static_cast<std::int32_t>(extra));
    RackCut& cut = cuts.emplace_back(RackCut{.first = at, .end = at + size});
    cut.repeg.kept = LongestAlignment(racks[k].slots, codes.subspan(At(at), At(size)));
    for (KeptPart& part : cut.repeg.kept) part.position += at;
    at += size;
  }
  return cuts;
}

void RackWorker::Recut(Group& group) const {
  // Those that no rack's part serves travel singly.
  std::vector<std::uint8_t> served(group.needs.size(), 0);
  for (const KeptPart& part : group.kept) served[At(part.position)] = 1;
  for (const KeptPart& part : group.moved) served[At(part.position)] = 1;
  std::vector<std::int32_t> codes;
  std::vector<std::int32_t> needs;
  codes.reserve(group.needs.size());
  needs.reserve(group.needs.size());
  for (std::size_t n = 0; n < group.needs.size(); ++n) {
    if (served[n] == 0) continue;
    codes.push_back(group.needs[n].code);
    needs.push_back(static_cast<std::int32_t>(n));
  }
  const std::vector<std::int32_t> slots = CodesOf(group.slots);
  const std::vector<LoadedRack> racks = LoadedRacks(group, slots);
  std::int64_t spare = -std::ssize(codes);
  std::int64_t words = 0;
  for (const LoadedRack& rack : racks) {
    spare += rack.capacity;
    words += rack.capacity * (std::ssize(rack.slots) / 64 + 1);
  }
  std::vector<RackCut> cuts;
  group.fewest = spare >= 0 && words * (spare + 1) <= kCutWordsMax;
  if (group.fewest) {
    auto repeg = RepegRacks(racks, codes, std::nullopt);
    group.fewest = repeg.ok();
    if (repeg.ok()) cuts = std::move(repeg->racks);
  }
  if (!group.fewest) cuts = KeepSizes(racks, codes, group);
  group.kept.clear();
  group.kept.reserve(codes.size());
  std::int32_t begin = 0;
  for (std::size_t k = 0; k < cuts.size(); ++k) {
    for (const KeptPart& part : cuts[k].repeg.kept) {
      group.kept.push_back({begin + part.slot, needs[At(part.position)]});
    }
    for (std::int32_t c = cuts[k].first; c < cuts[k].end; ++c) {
      group.rack_of[At(needs[At(c)])] = group.slots.front().rack + static_cast<std::int32_t>(k);
    }
    begin += static_cast<std::int32_t>(racks[k].slots.size());
  }
  Move(group);
}

void RackWorker::TellRacks(const Group& group, RackWork& work) const {
  if (group.slots.empty()) return;
  const std::int32_t first = group.slots.front().rack;
  for (std::int32_t r = first; r <= group.slots.back().rack; ++r) {
    const PlanRack& rack = family_.plan->racks[At(r)];
    work.racks.push_back({.rack = rack.rack, .where = WhereOf(rack)});
  }
  // What is looked up lies far apart in memory: all at once, before the lists.
  std::vector<MovedPart> moved;
  moved.reserve(group.moved.size());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> counts(work.racks.size());  // Out, in.
  for (const KeptPart& part : group.moved) {
    const Slot& slot = group.slots[At(part.slot)];
    const std::int32_t vehicle = group.needs[At(part.position)].vehicle;
    moved.push_back({.from = slot.rack,
                     .to = group.rack_of[At(part.position)],
                     .slot = family_.book->slot_of[At(slot.part)],
                     .insert = {VehicleId(vehicle), family_.book->part_ids[At(slot.part)]}});
    ++counts[At(slot.rack - first)].first;
    if (moved.back().to != kNone) ++counts[At(moved.back().to - first)].second;
  }
  for (std::size_t r = 0; r < counts.size(); ++r) {
    work.racks[r].pulls.reserve(counts[r].first);
    work.racks[r].inserts.reserve(counts[r].second);
  }
  for (const MovedPart& part : moved) {
    work.racks[At(part.from - first)].pulls.push_back(part.slot);
    if (part.to != kNone) work.racks[At(part.to - first)].inserts.push_back(part.insert);
  }
  std::int64_t touches = 0;
  for (ProposedRack& rack : work.racks) {
    std::ranges::sort(rack.pulls);
    const auto own = std::ssize(rack.pulls) + std::ssize(rack.inserts);
    if (own == 0) continue;
    const std::int64_t most = family_.plan->rebuild_touches.value_or(own);
    rack.action = own > most ? RackAction::kRebuild : RackAction::kRework;
    touches += std::min<std::int64_t>(own, most);
  }
  work.moves += (touches + 1) / 2;
}

void RackWorker::TellHoles(const Group& group, RackWork& work) const {
  const auto hole = [&](std::int32_t part, const char* reason) {
    const std::int32_t r = family_.book->rack_of[At(part)];
    if (r == kNone) return;
    const PlanRack& rack = family_.plan->racks[At(r)];
    // The racks of the slots stand first, one after another.
    const std::int32_t first = group.slots.empty() ? r : group.slots.front().rack;
    const std::int32_t behind = group.slots.empty() ? r : group.slots.back().rack + 1;
    auto at = r >= first && r < behind
                  ? work.racks.begin() + (r - first)
                  : std::find_if(work.racks.begin() + (behind - first), work.racks.end(),
                                 [&](const ProposedRack& of) { return of.rack == rack.rack; });
    if (at == work.racks.end()) {
      at = work.racks.insert(at, {.rack = rack.rack, .where = WhereOf(rack)});
    }
    const std::int32_t vehicle = family_.book->vehicle_of[At(part)];
    at->holes.push_back({.slot = family_.book->slot_of[At(part)],
                         .vehicle = vehicle == kNone ? 0 : VehicleId(vehicle),
                         .reason = reason});
  };
  for (const std::int32_t part : family_.facts->kept) hole(part, "HELD");
  for (const std::int32_t part : family_.facts->useless) hole(part, "NOT_NEEDED");
  for (const std::int32_t part : family_.facts->moved) hole(part, "REJECTED");
  std::vector<std::uint8_t> used(group.slots.size(), 0);
  for (const KeptPart& part : group.kept) used[At(part.slot)] = 1;
  for (const KeptPart& part : group.moved) used[At(part.slot)] = 1;
  for (std::size_t s = 0; s < used.size(); ++s) {
    if (used[s] == 0) hole(group.slots[s].part, "NOT_NEEDED");
  }
  for (ProposedRack& rack : work.racks) std::ranges::sort(rack.holes, {}, &ProposedHole::slot);
}

void RackWorker::TellProof(const Group& group, RackProof& proof) const {
  proof.slots = static_cast<std::int32_t>(group.slots.size());
  proof.needs = static_cast<std::int32_t>(group.needs.size());
  proof.pulls = static_cast<std::int32_t>(group.moved.size());
  proof.skipped = proof.slots - proof.pulls - static_cast<std::int32_t>(group.kept.size());
  proof.fewest = group.fewest;
  for (std::size_t k = 0; k < group.kept.size(); ++k) {
    const KeptPart& part = group.kept[k];
    const bool follows = k > 0 && part.slot == group.kept[k - 1].slot + 1 &&
                         part.position == group.kept[k - 1].position + 1;
    if (follows) {
      ++proof.kept.back().count;
      continue;
    }
    const Slot& slot = group.slots[At(part.slot)];
    proof.kept.push_back({.rack = family_.plan->racks[At(slot.rack)].rack,
                          .slot = family_.book->slot_of[At(slot.part)],
                          .position = group.needs[At(part.position)].position,
                          .count = 1});
  }
}

void RackWorker::Tell(const Group& frozen, const Group& group, RackWork& work) const {
  for (const Group* of : {&frozen, &group}) {
    std::vector<std::int32_t> served(of->needs.size(), kNone);
    for (const auto* parts : {&of->kept, &of->moved}) {
      for (const KeptPart& part : *parts) served[At(part.position)] = of->slots[At(part.slot)].part;
    }
    for (std::size_t n = 0; n < served.size(); ++n) {
      const Need& need = of->needs[n];
      if (served[n] != need.own) work.pegs.emplace_back(need.vehicle, served[n]);
    }
    for (const KeptPart& part : of->moved) {
      (of == &frozen ? work.fetched : work.moved).push_back(of->needs[At(part.position)].vehicle);
    }
  }
  TellProof(group, work.proof);
  TellRacks(group, work);
  TellHoles(group, work);
  work.moves += std::ssize(frozen.moved);
  work.idle_moves = std::ssize(frozen.moved) + std::ssize(group.moved);
}

RackWork RackWorker::Work(const Window& window, std::int64_t now_ms) {
  RackWork work;
  if (!FindStretch(window)) return work;
  unfrozen_ = FirstUnfrozen(*family_.plan, order_, clock_, now_ms);
  MarkExcluded();
  Gather(window);
  Align(frozen_);
  Align(free_);
  if (family_.plan->slot_order == SlotOrder::kSliding && !PlaceSliding(free_)) Recut(free_);
  Tell(frozen_, free_, work);
  return work;
}

}  // namespace

std::int32_t FirstUnfrozen(const PlanFamily& family, const LineOrder& order, const LineClock& clock,
                           std::int64_t now_ms) {
  const std::int32_t first = FirstPosition(family);
  const std::int32_t last = std::max(first, order.size());
  const auto begin = clock.times_ms.begin() + first + family.offset_positions;
  const auto end = clock.times_ms.begin() + last + family.offset_positions;
  const auto at = std::lower_bound(begin, end, now_ms + family.frozen_ms);
  return first + static_cast<std::int32_t>(at - begin);
}

RackWork WorkRacks(const FamilyColumns& family, const LineOrder& order, const LineClock& clock,
                   const Window& window, std::int64_t now_ms) {
  RackWorker worker(family, order, clock);
  return worker.Work(window, now_ms);
}

}  // namespace tandem::sequencing

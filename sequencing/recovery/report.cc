#include "sequencing/recovery/report.h"

#include <algorithm>
#include <utility>

#include "sequencing/racks/departure.h"
#include "sequencing/recovery/not_taken.h"

namespace tandem::sequencing {
namespace {

Quantiles QuantilesOf(const Lates& late) {
  return {.p10_ms = late[0], .p50_ms = late[1], .p90_ms = late[2]};
}

class Reporter {
 public:
  Reporter(const Facts& facts, SearchResult result)
      : facts_(facts),
        plan_(facts.book->plan()),
        result_(std::move(result)),
        base_(*result_.base),
        list_(result_.best.list),
        world_(*result_.best.world) {}

  Proposal Report();

 private:
  // A need of the list with the option that was chosen for it.
  struct Taken {
    std::size_t need = 0;
    const ListedOption* option = nullptr;
    const ChoiceOption* choice = nullptr;
  };

  Taken TakenOf(std::size_t need) const;
  void ReportFamily(std::int32_t family);
  void ReportUncovered(std::int32_t family, FamilyProposal& to) const;
  void ReportStop(std::int32_t family, FamilyProposal& to) const;
  void ReportRackPegs(std::int32_t family, FamilyProposal& to) const;
  std::optional<std::int64_t> HolderOf(std::int32_t family, std::int32_t part) const;
  void ReportTaken(std::int32_t family, FamilyProposal& to) const;
  void ReportRackMove(std::int32_t family, const Taken& taken, FamilyProposal& to) const;
  void ReportSurplus(std::int32_t family, FamilyProposal& to) const;
  void ReportMissingCalls(std::int32_t family, FamilyProposal& to) const;
  void ReportExpress();
  ExpressLoad LoadOf(std::int32_t origin, std::span<const Taken> parts) const;
  std::int64_t VehicleId(std::int32_t vehicle) const { return plan_.vehicles[At(vehicle)].vehicle; }
  std::int64_t PartId(std::int32_t family, std::int32_t part) const {
    return facts_.book->family(family).part_ids[At(part)];
  }

  const Facts& facts_;
  const RecoveryPlan& plan_;
  SearchResult result_;
  const World& base_;  // Nothing done: its late needs are the uncovered ones.
  const OptionList& list_;
  World& world_;
  std::vector<std::vector<std::size_t>> needs_of_{};  // By family: indexes of the list's needs.
  Proposal proposal_{};
};

Reporter::Taken Reporter::TakenOf(std::size_t need) const {
  const std::int32_t chosen = result_.best.chosen[need];
  const std::size_t at = At(list_.problem.first[need] + chosen);
  return {need, &list_.options[at], &list_.problem.options[at]};
}

void Reporter::ReportUncovered(std::int32_t family, FamilyProposal& to) const {
  for (const LatePosition& late : base_.families[At(family)].late) {
    to.uncovered.push_back({.vehicle = VehicleId(late.vehicle),
                            .position = late.position,
                            .need_ms = late.need_ms,
                            .late = QuantilesOf(late.late)});
  }
}

// The first needs that are late at P50, before and after.
void Reporter::ReportStop(std::int32_t family, FamilyProposal& to) const {
  const FamilyNow& before = base_.families[At(family)];
  std::int32_t first = world_.order.size();  // Position, in the order without fallbacks.
  for (const LatePosition& late : before.late) {
    if (late.late[kMedian] > 0) first = std::min(first, late.position);
  }
  if (plan_.families[At(family)].fetch_ms > 0) {
    for (const std::int32_t vehicle : before.work.moved) {
      first = std::min(first, base_.order.positions[At(vehicle)]);
    }
  }
  if (first < world_.order.size()) {
    to.stop_before =
        StopAt{VehicleId(base_.order.vehicles[At(first)]), base_.NeedMs(family, first)};
  }
  const ListedNeed* after = nullptr;
  for (const std::size_t n : needs_of_[At(family)]) {
    const ListedNeed& need = list_.needs[n];
    if (TakenOf(n).choice->late[kMedian] == 0) continue;
    if (after == nullptr || need.position < after->position) after = &need;
  }
  if (after != nullptr) to.stop_after = StopAt{VehicleId(after->vehicle), after->need_ms};
}

void Reporter::ReportRackPegs(std::int32_t family, FamilyProposal& to) const {
  for (const auto& [vehicle, part] : world_.families[At(family)].work.pegs) {
    if (part == kNone) continue;
    const std::int32_t from = facts_.book->family(family).vehicle_of[At(part)];
    ProposedRepeg repeg{.part = PartId(family, part), .to = VehicleId(vehicle)};
    if (from != kNone) repeg.from = VehicleId(from);
    to.repegs.push_back(repeg);
  }
}

// A part that an option takes out of a rack, and the rack that its vehicle's part was in.
void Reporter::ReportRackMove(std::int32_t family, const Taken& taken, FamilyProposal& to) const {
  if (taken.choice->moves == 0) return;
  const FamilyBook& book = facts_.book->family(family);
  const PlanFamily& plan = plan_.families[At(family)];
  const auto rack_of = [&](std::int32_t part) -> ProposedRack* {
    const std::int32_t r = part == kNone ? kNone : book.rack_of[At(part)];
    if (r == kNone) return nullptr;
    const PlanRack& rack = plan.racks[At(r)];
    auto at = std::ranges::find(to.racks, rack.rack, &ProposedRack::rack);
    if (at == to.racks.end()) {
      const bool left = rack.place == PartPlace::kInTransit;
      at =
          to.racks.insert(at, {.rack = rack.rack, .where = left ? PartPlace::kAtDock : rack.place});
    }
    if (at->action == RackAction::kKeep) at->action = RackAction::kRework;
    return &*at;
  };
  if (ProposedRack* rack = rack_of(taken.option->part); rack != nullptr) {
    // The racks' work may have pulled it for another, who does not get it.
    const std::optional<std::int64_t> id = PartId(family, taken.option->part);
    for (ProposedRack& other : to.racks) {
      std::erase_if(other.inserts, [&id](const RackInsert& of) { return of.part == id; });
    }
    const std::int32_t slot = book.slot_of[At(taken.option->part)];
    const auto at = std::ranges::lower_bound(rack->pulls, slot);
    if (at == rack->pulls.end() || *at != slot) rack->pulls.insert(at, slot);
  }
  const std::int32_t vehicle = list_.needs[taken.need].vehicle;
  const std::int32_t own = book.pegs[At(vehicle)];
  if (ProposedRack* rack = rack_of(own); rack != nullptr) {
    rack->inserts.push_back(
        {.vehicle = VehicleId(vehicle), .part = PartId(family, taken.option->part)});
  }
}

// Whose a part is when the happening is known, and nothing has been done.
std::optional<std::int64_t> Reporter::HolderOf(std::int32_t family, std::int32_t part) const {
  const std::int32_t vehicle = facts_.book->family(family).vehicle_of[At(part)];
  if (vehicle == kNone || facts_.Columns(family).pegs[At(vehicle)] != part) return std::nullopt;
  return VehicleId(vehicle);
}

void Reporter::ReportTaken(std::int32_t family, FamilyProposal& to) const {
  for (const std::size_t n : needs_of_[At(family)]) {
    const Taken taken = TakenOf(n);
    const ListedNeed& need = list_.needs[n];
    if (taken.option->kind == OptionKind::kShort) {
      to.built_short.push_back(VehicleId(need.vehicle));
    }
    if (taken.option->kind != OptionKind::kWait) std::erase(to.fetched, VehicleId(need.vehicle));
    if (taken.option->kind != OptionKind::kRepeg && taken.option->kind != OptionKind::kAlternate) {
      continue;
    }
    const std::int32_t part = taken.option->part;
    ProposedRepeg repeg{.part = PartId(family, part),
                        .to = VehicleId(need.vehicle),
                        .alternate = taken.option->kind == OptionKind::kAlternate};
    repeg.from = HolderOf(family, part);
    // What the racks' work gives to one and an option to another is told once, as it ends; and so
    // is what a vehicle gets.
    std::erase_if(to.repegs, [&repeg](const ProposedRepeg& of) {
      return of.part == repeg.part || of.to == repeg.to;
    });
    if (repeg.from != repeg.to) to.repegs.push_back(repeg);
    ReportRackMove(family, taken, to);
  }
}

// Parts that lost their vehicle and serve no other.
void Reporter::ReportSurplus(std::int32_t family, FamilyProposal& to) const {
  const FamilyFacts& facts = facts_.families[At(family)];
  if (facts.freed.empty() && facts.useless.empty()) return;
  std::vector<std::int32_t> used;
  for (const auto& [vehicle, part] : world_.families[At(family)].work.pegs) used.push_back(part);
  for (const std::size_t n : needs_of_[At(family)]) {
    const Taken taken = TakenOf(n);
    if (taken.option->part != kNone) used.push_back(taken.option->part);
  }
  std::ranges::sort(used);
  for (const auto* parts : {&facts.freed, &facts.useless}) {
    for (const std::int32_t part : *parts) {
      if (!std::ranges::binary_search(used, part)) to.surplus.push_back(PartId(family, part));
    }
  }
  std::ranges::sort(to.surplus);
}

// Their slots stay open until the calls are there; the racks are filled on behind them.
void Reporter::ReportMissingCalls(std::int32_t family, FamilyProposal& to) const {
  const PlanFamily& plan = plan_.families[At(family)];
  const FamilyBook& book = facts_.book->family(family);
  const PlanRack* open = nullptr;
  for (const PlanRack& rack : plan.racks) {
    const bool room = std::ssize(rack.slots) < rack.capacity;
    if (rack.place == PartPlace::kAtSource && room) open = &rack;
  }
  std::vector<std::int32_t> vehicles = facts_.uncalled;
  std::ranges::sort(vehicles, {}, [&](std::int32_t v) { return base_.order.positions[At(v)]; });
  std::int32_t slot = open == nullptr ? 0 : static_cast<std::int32_t>(open->slots.size());
  for (const std::int32_t vehicle : vehicles) {
    const std::int32_t position = base_.order.positions[At(vehicle)];
    if (position < FirstPosition(plan) || plan.variants[At(vehicle)] == kNoPart) continue;
    const std::int64_t by_ms = base_.NeedMs(family, position) - plan.frozen_ms;
    if (!to.decide_by_ms.has_value()) to.decide_by_ms = by_ms;
    const std::int32_t part = book.pegs[At(vehicle)];
    const bool racked = part != kNone && book.rack_of[At(part)] != kNone;
    if (racked || open == nullptr || slot >= open->capacity) continue;
    if (position < base_.families[At(family)].unfrozen) continue;
    auto at = std::ranges::find(to.racks, open->rack, &ProposedRack::rack);
    if (at == to.racks.end()) at = to.racks.insert(at, {.rack = open->rack, .where = open->place});
    at->holes.push_back({.slot = slot++, .vehicle = VehicleId(vehicle), .reason = "CALL_MISSING"});
  }
}

void Reporter::ReportFamily(std::int32_t family) {
  FamilyNow& now = world_.families[At(family)];
  const PlanFamily& plan = plan_.families[At(family)];
  FamilyProposal to{.location = plan.location, .family = plan.family};
  ReportUncovered(family, to);
  ReportStop(family, to);
  ReportRackPegs(family, to);
  to.racks = std::move(now.work.racks);
  to.proof = std::move(now.work.proof);
  for (const std::int32_t vehicle : now.work.fetched) to.fetched.push_back(VehicleId(vehicle));
  ReportTaken(family, to);
  ReportSurplus(family, to);
  if (!facts_.uncalled.empty()) ReportMissingCalls(family, to);
  to.completed_by = facts_.families[At(family)].completed_by;
  // A fallback may make late what was not, and that may be built short.
  const bool empty = to.uncovered.empty() && to.repegs.empty() && to.racks.empty() &&
                     to.surplus.empty() && to.fetched.empty() && to.built_short.empty() &&
                     !to.decide_by_ms && !to.stop_before && !to.stop_after &&
                     !facts_.families[At(family)].touched;
  if (!empty) proposal_.families.push_back(std::move(to));
}

ExpressLoad Reporter::LoadOf(std::int32_t origin, std::span<const Taken> parts) const {
  ExpressLoad load{.origin = origin, .ready_ms = plan_.now_ms};
  std::vector<RackTiming> timings;
  for (const Taken& taken : parts) {
    const ListedNeed& need = list_.needs[taken.need];
    const PlanFamily& family = plan_.families[At(need.family)];
    const ExpressTerms& terms = *family.express;
    load.ready_ms = std::max(load.ready_ms, plan_.now_ms + terms.prepare_ms);
    timings.push_back({.need_first_ms = need.need_ms,
                       .internal_ms = terms.internal_ms,
                       .unload_upto_ms = terms.unload_ms,
                       .travel_q95_ms = terms.travel_q95_ms});
    load.positions.push_back({.location = family.location,
                              .family = family.family,
                              .vehicle = VehicleId(need.vehicle),
                              .position = need.position,
                              .need_ms = need.need_ms,
                              .arrival = *taken.option->arrival});
  }
  load.leave_by_ms = timings.front().TermMs();
  for (const RackTiming& timing : timings) {
    load.leave_by_ms = std::min(load.leave_by_ms, timing.TermMs());
  }
  return load;
}

void Reporter::ReportExpress() {
  for (std::int32_t o = 0; At(o) < plan_.origins.size(); ++o) {
    std::vector<Taken> parts;  // By need, as the list is.
    for (std::size_t n = 0; n < list_.needs.size(); ++n) {
      const Taken taken = TakenOf(n);
      if (taken.option->origin == o) parts.push_back(taken);
    }
    const auto places = At(plan_.origins[At(o)].places);
    for (std::size_t first = 0; first < parts.size(); first += places) {
      const std::size_t count = std::min(places, parts.size() - first);
      proposal_.express.push_back(LoadOf(o, std::span(parts).subspan(first, count)));
    }
  }
}

Proposal Reporter::Report() {
  proposal_.versions = plan_.versions;
  proposal_.choice = result_.best.cost;
  proposal_.do_nothing = result_.do_nothing;
  const bool fewest = std::ranges::all_of(
      world_.families, [](const FamilyNow& family) { return family.work.proof.fewest; });
  proposal_.tried = result_.tried;
  proposal_.dropped = list_.dropped;
  proposal_.dropped.insert(proposal_.dropped.end(), result_.dropped.begin(), result_.dropped.end());
  needs_of_.resize(plan_.families.size());
  for (std::size_t n = 0; n < list_.needs.size(); ++n) {
    needs_of_[At(list_.needs[n].family)].push_back(n);
  }
  for (std::int32_t f = 0; f < facts_.book->families(); ++f) ReportFamily(f);
  ReportExpress();
  for (const Fallback& move : world_.fallbacks) {
    const std::int32_t to = world_.order.positions[At(move.vehicle)];
    proposal_.resequenced.push_back({.vehicle = VehicleId(move.vehicle),
                                     .from = move.from,
                                     .to = to,
                                     .point = plan_.points[At(move.point)].point});
  }
  proposal_.not_taken = OptionsNotTaken(plan_, result_);
  // Nothing costs less than nothing.
  proposal_.exhaustive = fewest && (result_.all_tried || proposal_.choice == RecoveryCost{});
  return std::move(proposal_);
}

}  // namespace

Proposal ReportOf(const Facts& facts, SearchResult result) {
  return Reporter(facts, std::move(result)).Report();
}

}  // namespace tandem::sequencing

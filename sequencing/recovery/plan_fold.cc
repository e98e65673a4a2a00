#include "sequencing/recovery/plan_fold.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace tandem::sequencing {
namespace {

void LeaveSlot(std::int64_t part, PlanFamily& family) {
  for (PlanRack& rack : family.racks) {
    for (std::optional<std::int64_t>& slot : rack.slots) {
      if (slot == part) slot.reset();
    }
  }
}

// Vehicles in this order, by their number before; the others leave the plan.
void Rearrange(const std::vector<std::int32_t>& vehicles, RecoveryPlan& plan) {
  std::vector<PlanVehicle> arranged;
  arranged.reserve(vehicles.size());
  for (const std::int32_t v : vehicles) arranged.push_back(plan.vehicles[At(v)]);
  plan.vehicles = std::move(arranged);
  std::vector<std::int32_t> variants(vehicles.size());
  for (PlanFamily& family : plan.families) {
    for (std::size_t k = 0; k < vehicles.size(); ++k) {
      variants[k] = family.variants[At(vehicles[k])];
    }
    family.variants = variants;
  }
}

// Those on the line in their order, then the held ones, less those that are gone.
void TakeOrder(const Facts& facts, const std::vector<std::uint8_t>& gone, RecoveryPlan& plan) {
  std::vector<std::int32_t> vehicles;
  vehicles.reserve(plan.vehicles.size());
  for (const std::int32_t v : facts.order.vehicles) {
    vehicles.push_back(v);
    plan.vehicles[At(v)].held = false;
  }
  for (std::size_t v = 0; v < plan.vehicles.size(); ++v) {
    if (facts.order.positions[v] != kNone || gone[v] != 0) continue;
    vehicles.push_back(static_cast<std::int32_t>(v));
    plan.vehicles[v].held = true;
  }
  Rearrange(vehicles, plan);
}

void FoldFamily(const FamilyFacts& facts, const std::vector<PlanVehicle>& vehicles,
                PlanFamily& family) {
  if (!facts.variants.empty()) family.variants = facts.variants;
  for (std::size_t k = 0; k < family.parts.size(); ++k) {
    if (!facts.part_variants.empty()) family.parts[k].variant = facts.part_variants[k];
    if (!facts.ready.empty()) family.parts[k].ready = facts.ready[k];
    if (!facts.pegs.empty()) family.parts[k].vehicle.reset();
  }
  for (std::size_t v = 0; v < facts.pegs.size(); ++v) {
    if (facts.pegs[v] != kNone) family.parts[At(facts.pegs[v])].vehicle = vehicles[v].vehicle;
  }
  for (const std::int32_t part : facts.moved) LeaveSlot(family.parts[At(part)].part, family);
  std::vector<std::int64_t> lost;
  for (const std::int32_t part : facts.lost) lost.push_back(family.parts[At(part)].part);
  for (const std::int64_t part : lost) RemovePart(part, family);
  family.alternates.insert(family.alternates.end(), facts.alternates.begin(),
                           facts.alternates.end());
  std::erase_if(family.loose,
                [&](const LoosePiece& piece) { return facts.completed_by == piece.piece; });
}

}  // namespace

void RemovePart(std::int64_t part, PlanFamily& family) {
  LeaveSlot(part, family);
  const auto at = std::ranges::find(family.parts, part, &PlanPart::part);
  *at = family.parts.back();
  family.parts.pop_back();
}

void FoldLineMoved(const LineMoved& what, const LineOrder& order, RecoveryPlan& plan) {
  std::vector<std::uint8_t> left(plan.vehicles.size(), 0);
  for (std::int32_t p = 0; p < what.vehicles; ++p) left[At(order.vehicles[At(p)])] = 1;
  std::vector<std::int64_t> ids;
  std::vector<std::int32_t> stay;
  for (std::size_t v = 0; v < left.size(); ++v) {
    if (left[v] != 0) ids.push_back(plan.vehicles[v].vehicle);
    if (left[v] == 0) stay.push_back(static_cast<std::int32_t>(v));
  }
  std::ranges::sort(ids);
  for (PlanFamily& family : plan.families) {
    std::vector<std::int64_t> fitted;
    for (const PlanPart& part : family.parts) {
      if (!part.vehicle.has_value() || !std::ranges::binary_search(ids, *part.vehicle)) continue;
      fitted.push_back(part.part);
    }
    for (const std::int64_t part : fitted) RemovePart(part, family);
  }
  Rearrange(stay, plan);
  plan.now_ms = what.now_ms;
  plan.runs = what.runs;
  ++plan.versions.plan;
}

void FoldHappening(const Happening& what, const Facts& facts, RecoveryPlan& plan) {
  for (std::size_t f = 0; f < plan.families.size(); ++f) {
    if (facts.families[f].touched) FoldFamily(facts.families[f], plan.vehicles, plan.families[f]);
  }
  std::vector<std::uint8_t> gone(plan.vehicles.size(), 0);
  if (const auto* scrapped = std::get_if<VehiclesScrapped>(&what)) {
    for (const std::int64_t id : scrapped->vehicles) {
      gone[At(*facts.book->VehicleNumber(id))] = 1;
    }
  }
  if (const auto* changed = std::get_if<SpecificationChanged>(&what)) {
    plan.vehicles[At(*facts.book->VehicleNumber(changed->vehicle))].version = changed->version;
  }
  if (const auto* down = std::get_if<SupplierDown>(&what)) {
    for (PlanFamily& family : plan.families) {
      if (family.supplier != down->supplier) continue;
      for (PlanPart& part : family.parts) {
        const bool later = part.place == PartPlace::kPlanned && part.made_ms >= down->from_ms;
        if (later) part.made_ms += down->to_ms - down->from_ms;
      }
    }
  }
  if (const auto* line = std::get_if<LineChanged>(&what)) plan.runs = line->runs;
  if (facts.retimed) TakeOrder(facts, gone, plan);
  ++plan.versions.plan;
  ++plan.versions.pegs;
  ++plan.versions.places;
}

}  // namespace tandem::sequencing

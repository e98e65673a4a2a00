#include "sequencing/recovery/facts.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "sequencing/recovery/facts_work.h"
#include "sequencing/recovery/plan_check.h"
#include "sequencing/recovery/refuse.h"

namespace tandem::sequencing {

FamilyColumns Facts::Columns(std::int32_t family) const {
  const PlanFamily& plan = book->plan().families[At(family)];
  const FamilyBook& base = book->family(family);
  const FamilyFacts& now = families[At(family)];
  const auto of = [](const auto& changed, const auto& unchanged) {
    return changed.empty() ? std::span(unchanged) : std::span(changed);
  };
  return {.vehicles = book->plan().vehicles,
          .plan = &plan,
          .book = &base,
          .facts = &now,
          .variants = of(now.variants, plan.variants),
          .pegs = of(now.pegs, base.pegs),
          .part_variants = of(now.part_variants, base.part_variants),
          .ready = of(now.ready, base.ready)};
}

absl::StatusOr<Facts> FactsOf(const RecoveryBook& book, const Happening& happening) {
  FactsWork work(book);
  const absl::Status status =
      std::visit([&work](const auto& what) { return work.Make(what); }, happening);
  if (!status.ok()) return status;
  return work.Take();
}

FactsWork::FactsWork(const RecoveryBook& book) : book_(book) {
  facts_.book = &book;
  facts_.order = book.order();
  facts_.families.resize(At(book.families()));
}

FamilyFacts& FactsWork::Touch(std::int32_t family) {
  FamilyFacts& facts = facts_.families[At(family)];
  facts.touched = true;
  return facts;
}

std::vector<std::int32_t>& FactsWork::Pegs(std::int32_t family) {
  FamilyFacts& facts = Touch(family);
  if (facts.pegs.empty()) facts.pegs = book_.family(family).pegs;
  return facts.pegs;
}

std::vector<Quantiles>& FactsWork::Ready(std::int32_t family) {
  FamilyFacts& facts = Touch(family);
  if (facts.ready.empty()) facts.ready = book_.family(family).ready;
  return facts.ready;
}

void FactsWork::FreePartOf(std::int32_t family, std::int32_t vehicle) {
  const std::int32_t part = facts_.Columns(family).pegs[At(vehicle)];
  if (part == kNone) return;
  Pegs(family)[At(vehicle)] = kNone;
  FamilyFacts& facts = Touch(family);
  facts.changed.push_back(vehicle);
  (facts_.Columns(family).Bound(part) ? facts.useless : facts.freed).push_back(part);
}

void FactsWork::LosePart(std::int32_t family, std::int32_t part) {
  const std::int32_t vehicle = book_.family(family).vehicle_of[At(part)];
  if (vehicle != kNone) Pegs(family)[At(vehicle)] = kNone;
  Touch(family).lost.push_back(part);
}

void FactsWork::SetNeed(std::int32_t family, std::int32_t vehicle, std::int32_t variant) {
  FreePartOf(family, vehicle);
  FamilyFacts& facts = Touch(family);
  if (facts.variants.empty()) facts.variants = book_.plan().families[At(family)].variants;
  facts.variants[At(vehicle)] = variant;
  facts.changed.push_back(vehicle);
}

bool FactsWork::Passed(std::int32_t family, std::int32_t vehicle) const {
  const std::int32_t position = book_.order().positions[At(vehicle)];
  return position != kNone && position < FirstPosition(book_.plan().families[At(family)]);
}

absl::Status FactsWork::Make(const SpecificationChanged& what) {
  const auto vehicle = book_.VehicleNumber(what.vehicle);
  if (!vehicle.ok()) return vehicle.status();
  const std::int64_t version = book_.plan().vehicles[At(*vehicle)].version;
  if (what.version <= version) {
    return Forbidden("STALE_VERSION", "vehicle ", what.vehicle, " has version ", version,
                     ", not less than ", what.version);
  }
  if (what.variants.empty()) return Invalid("NOTHING_NAMED", "no variant that changes");
  absl::flat_hash_set<std::int32_t> seen;
  for (const NewVariant& change : what.variants) {
    const auto family = book_.FamilyNumber(change.location, change.family);
    if (!family.ok()) return family.status();
    const PlanFamily& plan = book_.plan().families[At(*family)];
    if (!seen.insert(*family).second) {
      return Invalid("FAMILY_TWICE", "location ", change.location, ", family ", change.family);
    }
    if (change.variant < kNoPart || change.variant >= plan.variant_count) {
      return Invalid("UNKNOWN_VARIANT", "variant ", change.variant, " of ", plan.variant_count,
                     " of family ", change.family);
    }
    if (Passed(*family, *vehicle)) {
      return Forbidden("ALREADY_FITTED", "vehicle ", what.vehicle, " has passed location ",
                       change.location);
    }
    if (change.variant != plan.variants[At(*vehicle)]) SetNeed(*family, *vehicle, change.variant);
  }
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const CallCancelled& what) {
  const auto vehicle = book_.VehicleNumber(what.vehicle);
  if (!vehicle.ok()) return vehicle.status();
  const auto family = book_.FamilyNumber(what.location, what.family);
  if (!family.ok()) return family.status();
  if (book_.plan().families[At(*family)].variants[At(*vehicle)] == kNoPart) {
    return Forbidden("EVENT_BEFORE_CAUSE", "vehicle ", what.vehicle, " has no call of family ",
                     what.family, " to cancel");
  }
  if (Passed(*family, *vehicle)) {
    return Forbidden("ALREADY_FITTED", "vehicle ", what.vehicle, " has passed location ",
                     what.location);
  }
  SetNeed(*family, *vehicle, kNoPart);
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const PartRejected& what) {
  const auto at = book_.PartPlaceOf(what.part);
  if (!at.ok()) return at.status();
  const PlanFamily& plan = book_.plan().families[At(at->family)];
  const PlanPart& part = plan.parts[At(at->index)];
  if (part.place == PartPlace::kPlanned || part.place == PartPlace::kInTransit) {
    return Forbidden("EVENT_BEFORE_CAUSE", "part ", what.part,
                     " is planned or in transit: nobody can have looked at it");
  }
  const std::int32_t vehicle = book_.family(at->family).vehicle_of[At(at->index)];
  if (vehicle != kNone && Passed(at->family, vehicle)) {
    return Forbidden("ALREADY_FITTED", "part ", what.part, " is in vehicle ", *part.vehicle);
  }
  if (what.found_variant.has_value()) {
    if (*what.found_variant < 0 || *what.found_variant >= plan.variant_count) {
      return Invalid("UNKNOWN_VARIANT", "variant ", *what.found_variant, " of ", plan.variant_count,
                     " of family ", plan.family);
    }
    if (*what.found_variant == part.variant) {
      return Forbidden("SAME_VARIANT", "part ", what.part, " was known to be of variant ",
                       part.variant);
    }
    FamilyFacts& facts = Touch(at->family);
    facts.part_variants = book_.family(at->family).part_variants;
    facts.part_variants[At(at->index)] = *what.found_variant;
    facts.moved.push_back(at->index);
    if (vehicle != kNone) {
      Pegs(at->family)[At(vehicle)] = kNone;
      facts.freed.push_back(at->index);
      facts.changed.push_back(vehicle);
    }
    return absl::OkStatus();
  }
  LosePart(at->family, at->index);
  Touch(at->family).moved.push_back(at->index);
  if (vehicle != kNone) Touch(at->family).changed.push_back(vehicle);
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const LoadDelayed& what) {
  if (what.racks.empty()) return Invalid("NOTHING_NAMED", "no rack that is delayed or lost");
  if (what.ready.has_value()) {
    if (absl::Status status = CheckQuantiles(*what.ready); !status.ok()) return status;
    if (what.ready->p50_ms < book_.plan().now_ms) {
      return Invalid("ARRIVAL_BEFORE_NOW", "ready at ", what.ready->p50_ms, " ms, now is ",
                     book_.plan().now_ms);
    }
  }
  absl::flat_hash_set<std::int64_t> seen;
  for (const std::int64_t rack : what.racks) {
    if (!seen.insert(rack).second) return Invalid("RACK_TWICE", "rack ", rack);
    const auto at = book_.RackPlaceOf(rack);
    if (!at.ok()) return at.status();
    const PlanRack& plan = book_.plan().families[At(at->family)].racks[At(at->index)];
    if (plan.place >= PartPlace::kAtDock) {
      return Forbidden("RACK_ARRIVED", "rack ", rack, " is at the dock or the line");
    }
    for (const std::optional<std::int64_t>& slot : plan.slots) {
      if (!slot.has_value()) continue;
      const std::int32_t part = book_.PartPlaceOf(*slot)->index;
      if (what.ready.has_value()) {
        Ready(at->family)[At(part)] = *what.ready;
      } else {
        LosePart(at->family, part);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const SupplierDown& what) {
  if (what.from_ms >= what.to_ms) {
    return Invalid("EMPTY_OUTAGE", "from ", what.from_ms, " to ", what.to_ms, " ms");
  }
  if (what.from_ms < -kInstantMax || what.to_ms > kInstantMax) {
    return Invalid("OUT_OF_RANGE", "from ", what.from_ms, " to ", what.to_ms, " ms");
  }
  if (what.to_ms <= book_.plan().now_ms) {
    return Forbidden("OUTAGE_OVER", "it ended at ", what.to_ms, " ms, now is ", book_.plan().now_ms,
                     ": the plan's arrivals hold it");
  }
  bool known = false;
  const std::int64_t later_ms = what.to_ms - what.from_ms;
  for (std::int32_t f = 0; f < book_.families(); ++f) {
    const PlanFamily& plan = book_.plan().families[At(f)];
    if (plan.supplier != what.supplier) continue;
    known = true;
    for (std::size_t k = 0; k < plan.parts.size(); ++k) {
      const PlanPart& part = plan.parts[k];
      if (part.place != PartPlace::kPlanned || part.made_ms < what.from_ms) continue;
      if (std::max(part.ready.p90_ms, part.made_ms) > kInstantMax - later_ms) {
        return Invalid("OUT_OF_RANGE", "part ", part.part, " would be made ", later_ms,
                       " ms later, beyond 2^50 ms");
      }
      Ready(f)[k] = Shifted(part.ready, later_ms);
    }
  }
  if (!known) return Missing("UNKNOWN_SUPPLIER", "supplier ", what.supplier);
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const AlternateAllowed& what) {
  const auto family = book_.FamilyNumber(what.location, what.family);
  if (!family.ok()) return family.status();
  const PlanFamily& plan = book_.plan().families[At(*family)];
  if (absl::Status status = CheckAlternate(plan, what.alternate); !status.ok()) return status;
  const bool allowed = std::ranges::any_of(plan.alternates, [&](const AllowedAlternate& known) {
    return known.needed == what.alternate.needed && known.accepted == what.alternate.accepted;
  });
  if (allowed) {
    return Forbidden("ALREADY_ALLOWED", "variant ", what.alternate.accepted, " for ",
                     what.alternate.needed, " of family ", what.family);
  }
  Touch(*family).alternates.push_back(what.alternate);
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const SetBroken& what) {
  const auto at = book_.PartPlaceOf(what.part);
  if (!at.ok()) return at.status();
  const PlanFamily& plan = book_.plan().families[At(at->family)];
  const PlanPart& part = plan.parts[At(at->index)];
  if (!plan.sets) {
    return Forbidden("NOT_A_SET", "part ", what.part, " of family ", plan.family);
  }
  if (part.place == PartPlace::kPlanned) {
    return Forbidden("EVENT_BEFORE_CAUSE", "set ", what.part, " has not been kitted");
  }
  const std::int32_t vehicle = book_.family(at->family).vehicle_of[At(at->index)];
  if (vehicle != kNone && Passed(at->family, vehicle)) {
    return Forbidden("ALREADY_FITTED", "set ", what.part, " is in vehicle ", *part.vehicle);
  }
  const LoosePiece* best = nullptr;
  for (const LoosePiece& piece : plan.loose) {
    if (piece.lot != part.lot) continue;
    const auto key = [](const LoosePiece& of) { return std::pair(of.ready.p50_ms, of.piece); };
    if (best == nullptr || key(piece) < key(*best)) best = &piece;
  }
  if (best == nullptr) {
    LosePart(at->family, at->index);
    Touch(at->family).moved.push_back(at->index);
    if (vehicle != kNone) Touch(at->family).changed.push_back(vehicle);
    return absl::OkStatus();
  }
  Quantiles& ready = Ready(at->family)[At(at->index)];
  ready = {std::max(ready.p10_ms, best->ready.p10_ms), std::max(ready.p50_ms, best->ready.p50_ms),
           std::max(ready.p90_ms, best->ready.p90_ms)};
  Touch(at->family).completed_by = best->piece;
  return absl::OkStatus();
}

}  // namespace tandem::sequencing

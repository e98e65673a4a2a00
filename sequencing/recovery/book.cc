#include "sequencing/recovery/book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "sequencing/recovery/plan_check.h"
#include "sequencing/recovery/refuse.h"
#include "sequencing/recovery/world.h"

namespace tandem::sequencing {
namespace {

std::int64_t FamilyKey(std::int32_t location, std::int32_t family) {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(location) << 32) |
                                   static_cast<std::uint32_t>(family));
}

}  // namespace

absl::StatusOr<RecoveryBook> RecoveryBook::Create(RecoveryPlan plan) {
  if (absl::Status status = CheckTerms(plan); !status.ok()) return status;
  RecoveryBook book;
  book.plan_ = std::move(plan);
  if (absl::Status status = book.IndexVehicles(); !status.ok()) return status;
  book.families_.resize(book.plan_.families.size());
  for (std::int32_t f = 0; f < book.families(); ++f) {
    if (absl::Status status = book.AddFamily(f); !status.ok()) return book.InFamily(f, status);
    if (absl::Status status = book.FillFamily(f); !status.ok()) return book.InFamily(f, status);
  }
  for (const PlanFamily& family : book.plan_.families) {
    book.frontier_ = std::max(book.frontier_, FirstPosition(family));
  }
  for (const ResequencingPoint& point : book.plan_.points) {
    if (point.position >= book.frontier_) continue;
    return Invalid("OUT_OF_RANGE", "point ", point.point, " at position ", point.position,
                   " lies behind a location, at position ", book.frontier_);
  }
  auto clock = book.ClockOf(book.plan_.runs);
  if (!clock.ok()) return clock.status();
  book.clock_ = *std::move(clock);
  for (std::int32_t f = 0; f < book.families(); ++f) book.FindLate(f);
  return book;
}

absl::Status RecoveryBook::IndexVehicles() {
  order_.positions.assign(plan_.vehicles.size(), kNone);
  for (std::size_t v = 0; v < plan_.vehicles.size(); ++v) {
    const auto number = static_cast<std::int32_t>(v);
    const PlanVehicle& vehicle = plan_.vehicles[v];
    if (!vehicle_numbers_.emplace(vehicle.vehicle, number).second) {
      return Invalid("VEHICLE_TWICE", "vehicle ", vehicle.vehicle);
    }
    if (vehicle.held) continue;
    order_.positions[v] = order_.size();
    order_.vehicles.push_back(number);
  }
  return absl::OkStatus();
}

absl::Status RecoveryBook::InFamily(std::int32_t family, const absl::Status& status) const {
  const PlanFamily& plan = plan_.families[At(family)];
  return absl::Status(status.code(), absl::StrCat(status.message(), " (location ", plan.location,
                                                  ", family ", plan.family, ")"));
}

absl::Status RecoveryBook::AddFamily(std::int32_t family) {
  const PlanFamily& plan = plan_.families[At(family)];
  if (!family_numbers_.emplace(FamilyKey(plan.location, plan.family), family).second) {
    return Invalid("FAMILY_TWICE", "the same location and family");
  }
  if (absl::Status status = CheckFamilyTerms(plan_, plan); !status.ok()) return status;
  for (std::size_t k = 0; k < plan.parts.size(); ++k) {
    const FamilyPlace place{family, static_cast<std::int32_t>(k)};
    if (!part_places_.emplace(plan.parts[k].part, place).second) {
      return Invalid("PART_TWICE", "part ", plan.parts[k].part);
    }
  }
  for (std::size_t r = 0; r < plan.racks.size(); ++r) {
    const FamilyPlace place{family, static_cast<std::int32_t>(r)};
    if (!rack_places_.emplace(plan.racks[r].rack, place).second) {
      return Invalid("RACK_TWICE", "rack ", plan.racks[r].rack);
    }
  }
  return absl::OkStatus();
}

absl::Status RecoveryBook::FillFamily(std::int32_t family) {
  const PlanFamily& plan = plan_.families[At(family)];
  families_[At(family)] = {};
  if (plan.variants.size() != plan_.vehicles.size()) {
    return Invalid("COLUMN_MISSING", plan.variants.size(), " variants for ", plan_.vehicles.size(),
                   " vehicles");
  }
  for (std::size_t v = 0; v < plan.variants.size(); ++v) {
    if (plan.variants[v] < kNoPart || plan.variants[v] >= plan.variant_count) {
      return Invalid("UNKNOWN_VARIANT", "vehicle ", plan_.vehicles[v].vehicle, ", variant ",
                     plan.variants[v], " of ", plan.variant_count);
    }
  }
  if (absl::Status status = FillParts(family); !status.ok()) return status;
  return FillRacks(family);
}

absl::Status RecoveryBook::FillParts(std::int32_t family) {
  const PlanFamily& plan = plan_.families[At(family)];
  FamilyBook& book = families_[At(family)];
  book.pegs.assign(plan_.vehicles.size(), kNone);
  for (std::size_t k = 0; k < plan.parts.size(); ++k) {
    const PlanPart& part = plan.parts[k];
    const auto number = static_cast<std::int32_t>(k);
    if (absl::Status status = CheckQuantiles(part.ready); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat(status.message(), " of part ", part.part));
    }
    if (part.made_ms < -kInstantMax || part.made_ms > kInstantMax) {
      return Invalid("OUT_OF_RANGE", "part ", part.part, " is made at ", part.made_ms,
                     " ms; at most 2^50");
    }
    if (part.variant < 0 || part.variant >= plan.variant_count) {
      return Invalid("UNKNOWN_VARIANT", "part ", part.part, ", variant ", part.variant, " of ",
                     plan.variant_count);
    }
    std::int32_t vehicle = kNone;
    if (part.vehicle.has_value()) {
      const auto found = vehicle_numbers_.find(*part.vehicle);
      if (found == vehicle_numbers_.end()) {
        return Invalid("UNKNOWN_VEHICLE", "part ", part.part, " is pegged to vehicle ",
                       *part.vehicle);
      }
      vehicle = found->second;
      if (book.pegs[At(vehicle)] != kNone) {
        return Invalid("PEGGED_TWICE", "vehicle ", *part.vehicle, " has part ", part.part,
                       " and another");
      }
      book.pegs[At(vehicle)] = number;
    } else {
      book.free.push_back(number);
    }
    book.vehicle_of.push_back(vehicle);
    book.part_ids.push_back(part.part);
    book.part_variants.push_back(part.variant);
    book.ready.push_back(part.ready);
    book.bound.push_back(part.bound ? 1 : 0);
    book.at_hand.push_back(part.place >= PartPlace::kAtDock ? 1 : 0);
  }
  std::ranges::sort(book.free, {}, [&book](std::int32_t k) { return book.FreeKey(k); });
  absl::flat_hash_set<std::int64_t> pieces;
  for (const LoosePiece& piece : plan.loose) {
    if (!pieces.insert(piece.piece).second) return Invalid("PIECE_TWICE", "piece ", piece.piece);
    if (absl::Status status = CheckQuantiles(piece.ready); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RecoveryBook::FillRacks(std::int32_t family) {
  const PlanFamily& plan = plan_.families[At(family)];
  FamilyBook& book = families_[At(family)];
  book.take_at.assign(plan.parts.size(), kNone);
  book.rack_of.assign(plan.parts.size(), kNone);
  book.slot_of.assign(plan.parts.size(), kNone);
  for (std::size_t r = 0; r < plan.racks.size(); ++r) {
    const PlanRack& rack = plan.racks[r];
    const auto number = static_cast<std::int32_t>(r);
    if (rack.capacity < 0 || rack.slots.size() > At(rack.capacity)) {
      return Invalid("RACK_OVERFULL", "rack ", rack.rack, ": ", rack.slots.size(), " slots in ",
                     rack.capacity, " places");
    }
    const std::size_t before = book.take.size();
    for (std::size_t s = 0; s < rack.slots.size(); ++s) {
      if (!rack.slots[s].has_value()) continue;
      const auto found = part_places_.find(*rack.slots[s]);
      if (found == part_places_.end() || found->second.family != family) {
        return Invalid("UNKNOWN_PART", "rack ", rack.rack, ", slot ", s, ", part ", *rack.slots[s]);
      }
      const std::int32_t part = found->second.index;
      if (book.take_at[At(part)] != kNone) {
        return Invalid("RACKED_TWICE", "part ", *rack.slots[s], " is in rack ", rack.rack,
                       " and in another slot");
      }
      book.take_at[At(part)] = static_cast<std::int32_t>(book.take.size());
      book.rack_of[At(part)] = number;
      book.slot_of[At(part)] = static_cast<std::int32_t>(s);
      book.take.push_back({.part = part,
                           .vehicle = book.vehicle_of[At(part)],
                           .rack = number,
                           .variant = book.part_variants[At(part)]});
    }
    book.parts_in.push_back(static_cast<std::int32_t>(book.take.size() - before));
  }
  return absl::OkStatus();
}

void RecoveryBook::NumberParts(std::int32_t family) {
  const std::vector<PlanPart>& parts = plan_.families[At(family)].parts;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    part_places_[parts[k].part] = {family, static_cast<std::int32_t>(k)};
  }
}

void RecoveryBook::ForgetParts(std::int32_t family) {
  for (const PlanPart& part : plan_.families[At(family)].parts) part_places_.erase(part.part);
}

void RecoveryBook::NumberRacks(std::int32_t family) {
  const std::vector<PlanRack>& racks = plan_.families[At(family)].racks;
  for (std::size_t r = 0; r < racks.size(); ++r) {
    rack_places_[racks[r].rack] = {family, static_cast<std::int32_t>(r)};
  }
}

FamilyColumns RecoveryBook::PlannedColumns(std::int32_t family, const FamilyFacts& none) const {
  const FamilyBook& book = families_[At(family)];
  return {.vehicles = plan_.vehicles,
          .plan = &plan_.families[At(family)],
          .book = &book,
          .facts = &none,
          .variants = plan_.families[At(family)].variants,
          .pegs = book.pegs,
          .part_variants = book.part_variants,
          .ready = book.ready};
}

void RecoveryBook::FindLate(std::int32_t family) {
  const FamilyFacts none;
  families_[At(family)].late = LatePositions(
      PlannedColumns(family, none), {order_, clock_, plan_.horizon_ms}, {0, order_.size()});
}

absl::StatusOr<LineClock> RecoveryBook::ClockOf(std::span<const LineRun> runs) const {
  return ClockFor(runs, plan_.now_ms, std::ssize(plan_.vehicles));
}

absl::StatusOr<LineClock> RecoveryBook::ClockFor(std::span<const LineRun> runs, std::int64_t now_ms,
                                                 std::int64_t vehicles) const {
  if (!runs.empty() && runs.front().from_ms < now_ms) {
    return Invalid("BAD_CALENDAR", "the first run begins at ", runs.front().from_ms,
                   " ms, before now, ", now_ms);
  }
  std::int64_t count = vehicles;
  for (const PlanFamily& family : plan_.families) {
    count = std::max(count, vehicles + family.offset_positions);
  }
  auto times = PositionTimes(runs, count);
  if (!times.ok()) return Invalid("BAD_CALENDAR", times.status().message());
  if (std::ssize(*times) < count) {
    return Forbidden("CALENDAR_TOO_SHORT", "the line's runs end after ", times->size(), " of ",
                     count, " positions");
  }
  return LineClock{.times_ms = *std::move(times), .working = WorkingTime(runs)};
}

absl::StatusOr<std::int32_t> RecoveryBook::VehicleNumber(std::int64_t vehicle) const {
  const auto found = vehicle_numbers_.find(vehicle);
  if (found == vehicle_numbers_.end()) return Missing("UNKNOWN_VEHICLE", "vehicle ", vehicle);
  return found->second;
}

absl::StatusOr<std::int32_t> RecoveryBook::FamilyNumber(std::int32_t location,
                                                        std::int32_t family) const {
  const auto found = family_numbers_.find(FamilyKey(location, family));
  if (found == family_numbers_.end()) {
    return Missing("UNKNOWN_FAMILY", "location ", location, ", family ", family);
  }
  return found->second;
}

absl::StatusOr<FamilyPlace> RecoveryBook::PartPlaceOf(std::int64_t part) const {
  const auto found = part_places_.find(part);
  if (found == part_places_.end()) return Missing("UNKNOWN_PART", "part ", part);
  return found->second;
}

absl::StatusOr<FamilyPlace> RecoveryBook::RackPlaceOf(std::int64_t rack) const {
  const auto found = rack_places_.find(rack);
  if (found == rack_places_.end()) return Missing("UNKNOWN_RACK", "rack ", rack);
  return found->second;
}

}  // namespace tandem::sequencing

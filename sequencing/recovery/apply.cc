// Events become part of a book. Each is checked before anything changes; what a family's columns
// are then is written anew for that family, or, for the most frequent events, point by point.
#include <algorithm>
#include <tuple>
#include <utility>

#include "sequencing/recovery/book.h"
#include "sequencing/recovery/facts.h"
#include "sequencing/recovery/plan_check.h"
#include "sequencing/recovery/plan_fold.h"
#include "sequencing/recovery/refuse.h"
#include "sequencing/recovery/world.h"

namespace tandem::sequencing {

absl::Status RecoveryBook::Apply(const PlanEvent& event) {
  return std::visit([this](const auto& what) { return Make(what); }, event);
}

// The family's late need at the vehicle's position, if there is one, as things are now.
void RecoveryBook::RenewLate(std::int32_t family, std::int32_t vehicle) {
  if (vehicle == kNone || order_.positions[At(vehicle)] == kNone) return;
  const std::int32_t position = order_.positions[At(vehicle)];
  const FamilyFacts none;
  std::vector<LatePosition>& late = families_[At(family)].late;
  const auto at = std::ranges::lower_bound(late, position, {}, &LatePosition::position);
  const bool was = at != late.end() && at->position == position;
  const auto now = LatePositions(PlannedColumns(family, none), {order_, clock_, plan_.horizon_ms},
                                 {position, position + 1});
  if (was && !now.empty()) *at = now.front();
  if (was && now.empty()) late.erase(at);
  if (!was && !now.empty()) late.insert(at, now.front());
}

void RecoveryBook::SetFree(std::int32_t family, std::int32_t part, bool free) {
  FamilyBook& book = families_[At(family)];
  const auto key = [&book](std::int32_t k) { return book.FreeKey(k); };
  const auto at = std::ranges::lower_bound(book.free, key(part), {}, key);
  if (free) {
    book.free.insert(at, part);
  } else {
    book.free.erase(at);
  }
}

absl::Status RecoveryBook::Make(const PartReported& what) {
  const auto at = PartPlaceOf(what.part);
  if (!at.ok()) return at.status();
  if (absl::Status status = CheckQuantiles(what.ready); !status.ok()) return status;
  FamilyBook& book = families_[At(at->family)];
  PlanPart& part = plan_.families[At(at->family)].parts[At(at->index)];
  const std::int32_t vehicle = book.vehicle_of[At(at->index)];
  if (vehicle == kNone) SetFree(at->family, at->index, false);
  part.place = what.place;
  part.ready = what.ready;
  book.ready[At(at->index)] = what.ready;
  book.at_hand[At(at->index)] = what.place >= PartPlace::kAtDock ? 1 : 0;
  if (vehicle == kNone) SetFree(at->family, at->index, true);
  RenewLate(at->family, vehicle);
  ++plan_.versions.places;
  return absl::OkStatus();
}

absl::Status RecoveryBook::Make(const PartPegged& what) {
  const auto at = PartPlaceOf(what.part);
  if (!at.ok()) return at.status();
  FamilyBook& book = families_[At(at->family)];
  const std::int32_t before = book.vehicle_of[At(at->index)];
  std::int32_t after = kNone;
  if (what.vehicle.has_value()) {
    const auto vehicle = VehicleNumber(*what.vehicle);
    if (!vehicle.ok()) return vehicle.status();
    after = *vehicle;
    const std::int32_t other = book.pegs[At(after)];
    if (other != kNone && other != at->index) {
      return Forbidden("PEGGED_TWICE", "vehicle ", *what.vehicle, " has part ",
                       book.part_ids[At(other)], ", so part ", what.part, " cannot be its");
    }
  }
  if (before == kNone) SetFree(at->family, at->index, false);
  if (before != kNone) book.pegs[At(before)] = kNone;
  if (after != kNone) book.pegs[At(after)] = at->index;
  book.vehicle_of[At(at->index)] = after;
  const std::int32_t place = book.take_at[At(at->index)];
  if (place != kNone) book.take[At(place)].vehicle = after;
  plan_.families[At(at->family)].parts[At(at->index)].vehicle = what.vehicle;
  if (after == kNone) SetFree(at->family, at->index, true);
  RenewLate(at->family, before);
  RenewLate(at->family, after);
  ++plan_.versions.pegs;
  return absl::OkStatus();
}

// Changes one family by `change`, or leaves all as it was where the plan would contradict itself.
template <typename Change>
absl::Status RecoveryBook::ChangeFamily(std::int32_t family, const Change& change) {
  PlanFamily before = plan_.families[At(family)];
  change(plan_.families[At(family)]);
  NumberParts(family);
  absl::Status status = FillFamily(family);
  if (!status.ok()) {
    ForgetParts(family);
    plan_.families[At(family)] = std::move(before);
    NumberParts(family);
    // As it was before, so it is as good as then.
    if (absl::Status again = FillFamily(family); !again.ok()) return again;
  }
  FindLate(family);
  return status;
}

absl::Status RecoveryBook::Make(const PartAdded& what) {
  const auto family = FamilyNumber(what.location, what.family);
  if (!family.ok()) return family.status();
  if (PartPlaceOf(what.part.part).ok()) {
    return Invalid("PART_TWICE", "part ", what.part.part, " is known already");
  }
  absl::Status status =
      ChangeFamily(*family, [&](PlanFamily& plan) { plan.parts.push_back(what.part); });
  if (status.ok()) ++plan_.versions.places;
  return status;
}

absl::Status RecoveryBook::Make(const PartRemoved& what) {
  const auto at = PartPlaceOf(what.part);
  if (!at.ok()) return at.status();
  part_places_.erase(what.part);
  absl::Status status =
      ChangeFamily(at->family, [&](PlanFamily& plan) { RemovePart(what.part, plan); });
  if (status.ok()) ++plan_.versions.places;
  return status;
}

absl::Status RecoveryBook::Make(const RackReported& what) {
  const auto family = FamilyNumber(what.location, what.family);
  if (!family.ok()) return family.status();
  const auto at = RackPlaceOf(what.rack.rack);
  if (at.ok() && at->family != *family) {
    return Invalid("RACK_TWICE", "rack ", what.rack.rack, " is another family's");
  }
  absl::Status status = ChangeFamily(*family, [&](PlanFamily& plan) {
    if (at.ok()) {
      plan.racks[At(at->index)] = what.rack;
    } else {
      plan.racks.push_back(what.rack);
    }
  });
  if (!status.ok()) return status;
  if (!at.ok()) {
    rack_places_.emplace(what.rack.rack,
                         FamilyPlace{*family, static_cast<std::int32_t>(
                                                  plan_.families[At(*family)].racks.size() - 1)});
  }
  ++plan_.versions.places;
  return absl::OkStatus();
}

absl::Status RecoveryBook::Make(const RackRemoved& what) {
  const auto at = RackPlaceOf(what.rack);
  if (!at.ok()) return at.status();
  absl::Status status = ChangeFamily(
      at->family, [&](PlanFamily& plan) { plan.racks.erase(plan.racks.begin() + at->index); });
  if (!status.ok()) return status;
  rack_places_.erase(what.rack);
  NumberRacks(at->family);
  ++plan_.versions.places;
  return absl::OkStatus();
}

absl::Status RecoveryBook::Make(const VehicleAdded& what) {
  const auto known = VehicleNumber(what.vehicle.vehicle);
  if (known.ok()) return Invalid("VEHICLE_TWICE", "vehicle ", what.vehicle.vehicle);
  if (absl::Status status = CheckVehicle(what.vehicle); !status.ok()) return status;
  if (std::ssize(plan_.vehicles) >= kPositionsMax) {
    return Invalid("OUT_OF_RANGE", "vehicle ", what.vehicle.vehicle, " is one more than ",
                   kPositionsMax);
  }
  if (what.variants.size() != plan_.families.size()) {
    return Invalid("COLUMN_MISSING", what.variants.size(), " variants for ", plan_.families.size(),
                   " families, of vehicle ", what.vehicle.vehicle);
  }
  for (std::int32_t f = 0; f < families(); ++f) {
    const std::int32_t count = plan_.families[At(f)].variant_count;
    if (what.variants[At(f)] >= kNoPart && what.variants[At(f)] < count) continue;
    return InFamily(f, Invalid("UNKNOWN_VARIANT", "vehicle ", what.vehicle.vehicle, ", variant ",
                               what.variants[At(f)], " of ", count));
  }
  auto clock = ClockFor(plan_.runs, plan_.now_ms, std::ssize(plan_.vehicles) + 1);
  if (!clock.ok()) return clock.status();
  clock_ = *std::move(clock);
  const auto number = static_cast<std::int32_t>(plan_.vehicles.size());
  plan_.vehicles.push_back(what.vehicle);
  vehicle_numbers_.emplace(what.vehicle.vehicle, number);
  order_.positions.push_back(what.vehicle.held ? kNone : order_.size());
  if (!what.vehicle.held) order_.vehicles.push_back(number);
  for (std::int32_t f = 0; f < families(); ++f) {
    plan_.families[At(f)].variants.push_back(what.variants[At(f)]);
    families_[At(f)].pegs.push_back(kNone);
    RenewLate(f, number);
  }
  ++plan_.versions.plan;
  return absl::OkStatus();
}

absl::Status RecoveryBook::Make(const LineMoved& what) {
  if (what.now_ms < plan_.now_ms) {
    return Invalid("OUT_OF_RANGE", "now ", what.now_ms, " ms is before ", plan_.now_ms, " ms");
  }
  if (what.now_ms > plan_.horizon_ms) {
    return Invalid("OUT_OF_RANGE", "now ", what.now_ms, " ms is behind the horizon, ",
                   plan_.horizon_ms, " ms");
  }
  if (what.vehicles < 0 || what.vehicles > order_.size()) {
    return Invalid("OUT_OF_RANGE", what.vehicles, " vehicles of ", order_.size(), " left the line");
  }
  const std::int64_t left = std::ssize(plan_.vehicles) - what.vehicles;
  if (left == 0) return Invalid("NO_VEHICLE", "the line's last vehicle would have left the plan");
  const auto clock = ClockFor(what.runs, what.now_ms, left);
  if (!clock.ok()) return clock.status();
  FoldLineMoved(what, order_, plan_);
  return Renew();
}

absl::Status RecoveryBook::Make(const Happening& what) {
  const auto facts = FactsOf(*this, what);
  if (!facts.ok()) return facts.status();
  for (std::int32_t p = 0; p < frontier_; ++p) {
    if (p >= facts->order.size() || facts->order.vehicles[At(p)] != kNone) continue;
    return Forbidden("GAP_ON_LINE", "position ", p,
                     " lies between locations and would be empty: it must pass them first");
  }
  const auto* scrapped = std::get_if<VehiclesScrapped>(&what);
  if (scrapped != nullptr && scrapped->vehicles.size() == plan_.vehicles.size()) {
    return Invalid("NO_VEHICLE", "the plan's last vehicle is scrapped");
  }
  FoldHappening(what, *facts, plan_);
  return Renew();
}

// Everything that the plan decides, but which families and racks there are.
absl::Status RecoveryBook::Renew() {
  auto clock = ClockOf(plan_.runs);
  if (!clock.ok()) return clock.status();
  clock_ = *std::move(clock);
  vehicle_numbers_.clear();
  order_ = {};
  part_places_.clear();
  if (absl::Status status = IndexVehicles(); !status.ok()) return status;
  for (std::int32_t f = 0; f < families(); ++f) {
    NumberParts(f);
    if (absl::Status status = FillFamily(f); !status.ok()) return InFamily(f, status);
    FindLate(f);
  }
  return absl::OkStatus();
}

}  // namespace tandem::sequencing

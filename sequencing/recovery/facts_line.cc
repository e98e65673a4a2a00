// The happenings that change who stands where on the line, and when it reaches a position.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "sequencing/recovery/facts_work.h"
#include "sequencing/recovery/refuse.h"

namespace tandem::sequencing {

absl::StatusOr<std::int32_t> FactsWork::OnLine(std::int64_t vehicle) const {
  const auto number = book_.VehicleNumber(vehicle);
  if (!number.ok()) return number.status();
  if (book_.order().positions[At(*number)] == kNone) {
    return Forbidden("NOT_ON_LINE", "vehicle ", vehicle, " is held");
  }
  return *number;
}

absl::StatusOr<std::vector<std::int32_t>> FactsWork::OnLine(
    std::span<const std::int64_t> vehicles) const {
  if (vehicles.empty()) return Invalid("NOTHING_NAMED", "no vehicle");
  absl::flat_hash_set<std::int64_t> seen;
  std::vector<std::int32_t> numbers;
  for (const std::int64_t vehicle : vehicles) {
    const auto number = OnLine(vehicle);
    if (!number.ok()) return number.status();
    if (!seen.insert(vehicle).second) return Invalid("VEHICLE_TWICE", "vehicle ", vehicle);
    numbers.push_back(*number);
  }
  return numbers;
}

absl::Status FactsWork::CheckWindow() const {
  const Window& window = facts_.window;
  for (const PlanFamily& family : book_.plan().families) {
    const std::int32_t first = FirstPosition(family);
    if (window.first >= first || window.end <= first) continue;
    return Forbidden("CROSSES_LOCATION", "positions ", window.first, " to ", window.end - 1,
                     " lie on both sides of location ", family.location, ", at position ", first);
  }
  return absl::OkStatus();
}

void FactsWork::RemoveFromLine(std::span<const std::int32_t> vehicles) {
  std::vector<std::int32_t>& order = facts_.order.vehicles;
  std::int32_t first = facts_.order.size();  // Of those that close up.
  for (const std::int32_t vehicle : vehicles) {
    std::int32_t& position = facts_.order.positions[At(vehicle)];
    // On the line nobody closes up: the place stays empty.
    if (position < book_.frontier()) order[At(position)] = kNone;
    if (position >= book_.frontier()) first = std::min(first, position);
    position = kNone;
  }
  order.erase(
      std::remove_if(order.begin() + first, order.end(),
                     [this](std::int32_t v) { return facts_.order.positions[At(v)] == kNone; }),
      order.end());
  facts_.order.Renumber(first, facts_.order.size());
  facts_.retimed = true;
}

bool FactsWork::BackInTime(std::int32_t family, std::int32_t part, std::int64_t returns_ms) const {
  const PlanFamily& plan = book_.plan().families[At(family)];
  const FamilyBook& book = book_.family(family);
  const std::int32_t rack = book.rack_of[At(part)];
  if (rack == kNone) return false;
  std::int32_t last = kNone;  // Position.
  for (std::size_t k = At(book.take_at[At(part)]); k < book.take.size(); ++k) {
    if (book.take[k].rack != rack) break;
    const std::int32_t vehicle = book.take[k].vehicle;
    if (vehicle != kNone) last = std::max(last, book_.order().positions[At(vehicle)]);
  }
  return last >= FirstPosition(plan) && returns_ms <= book_.clock().NeedMs(plan, last);
}

absl::Status FactsWork::Make(const VehiclesPulled& what) {
  std::vector<std::int64_t> named;
  for (const PulledVehicle& pulled : what.vehicles) {
    named.push_back(pulled.vehicle);
    if (pulled.returns_ms.has_value() && *pulled.returns_ms < book_.plan().now_ms) {
      return Invalid("RETURN_BEFORE_NOW", "vehicle ", pulled.vehicle, " returns at ",
                     *pulled.returns_ms, " ms, now is ", book_.plan().now_ms);
    }
  }
  const auto vehicles = OnLine(named);
  if (!vehicles.ok()) return vehicles.status();
  for (std::int32_t f = 0; f < book_.families(); ++f) {
    for (std::size_t k = 0; k < vehicles->size(); ++k) {
      const std::int32_t vehicle = (*vehicles)[k];
      const std::int32_t part = book_.family(f).pegs[At(vehicle)];
      if (part == kNone || Passed(f, vehicle)) continue;
      const std::optional<std::int64_t> returns_ms = what.vehicles[k].returns_ms;
      const bool back = returns_ms.has_value() && BackInTime(f, part, *returns_ms);
      if (back || book_.family(f).bound[At(part)] != 0) {
        FamilyFacts& facts = Touch(f);
        facts.kept.push_back(part);
        facts.changed.push_back(vehicle);
      } else {
        FreePartOf(f, vehicle);
      }
    }
  }
  RemoveFromLine(*vehicles);
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const VehiclesScrapped& what) {
  std::vector<std::int32_t> vehicles;
  absl::flat_hash_set<std::int64_t> seen;
  if (what.vehicles.empty()) return Invalid("NOTHING_NAMED", "no vehicle");
  for (const std::int64_t vehicle : what.vehicles) {  // On the line or held.
    const auto number = book_.VehicleNumber(vehicle);
    if (!number.ok()) return number.status();
    if (!seen.insert(vehicle).second) return Invalid("VEHICLE_TWICE", "vehicle ", vehicle);
    vehicles.push_back(*number);
  }
  for (std::int32_t f = 0; f < book_.families(); ++f) {
    for (const std::int32_t vehicle : vehicles) {
      if (!Passed(f, vehicle)) FreePartOf(f, vehicle);
    }
  }
  std::erase_if(vehicles,
                [this](std::int32_t v) { return facts_.order.positions[At(v)] == kNone; });
  RemoveFromLine(vehicles);
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const VehicleReturned& what) {
  const auto vehicle = book_.VehicleNumber(what.vehicle);
  if (!vehicle.ok()) return vehicle.status();
  if (facts_.order.positions[At(*vehicle)] != kNone) {
    return Forbidden("EVENT_BEFORE_CAUSE", "vehicle ", what.vehicle,
                     " returns and was not pulled out");
  }
  if (what.position < 0 || what.position > facts_.order.size()) {
    return Invalid("UNKNOWN_POSITION", "position ", what.position, " of ", facts_.order.size());
  }
  if (what.position < book_.frontier()) {
    return Forbidden("CROSSES_LOCATION", "position ", what.position,
                     " has passed a location; the first that has not is ", book_.frontier());
  }
  facts_.order.vehicles.insert(facts_.order.vehicles.begin() + what.position, *vehicle);
  facts_.order.Renumber(what.position, facts_.order.size());
  facts_.window.Include(what.position, what.position);
  facts_.retimed = true;
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const VehiclesReordered& what) {
  const auto numbers = OnLine(what.vehicles);
  if (!numbers.ok()) return numbers.status();
  const std::int64_t end = what.first + std::ssize(*numbers);
  if (what.first < 0 || end > facts_.order.size()) {
    return Invalid("UNKNOWN_POSITION", "positions ", what.first, " to ", end - 1, " of ",
                   facts_.order.size());
  }
  for (std::size_t k = 0; k < numbers->size(); ++k) {
    const std::int32_t vehicle = (*numbers)[k];
    const std::int32_t old = book_.order().positions[At(vehicle)];
    if (old < what.first || old >= end) {
      return Invalid("NOT_A_PERMUTATION", "vehicle ", what.vehicles[k], " stands at position ", old,
                     ", not in ", what.first, " to ", end - 1);
    }
    const std::int32_t position = what.first + static_cast<std::int32_t>(k);
    if (position == old) continue;
    facts_.order.vehicles[At(position)] = vehicle;
    facts_.window.Include(position, position);
  }
  facts_.order.Renumber(what.first, static_cast<std::int32_t>(end));
  facts_.retimed = true;
  return CheckWindow();
}

absl::Status FactsWork::Make(const VehiclesSwapped& what) {
  std::vector<std::int64_t> named;
  for (const SwappedPair& pair : what.pairs) {
    named.push_back(pair.first);
    named.push_back(pair.second);
  }
  const auto numbers = OnLine(named);  // One vehicle scanned twice is a pair with itself.
  if (!numbers.ok()) return numbers.status();
  for (std::size_t k = 0; k < numbers->size(); k += 2) {
    std::int32_t& first = facts_.order.positions[At((*numbers)[k])];
    std::int32_t& second = facts_.order.positions[At((*numbers)[k + 1])];
    std::swap(first, second);
    facts_.order.vehicles[At(first)] = (*numbers)[k];
    facts_.order.vehicles[At(second)] = (*numbers)[k + 1];
    facts_.window.Include(std::min(first, second), std::max(first, second));
  }
  facts_.retimed = true;
  return CheckWindow();
}

absl::Status FactsWork::Make(const LineChanged& what) {
  auto clock = book_.ClockOf(what.runs);
  if (!clock.ok()) return clock.status();
  facts_.own_clock = *std::move(clock);
  facts_.retimed = true;
  return absl::OkStatus();
}

absl::Status FactsWork::Make(const CallsMissing& what) {
  auto numbers = OnLine(what.vehicles);
  if (!numbers.ok()) return numbers.status();
  facts_.uncalled = *std::move(numbers);
  for (std::int32_t f = 0; f < book_.families(); ++f) Touch(f);
  return absl::OkStatus();
}

}  // namespace tandem::sequencing

#include "sequencing/racks/load.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

const LoadedRackState* RackIn(const LoadState& load, std::int64_t rack) {
  const auto found = std::ranges::find(load.racks, rack, &LoadedRackState::rack);
  return found == load.racks.end() ? nullptr : &*found;
}

bool HasSlot(const LoadedRackState& rack, std::int32_t slot) {
  return slot >= 0 && std::cmp_less(slot, rack.slots.size());
}

// Whether `applies(slot)` holds for a slot of the load other than `here`.
template <typename Applies>
bool AnyOther(const LoadState& load, const RackSlot* here, Applies applies) {
  return std::ranges::any_of(load.racks, [&](const LoadedRackState& rack) {
    return std::ranges::any_of(
        rack.slots, [&](const RackSlot& slot) { return &slot != here && applies(slot); });
  });
}

bool IsEmpty(const RackSlot& slot) { return !slot.part.has_value() && !slot.hole.has_value(); }

const char* NameOf(ScanVerdict verdict) {
  switch (verdict) {
    case ScanVerdict::kUnknownRack:
      return "the load has no such rack";
    case ScanVerdict::kUnknownSlot:
      return "the rack has no such slot";
    case ScanVerdict::kRackClosed:
      return "the rack is closed";
    case ScanVerdict::kPartElsewhere:
      return "the part is already in another slot";
    case ScanVerdict::kPartUnusable:
      return "the part is unusable";
    case ScanVerdict::kWrongVariant:
      return "the slot is for another variant";
    case ScanVerdict::kWrongSlot:
      return "the part belongs elsewhere in this load";
    case ScanVerdict::kAlreadyPlaced:
      return "the part is there already";
    case ScanVerdict::kSlotTaken:
      return "the slot is taken";
    case ScanVerdict::kGap:
      return "an earlier slot is empty, and no hole is documented";
    case ScanVerdict::kFits:
      return "the part fits";
  }
  return "";
}

absl::Status NoSuch(const SlotPlace& place, const char* what) {
  return absl::NotFoundError(absl::StrCat("rack ", place.rack, ", slot ", place.slot, ": ", what));
}

RackSlot& SlotAt(LoadState& load, const SlotPlace& place) {
  const auto rack = std::ranges::find(load.racks, place.rack, &LoadedRackState::rack);
  return rack->slots[static_cast<std::size_t>(place.slot)];
}

RackLabel LabelOf(const LoadedRackState& rack) {
  RackLabel label{.rack = rack.rack};
  for (std::size_t i = 0; i < rack.slots.size(); ++i) {
    const RackSlot& slot = rack.slots[i];
    label.first_sequence_number =
        i == 0 ? slot.sequence_number : std::min(label.first_sequence_number, slot.sequence_number);
    label.last_sequence_number =
        i == 0 ? slot.sequence_number : std::max(label.last_sequence_number, slot.sequence_number);
    if (slot.hole.has_value()) label.holes.emplace_back(static_cast<std::int32_t>(i), *slot.hole);
  }
  return label;
}

}  // namespace

ScanVerdict VerifyScan(const LoadState& load, const SlotScan& scan) {
  const LoadedRackState* const rack = RackIn(load, scan.rack);
  if (rack == nullptr) return ScanVerdict::kUnknownRack;
  if (!HasSlot(*rack, scan.slot)) return ScanVerdict::kUnknownSlot;
  const RackSlot& slot = rack->slots[static_cast<std::size_t>(scan.slot)];
  const bool repeated = slot.part == scan.part;
  if (rack->closed && !repeated) return ScanVerdict::kRackClosed;
  if (AnyOther(load, &slot, [&](const RackSlot& other) { return other.part == scan.part; })) {
    return ScanVerdict::kPartElsewhere;
  }
  if (!scan.usable) return ScanVerdict::kPartUnusable;
  if (scan.variant != slot.variant) return ScanVerdict::kWrongVariant;
  if (slot.due_part != scan.part &&
      AnyOther(load, &slot, [&](const RackSlot& other) { return other.due_part == scan.part; })) {
    return ScanVerdict::kWrongSlot;
  }
  if (repeated) return ScanVerdict::kAlreadyPlaced;
  if (slot.part.has_value()) return ScanVerdict::kSlotTaken;
  const auto before = rack->slots.begin() + scan.slot;
  if (!rack->is_random_access && std::any_of(rack->slots.begin(), before, IsEmpty)) {
    return ScanVerdict::kGap;
  }
  return ScanVerdict::kFits;
}

absl::Status PlacePart(const SlotScan& scan, LoadState& load) {
  const ScanVerdict verdict = VerifyScan(load, scan);
  switch (verdict) {
    case ScanVerdict::kFits: {
      RackSlot& slot = SlotAt(load, {scan.rack, scan.slot});
      slot.part = scan.part;
      slot.hole.reset();
      return absl::OkStatus();
    }
    case ScanVerdict::kAlreadyPlaced:
      return absl::OkStatus();
    case ScanVerdict::kUnknownRack:
    case ScanVerdict::kUnknownSlot:
      return NoSuch({scan.rack, scan.slot}, NameOf(verdict));
    case ScanVerdict::kRackClosed:
    case ScanVerdict::kPartElsewhere:
    case ScanVerdict::kPartUnusable:
    case ScanVerdict::kWrongVariant:
    case ScanVerdict::kWrongSlot:
    case ScanVerdict::kSlotTaken:
    case ScanVerdict::kGap:
      break;
  }
  return absl::FailedPreconditionError(absl::StrCat("part ", scan.part, " into rack ", scan.rack,
                                                    ", slot ", scan.slot, ": ", NameOf(verdict)));
}

absl::Status DocumentHole(const SlotPlace& place, const DocumentedHole& hole, LoadState& load) {
  const LoadedRackState* const rack = RackIn(load, place.rack);
  if (rack == nullptr) return NoSuch(place, NameOf(ScanVerdict::kUnknownRack));
  if (!HasSlot(*rack, place.slot)) return NoSuch(place, NameOf(ScanVerdict::kUnknownSlot));
  const auto refuse = [&place](const char* rule) {
    return absl::FailedPreconditionError(
        absl::StrCat("hole in rack ", place.rack, ", slot ", place.slot, ": ", rule));
  };
  if (hole.reason.empty() || hole.who.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("hole in rack ", place.rack, ", slot ",
                                                   place.slot, ": it needs a reason and a name"));
  }
  RackSlot& slot = SlotAt(load, place);
  if (rack->closed && slot.hole != hole) return refuse(NameOf(ScanVerdict::kRackClosed));
  if (slot.vehicle != hole.vehicle) return refuse("the slot is another vehicle's");
  if (slot.part.has_value()) return refuse(NameOf(ScanVerdict::kSlotTaken));
  slot.hole = hole;
  return absl::OkStatus();
}

absl::StatusOr<SlotPlace> PullPart(std::int64_t part, LoadState& load) {
  for (LoadedRackState& rack : load.racks) {
    const auto slot = std::ranges::find(rack.slots, std::optional(part), &RackSlot::part);
    if (slot == rack.slots.end()) continue;
    slot->part.reset();
    rack.closed = false;
    return SlotPlace{rack.rack, static_cast<std::int32_t>(slot - rack.slots.begin())};
  }
  return absl::NotFoundError(absl::StrCat("part ", part, " is in no slot of the load"));
}

absl::StatusOr<RackLabel> CloseRack(std::int64_t rack, LoadState& load) {
  const auto found = std::ranges::find(load.racks, rack, &LoadedRackState::rack);
  if (found == load.racks.end()) {
    return absl::NotFoundError(
        absl::StrCat("rack ", rack, ": ", NameOf(ScanVerdict::kUnknownRack)));
  }
  const auto empty = std::ranges::find_if(found->slots, IsEmpty);
  if (empty != found->slots.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("rack ", rack, ", slot ", empty - found->slots.begin(), " for vehicle ",
                     empty->vehicle, " is empty, and no hole is documented"));
  }
  found->closed = true;
  return LabelOf(*found);
}

}  // namespace tandem::sequencing

// What is in the slots of the racks of one load, and whether a scanned part belongs there. The
// state is a value, changed by one scan at a time; a refused one leaves it as it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tandem::sequencing {

// A slot that stays empty on purpose. Carried into label and shipment notice, and passed over by
// cover and line.
struct DocumentedHole {
  std::int64_t vehicle = 0;
  std::string reason{};
  std::string who{};

  friend bool operator==(const DocumentedHole&, const DocumentedHole&) = default;
};

struct RackSlot {
  std::int64_t sequence_number = 0;
  std::int64_t vehicle = 0;
  std::int32_t variant = 0;                // What it is planned for.
  std::optional<std::int64_t> due_part{};  // The part pegged to it, where that is one part.
  std::optional<std::int64_t> part{};      // What is in it.
  std::optional<DocumentedHole> hole{};

  friend bool operator==(const RackSlot&, const RackSlot&) = default;
};

struct LoadedRackState {
  std::int64_t rack = 0;
  bool is_random_access = false;  // Its slots may be filled in any order.
  bool closed = false;
  std::vector<RackSlot> slots{};  // In the order in which they are filled.

  friend bool operator==(const LoadedRackState&, const LoadedRackState&) = default;
};

struct LoadState {
  std::vector<LoadedRackState> racks{};

  friend bool operator==(const LoadState&, const LoadState&) = default;
};

struct SlotScan {
  std::int64_t part = 0;
  std::int32_t variant = 0;
  bool usable = true;  // Not quarantined, scrapped, rejected, expired.
  std::int64_t rack = 0;
  std::int32_t slot = 0;
};

// The first that applies, in this order.
enum class ScanVerdict {
  kUnknownRack,
  kUnknownSlot,
  kRackClosed,
  kPartElsewhere,  // The part is already in another slot.
  kPartUnusable,
  kWrongVariant,
  kWrongSlot,      // The part belongs elsewhere in this load.
  kAlreadyPlaced,  // A repeat of a scan that was taken: no effect.
  kSlotTaken,
  kGap,  // An earlier slot is empty, and no hole is documented.
  kFits,
};

// O(slots of the load).
ScanVerdict VerifyScan(const LoadState& load, const SlotScan& scan);

// Puts the part into the slot, whose hole, if one was documented, it fills. Returns OK for a
// repeat; kNotFound for an unknown rack or slot; else kFailedPrecondition, naming part, rack, slot
// and what VerifyScan found.
absl::Status PlacePart(const SlotScan& scan, LoadState& load);

struct SlotPlace {
  std::int64_t rack = 0;
  std::int32_t slot = 0;
};

// Returns kNotFound for an unknown rack or slot, kInvalidArgument for a hole without reason or who,
// kFailedPrecondition for another vehicle than the slot's, a slot with a part or a closed rack.
absl::Status DocumentHole(const SlotPlace& place, const DocumentedHole& hole, LoadState& load);

// Takes a part out again; its rack is open then. Returns where it was; kNotFound if it is in none.
absl::StatusOr<SlotPlace> PullPart(std::int64_t part, LoadState& load);

struct RackLabel {
  std::int64_t rack = 0;
  std::int64_t first_sequence_number = 0;  // In line order, holes included.
  std::int64_t last_sequence_number = 0;
  std::vector<std::pair<std::int32_t, DocumentedHole>> holes{};  // By slot.
};

// Closes a rack whose every slot has its part or a documented hole, and labels it. A repeat returns
// the label again. Returns kNotFound for an unknown rack, kFailedPrecondition, naming the first
// empty slot, for a rack that is not complete.
absl::StatusOr<RackLabel> CloseRack(std::int64_t rack, LoadState& load);

}  // namespace tandem::sequencing

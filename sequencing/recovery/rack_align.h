// Racks' slots against what the line needs, by access type. Private to the part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sequencing/racks/repeg_racks.h"
#include "sequencing/recovery/rack_work.h"

namespace tandem::sequencing::rack_align {

// A part in its slot. What may serve one vehicle only has a code of its own, else its variant.
struct Slot {
  std::int32_t part = 0;
  std::int32_t vehicle = kNone;  // None: nobody needs it as things are.
  std::int32_t rack = 0;
  std::int32_t code = 0;
};

struct Need {
  std::int32_t position = 0;
  std::int32_t vehicle = 0;
  std::int32_t own = kNone;   // Its part, if that is among the slots,
  std::int32_t slot = kNone;  // and the index of its slot then.
  std::int32_t code = 0;
};

// Slots and needs, both as the line takes them, and what came of them.
struct Group {
  std::vector<Slot> slots{};
  std::vector<Need> needs{};
  std::vector<KeptPart> kept{};         // Indexes of slots and needs.
  std::vector<KeptPart> moved{};        // Taken out of its slot for the need; by need.
  std::vector<std::int32_t> rack_of{};  // By need: where it is put; kNone: nowhere.
  bool fewest = true;
};

// A moved part as it is told: out of a slot of one rack, into another or nowhere (kNone).
struct MovedPart {
  std::int32_t from = 0;
  std::int32_t to = kNone;
  std::int32_t slot = 0;
  RackInsert insert{};
};

// One that has left is touched at the dock.
inline PartPlace WhereOf(const PlanRack& rack) {
  return rack.place == PartPlace::kInTransit ? PartPlace::kAtDock : rack.place;
}

// The codes of slots or needs, in their order.
std::vector<std::int32_t> CodesOf(const auto& list) {
  std::vector<std::int32_t> codes;
  codes.reserve(list.size());
  for (const auto& entry : list) codes.push_back(entry.code);
  return codes;
}

// What is equal at both ends stays; the rest is aligned.
std::vector<KeptPart> AlignSliding(const Group& group);
// The k-th slot that is needed is for the k-th vehicle that has one.
void AlignNumbered(Group& group);
// Each rack serves as many vehicles as before, and those that come newly while it holds parts that
// nobody needs.
void AlignAny(Group& group);
// Gives what is not kept to those that are not served: first each its own, then in order.
void Move(Group& group);

}  // namespace tandem::sequencing::rack_align

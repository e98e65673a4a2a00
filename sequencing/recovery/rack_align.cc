#include "sequencing/recovery/rack_align.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>

namespace tandem::sequencing::rack_align {

// What is equal at both ends stays; the rest is aligned.
std::vector<KeptPart> AlignSliding(const Group& group) {
  const std::vector<std::int32_t> rack = CodesOf(group.slots);
  const std::vector<std::int32_t> need = CodesOf(group.needs);
  const std::size_t most = std::min(rack.size(), need.size());
  std::size_t head = 0;
  while (head < most && rack[head] == need[head]) ++head;
  std::size_t tail = 0;
  while (tail < most - head && rack[rack.size() - 1 - tail] == need[need.size() - 1 - tail]) ++tail;
  std::vector<KeptPart> kept;
  kept.reserve(most);
  for (std::size_t k = 0; k < head; ++k) {
    kept.push_back({static_cast<std::int32_t>(k), static_cast<std::int32_t>(k)});
  }
  const auto middle = [&](const std::vector<std::int32_t>& codes) {
    return std::span(codes).subspan(head, codes.size() - head - tail);
  };
  for (const KeptPart& part : LongestAlignment(middle(rack), middle(need))) {
    kept.push_back({part.slot + static_cast<std::int32_t>(head),
                    part.position + static_cast<std::int32_t>(head)});
  }
  for (std::size_t k = tail; k > 0; --k) {
    kept.push_back(
        {static_cast<std::int32_t>(rack.size() - k), static_cast<std::int32_t>(need.size() - k)});
  }
  return kept;
}

// The k-th slot that is needed is for the k-th vehicle that has one.
void AlignNumbered(Group& group) {
  std::size_t s = 0;
  for (std::size_t n = 0; n < group.needs.size(); ++n) {
    if (group.needs[n].own == kNone) continue;
    while (group.slots[s].vehicle == kNone) ++s;
    group.rack_of[n] = group.slots[s].rack;
    if (group.slots[s].code == group.needs[n].code) {
      group.kept.push_back({static_cast<std::int32_t>(s), static_cast<std::int32_t>(n)});
    }
    ++s;
  }
}

// Each rack serves as many vehicles as before, and those that come newly while it holds parts that
// nobody needs.
void AlignAny(Group& group) {
  auto fresh = std::ranges::count(group.needs, kNone, &Need::own);
  std::size_t n = 0;
  for (std::size_t first = 0; first < group.slots.size();) {
    std::size_t end = first;
    std::ptrdiff_t needed = 0;
    while (end < group.slots.size() && group.slots[end].rack == group.slots[first].rack) {
      needed += group.slots[end++].vehicle != kNone ? 1 : 0;
    }
    const auto more = std::min(fresh, static_cast<std::ptrdiff_t>(end - first) - needed);
    fresh -= more;
    const std::size_t block = std::min(group.needs.size() - n, At(needed + more));
    const std::vector<std::int32_t> rack =
        CodesOf(std::span(group.slots).subspan(first, end - first));
    const std::vector<std::int32_t> need = CodesOf(std::span(group.needs).subspan(n, block));
    const auto repeg = RepegRack(rack, need, {.order = SlotOrder::kAny});
    for (const KeptPart& part : repeg.ok() ? repeg->kept : std::vector<KeptPart>{}) {
      group.kept.push_back({part.slot + static_cast<std::int32_t>(first),
                            part.position + static_cast<std::int32_t>(n)});
    }
    for (std::size_t k = 0; k < block; ++k) group.rack_of[n + k] = group.slots[first].rack;
    n += block;
    first = end;
  }
}

// Gives what is not kept to those that are not served: first each its own, then in order.
void Move(Group& group) {
  group.moved.clear();
  std::vector<std::uint8_t> slot_used(group.slots.size(), 0);
  std::vector<std::uint8_t> served(group.needs.size(), 0);
  for (const KeptPart& part : group.kept) {
    slot_used[At(part.slot)] = 1;
    served[At(part.position)] = 1;
  }
  const auto move = [&](std::int32_t slot, std::int32_t need) {
    slot_used[At(slot)] = 1;
    served[At(need)] = 1;
    group.moved.push_back({slot, need});
  };
  std::vector<std::int32_t> needs;
  for (std::size_t n = 0; n < group.needs.size(); ++n) {
    if (served[n] != 0) continue;
    const std::int32_t own = group.needs[n].slot;
    if (own != kNone && slot_used[At(own)] == 0) {
      move(own, static_cast<std::int32_t>(n));
    } else {
      needs.push_back(static_cast<std::int32_t>(n));
    }
  }
  if (needs.empty()) return;
  std::vector<std::int32_t> slots;
  for (std::size_t s = 0; s < group.slots.size(); ++s) {
    if (slot_used[s] == 0) slots.push_back(static_cast<std::int32_t>(s));
  }
  std::ranges::sort(slots, {}, [&group](std::int32_t s) {
    return std::tuple(group.slots[At(s)].code, group.slots[At(s)].vehicle == kNone, s);
  });
  std::ranges::sort(needs, {},
                    [&group](std::int32_t n) { return std::pair(group.needs[At(n)].code, n); });
  std::size_t k = 0;
  for (const std::int32_t n : needs) {
    const std::int32_t code = group.needs[At(n)].code;
    while (k < slots.size() && group.slots[At(slots[k])].code < code) ++k;
    if (k < slots.size() && group.slots[At(slots[k])].code == code) move(slots[k++], n);
  }
  std::ranges::sort(group.moved, {}, &KeptPart::position);
}

}  // namespace tandem::sequencing::rack_align

#include "services/base/fact.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/bytes.h"

namespace tandem::base {

std::string_view DomainName(DomainId domain) {
  switch (domain) {
    case DomainId::kGovernance:
      return "governance";
    case DomainId::kExchange:
      return "exchange";
    case DomainId::kForecast:
      return "forecast";
  }
  return "unknown";
}

std::string SlotId::ToString() const {
  const std::string_view name = DomainName(domain);
  return absl::StrCat(absl::string_view(name.data(), name.size()), "/", index);
}

SlotId SlotOf(DomainId domain, std::uint16_t slots, std::string_view key) {
  Require(slots > 0, "a domain has at least one slot");
  return {.domain = domain, .index = static_cast<std::uint16_t>(StableHash(key) % slots)};
}

std::uint64_t Position::At(SlotId slot) const {
  const auto found = numbers_.find(slot);
  return found == numbers_.end() ? 0 : found->second;
}

void Position::Set(SlotId slot, std::uint64_t number) {
  if (number == 0) {
    numbers_.erase(slot);
  } else {
    numbers_[slot] = number;
  }
}

void Position::Merge(const Position& other) {
  for (const auto& [slot, number] : other.numbers_) Set(slot, std::max(At(slot), number));
}

bool Position::Covers(const Position& other) const {
  return std::all_of(other.numbers_.begin(), other.numbers_.end(),
                     [this](const auto& entry) { return At(entry.first) >= entry.second; });
}

std::string Position::Encode() const {
  ByteWriter out;
  for (const auto& [slot, number] : numbers_) {
    out.Varint(static_cast<std::uint64_t>(slot.domain)).Varint(slot.index).Varint(number);
  }
  return out.Take();
}

absl::StatusOr<Position> Position::Decode(std::string_view bytes) {
  Position position;
  ByteReader in(bytes);
  SlotId last{.domain = DomainId{0}, .index = 0};
  while (in.ok() && !in.AtEnd()) {
    const std::uint64_t domain = in.Varint();
    const std::uint64_t index = in.Varint();
    const std::uint64_t number = in.Varint();
    if (!in.ok() || domain == 0 || domain > 0xffff || index > 0xffff || number == 0) break;
    const SlotId slot{.domain = static_cast<DomainId>(domain),
                      .index = static_cast<std::uint16_t>(index)};
    if (slot <= last) break;  // Ascending and once each: one position has one encoding.
    last = slot;
    position.numbers_[slot] = number;
    if (in.AtEnd()) return position;
  }
  if (bytes.empty()) return position;
  return absl::InvalidArgumentError("a position's bytes are damaged");
}

}  // namespace tandem::base

// How much a register entry, an event or a promotion may hold; the rules and the readers of files
// both keep to it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tandem::exchange {

inline constexpr std::size_t kTextBytesMax = 200;  // Of a name, a level, a partner's number.
inline constexpr int kHierarchyMax = 8;
inline constexpr int kPartnerNumbersMax = 100;
inline constexpr int kListMax = 10'000;  // Locations of an event, items of a promotion.
inline constexpr std::int64_t kUpliftMax = 1'000'000;  // Thousandths.

}  // namespace tandem::exchange

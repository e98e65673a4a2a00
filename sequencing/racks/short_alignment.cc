#include "sequencing/racks/short_alignment.h"

#include <algorithm>
#include <array>
#include <bit>

namespace tandem::sequencing {
namespace {

using Word = std::uint64_t;

// Where each variant is needed: bit t is the t-th position from the end.
class Columns {
 public:
  explicit Columns(std::span<const std::int32_t> need) {
    for (std::size_t j = 0; j < need.size(); ++j) {
      Entry& entry = EntryOf(need[j]);
      entry.variant = need[j];
      entry.columns |= Word{1} << (need.size() - 1 - j);
    }
  }

  Word Of(std::int32_t variant) { return EntryOf(variant).columns; }

 private:
  struct Entry {
    std::int32_t variant = 0;
    Word columns = 0;  // None: the entry is free.
  };

  // The variant's entry, or the free one where it would be: half of them stay free.
  Entry& EntryOf(std::int32_t variant) {
    static_assert(std::tuple_size_v<decltype(entries_)> == 2 * kShortNeed);
    std::size_t at = (static_cast<std::uint32_t>(variant) * 0x9E3779B1U) >> 25U;
    while (entries_[at].columns != 0 && entries_[at].variant != variant) {
      at = (at + 1) % entries_.size();
    }
    return entries_[at];
  }

  std::array<Entry, 2 * kShortNeed> entries_{};
};

Word UpTo(std::ptrdiff_t column) { return ~Word{0} >> (63 - column); }
std::ptrdiff_t Last(Word columns) { return 63 - std::countl_zero(columns); }

}  // namespace

std::vector<KeptPart> ShortAlignment(std::span<const std::int32_t> rack,
                                     std::span<const std::int32_t> need) {
  // What is equal at the beginning is kept by the earliest slots at the earliest positions.
  std::size_t head = 0;
  while (head < std::min(rack.size(), need.size()) && rack[head] == need[head]) ++head;
  std::vector<KeptPart> kept;
  kept.reserve(std::min(rack.size(), need.size()));
  for (std::size_t k = 0; k < head; ++k) {
    kept.push_back({static_cast<std::int32_t>(k), static_cast<std::int32_t>(k)});
  }
  if (head == rack.size() || head == need.size()) return kept;
  // Rows from the last slot to the first, as in common_subsequence.cc.
  Columns columns(need.subspan(head));
  std::array<Word, kShortRack> matches;
  std::array<Word, kShortRack> rows;
  Word row = ~Word{0};
  for (std::size_t i = rack.size(); i-- > head;) {
    matches[i] = columns.Of(rack[i]);
    const Word match = row & matches[i];
    row = (row + match) | (row & ~match);
    rows[i] = row;
  }
  std::ptrdiff_t t = std::ssize(need) - static_cast<std::ptrdiff_t>(head) - 1;
  std::ptrdiff_t open = t;  // The earliest position that none serves yet.
  for (std::size_t i = head; i < rack.size() && t >= 0; ++i) {
    const Word zeros = ~rows[i] & UpTo(t);
    if (zeros == 0) break;
    t = Last(zeros);
    if ((matches[i] >> t & 1U) == 0) continue;
    const std::ptrdiff_t earliest = Last(matches[i] & UpTo(open));
    kept.push_back(
        {static_cast<std::int32_t>(i), static_cast<std::int32_t>(std::ssize(need) - 1 - earliest)});
    open = earliest - 1;
    --t;
  }
  return kept;
}

}  // namespace tandem::sequencing

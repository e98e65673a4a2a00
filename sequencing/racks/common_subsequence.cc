#include "sequencing/racks/common_subsequence.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "sequencing/racks/short_alignment.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace tandem::sequencing {
namespace {

using Word = std::uint64_t;
constexpr std::ptrdiff_t kWordBits = 64;
constexpr std::ptrdiff_t kBlockRows = 4;     // Rows computed together: their carries overlap.
constexpr std::ptrdiff_t kFirstBand = 60;    // With a block's rows and both edges, three words.
constexpr std::int32_t kNowhere = -1;        // The variant is not needed at all.
constexpr std::size_t kSmallNumbers = 4096;  // Variants below are looked up in a table anyway.

// Where each variant is needed. Variants get numbers 0.. in the order in which the need names them.
class Occurrences {
 public:
  Occurrences(std::span<const std::int32_t> rack, std::span<const std::int32_t> need);

  std::span<const std::int32_t> rack() const { return rack_; }  // As numbers; kNowhere for others.
  std::span<const std::int32_t> need() const { return need_; }
  std::size_t variants() const { return first_.size() - 1; }
  // The positions that need `variant`, ascending.
  std::span<const std::int32_t> PositionsOf(std::int32_t variant) const {
    const auto v = static_cast<std::size_t>(variant);
    return std::span(positions_).subspan(first_[v], first_[v + 1] - first_[v]);
  }

 private:
  template <typename NumberOf>
  void Number(std::span<const std::int32_t> rack, std::span<const std::int32_t> need,
              NumberOf number_of);

  std::vector<std::int32_t> rack_;
  std::vector<std::int32_t> need_;
  std::vector<std::size_t> first_;  // Into positions_, by variant; one more at the end.
  std::vector<std::int32_t> positions_;
};

template <typename NumberOf>
void Occurrences::Number(std::span<const std::int32_t> rack, std::span<const std::int32_t> need,
                         NumberOf number_of) {
  std::int32_t numbers = 0;
  for (std::size_t j = 0; j < need.size(); ++j) {
    std::int32_t& number = number_of(need[j]);
    if (number == kNowhere) number = numbers++;
    need_[j] = number;
  }
  for (std::size_t i = 0; i < rack.size(); ++i) rack_[i] = number_of(rack[i]);
  first_.assign(static_cast<std::size_t>(numbers) + 1, 0);
}

Occurrences::Occurrences(std::span<const std::int32_t> rack, std::span<const std::int32_t> need)
    : rack_(rack.size()), need_(need.size()), positions_(need.size()) {
  std::uint32_t largest = 0;  // Negative ones are large here, and go to the hash table.
  for (const std::int32_t v : rack) largest = std::max(largest, static_cast<std::uint32_t>(v));
  for (const std::int32_t v : need) largest = std::max(largest, static_cast<std::uint32_t>(v));
  if (largest < kSmallNumbers + 4 * (rack.size() + need.size())) {
    std::vector<std::int32_t> table(largest + 1, kNowhere);
    Number(rack, need,
           [&](std::int32_t v) -> std::int32_t& { return table[static_cast<std::size_t>(v)]; });
  } else {
    absl::flat_hash_map<std::int32_t, std::int32_t> table;
    Number(rack, need, [&](std::int32_t v) -> std::int32_t& {
      return table.try_emplace(v, kNowhere).first->second;
    });
  }
  for (const std::int32_t number : need_) ++first_[static_cast<std::size_t>(number) + 1];
  for (std::size_t v = 1; v < first_.size(); ++v) first_[v] += first_[v - 1];
  std::vector<std::size_t> end(first_.begin(), first_.end() - 1);
  for (std::size_t j = 0; j < need_.size(); ++j) {
    positions_[end[static_cast<std::size_t>(need_[j])]++] = static_cast<std::int32_t>(j);
  }
}

// A run of words of a row.
struct Window {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t count = 0;
};

// Which columns a row's variant matches, as bits inside of a window of words that only moves up. A
// variant needed often keeps the window's bits, as a ring; one needed seldom is set into one of the
// block's scratch rows and cleared again.
class Matches {
 public:
  // The window is `count` of the row's `words` words; it stands at the first.
  Matches(const Occurrences& found, std::ptrdiff_t words, std::ptrdiff_t count)
      : found_(found), words_(words), window_{0, count}, ring_(found.variants(), kScratch) {
    scratch_.assign(static_cast<std::size_t>(words * kBlockRows), 0);
    left_.reserve(found.variants());
    std::ptrdiff_t often = 1;  // The first ring is empty: for what is not needed at all.
    for (std::size_t v = 0; v < ring_.size(); ++v) {
      left_.push_back(std::ssize(found.PositionsOf(static_cast<std::int32_t>(v))));
      if (left_.back() > kSeldom) ring_[v] = 2 * count * often++;
    }
    bits_.assign(static_cast<std::size_t>(2 * count * often), 0);
    for (std::ptrdiff_t w = 0; w < count; ++w) Enter(w);
  }

  void MoveTo(std::ptrdiff_t first) {
    for (; window_.first < first; ++window_.first) {
      Leave(window_.first);
      Enter(window_.first + window_.count);
    }
  }

  // The words of the window in the bits of `variant`, for row `k` of a block; valid until Clear.
  const Word* Of(std::int32_t variant, std::ptrdiff_t k) {
    if (variant == kNowhere) return bits_.data();
    const auto v = static_cast<std::size_t>(variant);
    if (ring_[v] != kScratch) return bits_.data() + ring_[v] + window_.first % window_.count;
    const auto positions = found_.PositionsOf(variant);
    // Columns ascend where positions descend: those before the window are at the list's end.
    std::ptrdiff_t& left = left_[v];
    const std::ptrdiff_t size = std::ssize(found_.need());
    const std::ptrdiff_t last = size - 1 - window_.first * kWordBits;
    const std::ptrdiff_t first = size - (window_.first + window_.count) * kWordBits;
    while (left > 0 && positions[static_cast<std::size_t>(left - 1)] > last) --left;
    Word* const row = scratch_.data() + k * words_;
    for (std::ptrdiff_t i = left - 1; i >= 0; --i) {
      const std::int32_t position = positions[static_cast<std::size_t>(i)];
      if (position < first) break;
      const std::ptrdiff_t t = size - 1 - position;
      row[t / kWordBits] |= Word{1} << (t % kWordBits);
    }
    return row + window_.first;
  }
  void Clear(std::int32_t variant, std::ptrdiff_t k) {
    if (variant == kNowhere || ring_[static_cast<std::size_t>(variant)] != kScratch) return;
    std::fill_n(scratch_.data() + k * words_ + window_.first, window_.count, Word{0});
  }

 private:
  static constexpr std::ptrdiff_t kScratch = -1;
  static constexpr std::ptrdiff_t kSeldom = 8;

  // Calls change(word, bit) for both places of each column of word w in its variant's ring: they
  // are one window apart, so that a window is in one piece wherever it begins.
  template <typename Change>
  void ForEachColumn(std::ptrdiff_t w, Change change) {
    const std::ptrdiff_t size = std::ssize(found_.need());
    const std::ptrdiff_t bits = std::min(kWordBits, size - w * kWordBits);
    if (bits <= 0) return;
    const std::int32_t* need = found_.need().data() + (size - 1 - w * kWordBits);  // Backwards.
    Word* const place = bits_.data() + w % window_.count;
    for (std::ptrdiff_t bit = 0; bit < bits; ++bit, --need) {
      const std::ptrdiff_t ring = ring_[static_cast<std::size_t>(*need)];
      if (ring == kScratch) continue;
      change(place[ring], Word{1} << bit);
      change(place[ring + window_.count], Word{1} << bit);
    }
  }
  void Enter(std::ptrdiff_t w) {
    ForEachColumn(w, [](Word& word, Word bit) { word |= bit; });
  }
  void Leave(std::ptrdiff_t w) {
    ForEachColumn(w, [](Word& word, Word) { word = 0; });
  }

  const Occurrences& found_;
  std::ptrdiff_t words_;
  Window window_;
  std::vector<std::ptrdiff_t> ring_;  // Where the variant's ring begins, or kScratch.
  std::vector<std::ptrdiff_t> left_;  // How many of its positions are not before the window.
  std::vector<Word> bits_;
  std::vector<Word> scratch_;
};

// a + b + carry, which becomes the carry out.
#ifdef __x86_64__
using Carry = unsigned char;
Word AddWithCarry(Word a, Word b, Carry& carry) {
  unsigned long long sum = 0;  // The instruction's type.
  carry = _addcarry_u64(carry, a, b, &sum);
  return sum;
}
#else
using Carry = Word;
Word AddWithCarry(Word a, Word b, Carry& carry) {
  const Word sum = a + b;
  const Word total = sum + carry;
  carry = static_cast<Word>(sum < a) | static_cast<Word>(total < sum);
  return total;
}
#endif

// Computes kRows rows over `count` words at once, and keeps each: with the words outside and the
// rows inside, the rows' carries do not wait for each other.
template <std::ptrdiff_t kRows>
void ComputeRows(const Word* const* match, Word* column, Word* kept, std::ptrdiff_t stride,
                 std::ptrdiff_t count) {
  Carry carry[kRows] = {};
  for (std::ptrdiff_t w = 0; w < count; ++w) {
    Word v = column[w];
    for (std::ptrdiff_t k = 0; k < kRows; ++k) {
      const Word u = v & match[k][w];
      v = AddWithCarry(v, u, carry[k]) | (v & ~u);
      kept[k * stride + w] = v;
    }
    column[w] = v;
  }
}

// The rows of the table in one band. Row r is slot n-1-r and column t is position m-1-t: read from
// the end, so that the alignment can be read from the start. A zero bit t in row r says that the
// longest common subsequence of what follows slot n-1-r and of what follows position m-1-t, both
// included, is one longer than without the position.
class Band {
 public:
  // Matches count only where |row - column| <= half_width, and some beyond: whole words do. Nor do
  // they where every alignment through them pulls more than `pulls_most`, which must be possible.
  Band(const Occurrences& found, std::ptrdiff_t half_width, std::ptrdiff_t pulls_most)
      : found_(found),
        words_((std::ssize(found.need()) + kWordBits - 1) / kWordBits),
        half_width_(half_width),
        pulls_most_(pulls_most) {
    const std::ptrdiff_t rows = std::ssize(found.rack());
    stride_ = std::min(words_, (2 * half_width + 2 + kBlockRows) / kWordBits + 2);
    kept_ = std::make_unique_for_overwrite<Word[]>(static_cast<std::size_t>(rows * stride_));
    computed_.reserve(static_cast<std::size_t>(rows / kBlockRows + 1));
    Matches matches(found, words_, stride_);
    std::vector<Word> column(static_cast<std::size_t>(words_), ~Word{0});
    high_ = pulls_most < rows ? 0 : words_;
    for (std::ptrdiff_t row = 0; row < rows; row += kBlockRows) {
      if (row % kNarrowRows == 0 && pulls_most < rows) Narrow(row, column);
      Fill(row, matches, column);
    }
    for (const Word word : column) length_ += std::popcount(~word);
  }

  std::ptrdiff_t length() const { return length_; }

  // The last column at or before t that is a zero in the row; -1 if there is none.
  std::ptrdiff_t LastZero(std::ptrdiff_t row, std::ptrdiff_t t) const {
    const Window computed = computed_[static_cast<std::size_t>(row / kBlockRows)];
    const Word* words = kept_.get() + row * stride_ - FirstWord(row);
    std::ptrdiff_t w = t / kWordBits;
    Word mask = ~Word{0} >> (kWordBits - 1 - t % kWordBits);
    if (w >= computed.first + computed.count) {  // Beyond there are only ones.
      w = computed.first + computed.count - 1;
      mask = ~Word{0};
    }
    for (; w >= computed.first; --w, mask = ~Word{0}) {
      const Word zeros = ~words[w] & mask;
      if (zeros != 0) return w * kWordBits + (kWordBits - 1 - std::countl_zero(zeros));
    }
    return -1;
  }

 private:
  static constexpr std::ptrdiff_t kNarrowRows = 16 * kBlockRows;

  std::ptrdiff_t FirstWord(std::ptrdiff_t row) const {
    const std::ptrdiff_t block = row - row % kBlockRows;
    const std::ptrdiff_t word = std::max<std::ptrdiff_t>(0, block - half_width_ - 1) / kWordBits;
    return std::min(word, words_ - stride_);
  }

  // What the slots and positions before the first `row` rows leave to be gained: an alignment that
  // passes between rows row-1 and row at a column pulls what the table says of the slots behind,
  // and of those before at least as many as there are more of than of positions. So the columns
  // that may belong to a longest one are a stretch whose lower end never falls, and whose upper end
  // rises by a column a row at most.
  void Narrow(std::ptrdiff_t row, const std::vector<Word>& column) {
    const std::ptrdiff_t end = std::min(words_, FirstWord(row) + stride_ + 1);
    const std::ptrdiff_t slots_before = std::ssize(found_.rack()) - row;
    std::ptrdiff_t pulled = row - zeros_below_;
    for (; low_ < high_; ++low_) {
      const int zeros = std::popcount(~column[static_cast<std::size_t>(low_)]);
      if (low_ >= FirstWord(row) && pulled - zeros <= pulls_most_) break;
      pulled -= zeros;
      zeros_below_ += zeros;
    }
    std::ptrdiff_t w = low_;
    for (; w < end; ++w) {
      const std::ptrdiff_t positions_before = std::ssize(found_.need()) - 1 - w * kWordBits;
      const std::ptrdiff_t more = slots_before - positions_before;
      if (more > 0 && pulled - 1 + more > pulls_most_) break;
      pulled -= std::popcount(~column[static_cast<std::size_t>(w)]);
    }
    // Rising, it must not come back to words that it left out: their rows are gone.
    const std::ptrdiff_t last_column = w * kWordBits - 1 + kNarrowRows;
    high_ = std::max(high_, std::min(words_, last_column / kWordBits + 1));
  }

  void Fill(std::ptrdiff_t row, Matches& matches, std::vector<Word>& column) {
    const std::ptrdiff_t rows = std::ssize(found_.rack());
    const std::ptrdiff_t first = FirstWord(row);
    matches.MoveTo(first);
    const std::ptrdiff_t low = std::clamp(low_, first, first + stride_);
    const std::ptrdiff_t words = std::clamp(high_, low, first + stride_) - low;
    computed_.push_back({low, words});
    const std::ptrdiff_t count = std::min(kBlockRows, rows - row);
    const std::int32_t* const variants = found_.rack().data() + (rows - 1 - row);  // Backwards.
    const Word* match[kBlockRows] = {};
    for (std::ptrdiff_t k = 0; k < count; ++k) {
      match[k] = matches.Of(variants[-k], k) + (low - first);
    }
    Word* const from = column.data() + low;
    Word* const kept = kept_.get() + row * stride_ + (low - first);
    if (count == kBlockRows) {
      ComputeRows<kBlockRows>(match, from, kept, stride_, words);
    } else {
      for (std::ptrdiff_t k = 0; k < count; ++k) {
        ComputeRows<1>(match + k, from, kept + k * stride_, stride_, words);
      }
    }
    for (std::ptrdiff_t k = 0; k < count; ++k) matches.Clear(variants[-k], k);
  }

  const Occurrences& found_;
  std::ptrdiff_t words_;
  std::ptrdiff_t half_width_;
  std::ptrdiff_t pulls_most_;
  std::ptrdiff_t stride_ = 0;  // Words of a row that are kept, from FirstWord on.
  std::unique_ptr<Word[]> kept_;
  std::vector<Window> computed_{};  // By block of rows: the words of its rows.
  std::ptrdiff_t low_ = 0;          // Words outside of these belong to no longest alignment.
  std::ptrdiff_t high_ = 0;
  std::ptrdiff_t zeros_below_ = 0;  // In the words below `low_`.
  std::ptrdiff_t length_ = 0;
};

// The slots kept, ascending. Where the band's row has a zero, the position cannot be left out, so
// the slot either serves it, or serves nothing in any longest alignment from here on: no choice is
// left, and the earliest slots have been taken.
std::vector<KeptPart> Trace(const Occurrences& found, const Band& band) {
  std::vector<KeptPart> kept;
  kept.reserve(static_cast<std::size_t>(band.length()));
  const std::ptrdiff_t rows = std::ssize(found.rack());
  const std::ptrdiff_t columns = std::ssize(found.need());
  std::ptrdiff_t t = columns - 1;
  for (std::ptrdiff_t row = rows - 1; row >= 0 && t >= 0; --row) {
    t = band.LastZero(row, t);
    if (t < 0) break;
    const auto slot = static_cast<std::size_t>(rows - 1 - row);
    const auto position = static_cast<std::size_t>(columns - 1 - t);
    if (found.rack()[slot] != found.need()[position]) continue;
    kept.push_back({static_cast<std::int32_t>(slot), static_cast<std::int32_t>(position)});
    --t;
  }
  return kept;
}

// With the kept slots given, each takes the earliest position that it can.
void ServeEarliest(const Occurrences& found, std::vector<KeptPart>& kept) {
  std::int32_t next = 0;
  for (KeptPart& part : kept) {
    const std::int32_t variant = found.rack()[static_cast<std::size_t>(part.slot)];
    while (found.need()[static_cast<std::size_t>(next)] != variant) ++next;
    part.position = next++;
  }
}

std::vector<KeptPart> LongestOf(const Occurrences& found) {
  const std::ptrdiff_t rows = std::ssize(found.rack());
  const std::ptrdiff_t columns = std::ssize(found.need());
  const std::ptrdiff_t longest = std::max(rows, columns);
  if (rows == 0 || columns == 0) return {};
  std::ptrdiff_t half_width = std::max(kFirstBand, std::abs(rows - columns));
  std::ptrdiff_t pulls_most = rows;
  while (true) {
    const Band band(found, half_width, pulls_most);
    // An alignment leaves the diagonal by at most what it leaves out, so one that leaves out no
    // more than the band is wide cannot be beaten from outside of it.
    const std::ptrdiff_t left_out = longest - band.length();
    if (left_out <= half_width || half_width >= longest) {
      std::vector<KeptPart> kept = Trace(found, band);
      ServeEarliest(found, kept);
      return kept;
    }
    if (left_out > longest / 4) {
      half_width = longest;
    } else {  // A band that leaves out far more than it is wide has missed where the parts went.
      half_width = left_out <= 8 * half_width ? left_out : 4 * half_width;
    }
    pulls_most = rows - band.length();
  }
}

// Dynamic program over the band -p <= position - slot <= q in which every longest alignment lies,
// from the last slot to the first.
class WeightedBand {
 public:
  WeightedBand(const Occurrences& found, std::span<const std::int64_t> weight, std::ptrdiff_t pulls,
               std::ptrdiff_t inserts)
      : found_(found),
        pulls_(pulls),
        width_(pulls + inserts + 1),
        stride_((width_ + kWordBits - 1) / kWordBits),
        keep_(static_cast<std::size_t>(std::ssize(found.rack()) * stride_), 0) {
    // One part more counts more than all weights together.
    std::int64_t part = 1;
    for (const std::int64_t w : weight) part += w;
    // best[k + 1] is the best of what follows slot i and position i - pulls + k, both included;
    // best[0] is outside.
    std::vector<std::int64_t> best(static_cast<std::size_t>(width_ + 1), 0);
    best.front() = kNone;
    for (std::ptrdiff_t i = std::ssize(found.rack()) - 1; i >= 0; --i) {
      Step(i, part + weight[static_cast<std::size_t>(i)], best);
    }
  }

  std::vector<KeptPart> Trace() const {
    std::vector<KeptPart> kept;
    std::ptrdiff_t position = 0;
    for (std::ptrdiff_t i = 0; i < std::ssize(found_.rack()); ++i) {
      const std::ptrdiff_t k = position - i + pulls_;
      if (k < 0 || k >= width_) continue;
      const Word word = keep_[static_cast<std::size_t>(i * stride_ + k / kWordBits)];
      if ((word >> (k % kWordBits) & 1U) == 0) continue;
      const auto positions = found_.PositionsOf(found_.rack()[static_cast<std::size_t>(i)]);
      const std::int32_t first = *std::ranges::lower_bound(positions, position);
      kept.push_back({static_cast<std::int32_t>(i), first});
      position = first + 1;
    }
    return kept;
  }

 private:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

  // Moves `best` from slot i+1 to slot i. A bit of keep_ says whether a best alignment from there
  // keeps the slot; it then serves the first position that it can, which leaves most to the slots
  // after it. Positions behind the last stay 0. Without branches on what the rack holds.
  void Step(std::ptrdiff_t i, std::int64_t worth, std::vector<std::int64_t>& best) {
    const std::int32_t variant = found_.rack()[static_cast<std::size_t>(i)];
    const std::int32_t* const need = found_.need().data();
    const std::ptrdiff_t low = std::max<std::ptrdiff_t>(0, pulls_ - i);
    const std::ptrdiff_t high = std::min(width_, std::ssize(found_.need()) - i + pulls_);
    std::int64_t with = kNone;  // Keeping the slot, for the first match at or after the position.
    std::int64_t next = 0;      // The best at the position after.
    Word bits = 0;
    for (std::ptrdiff_t k = high - 1; k >= low; --k) {
      // Still of slot i+1: best[k + 1] at the position after this, best[k] at this.
      const std::int64_t kept = worth + best[static_cast<std::size_t>(k + 1)];
      with = need[i - pulls_ + k] == variant ? kept : with;
      next = std::max(std::max(best[static_cast<std::size_t>(k)], next), with);
      best[static_cast<std::size_t>(k + 1)] = next;
      bits |= static_cast<Word>(with == next) << (k % kWordBits);
      if (k % kWordBits == 0 || k == low) {
        keep_[static_cast<std::size_t>(i * stride_ + k / kWordBits)] = bits;
        bits = 0;
      }
    }
  }

  const Occurrences& found_;
  std::ptrdiff_t pulls_;
  std::ptrdiff_t width_;
  std::ptrdiff_t stride_;  // Words of a slot in keep_.
  std::vector<Word> keep_;
};

}  // namespace

std::vector<KeptPart> LongestAlignment(std::span<const std::int32_t> rack,
                                       std::span<const std::int32_t> need) {
  if (FitsShort(rack, need)) return ShortAlignment(rack, need);
  return LongestOf(Occurrences(rack, need));
}

std::vector<KeptPart> HeaviestLongestAlignment(std::span<const std::int32_t> rack,
                                               std::span<const std::int32_t> need,
                                               std::span<const std::int64_t> weight) {
  const Occurrences found(rack, need);
  const std::ptrdiff_t length = std::ssize(LongestOf(found));
  if (length == 0) return {};
  std::vector<KeptPart> kept =
      WeightedBand(found, weight, std::ssize(rack) - length, std::ssize(need) - length).Trace();
  ServeEarliest(found, kept);
  return kept;
}

}  // namespace tandem::sequencing

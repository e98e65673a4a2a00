// How many vehicles with each option stand in each window, and what a move would change of the
// violations, found without making it. Internal to the search.
//
// Window k of a ratio P/Q is the one that ends at day position k, 0 <= k < n + Q - 1: position i
// stands in the windows i to i + Q - 1. Per ratio: counts[k], and as bits *over* (count > P: one
// vehicle less is one violation less), *full* (count >= P: one more is one more) and *has* (the
// vehicle at position i has the option). So a move that changes windows by one is two counts of
// bits, 63 windows at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/lineorder/move.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

class WindowCounts {
 public:
  // `options[i]`: those of the vehicle at day position i.
  WindowCounts(const LineProblem& problem, std::span<const std::uint64_t> options);

  // Violations that ratio r gains (loses, if negative) when ... All O(Q).
  // ... the vehicles at two positions change places; exactly one of them has the option, the first
  // if `first_has`.
  int SwapDelta(int r, Span at, bool first_has) const;
  // ... the vehicle at `first` goes to `second`, and those between move up one place.
  int ForwardDelta(int r, Span at) const;
  // ... the vehicle at `second` goes to `first`, and those between move back one place.
  int BackwardDelta(int r, Span at) const;
  // ... the vehicles from `first` to `second` turn round.
  int ReverseDelta(int r, Span at) const;
  // ... the vehicles at `first` to `second`, at most kPiece, are arranged anew; bit i of `now` is
  // the option of the one at first + i then.
  int ArrangeDelta(int r, Span at, std::uint64_t now) const;

  bool Has(int r, int position) const { return Bits(r, kHas, position, 1) != 0; }

  // Makes a swap, in the windows of ratio r.
  void Swap(int r, Span at, bool first_has);
  // Makes any other move, in the windows of ratio r. O(distance / kPiece + windows that change).
  void Rearrange(int r, const Move& move);

  int ratios() const { return static_cast<int>(rows_.size()); }

  static constexpr int kPiece = 63;  // Bits looked at together.

 private:
  struct Row {
    int p = 1;
    int q = 1;
    std::size_t bits = 0;   // Of `bits_`: three planes of plane_bytes_ each.
    std::size_t count = 0;  // Of `counts_`.
  };
  enum Plane { kOver, kFull, kHas };

  const std::uint64_t* PlaneOf(int r, Plane plane) const {
    return bits_.data() + rows_[static_cast<std::size_t>(r)].bits + plane * plane_words_;
  }
  std::uint64_t* PlaneOf(int r, Plane plane) {
    return bits_.data() + rows_[static_cast<std::size_t>(r)].bits + plane * plane_words_;
  }
  // 64 bits from `from` on. Whole words, aligned: what has just been stored is at hand at once.
  static std::uint64_t Load(const std::uint64_t* plane, int from) {
    const std::uint64_t* word = plane + (from >> 6);
    return word[0] >> (from & 63) | word[1] << 1 << (~from & 63);
  }
  static std::uint64_t Low(int bits) { return (std::uint64_t{1} << bits) - 1; }
  // Bits from, from + 1, ... of a plane; size <= kPiece.
  std::uint64_t Bits(int r, Plane plane, int from, int size) const {
    return Load(PlaneOf(r, plane), from) & Low(size);
  }
  const std::int16_t* CountsOf(int r) const {
    return counts_.data() + rows_[static_cast<std::size_t>(r)].count;
  }
  std::int16_t* CountsOf(int r) {
    return counts_.data() + rows_[static_cast<std::size_t>(r)].count;
  }
  // Violations that the windows from `from` on gain when those of `more` get one and those of
  // `fewer` lose one.
  int GainDelta(int r, int from, std::uint64_t more, std::uint64_t fewer) const {
    return std::popcount(Load(PlaneOf(r, kFull), from) & more) -
           std::popcount(Load(PlaneOf(r, kOver), from) & fewer);
  }
  // ReverseDelta run by run, of steps with the same gain, whatever it is.
  int LongReverseDelta(int r, Span at, int steps) const;
  // The same for the prefixes longer than steps.first, up to steps.second, and their mirrors,
  // where each prefix gains `moved`; at most kPiece.
  int TurnedDelta(int r, Span at, Span steps, int moved) const;
  // Adds `step`, 1 or -1, to the counts of `size` windows and sets their bits.
  void Add(int r, int from, int size, int step);
  // Sets over and full by the counts of `size` windows.
  void Compare(int r, int from, int size);
  // The option bits from `from` on, size <= kPiece, after the move.
  std::uint64_t BitsAfter(int r, const Move& move, int from, int size) const;
  bool Changes(int r, const Move& move) const;
  // Rearrange for at most kPiece vehicles.
  void RearrangeShort(int r, const Move& move);
  // Windows that lie in a move as a whole: copies of their neighbours, or in the mirror.
  void MoveInner(int r, const Move& move);
  // The first `size` windows with a beginning of the moved vehicles in them, and no more of them.
  void CountLeft(int r, const Move& move, int size);
  // The last `size` windows with an end of the moved vehicles in them, and no more of them.
  void CountRight(int r, const Move& move, int size);

  std::vector<Row> rows_{};
  std::ptrdiff_t plane_words_ = 0;
  std::vector<std::uint64_t> bits_{};
  std::vector<std::uint64_t> scratch_{};  // For turning a plane's bits round.
  // Windows that do not count stand at kUncounted: never full.
  std::vector<std::int16_t> counts_{};
};

inline int WindowCounts::SwapDelta(int r, Span at, bool first_has) const {
  const int q = rows_[static_cast<std::size_t>(r)].q;
  int size = std::min(at.second - at.first, q);
  // Windows of the first position alone, and of the second alone.
  int first = at.first;
  int second = at.second + q - size;
  const std::uint64_t* first_plane = PlaneOf(r, first_has ? kOver : kFull);
  const std::uint64_t* second_plane = PlaneOf(r, first_has ? kFull : kOver);
  int first_bits = 0;
  int second_bits = 0;
  for (; size > 0; size -= kPiece, first += kPiece, second += kPiece) {
    const std::uint64_t mask = Low(std::min(size, kPiece));
    first_bits += std::popcount(Load(first_plane, first) & mask);
    second_bits += std::popcount(Load(second_plane, second) & mask);
  }
  return first_has ? second_bits - first_bits : first_bits - second_bits;
}

}  // namespace tandem::sequencing

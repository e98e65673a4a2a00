#include "sequencing/lineorder/windows.h"

#include <cstring>

#include "sequencing/lineorder/window_bits.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace tandem::sequencing {
namespace {

constexpr std::int16_t kUncounted = -20000;

int Excess(int count, int p) { return std::max(0, count - p); }

// Bit t of `over`: counts[t] > p; of `full`: counts[t] >= p; size <= 63. What lies behind the
// counts, up to 63, is read in vain.
struct Compared {
  std::uint64_t over = 0;
  std::uint64_t full = 0;
};
#ifdef __SSE2__
Compared ComparedWith(const std::int16_t* counts, int size, int p) {
  const __m128i most = _mm_set1_epi16(static_cast<std::int16_t>(p));
  const __m128i below = _mm_set1_epi16(static_cast<std::int16_t>(p - 1));
  const auto above = [](__m128i low, __m128i high, __m128i bound) {
    const int flags = _mm_movemask_epi8(
        _mm_packs_epi16(_mm_cmpgt_epi16(low, bound), _mm_cmpgt_epi16(high, bound)));
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(flags));
  };
  Compared bits;
  for (int at = 0; at < size; at += 16) {
    const auto* eight = reinterpret_cast<const __m128i*>(counts + at);
    const __m128i low = _mm_loadu_si128(eight);
    const __m128i high = _mm_loadu_si128(eight + 1);
    bits.over |= above(low, high, most) << at;
    bits.full |= above(low, high, below) << at;
  }
  return bits;
}
#else
Compared ComparedWith(const std::int16_t* counts, int size, int p) {
  Compared bits;
  for (int t = 0; t < size; ++t) {
    bits.over |= static_cast<std::uint64_t>(counts[t] > p ? 1 : 0) << t;
    bits.full |= static_cast<std::uint64_t>(counts[t] >= p ? 1 : 0) << t;
  }
  return bits;
}
#endif

using Eight = std::int16_t __attribute__((vector_size(16)));

Eight Splat(int value) { return static_cast<std::int16_t>(value) - Eight{}; }

// Adds to counts[t], 0 <= t < size, what the positions up to t gain; whole eights: bits behind the
// last position are 0, and what all of them gain together too.
void AddGains(std::int16_t* counts, int size, std::uint64_t before, std::uint64_t after) {
  constexpr Eight kBits = {1, 2, 4, 8, 16, 32, 64, 128};
  constexpr Eight kNone = {};
  Eight sum = {};
  for (int t = 0; t < size; t += 8, before >>= 8, after >>= 8) {
    // A comparison that holds is -1.
    Eight gain = ((Splat(static_cast<int>(before & 255)) & kBits) != kNone) -
                 ((Splat(static_cast<int>(after & 255)) & kBits) != kNone);
    gain += __builtin_shufflevector(kNone, gain, 7, 8, 9, 10, 11, 12, 13, 14);
    gain += __builtin_shufflevector(kNone, gain, 6, 7, 8, 9, 10, 11, 12, 13);
    gain += __builtin_shufflevector(kNone, gain, 4, 5, 6, 7, 8, 9, 10, 11);
    sum = gain + __builtin_shufflevector(sum, sum, 7, 7, 7, 7, 7, 7, 7, 7);
    Eight now;
    std::memcpy(&now, counts + t, sizeof(now));
    now += sum;
    std::memcpy(counts + t, &now, sizeof(now));
  }
}

// Turns the counts from `first` to before `last` round.
void TurnRound(std::int16_t* first, std::int16_t* last) {
#ifdef __SSE2__
  const auto turned = [](const std::int16_t* eight) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(eight));
    return _mm_shuffle_epi32(_mm_shufflehi_epi16(_mm_shufflelo_epi16(bits, 0x1b), 0x1b), 0x4e);
  };
  for (; last - first >= 16; first += 8, last -= 8) {
    const __m128i left = turned(first);
    const __m128i right = turned(last - 8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(first), right);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(last - 8), left);
  }
#endif
  std::reverse(first, last);
}

std::int16_t Plus(std::int16_t count, int step) { return static_cast<std::int16_t>(count + step); }

}  // namespace

WindowCounts::WindowCounts(const LineProblem& problem, std::span<const std::uint64_t> options) {
  const int size = static_cast<int>(options.size());
  int q_max = 1;
  for (const Ratio& ratio : problem.ratios) q_max = std::max(q_max, ratio.q);
  plane_words_ = (size + q_max) / 64 + 2;  // A load may reach into the next word.
  const std::size_t row_counts = options.size() + static_cast<std::size_t>(q_max);
  bits_.assign(problem.ratios.size() * 3 * static_cast<std::size_t>(plane_words_), 0);
  scratch_.assign(static_cast<std::size_t>(plane_words_), 0);
  counts_.assign(problem.ratios.size() * row_counts + 64, 0);  // See AtLeast.
  for (std::size_t i = 0; i < problem.ratios.size(); ++i) {
    const Ratio& ratio = problem.ratios[i];
    rows_.push_back({.p = ratio.p,
                     .q = ratio.q,
                     .bits = i * 3 * static_cast<std::size_t>(plane_words_),
                     .count = i * row_counts});
    const int r = static_cast<int>(i);
    const int windows = size + ratio.q - 1;
    const int before = static_cast<int>(problem.previous.size());
    std::int16_t* counts = CountsOf(r);
    for (int k = 0; k < windows; ++k) {
      const bool complete = k >= ratio.q - 1 && k < size;
      if (problem.windows == WindowRule::kCompleteOnly && !complete) counts[k] = kUncounted;
    }
    // The previous day's vehicles stand at positions -1, -2, ...
    for (int back = 1; back <= std::min(before, ratio.q - 1); ++back) {
      const LineVehicle& vehicle = problem.previous[static_cast<std::size_t>(before - back)];
      if ((vehicle.options >> r & 1) == 0) continue;
      for (int k = 0; k < ratio.q - back && k < windows; ++k) counts[k] = Plus(counts[k], 1);
    }
    for (int i_day = 0; i_day < size; ++i_day) {
      const std::uint64_t has = options[static_cast<std::size_t>(i_day)] >> r & 1;
      Store(PlaneOf(r, kHas), i_day, 1, has);
      for (int k = i_day; has != 0 && k < i_day + ratio.q; ++k) counts[k] = Plus(counts[k], 1);
    }
    for (int k = 0; k < windows; ++k) {
      Store(PlaneOf(r, kOver), k, 1, counts[k] > ratio.p ? 1 : 0);
      Store(PlaneOf(r, kFull), k, 1, counts[k] >= ratio.p ? 1 : 0);
    }
  }
}

// Windows with `first` alone lose the vehicle and gain the one behind their end; those with
// `second` alone lose the one at their beginning and gain the vehicle; those between are copies of
// their right neighbours.
int WindowCounts::ForwardDelta(int r, Span at) const {
  const Row& row = rows_[static_cast<std::size_t>(r)];
  const int length = at.second - at.first;
  int size = std::min(length, row.q);
  const bool has = Has(r, at.first);
  int delta = 0;
  if (length > row.q) {
    const std::int16_t* counts = CountsOf(r);
    delta = Excess(counts[at.second], row.p) - Excess(counts[at.first + row.q], row.p);
  }
  // No branches on `has`: nothing foretells it.
  const std::uint64_t* const left_plane = PlaneOf(r, has ? kOver : kFull);
  const std::uint64_t* const right_plane = PlaneOf(r, has ? kFull : kOver);
  const std::uint64_t like = has ? ~std::uint64_t{0} : 0;
  int gained = 0;
  int left = at.first;
  int right = at.second + row.q - size;
  int leaves = at.second + 1 - size;  // Those that leave the windows on the right.
  for (; size > 0; size -= kPiece, left += kPiece, right += kPiece, leaves += kPiece) {
    const std::uint64_t mask = Low(std::min(size, kPiece));
    const std::uint64_t enter_left = Load(PlaneOf(r, kHas), left + 1) ^ like;
    const std::uint64_t leave_right = Load(PlaneOf(r, kHas), leaves) ^ like;
    gained += std::popcount(Load(left_plane, left) & enter_left & mask);
    gained -= std::popcount(Load(right_plane, right) & leave_right & mask);
  }
  return has ? delta - gained : delta + gained;
}

// ForwardDelta in the mirror.
int WindowCounts::BackwardDelta(int r, Span at) const {
  const Row& row = rows_[static_cast<std::size_t>(r)];
  const int length = at.second - at.first;
  int size = std::min(length, row.q);
  const bool has = Has(r, at.second);
  int delta = 0;
  if (length > row.q) {
    const std::int16_t* counts = CountsOf(r);
    delta = Excess(counts[at.first + row.q - 1], row.p) - Excess(counts[at.second - 1], row.p);
  }
  const std::uint64_t* const left_plane = PlaneOf(r, has ? kFull : kOver);
  const std::uint64_t* const right_plane = PlaneOf(r, has ? kOver : kFull);
  const std::uint64_t like = has ? ~std::uint64_t{0} : 0;
  int gained = 0;
  int left = at.first;  // Also the first of those that leave the windows on the left.
  int right = at.second + row.q - size;
  int enters = at.second - size;  // Those that enter the windows on the right.
  for (; size > 0; size -= kPiece, left += kPiece, right += kPiece, enters += kPiece) {
    const std::uint64_t mask = Low(std::min(size, kPiece));
    const std::uint64_t leave_left = Load(PlaneOf(r, kHas), left) ^ like;
    const std::uint64_t enter_right = Load(PlaneOf(r, kHas), enters) ^ like;
    gained += std::popcount(Load(right_plane, right) & enter_right & mask);
    gained -= std::popcount(Load(left_plane, left) & leave_left & mask);
  }
  return has ? delta - gained : delta + gained;
}

// Windows in the middle are mirrored, so their sum stays. What the prefix of length t + 1 gains,
// the suffix of that length loses, and it changes only where the two differ. Mostly it is 1, 0 or
// -1 throughout: then runs of steps with 1 and with -1 are found as bits, all at once.
int WindowCounts::ReverseDelta(int r, Span at) const {
  const int q = rows_[static_cast<std::size_t>(r)].q;
  const int steps = std::min(q - 1, at.second - at.first);
  if (steps > kPiece) return LongReverseDelta(r, at, steps);
  if (steps == 0) return 0;
  const std::uint64_t prefix = Bits(r, kHas, at.first, steps);
  const std::uint64_t suffix = Reversed(Bits(r, kHas, at.second + 1 - steps, steps), steps);
  const Gains gains = GainsOf(prefix, suffix, Low(steps));
  if (!gains.single) return LongReverseDelta(r, at, steps);
  const int right = at.second + q - steps;
  return GainDelta(r, at.first, gains.more, gains.fewer) +
         GainDelta(r, right, Reversed(gains.fewer, steps), Reversed(gains.more, steps));
}

int WindowCounts::LongReverseDelta(int r, Span at, int steps) const {
  int delta = 0;
  int moved = 0;
  for (int done = 0; done < steps; done += kPiece) {
    const int piece = std::min(kPiece, steps - done);
    const std::uint64_t prefix = Bits(r, kHas, at.first + done, piece);
    const std::uint64_t mirrored = Bits(r, kHas, at.second + 1 - done - piece, piece);
    if (moved == 0 && (prefix | mirrored) == 0) continue;
    const std::uint64_t suffix = Reversed(mirrored, piece);
    std::uint64_t differ = prefix ^ suffix;
    int from = 0;
    while (true) {
      const int to = differ != 0 ? std::countr_zero(differ) : piece;
      if (moved != 0 && to > from) delta += TurnedDelta(r, at, {done + from, done + to}, moved);
      if (differ == 0) break;
      moved += (suffix >> to & 1) != 0 ? 1 : -1;
      differ &= differ - 1;
      from = to;
    }
  }
  return delta;
}

int WindowCounts::TurnedDelta(int r, Span at, Span steps, int moved) const {
  const Row& row = rows_[static_cast<std::size_t>(r)];
  const int size = steps.second - steps.first;
  const int left = at.first + steps.first;
  const int right = at.second + row.q - steps.second;
  if (moved == 1) {
    return std::popcount(Bits(r, kFull, left, size)) - std::popcount(Bits(r, kOver, right, size));
  }
  if (moved == -1) {
    return std::popcount(Bits(r, kFull, right, size)) - std::popcount(Bits(r, kOver, left, size));
  }
  const std::int16_t* counts = CountsOf(r);
  int delta = 0;
  for (int t = 0; t < size; ++t) {
    delta += Excess(counts[left + t] + moved, row.p) - Excess(counts[left + t], row.p);
    delta += Excess(counts[right + t] - moved, row.p) - Excess(counts[right + t], row.p);
  }
  return delta;
}

int WindowCounts::ArrangeDelta(int r, Span at, std::uint64_t now) const {
  const Row& row = rows_[static_cast<std::size_t>(r)];
  const int size = at.second - at.first;  // A window's change comes from prefixes shorter than all.
  const std::uint64_t was = Bits(r, kHas, at.first, size + 1);
  if (was == now) return 0;
  if (size < row.q) {
    const Gains gains = GainsOf(was, now, Low(size));
    if (gains.single) {
      return GainDelta(r, at.first, gains.more, gains.fewer) +
             GainDelta(r, at.first + row.q, gains.fewer, gains.more);
    }
  }
  const std::int16_t* counts = CountsOf(r) + at.first;
  const auto prefix = [&](int length) {  // What the first `length` of them have gained.
    return std::popcount(now & Low(length)) - std::popcount(was & Low(length));
  };
  int delta = 0;
  for (int t = 0; t < size; ++t) {  // Windows that end at first + t.
    const int gain = prefix(t + 1) - (t >= row.q ? prefix(t + 1 - row.q) : 0);
    delta += Excess(counts[t] + gain, row.p) - Excess(counts[t], row.p);
  }
  for (int t = std::max(size, row.q); t < size + row.q; ++t) {  // That begin behind a prefix.
    const int gain = -prefix(t + 1 - row.q);
    delta += Excess(counts[t] + gain, row.p) - Excess(counts[t], row.p);
  }
  return delta;
}

void WindowCounts::Swap(int r, Span at, bool first_has) {
  const int q = rows_[static_cast<std::size_t>(r)].q;
  const int size = std::min(at.second - at.first, q);
  const int step = first_has ? -1 : 1;
  Add(r, at.first, size, step);
  Add(r, at.second + q - size, size, -step);
  Store(PlaneOf(r, kHas), at.first, 1, first_has ? 0 : 1);
  Store(PlaneOf(r, kHas), at.second, 1, first_has ? 1 : 0);
}

void WindowCounts::Add(int r, int from, int size, int step) {
  std::int16_t* counts = CountsOf(r) + from;
  for (int t = 0; t < size; ++t) counts[t] = Plus(counts[t], step);
  Compare(r, from, size);
}

void WindowCounts::Compare(int r, int from, int size) {
  const std::int16_t* counts = CountsOf(r);
  const int p = rows_[static_cast<std::size_t>(r)].p;
  for (; size > 0; size -= kPiece, from += kPiece) {
    const int piece = std::min(size, kPiece);
    const Compared bits = ComparedWith(counts + from, piece, p);
    Store(PlaneOf(r, kOver), from, piece, bits.over);
    Store(PlaneOf(r, kFull), from, piece, bits.full);
  }
}

std::uint64_t WindowCounts::BitsAfter(int r, const Move& move, int from, int size) const {
  const auto [first, second] = move.at;
  switch (move.kind) {
    case MoveKind::kForward: {
      const std::uint64_t bits = Bits(r, kHas, from + 1, size);
      if (from + size <= second) return bits;
      return (bits & Low(size - 1)) | Bits(r, kHas, first, 1) << (size - 1);
    }
    case MoveKind::kBackward:
      if (from > first) return Bits(r, kHas, from - 1, size);
      return (Bits(r, kHas, first, size - 1) << 1) | Bits(r, kHas, second, 1);
    case MoveKind::kReverse:
      return Reversed(Bits(r, kHas, first + second - from - size + 1, size), size);
    case MoveKind::kArrange: {
      const std::uint64_t bits = Bits(r, kHas, first, kArrangeMax);
      std::uint64_t after = 0;
      for (int t = 0; t < size; ++t) {
        const int place = from - first + t;
        after |= (bits >> move.from[static_cast<std::size_t>(place)] & 1) << t;
      }
      return after;
    }
    case MoveKind::kSwap:
      break;  // See Swap.
  }
  return Bits(r, kHas, from, size);
}

bool WindowCounts::Changes(int r, const Move& move) const {
  for (int from = move.at.first; from <= move.at.second; from += kPiece) {
    const int size = std::min(kPiece, move.at.second + 1 - from);
    if (BitsAfter(r, move, from, size) != Bits(r, kHas, from, size)) return true;
  }
  return false;
}

// With the vehicles moved, a window with their first ones gains what those gain, and a window with
// their last ones likewise; all of them gain nothing, so a window with all stays.
void WindowCounts::Rearrange(int r, const Move& move) {
  if (move.at.second - move.at.first < kPiece) return RearrangeShort(r, move);
  if (!Changes(r, move)) return;
  const int q = rows_[static_cast<std::size_t>(r)].q;
  const int length = move.at.second - move.at.first;
  if (length >= q) MoveInner(r, move);
  CountLeft(r, move, std::min(length, move.kind == MoveKind::kBackward ? q : q - 1));
  CountRight(r, move, std::min(length, move.kind == MoveKind::kForward ? q : q - 1));
  std::uint64_t* has = PlaneOf(r, kHas);
  const int first = move.at.first;
  if (move.kind == MoveKind::kForward) {
    const std::uint64_t moved = Bits(r, kHas, first, 1);
    ShiftDown(has, first, length);
    Store(has, move.at.second, 1, moved);
  } else if (move.kind == MoveKind::kBackward) {
    const std::uint64_t moved = Bits(r, kHas, move.at.second, 1);
    ShiftUp(has, first + 1, length);
    Store(has, first, 1, moved);
  } else {
    Mirror(has, first, length + 1, scratch_.data());
  }
}

// A window that ends at position k gains what the positions up to k gain, less what those up to
// k - Q do: they are not in it.
void WindowCounts::RearrangeShort(int r, const Move& move) {
  const int q = rows_[static_cast<std::size_t>(r)].q;
  const int first = move.at.first;
  const int length = move.at.second - first;
  const std::uint64_t before = Bits(r, kHas, first, length + 1);
  const std::uint64_t after = BitsAfter(r, move, first, length + 1);
  if (before == after) return;
  std::int16_t* counts = CountsOf(r) + first;
  AddGains(counts, length, before, after);
  AddGains(counts + q, length, after, before);
  if (length < q) {
    Compare(r, first, length);
    Compare(r, first + q, length);
  } else {
    Compare(r, first, length + q);
  }
  Store(PlaneOf(r, kHas), first, length + 1, after);
}

void WindowCounts::MoveInner(int r, const Move& move) {
  const auto [first, second] = move.at;
  const int q = rows_[static_cast<std::size_t>(r)].q;
  std::int16_t* counts = CountsOf(r);
  const int from = first + q - 1;  // To `second`.
  const int size = second - from;  // One less than there are.
  if (move.kind == MoveKind::kForward) {
    std::copy(counts + from + 1, counts + second + 1, counts + from);
    ShiftDown(PlaneOf(r, kOver), from, size);
    ShiftDown(PlaneOf(r, kFull), from, size);
  } else if (move.kind == MoveKind::kBackward) {
    std::copy_backward(counts + from, counts + second, counts + second + 1);
    ShiftUp(PlaneOf(r, kOver), from + 1, size);
    ShiftUp(PlaneOf(r, kFull), from + 1, size);
  } else {
    TurnRound(counts + from, counts + second + 1);
    Mirror(PlaneOf(r, kOver), from, size + 1, scratch_.data());
    Mirror(PlaneOf(r, kFull), from, size + 1, scratch_.data());
  }
}

void WindowCounts::CountLeft(int r, const Move& move, int size) {
  std::int16_t* counts = CountsOf(r) + move.at.first;
  int gain = 0;
  for (int done = 0; done < size; done += kPiece) {
    const int piece = std::min(kPiece, size - done);
    const std::uint64_t before = Bits(r, kHas, move.at.first + done, piece);
    const std::uint64_t after = BitsAfter(r, move, move.at.first + done, piece);
    for (int t = 0; t < piece; ++t) {
      gain += static_cast<int>(after >> t & 1) - static_cast<int>(before >> t & 1);
      counts[done + t] = Plus(counts[done + t], gain);
    }
  }
  Compare(r, move.at.first, size);
}

void WindowCounts::CountRight(int r, const Move& move, int size) {
  const int q = rows_[static_cast<std::size_t>(r)].q;
  std::int16_t* counts = CountsOf(r) + move.at.second + q - 1;
  int gain = 0;
  for (int done = 0; done < size; done += kPiece) {
    const int piece = std::min(kPiece, size - done);
    const int from = move.at.second + 1 - done - piece;
    const std::uint64_t before = Bits(r, kHas, from, piece);
    const std::uint64_t after = BitsAfter(r, move, from, piece);
    for (int t = 0; t < piece; ++t) {
      const int bit = piece - 1 - t;
      gain += static_cast<int>(after >> bit & 1) - static_cast<int>(before >> bit & 1);
      counts[-done - t] = Plus(counts[-done - t], gain);
    }
  }
  Compare(r, move.at.second + q - size, size);
}

}  // namespace tandem::sequencing

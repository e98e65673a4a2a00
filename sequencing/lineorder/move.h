// A change of an order. Internal to the search.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tandem::sequencing {

// Two positions, first < second.
struct Span {
  int first = 0;
  int second = 0;
};

enum class MoveKind : std::uint8_t {
  kSwap,      // The vehicles at `first` and `second` change places.
  kForward,   // The one at `first` goes to `second`; those between move up one place.
  kBackward,  // The one at `second` goes to `first`; those between move back one place.
  kReverse,   // Those from `first` to `second` turn round.
  kArrange,   // Those from `first` to `second`, at most kArrangeMax, are arranged anew.
};

inline constexpr int kArrangeMax = 8;

struct Move {
  MoveKind kind = MoveKind::kSwap;
  Span at{};
  // kArrange: the vehicle at first + i comes from first + from[i].
  std::array<std::uint8_t, kArrangeMax> from{};
};

// Makes the move on any array by position.
template <typename T>
void Rearrange(const Move& move, std::span<T> values) {
  T* const first = values.data() + move.at.first;
  T* const last = values.data() + move.at.second;
  switch (move.kind) {
    case MoveKind::kSwap:
      std::swap(*first, *last);
      break;
    case MoveKind::kForward:
      std::rotate(first, first + 1, last + 1);
      break;
    case MoveKind::kBackward:
      std::rotate(first, last, last + 1);
      break;
    case MoveKind::kReverse:
      std::reverse(first, last + 1);
      break;
    case MoveKind::kArrange: {
      std::array<T, kArrangeMax> old{};
      std::copy(first, last + 1, old.begin());
      for (T* to = first; to <= last; ++to) {
        *to = old[move.from[static_cast<std::size_t>(to - first)]];
      }
      break;
    }
  }
}

// The move that undoes it.
Move Inverse(const Move& move);

// The position from which the move takes the vehicle that it puts at `position`, between first and
// second.
int SourceOf(const Move& move, int position);

}  // namespace tandem::sequencing

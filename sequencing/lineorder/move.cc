#include "sequencing/lineorder/move.h"

namespace tandem::sequencing {

Move Inverse(const Move& move) {
  Move inverse = move;
  if (move.kind == MoveKind::kForward) inverse.kind = MoveKind::kBackward;
  if (move.kind == MoveKind::kBackward) inverse.kind = MoveKind::kForward;
  if (move.kind == MoveKind::kArrange) {
    for (int i = 0; i <= move.at.second - move.at.first; ++i) {
      inverse.from[move.from[static_cast<std::size_t>(i)]] = static_cast<std::uint8_t>(i);
    }
  }
  return inverse;
}

int SourceOf(const Move& move, int position) {
  const auto [first, second] = move.at;
  switch (move.kind) {
    case MoveKind::kSwap:
      return position == first ? second : position == second ? first : position;
    case MoveKind::kForward:
      return position == second ? first : position + 1;
    case MoveKind::kBackward:
      return position == first ? second : position - 1;
    case MoveKind::kReverse:
      return first + second - position;
    case MoveKind::kArrange:
      return first + move.from[static_cast<std::size_t>(position - first)];
  }
  return position;
}

}  // namespace tandem::sequencing

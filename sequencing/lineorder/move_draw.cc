#include "sequencing/lineorder/move_draw.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tandem::sequencing {
namespace {

// Of 256 draws. Found by trial on the ROADEF instances; see the README.
constexpr int kSwaps = 180;
constexpr int kInsertions = 30;
constexpr int kReverses = 33;
// Of 64 swaps.
constexpr int kAnySwaps = 24;
constexpr int kColourSwaps = 13;
constexpr int kNearSwaps = 13;
constexpr int kJoinSwaps = 9;  // What is left goes to vehicles with the same options.
constexpr int kNear = 20;      // Positions.

constexpr int kSpareBits = 40;  // Bits of a draw above those of a position: its kind.

}  // namespace

template <typename Key>
void GroupBy(int size, Key key, std::vector<int>& members, std::vector<int>& begin,
             std::vector<int>& count) {
  members.resize(static_cast<std::size_t>(size));
  std::iota(members.begin(), members.end(), 0);
  std::ranges::stable_sort(members, {}, key);
  begin.assign(members.size(), 0);
  count.assign(members.size(), 0);
  for (std::size_t from = 0; from < members.size();) {
    std::size_t to = from;
    while (to < members.size() && key(members[to]) == key(members[from])) ++to;
    for (std::size_t i = from; i < to; ++i) {
      begin[static_cast<std::size_t>(members[i])] = static_cast<int>(from);
      count[static_cast<std::size_t>(members[i])] = static_cast<int>(to - from);
    }
    from = to;
  }
}

MoveDraw::MoveDraw(const LineProblem& problem) : stretch_(problem.day.size()) {
  for (const int vehicle : problem.frozen_vehicles) {
    stretch_[Index(problem.planned_position[Index(vehicle)])] = -1;
  }
  int stretch = 0;
  for (std::size_t p = 0; p < stretch_.size(); ++p) {
    if (stretch_[p] < 0) {
      ++stretch;
      continue;
    }
    stretch_[p] = stretch;
    free_.push_back(static_cast<int>(p));
  }
  const int size = static_cast<int>(problem.day.size());
  GroupBy(
      size, [&](int v) { return problem.day[Index(v)].colour; }, by_colour_, colour_begin_,
      colour_size_);
  GroupBy(
      size, [&](int v) { return problem.day[Index(v)].options; }, by_options_, options_begin_,
      options_size_);
}

int MoveDraw::Mate(const LineState& state, int position, std::uint64_t bits) const {
  const std::size_t vehicle = Index(state.order()[Index(position)]);
  return by_colour_[Index(colour_begin_[vehicle] +
                          Random::Scale(bits >> 32, colour_size_[vehicle]))];
}

bool MoveDraw::Draw(const LineState& state, Random& random, Move& move) const {
  const std::uint64_t bits = random.Next();
  const int kind = static_cast<int>(bits >> kSpareBits & 0xff);
  if (kind < kSwaps) return DrawSwap(state, random, bits, move);
  if (kind < kSwaps + kInsertions) return DrawInsertion(state, random, bits, move);
  if (kind < kSwaps + kInsertions + kReverses) return DrawReverse(state, random, bits, move);
  return DrawArrange(state, random, bits, move);
}

bool MoveDraw::DrawSwap(const LineState& state, Random& random, std::uint64_t bits,
                        Move& move) const {
  const int first = AnyFree(bits);
  int second = 0;
  const int kind = static_cast<int>(bits >> (kSpareBits + 8) & 63);
  const std::uint64_t more = random.Next();
  if (kind < kAnySwaps) {
    second = AnyFree(more);
  } else if (kind < kAnySwaps + kColourSwaps) {
    second = state.PositionOf(Mate(state, first, more));
  } else if (kind < kAnySwaps + kColourSwaps + kNearSwaps) {
    second = first + Random::Scale(more >> 32, 2 * kNear + 1) - kNear;
  } else if (kind < kAnySwaps + kColourSwaps + kNearSwaps + kJoinSwaps) {
    second = state.PositionOf(Mate(state, first, more)) + ((more & 1) != 0 ? 1 : -1);
  } else {
    const std::size_t vehicle = Index(state.order()[Index(first)]);
    second = state.PositionOf(by_options_[Index(
        options_begin_[vehicle] + Random::Scale(more >> 32, options_size_[vehicle]))]);
  }
  if (second == first || !IsFree(second) || !state.Differ(first, second)) return false;
  move.kind = MoveKind::kSwap;
  move.at = {std::min(first, second), std::max(first, second)};
  return true;
}

bool MoveDraw::DrawInsertion(const LineState& state, Random& random, std::uint64_t bits,
                             Move& move) const {
  const int from = AnyFree(bits);
  const std::uint64_t more = random.Next();
  int to = 0;
  if ((bits >> (kSpareBits + 8) & 1) != 0) {
    to = AnyFree(more);
  } else {  // Beside a vehicle of its colour.
    to = state.PositionOf(Mate(state, from, more));
  }
  if (to == from || !IsFree(to) || stretch_[Index(from)] != stretch_[Index(to)]) return false;
  move.kind = from < to ? MoveKind::kForward : MoveKind::kBackward;
  move.at = {std::min(from, to), std::max(from, to)};
  return true;
}

bool MoveDraw::DrawReverse(const LineState& state, Random& random, std::uint64_t bits,
                           Move& move) const {
  const int first = AnyFree(bits);
  const std::uint64_t more = random.Next();
  int second = 0;
  if ((bits >> (kSpareBits + 8) & 1) != 0) {
    second = AnyFree(more);
  } else {  // So that the last one comes behind a vehicle of its colour.
    if (first == 0) return false;
    second = state.PositionOf(Mate(state, first - 1, more));
  }
  if (second == first || !IsFree(second) || stretch_[Index(first)] != stretch_[Index(second)]) {
    return false;
  }
  move.kind = MoveKind::kReverse;
  move.at = {std::min(first, second), std::max(first, second)};
  return true;
}

bool MoveDraw::DrawArrange(const LineState& state, Random& random, std::uint64_t bits,
                           Move& move) const {
  const int first = AnyFree(bits);
  std::uint64_t more = random.Next();
  const int size = 3 + static_cast<int>(more & 63) * (kArrangeMax - 2) / 64;
  const int second = first + size - 1;
  if (second >= state.size() || stretch_[Index(first)] != stretch_[Index(second)]) return false;
  move.kind = MoveKind::kArrange;
  move.at = {first, second};
  std::iota(move.from.begin(), move.from.end(), std::uint8_t{0});
  for (int i = size - 1; i > 0; --i) {
    more = (more >> 6) | (more << 58);
    std::swap(move.from[Index(i)], move.from[Index(static_cast<int>(more & 63) * (i + 1) / 64)]);
  }
  return true;
}

}  // namespace tandem::sequencing

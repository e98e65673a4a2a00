#include "sequencing/lineorder/move_draw.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tandem::sequencing {
namespace {

// Of 256 draws, by DrawKind. Found by trial on the ROADEF instances.
constexpr std::array<int, kDrawKinds> kShares = {44, 36, 28, 24, 12, 16, 10,
                                                 14, 12, 10, 18, 8,  8,  16};
constexpr double kDraws = 256.0;
constexpr double kKept = 0.4;  // Of its share, whatever a kind brings.
constexpr double kByOften = 0.3;
constexpr double kByMuch = 0.3;
constexpr int kNear = 20;  // Positions.

}  // namespace

// Members in the order of options (if by them) and then of colour.
MoveDraw::Groups MoveDraw::GroupBy(const LineProblem& problem, bool options) {
  const auto key = [&](int v) {
    const LineVehicle& vehicle = problem.day[Index(v)];
    return std::pair(options ? vehicle.options : 0, vehicle.colour);
  };
  const auto same = [&](int a, int b) {
    return options ? key(a).first == key(b).first : key(a).second == key(b).second;
  };
  Groups groups;
  groups.members.resize(problem.day.size());
  std::iota(groups.members.begin(), groups.members.end(), 0);
  std::ranges::stable_sort(groups.members, {}, key);
  groups.begin.assign(problem.day.size(), 0);
  groups.size.assign(problem.day.size(), 0);
  for (std::size_t from = 0; from < groups.members.size();) {
    std::size_t to = from;
    while (to < groups.members.size() && same(groups.members[to], groups.members[from])) ++to;
    for (std::size_t i = from; i < to; ++i) {
      groups.begin[Index(groups.members[i])] = static_cast<int>(from);
      groups.size[Index(groups.members[i])] = static_cast<int>(to - from);
    }
    from = to;
  }
  return groups;
}

MoveDraw::MoveDraw(const LineProblem& problem)
    : stretch_(problem.day.size()),
      by_colour_(GroupBy(problem, false)),
      by_options_(GroupBy(problem, true)) {
  for (const LineVehicle& vehicle : problem.day) colour_codes_.push_back(vehicle.colour);
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
  fixed_ = problem.objectives.back() == Objective::kColourChanges;
  one_colour_ = problem.day.size() == static_cast<std::size_t>(by_colour_.size.front());
  kinds_ = KindsBy({}, {});
}

void MoveDraw::SetRates(const Rates& often, const Rates& much) {
  if (!fixed_) kinds_ = KindsBy(often, much);
}

MoveDraw::Kinds MoveDraw::KindsBy(const Rates& often, const Rates& much) const {
  Kinds kinds{};
  const double often_sum = std::accumulate(often.begin(), often.end(), 0.0);
  const double much_sum = std::accumulate(much.begin(), much.end(), 0.0);
  double place = 0.0;
  std::size_t at = 0;
  for (std::size_t kind = 0; kind < kDrawKinds; ++kind) {
    if (one_colour_ && kind == static_cast<std::size_t>(DrawKind::kReverseBatches)) continue;
    const double share = kShares[kind];
    place += kKept * share;
    place += kByOften * (often_sum > 0.0 ? kDraws * often[kind] / often_sum : share);
    place += kByMuch * (much_sum > 0.0 ? kDraws * much[kind] / much_sum : share);
    for (; at < kinds.size() && static_cast<double>(at) < place - 0.5; ++at) {
      kinds[at] = static_cast<DrawKind>(kind);
    }
  }
  for (; at < kinds.size(); ++at) kinds[at] = DrawKind::kSwapAny;
  return kinds;
}

int MoveDraw::Mate(const LineState& state, int position, std::uint64_t bits) const {
  const std::size_t vehicle = Index(state.order()[Index(position)]);
  return by_colour_.members[Index(by_colour_.begin[vehicle] +
                                  Random::Scale(bits >> 32, by_colour_.size[vehicle]))];
}

int MoveDraw::OptionsTwin(const LineState& state, int position, std::uint64_t bits) const {
  const std::size_t vehicle = Index(state.order()[Index(position)]);
  return state.PositionOf(by_options_.members[Index(
      by_options_.begin[vehicle] + Random::Scale(bits >> 32, by_options_.size[vehicle]))]);
}

int MoveDraw::OptionsJoin(const LineState& state, int position, std::uint64_t bits) const {
  const int beside = (bits & 1) != 0 ? position + 1 : position - 1;
  if (beside < 0 || beside >= state.size()) return -1;
  const std::size_t vehicle = Index(state.order()[Index(position)]);
  const int colour = colour_codes_[Index(state.order()[Index(beside)])];
  if (colour == colour_codes_[vehicle]) return -1;
  const auto begin = by_options_.members.begin() + by_options_.begin[vehicle];
  const auto end = begin + by_options_.size[vehicle];
  const auto code = [this](int v) { return colour_codes_[Index(v)]; };
  const auto from = std::ranges::lower_bound(begin, end, colour, {}, code);
  const auto to = std::ranges::upper_bound(from, end, colour, {}, code);
  if (from == to) return -1;
  return state.PositionOf(from[Random::Scale(bits >> 32, static_cast<int>(to - from))]);
}

int MoveDraw::Second(const LineState& state, DrawKind kind, int first, std::uint64_t bits) const {
  switch (kind) {
    case DrawKind::kSwapAny:
    case DrawKind::kInsertAny:
    case DrawKind::kReverseAny:
      return AnyFree(bits);
    case DrawKind::kSwapColour:
    case DrawKind::kInsertJoin:
      return state.PositionOf(Mate(state, first, bits));
    case DrawKind::kSwapNear:
    case DrawKind::kInsertNear:
    case DrawKind::kReverseNear:
      return first + Random::Scale(bits >> 32, 2 * kNear + 1) - kNear;
    case DrawKind::kSwapJoin:
      return state.PositionOf(Mate(state, first, bits)) + ((bits & 1) != 0 ? 1 : -1);
    case DrawKind::kSwapOptions:
      return OptionsTwin(state, first, bits);
    case DrawKind::kSwapOptionsJoin:
      return OptionsJoin(state, first, bits);
    case DrawKind::kReverseJoin:
      return first == 0 ? -1 : state.PositionOf(Mate(state, first - 1, bits));
    case DrawKind::kReverseBatches:
    case DrawKind::kArrange:
      break;
  }
  return -1;
}

bool MoveDraw::Draw(const LineState& state, Random& random, Move& move, DrawKind& kind) const {
  const std::uint64_t bits = random.Next();
  kind = kinds_[bits >> 56];
  const int first = AnyFree(bits);
  const std::uint64_t more = random.Next();
  if (kind == DrawKind::kArrange) return DrawArrange(state, first, more, move);
  if (kind == DrawKind::kReverseBatches) return DrawBatches(state, first, more, move);
  const int second = Second(state, kind, first, more);
  if (second == first || !IsFree(second)) return false;
  move.at = {std::min(first, second), std::max(first, second)};
  if (kind < DrawKind::kInsertAny) {
    move.kind = MoveKind::kSwap;
    return state.Differ(first, second);
  }
  if (kind >= DrawKind::kReverseAny) {
    move.kind = MoveKind::kReverse;
  } else {
    move.kind = first < second ? MoveKind::kForward : MoveKind::kBackward;
  }
  return stretch_[Index(first)] == stretch_[Index(second)];
}

// Half of them a few batches long, half of any length.
bool MoveDraw::DrawBatches(const LineState& state, int first, std::uint64_t bits,
                           Move& move) const {
  const int near = first + Random::Scale(bits >> 32, 4 * kNear + 1) - 2 * kNear;
  const int second = (bits & 1) != 0 ? near : AnyFree(bits >> 1);
  if (!IsFree(second)) return false;
  move.kind = MoveKind::kReverse;
  move.at = {std::min(first, second), std::max(first, second)};
  while (move.at.first > 0 && state.Colour(move.at.first - 1) == state.Colour(move.at.first)) {
    --move.at.first;
  }
  while (move.at.second + 1 < state.size() &&
         state.Colour(move.at.second + 1) == state.Colour(move.at.second)) {
    ++move.at.second;
  }
  if (move.at.first == move.at.second) return false;
  const int stretch = stretch_[Index(move.at.first)];
  return stretch >= 0 && stretch == stretch_[Index(move.at.second)];
}

bool MoveDraw::DrawArrange(const LineState& state, int first, std::uint64_t bits,
                           Move& move) const {
  const int size = 3 + static_cast<int>(bits & 63) * (kArrangeMax - 2) / 64;
  const int second = first + size - 1;
  if (second >= state.size() || stretch_[Index(first)] != stretch_[Index(second)]) return false;
  move.kind = MoveKind::kArrange;
  move.at = {first, second};
  std::iota(move.from.begin(), move.from.end(), std::uint8_t{0});
  for (int i = size - 1; i > 0; --i) {
    bits = (bits >> 6) | (bits << 58);
    std::swap(move.from[Index(i)], move.from[Index(static_cast<int>(bits & 63) * (i + 1) / 64)]);
  }
  return true;
}

}  // namespace tandem::sequencing

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

MoveDraw::MoveDraw(const LineProblem& problem) : stretch_(problem.day.size()) {
  for (const int vehicle : problem.frozen_vehicles) {
    stretch_[Index(problem.planned_position[Index(vehicle)])] = -1;
    all_free_ = false;
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
  Group(problem);
  fixed_ = problem.objectives.back() == Objective::kColourChanges;
  one_colour_ = by_colour_.begin.size() == 2;
  kinds_ = KindsBy({}, {});
}

void MoveDraw::Group(const LineProblem& problem) {
  std::vector<std::uint16_t> vehicles(problem.day.size());
  std::iota(vehicles.begin(), vehicles.end(), std::uint16_t{0});
  const auto colour = [&](int v) { return problem.day[Index(v)].colour; };
  const auto options = [&](int v) { return problem.day[Index(v)].options; };
  // `group_of` gets each vehicle's group.
  const auto group = [](Groups& groups, const auto& key, auto& group_of) {
    group_of.resize(groups.members.size());
    for (std::size_t i = 0; i < groups.members.size(); ++i) {
      if (i == 0 || key(groups.members[i]) != key(groups.members[i - 1])) {
        groups.begin.push_back(static_cast<int>(i));
      }
      using Number = typename std::decay_t<decltype(group_of)>::value_type;
      group_of[groups.members[i]] = static_cast<Number>(groups.begin.size() - 1);
    }
    groups.begin.push_back(static_cast<int>(groups.members.size()));
  };
  std::ranges::stable_sort(vehicles, {}, colour);
  by_colour_.members = vehicles;
  group(by_colour_, colour, colours_);
  std::ranges::stable_sort(vehicles, {}, options);
  by_options_.members = std::move(vehicles);
  group(by_options_, options, options_group_);
}

int MoveDraw::Member(const Groups& groups, std::size_t group, std::uint64_t bits) {
  const int begin = groups.begin[group];
  return groups.members[Index(begin + Random::Scale(bits >> 32, groups.begin[group + 1] - begin))];
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
  return state.PositionOf(Member(by_colour_, Index(state.Colour(position)), bits));
}

int MoveDraw::OptionsTwin(const LineState& state, int position, std::uint64_t bits) const {
  const int group = options_group_[Index(state.order()[Index(position)])];
  return state.PositionOf(Member(by_options_, Index(group), bits));
}

int MoveDraw::OptionsJoin(const LineState& state, int position, std::uint64_t bits) const {
  const int beside = (bits & 1) != 0 ? position + 1 : position - 1;
  if (beside < 0 || beside >= state.size()) return -1;
  const int colour = state.Colour(beside);
  if (colour == state.Colour(position)) return -1;
  const std::size_t group = Index(options_group_[Index(state.order()[Index(position)])]);
  const auto begin = by_options_.members.begin() + by_options_.begin[group];
  const auto end = by_options_.members.begin() + by_options_.begin[group + 1];
  const auto number = [this](int v) { return static_cast<int>(colours_[Index(v)]); };
  const auto from = std::ranges::lower_bound(begin, end, colour, {}, number);
  const auto to = std::ranges::upper_bound(from, end, colour, {}, number);
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
      return Mate(state, first, bits);
    case DrawKind::kSwapNear:
    case DrawKind::kInsertNear:
    case DrawKind::kReverseNear:
      return first + Random::Scale(bits >> 32, 2 * kNear + 1) - kNear;
    case DrawKind::kSwapJoin:
      return Mate(state, first, bits) + ((bits & 1) != 0 ? 1 : -1);
    case DrawKind::kSwapOptions:
      return OptionsTwin(state, first, bits);
    case DrawKind::kSwapOptionsJoin:
      return OptionsJoin(state, first, bits);
    case DrawKind::kReverseJoin:
      return first == 0 ? -1 : Mate(state, first - 1, bits);
    case DrawKind::kReverseBatches:
    case DrawKind::kArrange:
      break;
  }
  return -1;
}

bool MoveDraw::Draw(const LineState& state, Random& random, Move& move, DrawKind& kind) {
  const std::uint64_t bits = random.Next();
  kind = kinds_[turn_++];
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
  return Together(first, second);
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
  return IsFree(move.at.first) && Together(move.at.first, move.at.second);
}

bool MoveDraw::DrawArrange(const LineState& state, int first, std::uint64_t bits,
                           Move& move) const {
  const int size = 3 + static_cast<int>(bits & 63) * (kArrangeMax - 2) / 64;
  const int second = first + size - 1;
  if (second >= state.size() || !Together(first, second)) return false;
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

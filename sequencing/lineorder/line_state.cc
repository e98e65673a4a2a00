#include "sequencing/lineorder/line_state.h"

#include <bit>
#include <utility>

#include "sequencing/lineorder/score.h"

namespace tandem::sequencing {
namespace {

// Of no vehicle: before and behind the line, so that every neighbour there is a change.
constexpr std::int16_t kNoColour = -1;

std::vector<std::uint64_t> OptionsOf(const LineProblem& problem, std::span<const int> order) {
  std::vector<std::uint64_t> options;
  options.reserve(order.size());
  for (const int vehicle : order) {
    options.push_back(problem.day[static_cast<std::size_t>(vehicle)].options);
  }
  return options;
}

// The day's colours by code; a colour's place here is its number in the search.
std::vector<int> Palette(const LineProblem& problem) {
  std::vector<int> palette;
  for (const LineVehicle& vehicle : problem.day) palette.push_back(vehicle.colour);
  std::ranges::sort(palette);
  palette.erase(std::unique(palette.begin(), palette.end()), palette.end());
  return palette;
}

std::vector<std::int16_t> ColoursOf(const LineProblem& problem, std::span<const int> order) {
  const std::vector<int> palette = Palette(problem);
  const auto number = [&](int code) {
    const auto found = std::ranges::lower_bound(palette, code);
    const bool known = found != palette.end() && *found == code;
    return known ? static_cast<std::int16_t>(found - palette.begin()) : kNoColour;
  };
  std::vector<std::int16_t> colours = {
      problem.previous.empty() ? kNoColour : number(problem.previous.back().colour)};
  for (const int vehicle : order) {
    colours.push_back(number(problem.day[static_cast<std::size_t>(vehicle)].colour));
  }
  colours.push_back(kNoColour);
  return colours;
}

int Unlike(int a, int b) { return a != b ? 1 : 0; }

}  // namespace

LineState::LineState(const LineProblem& problem, std::vector<int> order)
    : weight_colour_(WeightOf(problem, Objective::kColourChanges)),
      violations_(problem.ratios.size()),
      deltas_(problem.ratios.size()),
      batch_max_(static_cast<int>(problem.day.size())),
      order_(std::move(order)),
      position_(problem.day.size()),
      options_(OptionsOf(problem, order_)),
      colours_(ColoursOf(problem, order_)),
      windows_(problem, options_),
      extras_(problem, order_) {
  if (problem.paint_batch_max > 0) batch_max_ = std::min(batch_max_, problem.paint_batch_max);
  high_.weight = WeightOf(problem, Objective::kHighRatios);
  low_.weight = WeightOf(problem, Objective::kLowRatios);
  for (std::size_t r = 0; r < problem.ratios.size(); ++r) {
    Level& level = problem.ratios[r].high ? high_ : low_;
    if (level.weight == 0) continue;  // Not asked for.
    all_ratios_ |= std::uint64_t{1} << r;
    level.ratios |= std::uint64_t{1} << r;
    violations_[r] = RatioViolations(problem, r, order_);
    level.violations += violations_[r];
    if (violations_[r] > 0) violated_ |= std::uint64_t{1} << r;
  }
  scarce_.assign(Palette(problem).size(), 0);
  for (std::size_t colour = 0; colour < scarce_.size(); ++colour) {
    const auto vehicles = std::ranges::count(colours_, static_cast<int>(colour));
    scarce_[colour] = vehicles > batch_max_ ? 1 : 0;
    any_scarce_ = any_scarce_ || vehicles > batch_max_;
  }
  for (int p = 0; p < size(); ++p) Place(p);
  const auto scored = ScoreOf(problem, order_);
  if (scored.ok()) score_ = scored->score;
}

int LineState::SwapColourDelta(Span at) const {
  const std::int16_t* const first = colours_.data() + at.first + 1;
  const std::int16_t* const second = colours_.data() + at.second + 1;
  const int a = *first;
  const int b = *second;
  if (a == b) return 0;
  if (at.second == at.first + 1) {
    return Unlike(first[-1], b) + Unlike(a, second[1]) - Unlike(first[-1], a) -
           Unlike(b, second[1]);
  }
  return Unlike(first[-1], b) + Unlike(b, first[1]) + Unlike(second[-1], a) + Unlike(a, second[1]) -
         Unlike(first[-1], a) - Unlike(a, first[1]) - Unlike(second[-1], b) - Unlike(b, second[1]);
}

int LineState::ColourDelta(const Move& move) const {
  const std::int16_t* const first = colours_.data() + move.at.first + 1;
  const std::int16_t* const second = colours_.data() + move.at.second + 1;
  switch (move.kind) {
    case MoveKind::kSwap:
      return SwapColourDelta(move.at);
    case MoveKind::kForward:
      return Unlike(first[-1], first[1]) + Unlike(*second, *first) + Unlike(*first, second[1]) -
             Unlike(first[-1], *first) - Unlike(*first, first[1]) - Unlike(*second, second[1]);
    case MoveKind::kBackward:
      return Unlike(first[-1], *second) + Unlike(*second, *first) + Unlike(second[-1], second[1]) -
             Unlike(first[-1], *first) - Unlike(second[-1], *second) - Unlike(*second, second[1]);
    case MoveKind::kReverse:
      return Unlike(first[-1], *second) + Unlike(*first, second[1]) - Unlike(first[-1], *first) -
             Unlike(*second, second[1]);
    case MoveKind::kArrange:
      break;
  }
  int delta = 0;
  int last = first[-1];
  for (int i = 0; first + i <= second; ++i) {
    const int now = first[move.from[static_cast<std::size_t>(i)]];
    delta += Unlike(last, now) - Unlike(first[i - 1], first[i]);
    last = now;
  }
  return delta + Unlike(last, second[1]) - Unlike(*second, second[1]);
}

std::uint64_t LineState::Touched(const Move& move) const {
  if (move.kind == MoveKind::kSwap) {
    return (options_[Index(move.at.first)] ^ options_[Index(move.at.second)]) & all_ratios_;
  }
  if (move.at.second - move.at.first > kTouchedMax) return all_ratios_;
  std::uint64_t any = options_[Index(move.at.first)];
  std::uint64_t every = any;
  for (int p = move.at.first + 1; p <= move.at.second; ++p) {
    any |= options_[Index(p)];
    every &= options_[Index(p)];
  }
  return (any & ~every) & all_ratios_;
}

int LineState::RatioDelta(const Move& move, int r) const {
  switch (move.kind) {
    case MoveKind::kSwap:
      return windows_.SwapDelta(r, move.at, (options_[Index(move.at.first)] >> r & 1) != 0);
    case MoveKind::kForward:
      return windows_.ForwardDelta(r, move.at);
    case MoveKind::kBackward:
      return windows_.BackwardDelta(r, move.at);
    case MoveKind::kReverse:
      return windows_.ReverseDelta(r, move.at);
    case MoveKind::kArrange:
      break;
  }
  std::uint64_t now = 0;
  for (int i = 0; i <= move.at.second - move.at.first; ++i) {
    const int from = move.at.first + move.from[static_cast<std::size_t>(i)];
    now |= (options_[Index(from)] >> r & 1) << i;
  }
  return windows_.ArrangeDelta(r, move.at, now);
}

bool LineState::AddRatios(const Move& move, std::uint64_t touched, const Level& level,
                          std::int64_t most, std::int64_t& delta) {
  std::int64_t rest = level.violations;  // Of the ratios not yet counted.
  const auto add = [&](std::uint64_t ratios) {
    for (; ratios != 0; ratios &= ratios - 1) {
      const int r = std::countr_zero(ratios);
      const int change = RatioDelta(move, r);
      deltas_[Index(r)] = change;
      delta += level.weight * change;
      rest -= violations_[Index(r)];
      if (delta - level.weight * rest > most) return false;
    }
    return true;
  };
  touched &= level.ratios;
  if (!add(touched & violated_)) return false;
  rest = 0;
  return add(touched & ~violated_);
}

std::int64_t LineState::Delta(const Move& move, std::int64_t most) {
  std::int64_t delta = weight_colour_ * ColourDelta(move);
  const std::int64_t low_repair = RepairMost(low_);
  if (delta - RepairMost(high_) - low_repair > most) return kTooMuch;
  const std::uint64_t touched = Touched(move);
  delta -= low_repair;
  if (!AddRatios(move, touched, high_, most, delta) || delta > most) return kTooMuch;
  delta += low_repair;
  return AddRatios(move, touched, low_, most, delta) ? delta : kTooMuch;
}

void LineState::NoteViolations(std::uint64_t ratios, Level& level) {
  for (ratios &= level.ratios; ratios != 0; ratios &= ratios - 1) {
    const int r = std::countr_zero(ratios);
    const std::uint64_t bit = std::uint64_t{1} << r;
    violations_[Index(r)] += deltas_[Index(r)];
    level.violations += deltas_[Index(r)];
    violated_ = violations_[Index(r)] > 0 ? violated_ | bit : violated_ & ~bit;
  }
}

bool LineState::RunFits(int position) const {
  const int colour = Colour(position);
  if (scarce_[Index(colour)] == 0) return true;
  int run = 1;
  for (int p = position - 1; p >= 0 && Colour(p) == colour && run <= batch_max_; --p) ++run;
  for (int p = position + 1; p < size() && Colour(p) == colour && run <= batch_max_; ++p) ++run;
  return run <= batch_max_;
}

bool LineState::RunsFit(const Move& move) const {
  if (!any_scarce_) return true;
  const auto [first, second] = move.at;
  if (move.kind == MoveKind::kSwap && Colour(first) == Colour(second)) return true;
  if (move.kind == MoveKind::kArrange) {
    for (int p = first; p <= second; ++p) {
      if (!RunFits(p)) return false;
    }
    return true;
  }
  // A run that has grown crosses a seam of the move, and each seam is beside one of the ends.
  return RunFits(first) && RunFits(second);
}

void LineState::Arrange(const Move& move) {
  Rearrange(move, std::span(order_));
  const std::span<std::uint64_t> options(options_);
  std::uint64_t ratios = Touched(move);
  NoteViolations(ratios, high_);
  NoteViolations(ratios, low_);
  if (move.kind == MoveKind::kSwap) {
    for (; ratios != 0; ratios &= ratios - 1) {
      const int r = std::countr_zero(ratios);
      windows_.Swap(r, move.at, (options_[Index(move.at.first)] >> r & 1) != 0);
    }
    Rearrange(move, options);
    Place(move.at.first);
    Place(move.at.second);
  } else {
    Rearrange(move, options);
    for (; ratios != 0; ratios &= ratios - 1) {
      windows_.Rearrange(std::countr_zero(ratios), move);
    }
    for (int p = move.at.first; p <= move.at.second; ++p) Place(p);
  }
}

bool LineState::TryMove(const Move& move, std::int64_t delta) {
  const std::span<std::int16_t> colours = std::span(colours_).subspan(1);
  Rearrange(move, colours);
  if (!RunsFit(move)) {
    Rearrange(Inverse(move), colours);
    return false;
  }
  Arrange(move);
  score_ += delta;
  if (extras_.any()) extras_.Moved(move, order_);
  return true;
}

}  // namespace tandem::sequencing

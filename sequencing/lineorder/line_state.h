// An order under change: vehicles by position, their windows, colours and extra terms, and what a
// move would change of the score. Internal to the search.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sequencing/lineorder/extra_terms.h"
#include "sequencing/lineorder/move.h"
#include "sequencing/lineorder/problem.h"
#include "sequencing/lineorder/windows.h"

namespace tandem::sequencing {

class LineState {
 public:
  // `order` keeps every rule of the problem, which has been checked.
  LineState(const LineProblem& problem, std::vector<int> order);

  // What the move adds to the score; kTooMuch as soon as it is clear that this is above `most`.
  // A single move that would repair more than kRepairMax violations of a lower objective may be
  // taken for too much: it is looked for in vain below a raised higher objective.
  // O(ratios touched * Q), whatever the distance. The move must not be empty (see Changes).
  // Notes what it counts of each ratio, for TryMove.
  std::int64_t Delta(const Move& move, std::int64_t most);
  static constexpr std::int64_t kTooMuch = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kRepairMax = 200;

  // Makes the move, unless a run of one colour would be longer than the paint batch limit: then
  // nothing changes and the answer is false. `delta` is what Delta said of it, as the last one that
  // it was asked.
  bool TryMove(const Move& move, std::int64_t delta);

  // Whether the vehicles at two positions differ in options or colour: if not, a swap is idle.
  bool Differ(int a, int b) const {
    return options_[Index(a)] != options_[Index(b)] || Colour(a) != Colour(b);
  }
  const ExtraTerms& extras() const { return extras_; }
  std::int64_t score() const { return score_; }
  const std::vector<int>& order() const { return order_; }
  int size() const { return static_cast<int>(order_.size()); }
  int PositionOf(int vehicle) const { return position_[Index(vehicle)]; }
  // The rank of its code among the day's.
  int Colour(int position) const { return colours_[Index(position + 1)]; }
  std::uint64_t Options(int position) const { return options_[Index(position)]; }
  const WindowCounts& windows() const { return windows_; }

 private:
  static std::size_t Index(int position) { return static_cast<std::size_t>(position); }
  int ColourDelta(const Move& move) const;
  int SwapColourDelta(Span at) const;
  // Violations that the move adds to one ratio.
  int RatioDelta(const Move& move, int r) const;
  // The ratios that the move touches.
  std::uint64_t Touched(const Move& move) const;
  // Whether all runs at the positions that the move has changed are short enough.
  bool RunsFit(const Move& move) const;
  bool RunFits(int position) const;
  void Arrange(const Move& move);
  // Notes where the vehicle at `position` is.
  void Place(int position) {
    position_[Index(order_[Index(position)])] = static_cast<std::uint16_t>(position);
  }

  // Longer moves are taken to touch all ratios: looking would cost more.
  static constexpr int kTouchedMax = 64;

  // Ratios of one priority.
  struct Level {
    std::int64_t weight = 0;
    std::uint64_t ratios = 0;
    std::int64_t violations = 0;
  };
  // What a move can repair of a level at most, as far as it is waited for.
  static std::int64_t RepairMost(const Level& level) {
    return level.weight * std::min(level.violations, kRepairMax);
  }

  // Adds what the move adds to the level's ratios to `delta`, and notes it; false as soon as it is
  // clear that delta will be above `most`.
  bool AddRatios(const Move& move, std::uint64_t touched, const Level& level, std::int64_t most,
                 std::int64_t& delta);
  // Takes what was noted of the level's ratios among these into its violations.
  void NoteViolations(std::uint64_t ratios, Level& level);

  Level high_{};
  Level low_{};
  std::int64_t weight_colour_ = 0;
  std::uint64_t all_ratios_ = 0;
  // By ratio. A move cannot repair what is not violated: so the first rise of a ratio above what
  // the ones not yet counted may give back settles most moves.
  std::vector<std::int64_t> violations_{};
  std::uint64_t violated_ = 0;
  std::vector<int> deltas_{};  // By ratio, of the last move judged.
  int batch_max_ = 0;          // The day's length where there is no limit.
  // By colour: more vehicles have it than a run may hold. (Bytes: a bit would cost more to read.)
  std::vector<std::uint8_t> scarce_{};
  bool any_scarce_ = false;
  std::int64_t score_ = 0;

  std::vector<int> order_{};
  // Two bytes a number: what a draw looks at is to stay in the first-level cache.
  std::vector<std::uint16_t> position_{};  // By vehicle.
  std::vector<std::uint64_t> options_{};
  // Numbers, not codes; from position -1, the previous day's last, to n.
  std::vector<std::int16_t> colours_{};
  WindowCounts windows_;
  ExtraTerms extras_;
};

}  // namespace tandem::sequencing

// Draws moves of the free positions at random. Internal to the search.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sequencing/lineorder/line_state.h"
#include "sequencing/lineorder/move.h"
#include "sequencing/lineorder/problem.h"
#include "sequencing/lineorder/random.h"

namespace tandem::sequencing {

// How a move is drawn. What does best depends on the objectives and on the temperature.
enum class DrawKind : std::uint8_t {
  kSwapAny,
  kSwapColour,       // With a vehicle of the same colour.
  kSwapNear,         // Within a few positions.
  kSwapJoin,         // To a place beside a vehicle of its colour.
  kSwapOptions,      // With a vehicle of the same options: colours alone change.
  kSwapOptionsJoin,  // The same, with one of the colour of a neighbour.
  kInsertAny,
  kInsertJoin,  // To a place beside a vehicle of its colour.
  kInsertNear,
  kReverseAny,
  kReverseJoin,  // So that the last one comes behind a vehicle of its colour.
  kReverseNear,
  kReverseBatches,  // From the beginning of a run of one colour to the end of one.
  kArrange,
};
inline constexpr std::size_t kDrawKinds = 14;

class MoveDraw {
 public:
  explicit MoveDraw(const LineProblem& problem);

  // Draws a move that keeps frozen vehicles in their places, and says how in `kind`. False if the
  // draw came to nothing: the vehicles are alike, or the place is not free. O(log n).
  bool Draw(const LineState& state, Random& random, Move& move, DrawKind& kind);

  using Rates = std::array<double, kDrawKinds>;
  // Shares the draws out: a part stays as it is at first, and a part each goes by `often` and by
  // `much`, what a draw of the kind brings. Not negative; all zero is as at first. Nothing changes
  // where colours are the last objective: they are gained so often that the moves which serve the
  // ratios would be starved.
  void SetRates(const Rates& often, const Rates& much);

  // No two positions are free: there is nothing to move.
  bool idle() const { return free_.size() < 2; }

 private:
  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }
  int AnyFree(std::uint64_t bits) const {
    const int place = Random::Scale(bits & 0xffffffff, static_cast<int>(free_.size()));
    return all_free_ ? place : free_[Index(place)];
  }
  bool IsFree(int position) const {
    return position >= 0 && position < static_cast<int>(stretch_.size()) &&
           (all_free_ || stretch_[Index(position)] >= 0);
  }
  // Whether two free positions have only free ones between them.
  bool Together(int a, int b) const {
    return all_free_ || stretch_[Index(a)] == stretch_[Index(b)];
  }
  void Group(const LineProblem& problem);
  using Kinds = std::array<DrawKind, 256>;
  Kinds KindsBy(const Rates& often, const Rates& much) const;
  // The position of a vehicle of the colour of the one at `position`; it may be that one.
  int Mate(const LineState& state, int position, std::uint64_t bits) const;
  // The position of a vehicle with the options of the one at `position`; it may be that one.
  int OptionsTwin(const LineState& state, int position, std::uint64_t bits) const;
  // The same, of the colour of a neighbour of `position`, which it lacks; -1 for none.
  int OptionsJoin(const LineState& state, int position, std::uint64_t bits) const;
  // The other position for the one drawn first; any number where there is none.
  int Second(const LineState& state, DrawKind kind, int first, std::uint64_t bits) const;
  bool DrawBatches(const LineState& state, int first, std::uint64_t bits, Move& move) const;
  bool DrawArrange(const LineState& state, int first, std::uint64_t bits, Move& move) const;

  std::vector<int> free_{};     // Positions.
  std::vector<int> stretch_{};  // By position: the run of free positions that it is in, or -1.
  bool all_free_ = true;        // Then the two above are not looked at: it takes time.
  Kinds kinds_{};
  // Draws so far. The kinds take turns, each as often in a row as it is drawn of 256: then the
  // processor foretells what a kind does next, which is a fifth of the time where few moves are
  // made.
  std::uint8_t turn_ = 0;
  bool fixed_ = false;
  bool one_colour_ = false;  // There are no batches to turn round.

  // Vehicles in groups, frozen ones too; each group's begin in `members`, and the last one's end.
  struct Groups {
    std::vector<std::uint16_t> members{};
    std::vector<int> begin{};
  };
  // A vehicle of the group drawn by the upper half of the bits.
  static int Member(const Groups& groups, std::size_t group, std::uint64_t bits);
  Groups by_colour_{};                   // By rank of the colour's code, as LineState::Colour.
  Groups by_options_{};                  // Inside of a group, by colour.
  std::vector<int> options_group_{};     // By vehicle: its group of by_options_.
  std::vector<std::int16_t> colours_{};  // By vehicle: its group of by_colour_.
};

}  // namespace tandem::sequencing

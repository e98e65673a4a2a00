// Draws moves of the free positions at random. Internal to the search.
#pragma once

#include <cstdint>
#include <vector>

#include "sequencing/lineorder/line_state.h"
#include "sequencing/lineorder/move.h"
#include "sequencing/lineorder/problem.h"
#include "sequencing/lineorder/random.h"

namespace tandem::sequencing {

class MoveDraw {
 public:
  explicit MoveDraw(const LineProblem& problem);

  // Draws a move that keeps frozen vehicles in their places. False if the draw came to nothing: the
  // vehicles are alike, or the place is not free. O(1).
  bool Draw(const LineState& state, Random& random, Move& move) const;

  // No two positions are free: there is nothing to move.
  bool idle() const { return free_.size() < 2; }

 private:
  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }
  int AnyFree(std::uint64_t bits) const {
    return free_[Index(Random::Scale(bits & 0xffffffff, static_cast<int>(free_.size())))];
  }
  bool IsFree(int position) const {
    return position >= 0 && position < static_cast<int>(stretch_.size()) &&
           stretch_[Index(position)] >= 0;
  }
  // A vehicle of the colour of the one at `position`; it may be that one.
  int Mate(const LineState& state, int position, std::uint64_t bits) const;

  bool DrawSwap(const LineState& state, Random& random, std::uint64_t bits, Move& move) const;
  bool DrawInsertion(const LineState& state, Random& random, std::uint64_t bits, Move& move) const;
  bool DrawReverse(const LineState& state, Random& random, std::uint64_t bits, Move& move) const;
  bool DrawArrange(const LineState& state, Random& random, std::uint64_t bits, Move& move) const;

  std::vector<int> free_{};     // Positions.
  std::vector<int> stretch_{};  // By position: the run of free positions that it is in, or -1.
  // Vehicles by colour, frozen ones too.
  std::vector<int> by_colour_{};
  std::vector<int> colour_begin_{};  // By vehicle: where its colour begins in by_colour_.
  std::vector<int> colour_size_{};
  // Vehicles by options.
  std::vector<int> by_options_{};
  std::vector<int> options_begin_{};
  std::vector<int> options_size_{};
};

}  // namespace tandem::sequencing

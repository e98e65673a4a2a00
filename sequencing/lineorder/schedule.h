// How hot a search is when, laid out over the moves that it may draw. Internal to the search.
//
// No first temperature serves all problems: colours in the last place settle at about 1 in units of
// the score, other mixtures at 100 or 3,000, hard ratios in the first place higher. So a *leg*
// cools from its heat to 0; short legs from the same order find out which heat does best, and that
// one gets the long leg.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tandem::sequencing {

struct Leg {
  double heat = 0.0;  // At its beginning; falls with the square of what is left of it.
  std::int64_t moves = 0;
  bool from_base = false;  // Begins at the order that the trials share, else at the best.
};

class Schedule {
 public:
  explicit Schedule(std::int64_t iterations);

  // The next leg; none when all moves are laid out. `reached`: the best score of the last leg's
  // own.
  std::optional<Leg> Next(std::int64_t reached);

 private:
  struct Trial {
    double heat = 0.0;
    std::int64_t reached = 0;
  };
  Leg Give(double heat, double share, bool from_base);

  std::int64_t iterations_;
  std::int64_t left_;
  std::vector<Leg> ahead_{};
  std::vector<Trial> trials_{};
  std::size_t stage_ = 0;
};

}  // namespace tandem::sequencing

// How hot a search is when, laid out over the moves that it may draw. Internal to the search.
//
// No first temperature serves all problems: colours in the last place settle at about 1 in units of
// the score, other mixtures at 100 or 3,000, hard ratios in the first place higher. So a *leg*
// cools from its heat to 0; short legs from the same order find out which heat does best, and that
// one gets the long leg; on a small day, which has the moves for many long legs, the others get
// some too, as an order may be in the depth of a valley that its own heat does not leave. Once the
// first objective cannot get better, no heat is spent on it: the lower ones would be shaken in
// vain, and the more moves are taken, the more each costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tandem::sequencing {

struct Leg {
  double heat = 0.0;  // At its beginning; falls as left^power, `left` the share of moves ahead.
  int power = 2;
  std::int64_t moves = 0;
  bool from_base = false;  // A trial: begins at the order that all trials share, else at the best.
};

class Schedule {
 public:
  // `unit`: the weight of the last objective; `vehicles`: the day's.
  Schedule(std::int64_t iterations, std::int64_t unit, std::int64_t vehicles);

  struct Reached {
    std::int64_t score = 0;  // At the last leg's end.
    bool settled = false;    // The first objective is as low as it can be, in the best order.
  };
  // The next leg; none when all moves are laid out.
  std::optional<Leg> Next(const Reached& reached);

 private:
  struct Trial {
    double heat = 0.0;
    int power = 2;
    std::int64_t reached = 0;
  };
  void Lay(const Trial& shape, double share, bool is_trial);
  void LayNext(bool settled);
  // What comes before the last legs: from the start to the order that the trials share, then they.
  void LayApproach(bool settled);
  // For the first `trials` of them, from the first on.
  void LayTrials(std::size_t trials, double share);
  void LayLast();

  std::int64_t iterations_;
  std::int64_t left_;
  double unit_;
  std::int64_t vehicles_;
  std::vector<Leg> ahead_{};
  std::size_t next_ = 0;
  enum class Stage { kDescent, kTrials, kLast };  // What is laid out next follows from it.
  Stage stage_ = Stage::kDescent;
  std::vector<Trial> trials_{};  // The best first, from the second trials on.
  std::size_t trials_done_ = 0;
};

}  // namespace tandem::sequencing

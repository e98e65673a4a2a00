// Walks through the orders at a temperature, and keeps the best. Internal to the search.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sequencing/lineorder/line_state.h"
#include "sequencing/lineorder/move_draw.h"
#include "sequencing/lineorder/problem.h"
#include "sequencing/lineorder/random.h"

namespace tandem::sequencing {

class Anneal {
 public:
  // `problem` outlives it; `order` keeps its rules. Extra terms count if the problem has any.
  Anneal(const LineProblem& problem, std::vector<int> order, std::uint64_t seed);

  // A move is taken if it is worse by at most x * heat, x drawn anew for each from the exponential
  // distribution (cut off at 7.6): Metropolis' rule, with the bound known before the move is
  // judged. `heat` is in units of the score.
  void SetHeat(double heat);
  // The same for moves that leave the score as it is: they are judged by the first extra term that
  // they change. `heat` is a share of what such moves change it by on average.
  void SetExtraHeat(double heat);

  // Draws each kind of move by what it has brought lately, half by how often the score got better
  // and half by how much. Half of what is counted is forgotten.
  void AdaptDraws();

  // Draws `moves` moves.
  void Walk(std::int64_t moves);

  // Goes on from another order; the best one so far stays.
  void Restart(const std::vector<int>& order);

  std::int64_t best_score() const { return best_score_; }
  // The present order's.
  std::int64_t score() const { return state_.score(); }
  const std::vector<int>& BestOrder();
  // Moves judged so far.
  std::int64_t judged() const { return judged_; }

 private:
  static constexpr std::size_t kLevels = 1024;

  bool Takes(const Move& move, std::int64_t delta);
  // Whether a move that leaves the score as it is is worth the time of making it.
  bool SparesIdle(const Move& move);
  void Note();
  void Keep();

  const LineProblem& problem_;
  LineState state_;
  MoveDraw draw_;
  Random random_;
  // The exponential distribution's quantiles, and how much worse they let a move be.
  std::array<double, kLevels> quantiles_{};
  std::array<std::int64_t, kLevels> most_{};
  std::int64_t judged_ = 0;
  // By kind of draw, lately.
  std::array<std::int64_t, kDrawKinds> drawn_{};
  std::array<std::int64_t, kDrawKinds> better_{};
  std::array<std::int64_t, kDrawKinds> gained_{};  // By how much the score got better.
  double extra_heat_ = 0.0;
  // Per extra term: how much moves have changed it, and how many.
  std::vector<double> extra_changes_{};
  std::vector<double> extra_moves_{};

  std::vector<int> best_{};
  std::int64_t best_score_ = 0;
  std::vector<TermValue> best_extras_{};
  bool kept_ = true;  // best_ is the best order; else the present one is.
};

}  // namespace tandem::sequencing

// Searches for a building order of the least score: simulated annealing over swaps, insertions,
// reflections and small rearrangements, each judged in O(Q) from the counts of its windows.
//
//   TANDEM_ASSIGN_OR_RETURN(LineSearch search,
//                           LineSearch::Begin(problem, {.seed = 1, .iterations = 50'000'000}));
//   while (search.Advance(100'000)) {
//     // Anything: look at the clock, show search.best_score(), stop.
//   }
//   Publish(search.BestOrder());
//
// References: Estellon, Gardi and Nouioua, Two local search approaches for solving real-life car
// sequencing problems, EJOR 191, 2008 (moves); Kirkpatrick, Gelatt and Vecchi, Optimization by
// simulated annealing, Science 220, 1983.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"
#include "sequencing/lineorder/score.h"

namespace tandem::sequencing {

struct SearchOptions {
  std::uint64_t seed = 1;
  // Moves drawn in all; the schedule is laid out over them.
  std::int64_t iterations = 100'000'000;
};

// The same problem, seed and iterations give the same order on any machine, however the moves are
// cut into calls of Advance. A search that is stopped early has the best order so far.
class LineSearch {
 public:
  // kInvalidArgument as CheckProblem, or for less than one iteration; kFailedPrecondition if no
  // order that keeps the paint batch limit was found.
  static absl::StatusOr<LineSearch> Begin(LineProblem problem, const SearchOptions& options);
  LineSearch(LineSearch&&) noexcept;
  LineSearch& operator=(LineSearch&&) noexcept;
  ~LineSearch();

  // Draws up to `moves` further moves. False once all iterations are done, or the best order is
  // known to be optimal.
  bool Advance(std::int64_t moves);

  std::int64_t iterations() const;
  std::int64_t iterations_done() const;
  // Of the moves drawn, those whose change of the score was counted: some draws come to nothing,
  // as the two vehicles are alike.
  std::int64_t moves_judged() const;
  // Whether the best order is known to be optimal: no violation, and as few colour changes as the
  // paint batch limit allows.
  bool optimal() const;
  std::int64_t best_score() const;
  std::vector<int> BestOrder() const;

 private:
  class Impl;
  explicit LineSearch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::sequencing

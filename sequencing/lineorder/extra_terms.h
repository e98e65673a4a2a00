// The levels below the score: part usage and distance from a plan. Internal to the search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/lineorder/move.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

class ExtraTerms {
 public:
  ExtraTerms(const LineProblem& problem, std::span<const int> order);

  bool any() const { return !terms_.empty(); }

  // What the move would change of a term. Swaps: O(parts); all else O(parts * distance).
  TermValue Delta(ExtraTerm term, const Move& move, std::span<const int> order) const;
  // The first term that the move changes; delta 0 if it changes none.
  struct Change {
    std::size_t term = 0;  // Place in LineProblem::extra_terms.
    TermValue delta = 0;
  };
  Change First(const Move& move, std::span<const int> order) const;

  // After a move: `order` is the new one. O(parts * n) for part usage.
  void Moved(const Move& move, std::span<const int> order);

  const std::vector<TermValue>& values() const { return values_; }

 private:
  std::int64_t PlanDelta(const Move& move, std::span<const int> order) const;
  TermValue UsageDelta(const Move& move, std::span<const int> order) const;
  std::int64_t PlanCost(int vehicle, int position) const;
  void CountUsage(std::span<const int> order, int from);

  std::vector<ExtraTerm> terms_{};
  std::vector<TermValue> values_{};
  std::vector<int> planned_{};
  std::vector<std::vector<int>> uses_{};
  // Per part: n * x_p - p * N behind position p - 1, and its sum over the positions before.
  std::vector<std::vector<std::int64_t>> off_{};
  std::vector<std::vector<std::int64_t>> off_sum_{};
};

}  // namespace tandem::sequencing

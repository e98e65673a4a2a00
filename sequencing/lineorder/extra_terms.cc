#include "sequencing/lineorder/extra_terms.h"

#include <cstdlib>
#include <numeric>

#include "sequencing/lineorder/score.h"

namespace tandem::sequencing {
namespace {

std::size_t Index(int i) { return static_cast<std::size_t>(i); }

bool Asked(const LineProblem& problem, ExtraTerm term) {
  return std::ranges::find(problem.extra_terms, term) != problem.extra_terms.end();
}

}  // namespace

ExtraTerms::ExtraTerms(const LineProblem& problem, std::span<const int> order)
    : terms_(problem.extra_terms) {
  if (terms_.empty()) return;
  if (Asked(problem, ExtraTerm::kPlanDistance)) planned_ = problem.planned_position;
  if (Asked(problem, ExtraTerm::kLevelUsage)) {
    uses_ = problem.part_uses;
    off_.assign(uses_.size(), std::vector<std::int64_t>(order.size() + 1));
    off_sum_.assign(uses_.size(), std::vector<std::int64_t>(order.size() + 2));
    CountUsage(order, 0);
  }
  const auto score = ScoreOf(problem, order);
  values_ = score.ok() ? score->extras : std::vector<TermValue>(terms_.size());
}

std::int64_t ExtraTerms::PlanCost(int vehicle, int position) const {
  const int planned = planned_[Index(vehicle)];
  return planned == kNoPlan ? 0 : std::abs(position - planned);
}

std::int64_t ExtraTerms::PlanDelta(const Move& move, std::span<const int> order) const {
  if (planned_.empty()) return 0;
  const auto [first, second] = move.at;
  const auto change = [&](int position) {
    const int vehicle = order[Index(SourceOf(move, position))];
    return PlanCost(vehicle, position) - PlanCost(order[Index(position)], position);
  };
  if (move.kind == MoveKind::kSwap) return change(first) + change(second);
  std::int64_t delta = 0;
  for (int position = first; position <= second; ++position) delta += change(position);
  return delta;
}

// With n more or less of `gain` uses behind a position, its square grows by
// 2 * n * gain * off + (n * gain)^2.
TermValue ExtraTerms::UsageDelta(const Move& move, std::span<const int> order) const {
  const auto [first, second] = move.at;
  const auto size = static_cast<std::int64_t>(order.size());
  TermValue delta = 0;
  for (std::size_t part = 0; part < uses_.size(); ++part) {
    const std::vector<int>& uses = uses_[part];
    if (move.kind == MoveKind::kSwap) {
      const std::int64_t gain =
          size * (uses[Index(order[Index(second)])] - uses[Index(order[Index(first)])]);
      const std::int64_t sum = off_sum_[part][Index(second) + 1] - off_sum_[part][Index(first) + 1];
      delta += TermValue(gain) * (2 * TermValue(sum) + TermValue(gain) * (second - first));
      continue;
    }
    std::int64_t gain = 0;
    for (int position = first; position < second; ++position) {
      gain += size * (uses[Index(order[Index(SourceOf(move, position))])] -
                      uses[Index(order[Index(position)])]);
      delta += TermValue(gain) * (2 * off_[part][Index(position) + 1] + gain);
    }
  }
  return delta;
}

TermValue ExtraTerms::Delta(ExtraTerm term, const Move& move, std::span<const int> order) const {
  return term == ExtraTerm::kPlanDistance ? PlanDelta(move, order) : UsageDelta(move, order);
}

ExtraTerms::Change ExtraTerms::First(const Move& move, std::span<const int> order) const {
  for (std::size_t term = 0; term < terms_.size(); ++term) {
    const TermValue delta = Delta(terms_[term], move, order);
    if (delta != 0) return {.term = term, .delta = delta};
  }
  return {};
}

void ExtraTerms::Moved(const Move& move, std::span<const int> order) {
  if (terms_.empty()) return;
  // The way back, seen from the new order; the sums are still those of the old one.
  const Move back = Inverse(move);
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (terms_[i] == ExtraTerm::kPlanDistance) values_[i] -= PlanDelta(back, order);
  }
  if (!off_.empty()) CountUsage(order, move.at.first);
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (terms_[i] == ExtraTerm::kLevelUsage) values_[i] -= UsageDelta(back, order);
  }
}

// off_sum_[p]: the sum of off_[0 .. p - 1].
void ExtraTerms::CountUsage(std::span<const int> order, int from) {
  const auto size = static_cast<std::int64_t>(order.size());
  for (std::size_t part = 0; part < uses_.size(); ++part) {
    const std::vector<int>& uses = uses_[part];
    const auto all = std::accumulate(uses.begin(), uses.end(), std::int64_t{0});
    std::vector<std::int64_t>& off = off_[part];
    std::vector<std::int64_t>& sum = off_sum_[part];
    for (std::size_t p = Index(from); p < order.size(); ++p) {
      off[p + 1] = off[p] + size * uses[Index(order[p])] - all;
      sum[p + 1] = sum[p] + off[p];
    }
    sum[order.size() + 1] = sum[order.size()] + off[order.size()];
  }
}

}  // namespace tandem::sequencing

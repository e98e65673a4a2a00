#include "sequencing/lineorder/score.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

std::int64_t ColourChanges(const LineProblem& problem, std::span<const int> order) {
  std::int64_t changes = 0;
  int last = problem.previous.empty() ? problem.day[static_cast<std::size_t>(order[0])].colour
                                      : problem.previous.back().colour;
  for (const int vehicle : order) {
    const int colour = problem.day[static_cast<std::size_t>(vehicle)].colour;
    changes += colour != last ? 1 : 0;
    last = colour;
  }
  return changes;
}

TermValue LevelUsage(const LineProblem& problem, std::span<const int> order) {
  const auto size = static_cast<std::int64_t>(order.size());
  TermValue sum = 0;
  for (const std::vector<int>& uses : problem.part_uses) {
    std::int64_t all = 0;
    for (const int use : uses) all += use;
    std::int64_t used = 0;
    for (std::size_t p = 0; p < order.size(); ++p) {
      used += uses[static_cast<std::size_t>(order[p])];
      const std::int64_t off = size * used - static_cast<std::int64_t>(p + 1) * all;
      sum += TermValue(off) * off;
    }
  }
  return sum;
}

std::int64_t PlanDistance(const LineProblem& problem, std::span<const int> order) {
  if (problem.planned_position.empty()) return 0;
  std::int64_t sum = 0;
  for (std::size_t p = 0; p < order.size(); ++p) {
    const int planned = problem.planned_position[static_cast<std::size_t>(order[p])];
    if (planned != kNoPlan) sum += std::abs(static_cast<int>(p) - planned);
  }
  return sum;
}

absl::Status CheckPermutation(const LineProblem& problem, std::span<const int> order) {
  if (order.size() != problem.day.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("order: has ", order.size(), " vehicles, the day ", problem.day.size()));
  }
  std::vector<bool> seen(order.size());
  for (const int vehicle : order) {
    if (vehicle < 0 || static_cast<std::size_t>(vehicle) >= order.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("order: ", vehicle, " is no vehicle of the day"));
    }
    if (seen[static_cast<std::size_t>(vehicle)]) {
      return absl::InvalidArgumentError(
          absl::StrCat("order: vehicle ", problem.day[static_cast<std::size_t>(vehicle)].ident,
                       " is in it twice"));
    }
    seen[static_cast<std::size_t>(vehicle)] = true;
  }
  return absl::OkStatus();
}

absl::Status CheckBatches(const LineProblem& problem, std::span<const int> order) {
  int run = 0;
  int last = -1;
  for (std::size_t p = 0; p < order.size(); ++p) {
    const int colour = problem.day[static_cast<std::size_t>(order[p])].colour;
    run = colour == last ? run + 1 : 1;
    last = colour;
    if (problem.paint_batch_max > 0 && run > problem.paint_batch_max) {
      return absl::InvalidArgumentError(
          absl::StrCat("order: position ", p, " makes ", run, " of colour ", colour,
                       " in a row, the limit is ", problem.paint_batch_max));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFrozen(const LineProblem& problem, std::span<const int> order) {
  for (const int vehicle : problem.frozen_vehicles) {
    const auto v = static_cast<std::size_t>(vehicle);
    const int planned = problem.planned_position[v];
    if (order[static_cast<std::size_t>(planned)] == vehicle) continue;
    return absl::InvalidArgumentError(absl::StrCat("order: frozen vehicle ", problem.day[v].ident,
                                                   " is not at position ", planned));
  }
  return absl::OkStatus();
}

}  // namespace

std::int64_t WeightOf(const LineProblem& problem, Objective objective) {
  std::int64_t weight = 1'000'000;
  for (const Objective other : problem.objectives) {
    if (other == objective) return weight;
    weight /= 1000;
  }
  return 0;
}

std::int64_t RatioViolations(const LineProblem& problem, std::size_t ratio,
                             std::span<const int> order) {
  const std::size_t q = static_cast<std::size_t>(problem.ratios[ratio].q);
  const std::size_t before = problem.previous.size();
  std::vector<int> has;
  for (const LineVehicle& vehicle : problem.previous) {
    has.push_back(static_cast<int>((vehicle.options >> ratio) & 1));
  }
  for (const int vehicle : order) {
    has.push_back(
        static_cast<int>((problem.day[static_cast<std::size_t>(vehicle)].options >> ratio) & 1));
  }
  // A window is named by its end, which may lie behind the last position.
  std::int64_t sum = 0;
  int count = 0;
  for (std::size_t end = 0; end + 1 < has.size() + q; ++end) {
    if (end < has.size()) count += has[end];
    if (end >= q) count -= has[end - q];
    const bool complete = end + 1 >= before + q && end < has.size();
    const bool counts = problem.windows == WindowRule::kTouchingDay ? end >= before : complete;
    if (counts) sum += std::max(0, count - problem.ratios[ratio].p);
  }
  return sum;
}

absl::StatusOr<LineScore> ScoreOf(const LineProblem& problem, std::span<const int> order) {
  for (const auto check : {CheckPermutation, CheckBatches, CheckFrozen}) {
    if (absl::Status status = check(problem, order); !status.ok()) return status;
  }
  LineScore score;
  for (std::size_t r = 0; r < problem.ratios.size(); ++r) {
    (problem.ratios[r].high ? score.high_violations : score.low_violations) +=
        RatioViolations(problem, r, order);
  }
  score.colour_changes = ColourChanges(problem, order);
  score.score = WeightOf(problem, Objective::kHighRatios) * score.high_violations +
                WeightOf(problem, Objective::kLowRatios) * score.low_violations +
                WeightOf(problem, Objective::kColourChanges) * score.colour_changes;
  for (const ExtraTerm term : problem.extra_terms) {
    score.extras.push_back(term == ExtraTerm::kLevelUsage ? LevelUsage(problem, order)
                                                          : PlanDistance(problem, order));
  }
  return score;
}

}  // namespace tandem::sequencing

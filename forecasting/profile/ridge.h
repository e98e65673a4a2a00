// Robust ridge regression on sparse rows: of the hundred columns of a season a day has about
// twenty. Reference: Hoerl and Kennard, Technometrics 12 (1970); Huber, "Robust Statistics"
// (1981), 7.8.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

// The columns of a row that are not zero.
struct SparseRow {
  std::vector<std::pair<std::size_t, double>> cells{};
  void Add(std::size_t column, double value) { cells.emplace_back(column, value); }
  // Columns beyond the coefficients count nothing.
  double Dot(std::span<const double> coefficients) const {
    double sum = 0.0;
    for (const auto& [column, value] : cells) {
      if (column < coefficients.size()) sum += value * coefficients[column];
    }
    return sum;
  }
};

// Minimises sum_i w_i (y_i - x_i b)^2 + sum_c penalty_c b_c^2 + sum_k step_k (b_{k+1} - b_k)^2.
struct RidgeProblem {
  std::span<const SparseRow> rows{};
  std::span<const double> targets{};  // One a row.
  std::vector<double> penalties{};    // One a column, > 0: the answer is then unique.
  struct Step {
    std::size_t column = 0;  // With the next one.
    double penalty = 0.0;
  };
  std::vector<Step> steps{};
};

struct RobustOptions {
  int reweightings = 3;  // Fits in all; the first has equal weights.
  // Weight 1 / max(1, |residual| / (huber_scales * scale)), scale = max(floor, 1.5 median
  // |residual|).
  double huber_scales = 2.0;
  double scale_floor = 0.05;  // Without noise every rare event would be an outlier.
};

// The coefficients. O(reweightings * (rows * cells^2 + columns^3)) time.
// kInvalidArgument if the sizes differ, a column is out of range, a penalty is not positive or a
// value not finite; kOutOfRange if the result is not finite.
absl::StatusOr<std::vector<double>> SolveRobustRidge(const RidgeProblem& problem,
                                                     const RobustOptions& options);

}  // namespace tandem::forecasting

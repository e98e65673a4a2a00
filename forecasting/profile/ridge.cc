#include "forecasting/profile/ridge.h"

#include <algorithm>
#include <cmath>

#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

// Cholesky of the lower half of `matrix` (n x n by rows), then both substitutions into `b`.
// False where the matrix is not positive definite.
bool SolveCholesky(std::vector<double>& matrix, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    double* row = &matrix[i * n];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = &matrix[j * n];
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (i != j) {
        row[j] = sum / other[j];
      } else if (sum > 0.0) {
        row[i] = std::sqrt(sum);
      } else {
        return false;
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= matrix[i * n + k] * b[k];
    b[i] /= matrix[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= matrix[k * n + i] * b[k];
    b[i] /= matrix[i * n + i];
  }
  return true;
}

absl::Status Check(const RidgeProblem& problem) {
  if (problem.rows.size() != problem.targets.size()) {
    return absl::InvalidArgumentError("rows and targets differ in number");
  }
  if (!AllFinite(problem.targets)) return absl::InvalidArgumentError("a target is not finite");
  const std::size_t columns = problem.penalties.size();
  for (const SparseRow& row : problem.rows) {
    for (const auto& [column, value] : row.cells) {
      if (column >= columns) return absl::InvalidArgumentError("a column without a penalty");
      if (!std::isfinite(value)) return absl::InvalidArgumentError("a cell is not finite");
    }
  }
  for (const double penalty : problem.penalties) {
    if (!(penalty > 0.0)) return absl::InvalidArgumentError("a penalty is not positive");
  }
  for (const RidgeProblem::Step& step : problem.steps) {
    if (step.column + 1 >= columns || !(step.penalty >= 0.0)) {
      return absl::InvalidArgumentError("a step's column or penalty");
    }
  }
  return absl::OkStatus();
}

bool SolveWeighted(const RidgeProblem& problem, std::span<const double> weights,
                   std::vector<double>& solution) {
  const std::size_t n = problem.penalties.size();
  std::vector<double> matrix(n * n, 0.0);
  std::ranges::fill(solution, 0.0);
  for (std::size_t r = 0; r < problem.rows.size(); ++r) {
    for (const auto& [a, value] : problem.rows[r].cells) {
      const double weighted = weights[r] * value;
      solution[a] += weighted * problem.targets[r];
      for (const auto& [b, other] : problem.rows[r].cells) matrix[a * n + b] += weighted * other;
    }
  }
  for (std::size_t c = 0; c < n; ++c) matrix[c * n + c] += problem.penalties[c];
  for (const RidgeProblem::Step& step : problem.steps) {
    const std::size_t a = step.column;
    const std::size_t b = a + 1;
    matrix[a * n + a] += step.penalty;
    matrix[b * n + b] += step.penalty;
    matrix[a * n + b] -= step.penalty;
    matrix[b * n + a] -= step.penalty;
  }
  return SolveCholesky(matrix, solution);
}

void Reweight(const RidgeProblem& problem, std::span<const double> solution,
              const RobustOptions& options, std::vector<double>& weights) {
  std::vector<double> sizes(weights.size());
  for (std::size_t r = 0; r < weights.size(); ++r) {
    sizes[r] = std::abs(problem.targets[r] - problem.rows[r].Dot(solution));
  }
  std::vector<double> sorted = sizes;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::ranges::nth_element(sorted, middle);
  const double limit =
      std::max(1e-12, options.huber_scales * std::max(options.scale_floor, 1.5 * *middle));
  for (std::size_t r = 0; r < weights.size(); ++r) {
    weights[r] = 1.0 / std::max(1.0, sizes[r] / limit);
  }
}

}  // namespace

absl::StatusOr<std::vector<double>> SolveRobustRidge(const RidgeProblem& problem,
                                                     const RobustOptions& options) {
  const absl::Status status = Check(problem);
  if (!status.ok()) return status;
  std::vector<double> solution(problem.penalties.size(), 0.0);
  std::vector<double> weights(problem.rows.size(), 1.0);
  for (int round = 0; round < std::max(1, options.reweightings); ++round) {
    if (round > 0 && !weights.empty()) {
      Reweight(problem, solution, options, weights);
    }
    if (!SolveWeighted(problem, weights, solution)) {
      return absl::OutOfRangeError("the regression is not positive definite");
    }
  }
  if (!AllFinite(solution)) return absl::OutOfRangeError("a coefficient is not finite");
  return solution;
}

}  // namespace tandem::forecasting

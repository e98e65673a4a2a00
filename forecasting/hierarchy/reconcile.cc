#include <algorithm>
#include <cmath>
#include <utility>

#include "forecasting/hierarchy/conjugate_gradients.h"
#include "forecasting/hierarchy/hierarchy.h"
#include "forecasting/hierarchy/tree.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

constexpr int kLockRoundsMax = 60;
constexpr double kLockTolerance = 1e-7;  // Of the locked forecast, or of one unit where it is less.

absl::Status Check(const ReconcileProblem& problem, const ReconcileOptions& options) {
  if (problem.hierarchy == nullptr) return absl::InvalidArgumentError("no hierarchy");
  const std::size_t nodes = problem.hierarchy->node_count();
  if (problem.forecast_units.size() != nodes || problem.variances.size() != nodes) {
    return absl::InvalidArgumentError("not one forecast and one variance a node");
  }
  if (!AllFinite(problem.forecast_units) || !AllFinite(problem.variances)) {
    return absl::InvalidArgumentError("a forecast or variance is a NaN or an infinity");
  }
  for (std::size_t n = 0; n < nodes; ++n) {
    if (problem.variances[n] < 0.0) return absl::InvalidArgumentError("a variance is negative");
    if (options.nonnegative && problem.variances[n] == 0.0 && problem.forecast_units[n] < 0.0) {
      return absl::InvalidArgumentError("a node is locked at a negative value");
    }
  }
  return absl::OkStatus();
}

// Weighted least squares. Locked nodes by the method of multipliers: a penalty pulls them to a
// target that moves until they stand at their forecast (Bertsekas, "Constrained Optimization and
// Lagrange Multiplier Methods", 1982, 2.2).
class Solver {
 public:
  Solver(const ReconcileProblem& problem, const ReconcileOptions& options)
      : problem_(problem),
        options_(options),
        tree_(*problem.hierarchy),
        weights_(tree_.node_count(), 0.0),
        targets_(problem.forecast_units.begin(), problem.forecast_units.end()),
        sums_(tree_.node_count()),
        held_(tree_.bottom_count(), false) {
    const auto bottom = problem.forecast_units.last(tree_.bottom_count());
    result_.bottom_units.assign(bottom.begin(), bottom.end());
    double free_weight = 0.0;
    double free_nodes = 0.0;
    for (std::size_t n = 0; n < weights_.size(); ++n) {
      if (problem.variances[n] == 0.0) {
        locked_.push_back(n);
        continue;
      }
      weights_[n] = 1.0 / problem.variances[n];
      free_weight += weights_[n];
      free_nodes += 1.0;
    }
    const double penalty = free_nodes > 0.0 ? 100.0 * free_weight / free_nodes : 1.0;
    for (const std::size_t n : locked_) weights_[n] = penalty;
  }

  absl::StatusOr<Reconciled> Run() {
    const bool locked = SolveLocked();
    result_.converged = result_.converged && locked;
    if (options_.nonnegative) HoldAtZero();
    if (Violation() > kLockTolerance) {
      return absl::FailedPreconditionError(
          "locked nodes contradict each other, or hold only with negative values");
    }
    if (!AllFinite(result_.bottom_units)) {
      return absl::FailedPreconditionError("a reconciled value is not finite");
    }
    return std::move(result_);
  }

 private:
  void Apply(std::span<const double> x, std::span<double> out) {
    tree_.AddUp(x, sums_);
    for (std::size_t n = 0; n < sums_.size(); ++n) sums_[n] *= weights_[n];
    tree_.AddDown(sums_, out);
  }

  void Solve() {
    const std::size_t count = tree_.bottom_count();
    std::vector<double> right(count);
    std::vector<double> diagonal(count);
    tree_.AddDown(weights_, diagonal);
    for (std::size_t n = 0; n < sums_.size(); ++n) sums_[n] = weights_[n] * targets_[n];
    tree_.AddDown(sums_, right);
    for (std::size_t i = 0; i < count; ++i) {
      if (!held_[i]) continue;
      diagonal[i] = 0.0;
      result_.bottom_units[i] = 0.0;
    }
    const CgResult solved = ConjugateGradients(
        [this](std::span<const double> x, std::span<double> out) { Apply(x, out); }, right,
        diagonal, {options_.tolerance, options_.iterations_max}, result_.bottom_units);
    result_.iterations += solved.iterations;
    result_.converged = solved.converged;
  }

  // The largest miss of a locked node, of its forecast or one unit.
  double Violation() {
    tree_.AddUp(result_.bottom_units, sums_);
    double most = 0.0;
    for (const std::size_t n : locked_) {
      const double want = problem_.forecast_units[n];
      most = std::max(most, std::abs(sums_[n] - want) / std::max(1.0, std::abs(want)));
    }
    return most;
  }

  bool SolveLocked() {
    Solve();
    for (int round = 0; round < kLockRoundsMax && Violation() > 0.1 * kLockTolerance; ++round) {
      for (const std::size_t n : locked_) targets_[n] += problem_.forecast_units[n] - sums_[n];
      Solve();
    }
    return Violation() <= kLockTolerance;
  }

  // One round holds all that is negative and lets go all that would rise.
  void HoldAtZero() {
    std::vector<double> image(tree_.bottom_count());
    for (int round = 0; round < options_.active_rounds_max; ++round) {
      tree_.AddUp(result_.bottom_units, sums_);
      for (std::size_t n = 0; n < sums_.size(); ++n) {
        sums_[n] = weights_[n] * (sums_[n] - targets_[n]);
      }
      tree_.AddDown(sums_, image);  // The gradient.
      bool changed = false;
      for (std::size_t i = 0; i < held_.size(); ++i) {
        const bool hold = held_[i] ? image[i] >= -1e-9 : result_.bottom_units[i] < -1e-9;
        changed = changed || hold != held_[i];
        held_[i] = hold;
      }
      if (!changed) break;
      result_.converged = SolveLocked() && result_.converged;
      if (round + 1 == options_.active_rounds_max) result_.converged = false;
    }
    for (double& value : result_.bottom_units) value = std::max(value, 0.0);
  }

  const ReconcileProblem& problem_;
  const ReconcileOptions& options_;
  const Hierarchy& tree_;
  std::vector<double> weights_;
  std::vector<double> targets_;
  std::vector<double> sums_;
  std::vector<bool> held_;
  std::vector<std::size_t> locked_;
  Reconciled result_;
};

}  // namespace

absl::StatusOr<Reconciled> Reconcile(const ReconcileProblem& problem,
                                     const ReconcileOptions& options) {
  if (const auto status = Check(problem, options); !status.ok()) return status;
  if (const auto tree = NestedTree::Of(*problem.hierarchy); tree.has_value()) {
    auto bottom = tree->Reconcile(problem.forecast_units, problem.variances);
    if (!bottom.ok()) return bottom.status();
    const bool negative = std::ranges::any_of(*bottom, [](double v) { return v < 0.0; });
    // What is optimal without the bound and keeps it is optimal with it.
    if (!options.nonnegative || !negative) {
      if (!AllFinite(*bottom)) return absl::OutOfRangeError("a reconciled value is not finite");
      return Reconciled{.bottom_units = *std::move(bottom), .converged = true};
    }
  }
  return Solver(problem, options).Run();
}

}  // namespace tandem::forecasting

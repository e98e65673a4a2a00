#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "forecasting/hierarchy/conjugate_gradients.h"
#include "forecasting/hierarchy/hierarchy.h"
#include "forecasting/hierarchy/lock_scale.h"
#include "forecasting/hierarchy/tree.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kLockRoundsMax = 60;
constexpr double kToleranceMin = 1e-15;  // Of conjugate gradients: beyond is rounding.
constexpr double kGradientNoise = 1e-9;  // Of a gradient's terms.

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

// Weighted least squares. A locked bottom series is no unknown; locked sums by the method of
// multipliers: a penalty pulls them to a target that moves until they stand at their forecast
// (Bertsekas, "Constrained Optimization and Lagrange Multiplier Methods", 1982, 2.2).
class Solver {
 public:
  Solver(const ReconcileProblem& problem, const ReconcileOptions& options)
      : problem_(problem),
        options_(options),
        tree_(*problem.hierarchy),
        weights_(tree_.node_count(), 0.0),
        targets_(problem.forecast_units.begin(), problem.forecast_units.end()),
        sums_(tree_.node_count()),
        bottom_(tree_.bottom_count(), Bottom::kFree) {
    const std::size_t sums = tree_.node_count() - tree_.bottom_count();
    const auto bottom = problem.forecast_units.last(tree_.bottom_count());
    result_.bottom_units.assign(bottom.begin(), bottom.end());
    double free_weight = 0.0;
    double free_nodes = 0.0;
    for (std::size_t n = 0; n < weights_.size(); ++n) {
      if (problem.variances[n] == 0.0) {
        if (n < sums) locked_.push_back(n);
        if (n >= sums) bottom_[n - sums] = Bottom::kLocked;
        continue;
      }
      weights_[n] = 1.0 / problem.variances[n];
      free_weight += weights_[n];
      free_nodes += 1.0;
    }
    const double penalty = free_nodes > 0.0 ? 100.0 * free_weight / free_nodes : 1.0;
    for (const std::size_t n : locked_) weights_[n] = penalty;
    if (!locked_.empty()) lock_scales_ = LockScales(tree_, problem.forecast_units);
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
  enum class Bottom : unsigned char { kFree, kHeld, kLocked };

  void Apply(std::span<const double> x, std::span<double> out) {
    tree_.AddUp(x, sums_);
    for (std::size_t n = 0; n < sums_.size(); ++n) sums_[n] *= weights_[n];
    tree_.AddDown(sums_, out);
  }

  void Solve(double tolerance) {
    const std::size_t count = tree_.bottom_count();
    std::vector<double> right(count);
    std::vector<double> diagonal(count);
    tree_.AddDown(weights_, diagonal);
    for (std::size_t n = 0; n < sums_.size(); ++n) sums_[n] = weights_[n] * targets_[n];
    tree_.AddDown(sums_, right);
    for (std::size_t i = 0; i < count; ++i) {
      if (bottom_[i] == Bottom::kFree) continue;
      diagonal[i] = 0.0;
      if (bottom_[i] == Bottom::kHeld) result_.bottom_units[i] = 0.0;
    }
    const CgResult solved = ConjugateGradients(
        [this](std::span<const double> x, std::span<double> out) { Apply(x, out); }, right,
        diagonal, {tolerance, options_.iterations_max}, result_.bottom_units);
    result_.iterations += solved.iterations;
    result_.converged = solved.converged;
  }

  // The largest miss of a locked sum, by its scale.
  double Violation() {
    tree_.AddUp(result_.bottom_units, sums_);
    double most = 0.0;
    for (const std::size_t n : locked_) {
      const double miss = std::abs(sums_[n] - problem_.forecast_units[n]);
      if (!std::isfinite(miss)) return kInfinity;
      if (miss > 0.0) most = std::max(most, miss / lock_scales_[n]);
    }
    return most;
  }

  // A round moves the targets by what is missed. Where that is within what conjugate gradients
  // leave of the whole problem, it would be noise: they stop later from round to round.
  bool SolveLocked() {
    double tolerance = options_.tolerance;
    Solve(tolerance);
    double violation = Violation();
    const bool converged = result_.converged;
    for (int round = 0;
         round < kLockRoundsMax && violation > 0.1 * kLockTolerance && violation < kInfinity;
         ++round) {
      for (const std::size_t n : locked_) targets_[n] += problem_.forecast_units[n] - sums_[n];
      Solve(tolerance);
      const double before = std::exchange(violation, Violation());
      if (violation > 0.5 * before) tolerance = std::max(0.1 * tolerance, kToleranceMin);
    }
    // The later rounds' tolerances are tighter than what was asked for.
    if (tolerance < options_.tolerance) result_.converged = converged;
    return violation <= kLockTolerance;
  }

  // One round holds all that is negative and lets go all that would rise.
  void HoldAtZero() {
    std::vector<double> image(tree_.bottom_count());
    std::vector<double> size(tree_.bottom_count());
    std::vector<double> sizes(tree_.node_count());
    for (int round = 0; round < options_.active_rounds_max; ++round) {
      tree_.AddUp(result_.bottom_units, sums_);
      for (std::size_t n = 0; n < sums_.size(); ++n) {
        sizes[n] = weights_[n] * (std::abs(sums_[n]) + std::abs(targets_[n]));
        sums_[n] = weights_[n] * (sums_[n] - targets_[n]);
      }
      tree_.AddDown(sums_, image);  // The gradient,
      tree_.AddDown(sizes, size);   // and what its terms add up to.
      bool changed = false;
      for (std::size_t i = 0; i < bottom_.size(); ++i) {
        if (bottom_[i] == Bottom::kLocked) continue;
        const bool held = bottom_[i] == Bottom::kHeld;
        const bool hold =
            held ? image[i] >= -kGradientNoise * size[i] : result_.bottom_units[i] < 0.0;
        changed = changed || hold != held;
        bottom_[i] = hold ? Bottom::kHeld : Bottom::kFree;
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
  std::vector<Bottom> bottom_;
  std::vector<std::size_t> locked_;  // Sums.
  std::vector<double> lock_scales_;
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

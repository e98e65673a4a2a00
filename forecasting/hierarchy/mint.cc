#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/hierarchy/conjugate_gradients.h"
#include "forecasting/hierarchy/hierarchy.h"
#include "forecasting/hierarchy/lock_scale.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kToleranceMin = 1e-15;  // Of conjugate gradients: beyond is rounding.
constexpr double kMoveNoise = 1e-9;      // Of the largest |forecast|.

// The shrunk covariance of the nodes' residuals, as a product with a vector.
class ShrunkCovariance {
 public:
  ShrunkCovariance(std::span<const double> residuals, std::size_t count)
      : residuals_(residuals), count_(count), variances_(residuals.size() / count) {
    for (std::size_t node = 0; node < variances_.size(); ++node) {
      for (const double e : Of(node)) variances_[node] += e * e / static_cast<double>(count);
    }
    Estimate();
  }

  std::span<const double> Of(std::size_t node) const {
    return residuals_.subspan(node * count_, count_);
  }
  double lambda() const { return lambda_; }
  double variance(std::size_t node) const { return variances_[node]; }

  void Apply(std::span<const double> x, std::span<double> out) const {
    std::vector<double> along(count_, 0.0);
    for (std::size_t node = 0; node < x.size(); ++node) {
      const auto e = Of(node);
      for (std::size_t t = 0; t < count_; ++t) along[t] += e[t] * x[node];
    }
    const double share = (1.0 - lambda_) / static_cast<double>(count_);
    for (std::size_t node = 0; node < x.size(); ++node) {
      const auto e = Of(node);
      double sum = 0.0;
      for (std::size_t t = 0; t < count_; ++t) sum += e[t] * along[t];
      out[node] = lambda_ * variances_[node] * x[node] + share * sum;
    }
  }

 private:
  // Schaefer and Strimmer's intensity. Sums over all pairs of nodes come from the days' products,
  // so that the cost is n^2 nodes and not n nodes^2.
  void Estimate() {
    const auto n = static_cast<double>(count_);
    std::vector<double> gram(count_ * count_, 0.0);
    double diagonal_squares = 0.0;  // Over i = j: sum_t x^4.
    double diagonal_means = 0.0;    // Over i = j: m_ii^2 = 1.
    std::vector<double> x(count_);
    for (std::size_t node = 0; node < variances_.size(); ++node) {
      if (variances_[node] == 0.0) continue;
      const double scale = 1.0 / std::sqrt(variances_[node]);
      const auto e = Of(node);
      for (std::size_t t = 0; t < count_; ++t) {
        x[t] = e[t] * scale;
        diagonal_squares += x[t] * x[t] * x[t] * x[t];
      }
      diagonal_means += 1.0;
      for (std::size_t t = 0; t < count_; ++t) {
        for (std::size_t s = 0; s <= t; ++s) gram[t * count_ + s] += x[t] * x[s];
      }
    }
    double squares = -diagonal_squares;
    double means = -diagonal_means;
    for (std::size_t t = 0; t < count_; ++t) {
      squares += gram[t * count_ + t] * gram[t * count_ + t];
      for (std::size_t s = 0; s <= t; ++s) {
        const double twice = s == t ? 1.0 : 2.0;  // The other half is the same.
        means += twice * gram[t * count_ + s] * gram[t * count_ + s] / (n * n);
      }
    }
    const double above = n / ((n - 1.0) * (n - 1.0) * (n - 1.0)) * (squares - n * means);
    const double below = n * n / ((n - 1.0) * (n - 1.0)) * means;
    lambda_ = below > 0.0 ? std::clamp(above / below, 0.0, 1.0) : 1.0;
  }

  std::span<const double> residuals_;
  std::size_t count_;
  std::vector<double> variances_;
  double lambda_ = 1.0;
};

struct Task {
  const Hierarchy& tree;
  const ShrunkCovariance& covariance;
  std::span<const double> diagonal_of_sums;
  std::span<const double> forecast_units;
  std::span<const std::size_t> locked_nodes;
};

absl::Status Check(const Task& task, const ReconcileOptions& options) {
  const std::size_t nodes = task.tree.node_count();
  if (task.forecast_units.size() != nodes) {
    return absl::InvalidArgumentError("not one forecast a node");
  }
  if (!AllFinite(task.forecast_units)) {
    return absl::InvalidArgumentError("a forecast is a NaN or an infinity");
  }
  std::vector<bool> locked(nodes, false);
  for (const std::size_t node : task.locked_nodes) {
    if (node >= nodes || locked[node]) {
      return absl::InvalidArgumentError(
          absl::StrCat("locked node ", node, " is not there, or named twice"));
    }
    locked[node] = true;
    if (options.nonnegative && task.forecast_units[node] < 0.0) {
      return absl::InvalidArgumentError("a node is locked at a negative value");
    }
  }
  return absl::OkStatus();
}

// What must hold, A x = b. First a row a sum: x_sum - S x_bottom = 0. Then a row a node that stands
// at a value.
class Constraints {
 public:
  explicit Constraints(const Hierarchy& tree)
      : tree_(tree),
        sums_(tree.node_count() - tree.bottom_count()),
        nodes_(tree.node_count()),
        bottom_(tree.bottom_count()) {}

  void Stand(std::size_t node, double at) { standing_.push_back({node, at}); }
  void LetGoAfter(std::size_t rows) { standing_.resize(rows); }
  std::size_t size() const { return sums_ + standing_.size(); }
  std::size_t sums() const { return sums_; }

  // A x.
  void Apply(std::span<const double> x, std::span<double> out) {
    tree_.AddUp(x.last(tree_.bottom_count()), nodes_);
    for (std::size_t n = 0; n < sums_; ++n) out[n] = x[n] - nodes_[n];
    for (std::size_t k = 0; k < standing_.size(); ++k) out[sums_ + k] = x[standing_[k].node];
  }
  // A' z.
  void ApplyTransposed(std::span<const double> z, std::span<double> out) {
    std::ranges::fill(nodes_, 0.0);
    std::copy(z.begin(), z.begin() + static_cast<std::ptrdiff_t>(sums_), nodes_.begin());
    tree_.AddDown(nodes_, bottom_);
    std::copy(z.begin(), z.begin() + static_cast<std::ptrdiff_t>(sums_), out.begin());
    for (std::size_t i = 0; i < bottom_.size(); ++i) out[sums_ + i] = -bottom_[i];
    for (std::size_t k = 0; k < standing_.size(); ++k) out[standing_[k].node] += z[sums_ + k];
  }
  // A x - b.
  void Miss(std::span<const double> x, std::span<double> out) {
    Apply(x, out);
    for (std::size_t k = 0; k < standing_.size(); ++k) out[sums_ + k] -= standing_[k].at;
  }
  // The diagonal of A W A'; `sums` are those of the first rows, `covariance` has the others'.
  std::vector<double> Diagonal(std::span<const double> sums,
                               const ShrunkCovariance& covariance) const {
    std::vector<double> diagonal(sums.begin(), sums.end());
    for (const Standing& each : standing_) diagonal.push_back(covariance.variance(each.node));
    return diagonal;
  }

 private:
  struct Standing {
    std::size_t node = 0;
    double at = 0.0;
  };
  const Hierarchy& tree_;
  std::size_t sums_;
  std::vector<Standing> standing_;
  std::vector<double> nodes_;
  std::vector<double> bottom_;
};

// The diagonal of C W C', C the rows of the sums.
std::vector<double> DiagonalOfSums(const Hierarchy& tree, const ShrunkCovariance& covariance,
                                   std::size_t residual_count) {
  const std::size_t sums = tree.node_count() - tree.bottom_count();
  std::vector<double> variances(tree.node_count());
  for (std::size_t n = 0; n < variances.size(); ++n) variances[n] = covariance.variance(n);
  std::vector<double> below(tree.node_count());
  tree.AddUp(std::span<const double>(variances).last(tree.bottom_count()), below);
  std::vector<double> diagonal(sums);
  for (std::size_t n = 0; n < sums; ++n) {
    diagonal[n] = covariance.lambda() * (variances[n] + below[n]);
  }
  std::vector<double> day(tree.bottom_count());
  const double share = (1.0 - covariance.lambda()) / static_cast<double>(residual_count);
  for (std::size_t t = 0; t < residual_count; ++t) {
    for (std::size_t i = 0; i < day.size(); ++i) day[i] = covariance.Of(sums + i)[t];
    tree.AddUp(day, below);
    for (std::size_t n = 0; n < sums; ++n) {
      const double gap = covariance.Of(n)[t] - below[n];
      diagonal[n] += share * gap * gap;
    }
  }
  return diagonal;
}

// x = f - W A' z with A W A' z = A f - b: the nearest to f of all x for which A x = b.
class MintSolver {
 public:
  MintSolver(const Task& task, const ReconcileOptions& options)
      : task_(task),
        options_(options),
        tree_(task.tree),
        covariance_(task.covariance),
        constraints_(tree_),
        nodes_(tree_.node_count()),
        held_(tree_.bottom_count(), false) {
    for (const std::size_t node : task.locked_nodes) {
      constraints_.Stand(node, task.forecast_units[node]);
    }
    multipliers_.assign(constraints_.size(), 0.0);
    lock_scales_ = LockScales(tree_, task.forecast_units);
    for (const double f : task.forecast_units) largest_ = std::max(largest_, std::abs(f));
  }

  absl::StatusOr<Reconciled> Run() {
    SolveLocked();
    if (options_.nonnegative) HoldAtZero();
    if (Violation() > kLockTolerance) {
      return absl::FailedPreconditionError(
          "locked nodes contradict each other, or hold only with negative values");
    }
    const auto bottom = std::span<const double>(nodes_).last(tree_.bottom_count());
    result_.bottom_units.assign(bottom.begin(), bottom.end());
    if (!AllFinite(result_.bottom_units)) {
      return absl::OutOfRangeError("a reconciled value is not finite");
    }
    return std::move(result_);
  }

 private:
  // A small lock may be missed by what conjugate gradients leave of the whole problem: they stop
  // later until it stands.
  void SolveLocked() {
    Solve(options_.tolerance);
    const bool converged = result_.converged;
    double violation = Violation();
    for (double tolerance = 0.1 * options_.tolerance;
         violation > kLockTolerance && violation < kInfinity && tolerance > kToleranceMin;
         tolerance *= 0.1) {
      Solve(tolerance);
      violation = Violation();
    }
    result_.converged = converged;
  }

  void Solve(double tolerance) {
    std::vector<double> right(constraints_.size());
    constraints_.Miss(task_.forecast_units, right);
    std::vector<double> product(tree_.node_count());
    const auto apply = [&](std::span<const double> z, std::span<double> out) {
      constraints_.ApplyTransposed(z, nodes_);
      covariance_.Apply(nodes_, product);
      constraints_.Apply(product, out);
    };
    const CgResult solved =
        ConjugateGradients(apply, right, constraints_.Diagonal(task_.diagonal_of_sums, covariance_),
                           {tolerance, options_.iterations_max}, multipliers_);
    result_.iterations += solved.iterations;
    result_.converged = solved.converged;
    constraints_.ApplyTransposed(multipliers_, nodes_);
    covariance_.Apply(nodes_, product);
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      nodes_[n] = task_.forecast_units[n] - product[n];
    }
  }

  // One round holds all that is negative and lets go all that would rise, whose multiplier is
  // above 0.
  void HoldAtZero() {
    const std::size_t locks = task_.locked_nodes.size();
    const std::size_t first = constraints_.sums() + locks;
    for (int round = 0; round < options_.active_rounds_max; ++round) {
      std::vector<double> kept;  // Multipliers of those that are held again.
      constraints_.LetGoAfter(locks);
      bool changed = false;
      for (std::size_t i = 0, row = first; i < held_.size(); ++i) {
        const double multiplier = held_[i] ? multipliers_[row++] : 0.0;
        const std::size_t node = constraints_.sums() + i;
        const bool hold = held_[i]
                              ? multiplier * covariance_.variance(node) <= kMoveNoise * largest_
                              : nodes_[node] < 0.0;
        changed = changed || hold != held_[i];
        held_[i] = hold;
        if (!hold) continue;
        kept.push_back(multiplier);
        constraints_.Stand(node, 0.0);
      }
      if (!changed) break;
      multipliers_.resize(first);
      multipliers_.insert(multipliers_.end(), kept.begin(), kept.end());
      SolveLocked();
      if (round + 1 == options_.active_rounds_max) result_.converged = false;
    }
    for (double& value : std::span(nodes_).last(tree_.bottom_count())) value = std::max(value, 0.0);
  }

  // The largest miss of a locked node by the sum of its bottom, by its scale.
  double Violation() const {
    std::vector<double> sums(tree_.node_count());
    tree_.AddUp(std::span<const double>(nodes_).last(tree_.bottom_count()), sums);
    double most = 0.0;
    for (const std::size_t node : task_.locked_nodes) {
      const double miss = std::abs(sums[node] - task_.forecast_units[node]);
      if (!std::isfinite(miss)) return kInfinity;
      if (miss > 0.0) most = std::max(most, miss / lock_scales_[node]);
    }
    return most;
  }

  const Task& task_;
  const ReconcileOptions& options_;
  const Hierarchy& tree_;
  const ShrunkCovariance& covariance_;
  Constraints constraints_;
  std::vector<double> multipliers_;
  std::vector<double> nodes_;  // x, once solved.
  std::vector<bool> held_;
  std::vector<double> lock_scales_;
  double largest_ = 0.0;  // |forecast|.
  Reconciled result_;
};

}  // namespace

struct Mint::Impl {
  Impl(const Hierarchy& hierarchy, std::span<const double> residuals, std::size_t count)
      : tree(hierarchy),
        covariance(residuals, count),
        diagonal_of_sums(DiagonalOfSums(hierarchy, covariance, count)) {}

  const Hierarchy& tree;
  const ShrunkCovariance covariance;
  const std::vector<double> diagonal_of_sums;
};

Mint::Mint(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Mint::~Mint() = default;
Mint::Mint(Mint&& other) noexcept = default;
Mint& Mint::operator=(Mint&& other) noexcept = default;

absl::StatusOr<Mint> Mint::Make(const Hierarchy& hierarchy, std::span<const double> residual_units,
                                std::size_t residual_count) {
  if (residual_count < 2) return absl::InvalidArgumentError("fewer than two residuals");
  if (residual_units.size() != hierarchy.node_count() * residual_count) {
    return absl::InvalidArgumentError("residuals are not one set a node");
  }
  if (!AllFinite(residual_units)) {
    return absl::InvalidArgumentError("a residual is a NaN or an infinity");
  }
  return Mint(std::make_unique<const Impl>(hierarchy, residual_units, residual_count));
}

double Mint::lambda() const { return impl_->covariance.lambda(); }

absl::StatusOr<Reconciled> Mint::Reconcile(std::span<const double> forecast_units,
                                           std::span<const std::size_t> locked_nodes,
                                           const ReconcileOptions& options) const {
  const Task task{impl_->tree, impl_->covariance, impl_->diagonal_of_sums, forecast_units,
                  locked_nodes};
  if (const auto status = Check(task, options); !status.ok()) return status;
  return MintSolver(task, options).Run();
}

}  // namespace tandem::forecasting

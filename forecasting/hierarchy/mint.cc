#include <algorithm>
#include <cmath>
#include <utility>

#include "forecasting/hierarchy/conjugate_gradients.h"
#include "forecasting/hierarchy/hierarchy.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

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
        for (std::size_t s = 0; s < count_; ++s) gram[t * count_ + s] += x[t] * x[s];
      }
    }
    double squares = -diagonal_squares;
    double means = -diagonal_means;
    for (std::size_t t = 0; t < count_; ++t) {
      squares += gram[t * count_ + t] * gram[t * count_ + t];
      for (std::size_t s = 0; s < count_; ++s) {
        means += gram[t * count_ + s] * gram[t * count_ + s] / (n * n);
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

absl::Status Check(const MintProblem& problem) {
  if (problem.hierarchy == nullptr) return absl::InvalidArgumentError("no hierarchy");
  const std::size_t nodes = problem.hierarchy->node_count();
  if (problem.residual_count < 2) return absl::InvalidArgumentError("fewer than two residuals");
  if (problem.forecast_units.size() != nodes ||
      problem.residual_units.size() != nodes * problem.residual_count) {
    return absl::InvalidArgumentError("forecasts or residuals are not one set a node");
  }
  if (!AllFinite(problem.forecast_units) || !AllFinite(problem.residual_units)) {
    return absl::InvalidArgumentError("a forecast or residual is a NaN or an infinity");
  }
  return absl::OkStatus();
}

// C x = x_sums - S x_bottom, by node; zero where all agree.
class Incoherence {
 public:
  explicit Incoherence(const Hierarchy& tree)
      : tree_(tree),
        sums_(tree.node_count() - tree.bottom_count()),
        nodes_(tree.node_count()),
        bottom_(tree.bottom_count()) {}
  std::size_t size() const { return sums_; }
  void Apply(std::span<const double> x, std::span<double> out) {
    tree_.AddUp(x.last(tree_.bottom_count()), nodes_);
    for (std::size_t n = 0; n < sums_; ++n) out[n] = x[n] - nodes_[n];
  }
  // C' z.
  void ApplyTransposed(std::span<const double> z, std::span<double> out) {
    std::ranges::fill(nodes_, 0.0);
    std::ranges::copy(z, nodes_.begin());
    tree_.AddDown(nodes_, bottom_);
    std::ranges::copy(z, out.begin());
    for (std::size_t i = 0; i < bottom_.size(); ++i) out[sums_ + i] = -bottom_[i];
  }

 private:
  const Hierarchy& tree_;
  std::size_t sums_;
  std::vector<double> nodes_;
  std::vector<double> bottom_;
};

// The diagonal of C W C'.
std::vector<double> DiagonalOf(const Hierarchy& tree, const ShrunkCovariance& covariance,
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

}  // namespace

absl::StatusOr<Reconciled> ReconcileMint(const MintProblem& problem,
                                         const ReconcileOptions& options) {
  if (const auto status = Check(problem); !status.ok()) return status;
  const Hierarchy& tree = *problem.hierarchy;
  const ShrunkCovariance covariance(problem.residual_units, problem.residual_count);
  Incoherence incoherence(tree);
  std::vector<double> nodes(tree.node_count());
  std::vector<double> product(tree.node_count());
  const auto apply = [&](std::span<const double> z, std::span<double> out) {
    incoherence.ApplyTransposed(z, nodes);
    covariance.Apply(nodes, product);
    incoherence.Apply(product, out);
  };
  std::vector<double> right(incoherence.size());
  incoherence.Apply(problem.forecast_units, right);
  std::vector<double> z(right.size(), 0.0);
  const CgResult solved =
      ConjugateGradients(apply, right, DiagonalOf(tree, covariance, problem.residual_count),
                         {options.tolerance, options.iterations_max}, z);
  incoherence.ApplyTransposed(z, nodes);
  covariance.Apply(nodes, product);
  Reconciled result{.iterations = solved.iterations, .converged = solved.converged};
  for (std::size_t i = incoherence.size(); i < tree.node_count(); ++i) {
    const double value = problem.forecast_units[i] - product[i];
    result.bottom_units.push_back(options.nonnegative ? std::max(value, 0.0) : value);
  }
  if (!AllFinite(result.bottom_units)) {
    return absl::OutOfRangeError("a reconciled value is not finite");
  }
  return result;
}

}  // namespace tandem::forecasting

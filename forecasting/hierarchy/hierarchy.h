// Forecasts of sums and of their parts, made to agree: bottom series, any number of groupings of
// them, and the smallest change, weighed by how sure each forecast is, after which every sum is the
// sum of its parts. Sums are index arrays; no matrix is ever formed.
// References: Hyndman, Ahmed, Athanasopoulos and Shang, "Optimal combination forecasts for
// hierarchical time series", Computational Statistics & Data Analysis 55 (2011); Wickramasuriya,
// Athanasopoulos and Hyndman, "Optimal forecast reconciliation using trace minimization", J.
// American Statistical Association 114 (2019); Hestenes and Stiefel, "Methods of conjugate
// gradients for solving linear systems", J. Research NBS 49 (1952).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

// One grouping column: of every bottom series the node that it is part of, 0..node_count-1.
struct Grouping {
  std::vector<std::size_t> node_of_bottom{};
  std::size_t node_count = 0;
};

// Nodes are numbered grouping by grouping in the order given, then the bottom series.
class Hierarchy {
 public:
  // kInvalidArgument where there is no bottom series, a grouping has another number of series, a
  // node is out of range or has no series.
  static absl::StatusOr<Hierarchy> Make(std::size_t bottom_count, std::vector<Grouping> groupings);

  std::size_t bottom_count() const { return bottom_count_; }
  std::size_t node_count() const { return node_count_; }
  const std::vector<Grouping>& groupings() const { return groupings_; }
  // Bottom series under each node: the variances of WLS struct.
  std::vector<double> Sizes() const;

  // S b: every node's value from the bottom's. O(groupings * bottom).
  void AddUp(std::span<const double> bottom, std::span<double> nodes) const;
  // S' x: for every bottom series the sum of its nodes' values.
  void AddDown(std::span<const double> nodes, std::span<double> bottom) const;

 private:
  Hierarchy(std::size_t bottom_count, std::vector<Grouping> groupings);
  std::size_t bottom_count_;
  std::size_t node_count_;
  std::vector<Grouping> groupings_;
  std::vector<std::uint32_t> indexes_;  // Of a grouping's node, series by series; then the next's.
};

struct ReconcileOptions {
  double tolerance = 1e-8;     // Of the residual against the right side's, in the weighted norm.
  int iterations_max = 500;    // Then the best so far is returned, and converged is false.
  bool nonnegative = false;    // Bottom values >= 0, so all are.
  int active_rounds_max = 30;  // Of the search for the bottom values that are 0.
};

struct Reconciled {
  std::vector<double> bottom_units{};
  int iterations = 0;
  bool converged = false;
};

// Minimises sum over nodes of (S b - forecast)^2 / variance: WLS struct with Sizes(), WLS var with
// residual variances, OLS with ones. A variance of 0 locks its node: S b is then the node's
// forecast, such as a quantity that partners have frozen, to a ten-millionth of its scale: the
// larger of |forecast|, the sum of the |forecasts| below it, and a millionth of the largest. Where
// the groupings are nested by two sweeps of the tree (tree.h), exactly; else by conjugate gradients
// with the diagonal's inverse, locks by multipliers. Non-negative by an active set: what falls
// below 0 is held at 0, and let go when that is worse. kInvalidArgument where sizes differ, a value
// is not finite, a variance is negative or not finite, or non-negative is asked of a negative
// locked node; kFailedPrecondition where locks contradict each other or hold only with negative
// values.
struct ReconcileProblem {
  const Hierarchy* hierarchy = nullptr;
  std::span<const double> forecast_units{};  // A node each.
  std::span<const double> variances{};
};
absl::StatusOr<Reconciled> Reconcile(const ReconcileProblem& problem,
                                     const ReconcileOptions& options);

// MinT with a shrunk covariance, W = (1 - lambda) C + lambda diag(C), where C = E E' / n is the
// residuals' covariance (n a node), applied as E (E' x) and never formed; lambda as Schaefer and
// Strimmer, "A shrinkage approach to large-scale covariance matrix estimation", Statistical
// Applications in Genetics and Molecular Biology 4 (2005), estimate it.
class Mint {
 public:
  // `residual_units` holds n = `residual_count` >= 2 values of node 0, n of node 1, …. Both must
  // outlive the result. O(n^2 * nodes). kInvalidArgument where sizes differ or a value is not
  // finite.
  static absl::StatusOr<Mint> Make(const Hierarchy& hierarchy,
                                   std::span<const double> residual_units,
                                   std::size_t residual_count);
  ~Mint();
  Mint(Mint&& other) noexcept;
  Mint& operator=(Mint&& other) noexcept;

  // The shrinkage, 0 to 1.
  double lambda() const;

  // Minimises (S b - f)' W^-1 (S b - f), f being `forecast_units`, a node each, as a constrained
  // problem in the errors of the sums, which needs W alone and not its inverse. A node of
  // `locked_nodes` stands at its forecast as in Reconcile; it, and by an active set a bottom value
  // that stands at 0, is one more constraint. O(iterations * n * nodes). Errors as
  // Reconcile, and kInvalidArgument where a locked node is not there or named twice.
  absl::StatusOr<Reconciled> Reconcile(std::span<const double> forecast_units,
                                       std::span<const std::size_t> locked_nodes,
                                       const ReconcileOptions& options) const;

 private:
  struct Impl;
  explicit Mint(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// Bottom values scaled within each node of `grouping` so that they add up to the node's forecast:
// top down by forecast proportions (Gross and Sohl 1990). Equal shares where a node's bottom is all
// 0. kInvalidArgument where sizes differ or a value is negative or not finite.
absl::StatusOr<std::vector<double>> TopDown(const Grouping& grouping,
                                            std::span<const double> node_units,
                                            std::span<const double> bottom_units);

}  // namespace tandem::forecasting

// The least squares of Reconcile where the groupings are nested (a total, its regions, their
// stores, ...): two sweeps over the tree instead of an iteration, exact, in O(nodes).
// Reference: the combination of information of K. C. Chou, A. S. Willsky and A. Benveniste,
// "Multiscale recursive estimation, data fusion, and regularization", IEEE Trans. Automatic
// Control 39 (1994): up with means weighed by precision, down with the residuals by variance.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/hierarchy/hierarchy.h"

namespace tandem::forecasting {

// A hierarchy whose groupings, ordered by their number of nodes, each lie within the one before.
class NestedTree {
 public:
  // nullopt where two groupings cross. O(groupings * bottom).
  static std::optional<NestedTree> Of(const Hierarchy& hierarchy);

  // The bottom values that minimise sum over nodes of (S b - forecast)^2 / variance, a variance of
  // 0 being a lock: see Reconcile, which has checked the arguments. Values may be negative.
  // kFailedPrecondition where locks contradict each other.
  absl::StatusOr<std::vector<double>> Reconcile(std::span<const double> forecast_units,
                                                std::span<const double> variances) const;

 private:
  // What a locked node's miss is measured against: lock_scale.h.
  std::vector<double> LockScalesOf(std::span<const double> forecast_units) const;

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> parent_{};  // By node; kNone at the top.
  std::vector<std::size_t> order_{};   // Nodes, every parent before its children.
  std::size_t bottom_count_ = 0;
};

}  // namespace tandem::forecasting

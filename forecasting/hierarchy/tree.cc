#include "forecasting/hierarchy/tree.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/hierarchy/lock_scale.h"

namespace tandem::forecasting {

namespace {

// A node's sum, as what is below it sees it, and then with its own forecast.
struct Belief {
  double below = 0.0;           // Sum of the children's means.
  double below_variance = 0.0;  // Of that.
  double mean = 0.0;
  double variance = 0.0;
};

struct Own {
  double forecast = 0.0;
  double variance = 0.0;
  double lock_scale = 0.0;
};

// What is known from below and the node's own forecast, by precision.
absl::Status Combine(const Own& own, std::size_t node, Belief& belief) {
  const auto [forecast, variance, lock_scale] = own;
  if (belief.below_variance == 0.0) {
    if (variance == 0.0 && std::abs(belief.below - forecast) > kLockTolerance * lock_scale) {
      return absl::FailedPreconditionError(
          absl::StrCat("node ", node, " is locked at ", forecast,
                       ", and what is below it is locked and adds up to ", belief.below));
    }
    belief.mean = variance == 0.0 ? forecast : belief.below;
    belief.variance = 0.0;
    return absl::OkStatus();
  }
  const double share = belief.below_variance / (belief.below_variance + variance);
  belief.mean = belief.below + share * (forecast - belief.below);
  belief.variance = share * variance;
  return absl::OkStatus();
}

}  // namespace

std::optional<NestedTree> NestedTree::Of(const Hierarchy& hierarchy) {
  const std::vector<Grouping>& groupings = hierarchy.groupings();
  std::vector<std::size_t> offset;  // Of each grouping's first node.
  std::size_t nodes = 0;
  for (const Grouping& grouping : groupings) {
    offset.push_back(nodes);
    nodes += grouping.node_count;
  }
  std::vector<std::size_t> coarse_first(groupings.size());
  std::iota(coarse_first.begin(), coarse_first.end(), std::size_t{0});
  std::ranges::stable_sort(coarse_first, {},
                           [&](std::size_t g) { return groupings[g].node_count; });
  NestedTree tree;
  tree.bottom_count_ = hierarchy.bottom_count();
  tree.parent_.assign(hierarchy.node_count(), kNone);
  for (std::size_t k = 0; k <= groupings.size(); ++k) {
    const bool last = k == groupings.size();
    const std::size_t first = last ? nodes : offset[coarse_first[k]];
    const std::size_t count = last ? tree.bottom_count_ : groupings[coarse_first[k]].node_count;
    for (std::size_t n = 0; n < count; ++n) tree.order_.push_back(first + n);
    if (k == 0) continue;
    const std::size_t above = coarse_first[k - 1];
    for (std::size_t i = 0; i < tree.bottom_count_; ++i) {
      const std::size_t node = first + (last ? i : groupings[coarse_first[k]].node_of_bottom[i]);
      const std::size_t parent = offset[above] + groupings[above].node_of_bottom[i];
      if (tree.parent_[node] != kNone && tree.parent_[node] != parent) return std::nullopt;
      tree.parent_[node] = parent;
    }
  }
  return tree;
}

std::vector<double> NestedTree::LockScalesOf(std::span<const double> forecast_units) const {
  std::vector<double> below(order_.size(), 0.0);
  for (std::size_t k = order_.size(); k-- > 0;) {
    const std::size_t node = order_[k];
    if (node >= order_.size() - bottom_count_) below[node] = std::abs(forecast_units[node]);
    if (parent_[node] != kNone) below[parent_[node]] += below[node];
  }
  return LockScales(forecast_units, std::move(below));
}

absl::StatusOr<std::vector<double>> NestedTree::Reconcile(std::span<const double> forecast_units,
                                                          std::span<const double> variances) const {
  const std::size_t first_bottom = order_.size() - bottom_count_;
  std::vector<double> lock_scales;  // Where there is a lock.
  if (std::ranges::find(variances, 0.0) != variances.end()) {
    lock_scales = LockScalesOf(forecast_units);
  }
  std::vector<Belief> beliefs(order_.size());
  for (std::size_t k = order_.size(); k-- > 0;) {
    const std::size_t node = order_[k];
    Belief& belief = beliefs[node];
    if (node >= first_bottom) {
      belief.mean = forecast_units[node];
      belief.variance = variances[node];
    } else {
      const double scale = variances[node] == 0.0 ? lock_scales[node] : 0.0;
      const absl::Status status =
          Combine({forecast_units[node], variances[node], scale}, node, belief);
      if (!status.ok()) return status;
    }
    if (parent_[node] == kNone) continue;
    beliefs[parent_[node]].below += belief.mean;
    beliefs[parent_[node]].below_variance += belief.variance;
  }
  // Down: a parent's sum is settled in `mean` before its children's.
  for (const std::size_t node : order_) {
    if (parent_[node] == kNone) continue;
    const Belief& parent = beliefs[parent_[node]];
    if (parent.below_variance == 0.0) continue;  // Locked children stand, and add up.
    Belief& belief = beliefs[node];
    belief.mean += belief.variance / parent.below_variance * (parent.mean - parent.below);
  }
  std::vector<double> bottom;
  bottom.reserve(bottom_count_);
  for (std::size_t node = first_bottom; node < beliefs.size(); ++node) {
    bottom.push_back(beliefs[node].mean);
  }
  return bottom;
}

}  // namespace tandem::forecasting

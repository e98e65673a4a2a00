#include "forecasting/hierarchy/hierarchy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

Hierarchy::Hierarchy(std::size_t bottom_count, std::vector<Grouping> groupings)
    : bottom_count_(bottom_count), node_count_(bottom_count), groupings_(std::move(groupings)) {
  for (const Grouping& grouping : groupings_) node_count_ += grouping.node_count;
}

absl::StatusOr<Hierarchy> Hierarchy::Make(std::size_t bottom_count,
                                          std::vector<Grouping> groupings) {
  if (bottom_count == 0) return absl::InvalidArgumentError("there is no bottom series");
  for (std::size_t g = 0; g < groupings.size(); ++g) {
    const Grouping& grouping = groupings[g];
    if (grouping.node_of_bottom.size() != bottom_count) {
      return absl::InvalidArgumentError(absl::StrCat(
          "grouping ", g, " has ", grouping.node_of_bottom.size(), " series, not ", bottom_count));
    }
    std::vector<bool> used(grouping.node_count, false);
    for (const std::size_t node : grouping.node_of_bottom) {
      if (node >= grouping.node_count) {
        return absl::InvalidArgumentError(
            absl::StrCat("grouping ", g, ": node ", node, " is out of range"));
      }
      used[node] = true;
    }
    if (std::ranges::find(used, false) != used.end()) {
      return absl::InvalidArgumentError(absl::StrCat("grouping ", g, ": a node has no series"));
    }
  }
  return Hierarchy(bottom_count, std::move(groupings));
}

std::vector<double> Hierarchy::Sizes() const {
  std::vector<double> sizes(node_count_);
  AddUp(std::vector<double>(bottom_count_, 1.0), sizes);
  return sizes;
}

void Hierarchy::AddUp(std::span<const double> bottom, std::span<double> nodes) const {
  std::ranges::fill(nodes, 0.0);
  std::size_t offset = 0;
  for (const Grouping& grouping : groupings_) {
    for (std::size_t i = 0; i < bottom_count_; ++i) {
      nodes[offset + grouping.node_of_bottom[i]] += bottom[i];
    }
    offset += grouping.node_count;
  }
  std::ranges::copy(bottom, nodes.begin() + static_cast<std::ptrdiff_t>(offset));
}

void Hierarchy::AddDown(std::span<const double> nodes, std::span<double> bottom) const {
  std::ranges::copy(nodes.last(bottom_count_), bottom.begin());
  std::size_t offset = 0;
  for (const Grouping& grouping : groupings_) {
    for (std::size_t i = 0; i < bottom_count_; ++i) {
      bottom[i] += nodes[offset + grouping.node_of_bottom[i]];
    }
    offset += grouping.node_count;
  }
}

absl::StatusOr<std::vector<double>> TopDown(const Grouping& grouping,
                                            std::span<const double> node_units,
                                            std::span<const double> bottom_units) {
  if (grouping.node_of_bottom.size() != bottom_units.size() ||
      grouping.node_count != node_units.size()) {
    return absl::InvalidArgumentError("the grouping and the forecasts differ in number");
  }
  const auto bad = [](double v) { return v < 0.0; };
  if (!AllFinite(node_units) || !AllFinite(bottom_units) || std::ranges::any_of(node_units, bad) ||
      std::ranges::any_of(bottom_units, bad)) {
    return absl::InvalidArgumentError("a value is negative, a NaN or an infinity");
  }
  std::vector<double> sums(grouping.node_count, 0.0);
  std::vector<double> members(grouping.node_count, 0.0);
  for (std::size_t i = 0; i < bottom_units.size(); ++i) {
    const std::size_t node = grouping.node_of_bottom[i];
    if (node >= grouping.node_count) return absl::InvalidArgumentError("a node is out of range");
    sums[node] += bottom_units[i];
    members[node] += 1.0;
  }
  std::vector<double> scaled(bottom_units.size());
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const std::size_t node = grouping.node_of_bottom[i];
    scaled[i] = sums[node] > 0.0 ? bottom_units[i] / sums[node] * node_units[node]
                                 : node_units[node] / members[node];
  }
  return scaled;
}

}  // namespace tandem::forecasting

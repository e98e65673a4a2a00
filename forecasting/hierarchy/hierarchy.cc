#include "forecasting/hierarchy/hierarchy.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

Hierarchy::Hierarchy(std::size_t bottom_count, std::vector<Grouping> groupings)
    : bottom_count_(bottom_count), node_count_(bottom_count), groupings_(std::move(groupings)) {
  for (const Grouping& grouping : groupings_) {
    const std::size_t offset = node_count_ - bottom_count_;
    for (const std::size_t node : grouping.node_of_bottom) {
      indexes_.push_back(static_cast<std::uint32_t>(offset + node));
    }
    node_count_ += grouping.node_count;
  }
}

absl::StatusOr<Hierarchy> Hierarchy::Make(std::size_t bottom_count,
                                          std::vector<Grouping> groupings) {
  if (bottom_count == 0) return absl::InvalidArgumentError("there is no bottom series");
  std::size_t nodes = bottom_count;
  for (const Grouping& grouping : groupings) nodes += grouping.node_count;
  if (nodes > std::numeric_limits<std::uint32_t>::max()) {
    return absl::InvalidArgumentError("more nodes than 32 bits number");
  }
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
  double* const sums = nodes.data();
  const std::uint32_t* index = indexes_.data();
  for (std::size_t g = 0; g < groupings_.size(); ++g) {
    // Neighbours are often of one node, whose sum then stays in a register.
    std::uint32_t node = *index;
    double run = 0.0;
    for (std::size_t i = 0; i < bottom_count_; ++i, ++index) {
      if (*index != node) {
        sums[node] += run;
        run = 0.0;
        node = *index;
      }
      run += bottom[i];
    }
    sums[node] += run;
  }
  std::ranges::copy(bottom, nodes.end() - static_cast<std::ptrdiff_t>(bottom_count_));
}

void Hierarchy::AddDown(std::span<const double> nodes, std::span<double> bottom) const {
  std::ranges::copy(nodes.last(bottom_count_), bottom.begin());
  const std::uint32_t* index = indexes_.data();
  for (std::size_t g = 0; g < groupings_.size(); ++g) {
    for (std::size_t i = 0; i < bottom_count_; ++i, ++index) bottom[i] += nodes[*index];
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

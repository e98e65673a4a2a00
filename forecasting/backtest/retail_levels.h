// M5's twelve levels of aggregation as arrays: of each level, the node of every bottom series.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace tandem::forecasting {

inline constexpr std::size_t kRetailLevels = 12;

// Numbers that are equal exactly where the things are; an item belongs to one department, that to
// one category, a store to one state.
struct RetailIds {
  int item = 0;
  int department = 0;
  int category = 0;
  int store = 0;
  int state = 0;
};

struct RetailLevel {
  std::vector<std::size_t> node_of_series{};
  std::vector<std::size_t> first_series_of_node{};  // Whose identifiers name the node.
  std::size_t node_count() const { return first_series_of_node.size(); }
};

// Total, state, store, category, department, state-category, state-department, store-category,
// store-department, item, state-item, store-item. Nodes are in the order of their identifiers.
std::array<RetailLevel, kRetailLevels> RetailLevels(std::span<const RetailIds> series);

}  // namespace tandem::forecasting

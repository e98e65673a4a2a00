#include "forecasting/backtest/retail_levels.h"

#include <map>

namespace tandem::forecasting {

namespace {

using Key = std::array<int, 3>;

Key KeyOf(const RetailIds& ids, std::size_t level) {
  switch (level) {
    case 0:
      return {};
    case 1:
      return {ids.state};
    case 2:
      return {ids.store};
    case 3:
      return {ids.category};
    case 4:
      return {ids.department};
    case 5:
      return {ids.state, ids.category};
    case 6:
      return {ids.state, ids.department};
    case 7:
      return {ids.store, ids.category};
    case 8:
      return {ids.store, ids.department};
    case 9:
      return {ids.item};
    case 10:
      return {ids.state, ids.item};
    default:
      return {ids.store, ids.item};
  }
}

}  // namespace

std::array<RetailLevel, kRetailLevels> RetailLevels(std::span<const RetailIds> series) {
  std::array<RetailLevel, kRetailLevels> levels;
  for (std::size_t l = 0; l < kRetailLevels; ++l) {
    std::map<Key, std::size_t> nodes;
    for (std::size_t i = 0; i < series.size(); ++i) nodes.emplace(KeyOf(series[i], l), i);
    for (auto& [key, node] : nodes) {
      const std::size_t first = node;
      node = levels[l].first_series_of_node.size();
      levels[l].first_series_of_node.push_back(first);
    }
    for (const RetailIds& ids : series) {
      levels[l].node_of_series.push_back(nodes.find(KeyOf(ids, l))->second);
    }
  }
  return levels;
}

}  // namespace tandem::forecasting

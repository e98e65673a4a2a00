// What a locked node's miss is measured against. Internal to this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "forecasting/hierarchy/hierarchy.h"

namespace tandem::forecasting {

// A locked node stands where its sum is this share of its scale away from its forecast at most.
inline constexpr double kLockTolerance = 1e-7;

// A node each: the larger of its |forecast| and `below`, the sum of the |forecasts| of its bottom
// series, so that a lock at zero or of a small unit has a scale too. Where both are tiny beside the
// others, doubles do not reach so far: never below a millionth of the largest |forecast|.
inline std::vector<double> LockScales(std::span<const double> forecast_units,
                                      std::vector<double> below) {
  double largest = 0.0;
  for (const double f : forecast_units) largest = std::max(largest, std::abs(f));
  for (std::size_t n = 0; n < below.size(); ++n) {
    below[n] = std::max({below[n], std::abs(forecast_units[n]), 1e-6 * largest});
  }
  return below;
}

inline std::vector<double> LockScales(const Hierarchy& tree,
                                      std::span<const double> forecast_units) {
  std::vector<double> bottom;
  bottom.reserve(tree.bottom_count());
  for (const double f : forecast_units.last(tree.bottom_count())) bottom.push_back(std::abs(f));
  std::vector<double> below(tree.node_count());
  tree.AddUp(bottom, below);
  return LockScales(forecast_units, std::move(below));
}

}  // namespace tandem::forecasting

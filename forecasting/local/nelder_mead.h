// The slow reference of the property tests: a simplex search that knows nothing but values.
// Reference: J. A. Nelder and R. Mead, "A simplex method for function minimization", The Computer
// Journal 7 (1965). Tests only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

namespace tandem::forecasting {

using Coordinates = std::vector<double>;
using Function = std::function<double(const Coordinates&)>;

// The least value found from `start`; an infinite value marks what is not allowed.
inline double NelderMead(const Function& function, const Coordinates& start, int evaluations_max) {
  struct Vertex {
    Coordinates x;
    double value;
  };
  const std::size_t n = start.size();
  std::vector<Vertex> simplex(n + 1, {start, function(start)});
  for (std::size_t i = 0; i < n; ++i) {
    simplex[i].x[i] += std::abs(start[i]) > 1e-3 ? 0.1 * start[i] : 0.05;
    simplex[i].value = function(simplex[i].x);
  }
  const auto by_value = [](const Vertex& a, const Vertex& b) { return a.value < b.value; };
  for (int used = 0; used < evaluations_max; ++used) {
    std::sort(simplex.begin(), simplex.end(), by_value);
    if (std::abs(simplex[n].value - simplex[0].value) < 1e-10) break;
    Coordinates center(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) center[j] += simplex[i].x[j] / static_cast<double>(n);
    }
    const auto along = [&](double factor) {
      Vertex vertex{center, 0.0};
      for (std::size_t j = 0; j < n; ++j) vertex.x[j] += factor * (simplex[n].x[j] - center[j]);
      vertex.value = function(vertex.x);
      return vertex;
    };
    Vertex next = along(-1.0);
    if (next.value < simplex[0].value) {
      next = std::min(next, along(-2.0), by_value);
    } else if (next.value >= simplex[n - 1].value) {
      next = std::min(next, along(next.value < simplex[n].value ? -0.5 : 0.5), by_value);
    }
    if (next.value < simplex[n].value) {
      simplex[n] = next;
      continue;
    }
    for (std::size_t i = 1; i <= n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        simplex[i].x[j] = 0.5 * (simplex[0].x[j] + simplex[i].x[j]);
      }
      simplex[i].value = function(simplex[i].x);
    }
  }
  return std::min_element(simplex.begin(), simplex.end(), by_value)->value;
}

}  // namespace tandem::forecasting

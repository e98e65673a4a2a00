// The slow and plain reference for the tests of this folder: dense matrices and Gauss.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "forecasting/hierarchy/hierarchy.h"

namespace tandem::forecasting::dense {

using Values = std::vector<double>;
using Matrix = std::vector<Values>;

// Total, two crossing groupings: six bottom series, eleven nodes.
inline Hierarchy Crossed() {
  return Hierarchy::Make(
             6, {{{0, 0, 0, 0, 0, 0}, 1}, {{0, 0, 0, 1, 1, 1}, 2}, {{0, 1, 0, 1, 0, 1}, 2}})
      .value();
}

inline Matrix DenseSums(const Hierarchy& tree) {
  Matrix sums(tree.node_count(), Values(tree.bottom_count()));
  for (std::size_t i = 0; i < tree.bottom_count(); ++i) {
    Values one(tree.bottom_count(), 0.0);
    one[i] = 1.0;
    Values nodes(tree.node_count());
    tree.AddUp(one, nodes);
    for (std::size_t n = 0; n < nodes.size(); ++n) sums[n][i] = nodes[n];
  }
  return sums;
}

// Gauss with row exchange: the slow and plain reference.
inline Values SolveDense(Matrix a, Values b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t r = k; r < n; ++r) {
      pivot = std::abs(a[r][k]) > std::abs(a[pivot][k]) ? r : pivot;
    }
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t r = k + 1; r < n; ++r) {
      const double factor = a[r][k] / a[k][k];
      for (std::size_t c = k; c < n; ++c) a[r][c] -= factor * a[k][c];
      b[r] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t c = k + 1; c < n; ++c) b[k] -= a[k][c] * b[c];
    b[k] /= a[k][k];
  }
  return b;
}

// b with S' V S b = S' V y for a dense V.
inline Values DenseReconcile(const Hierarchy& tree, const Matrix& inverse, const Values& y) {
  const Matrix s = DenseSums(tree);
  const std::size_t nodes = tree.node_count();
  Matrix a(tree.bottom_count(), Values(tree.bottom_count(), 0.0));
  Values right(tree.bottom_count(), 0.0);
  for (std::size_t n = 0; n < nodes; ++n) {
    for (std::size_t m = 0; m < nodes; ++m) {
      for (std::size_t i = 0; i < right.size(); ++i) {
        right[i] += s[n][i] * inverse[n][m] * y[m];
        for (std::size_t j = 0; j < right.size(); ++j) a[i][j] += s[n][i] * inverse[n][m] * s[m][j];
      }
    }
  }
  return SolveDense(a, right);
}

inline Values Draw(std::mt19937& random, std::size_t count, double low, double high) {
  std::uniform_real_distribution<double> value(low, high);
  Values values(count);
  for (double& v : values) v = value(random);
  return values;
}

}  // namespace tandem::forecasting::dense

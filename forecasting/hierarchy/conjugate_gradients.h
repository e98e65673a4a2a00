// Conjugate gradients with a diagonal preconditioner, for operators that are never formed.
// Reference: Hestenes and Stiefel, J. Research NBS 49 (1952).
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace tandem::forecasting {

struct CgStop {
  double tolerance = 1e-8;
  int iterations_max = 500;
};

struct CgResult {
  int iterations = 0;
  bool converged = false;
};

// Solves A x = right from the start in `x`; `apply(in, out)` is A, symmetric and positive definite
// where `diagonal` > 0; elements of diagonal 0 stay as they are. Stops where the preconditioned
// residual is `tolerance` of the right side's.
template <typename Apply>
CgResult ConjugateGradients(const Apply& apply, std::span<const double> right,
                            std::span<const double> diagonal, const CgStop& stop,
                            std::vector<double>& x) {
  const std::size_t n = right.size();
  std::vector<double> residual(n);
  std::vector<double> direction(n);
  std::vector<double> image(n);
  apply(x, image);
  double energy = 0.0;
  double reference = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    if (diagonal[i] == 0.0) continue;
    residual[i] = right[i] - image[i];
    direction[i] = residual[i] / diagonal[i];
    energy += residual[i] * direction[i];
    reference += right[i] * right[i] / diagonal[i];
  }
  CgResult result;
  const double goal = stop.tolerance * stop.tolerance * reference;
  while (energy > goal && result.iterations < stop.iterations_max) {
    apply(direction, image);
    double curvature = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      if (diagonal[i] != 0.0) curvature += direction[i] * image[i];
    }
    if (!(curvature > 0.0) || !std::isfinite(curvature)) break;
    const double step = energy / curvature;
    double next = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      if (diagonal[i] == 0.0) continue;
      x[i] += step * direction[i];
      residual[i] -= step * image[i];
      next += residual[i] * residual[i] / diagonal[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (diagonal[i] != 0.0) {
        direction[i] = residual[i] / diagonal[i] + next / energy * direction[i];
      }
    }
    energy = next;
    ++result.iterations;
  }
  result.converged = energy <= goal;
  return result;
}

}  // namespace tandem::forecasting

// One step of Levenberg and Marquardt's method with bounds on some parameters.
// Reference: D. W. Marquardt, "An algorithm for least-squares estimation of nonlinear parameters",
// J. of the Society for Industrial and Applied Mathematics 11 (1963). Internal to the models'
// searches.
#pragma once

#include <array>
#include <cstddef>

namespace tandem::forecasting {

inline constexpr std::size_t kColumnsMax = 32;  // Parameters, and the error.

// The sums of products of the columns of J = de/dx, from the diagonal to the right; column `size`
// holds those with e, so J'e. Below the diagonal nothing is meant.
using NormalSums = std::array<std::array<double, kColumnsMax>, kColumnsMax>;

struct BoundedVector {
  std::array<double, kColumnsMax> x{};
  std::array<double, kColumnsMax> low{};
  std::array<double, kColumnsMax> high{};
  std::size_t size = 0;
  std::size_t bounded = 0;  // The first so many (four at most) have bounds.
};

struct Damping {
  double share = 0.0;  // Of the diagonal.
  double floor = 0.0;  // Of the diagonal, where a parameter is bounded: its least curvature.
};

// The equations, those without bounds first, and what elimination makes of them.
struct EliminationRows {
  alignas(32) NormalSums upper;   // Above the diagonal; the right side is column `size`.
  alignas(32) NormalSums scaled;  // Those without bounds: `upper` over minus its own diagonal.
};

// Solves (A + share diag A) d = -g, g = J'e, over the parameters that are free to move.
class DampedStep {
 public:
  DampedStep(const BoundedVector& v, const NormalSums& normal, const Damping& damping)
      : v_(v), normal_(normal), damping_(damping) {}

  // The new vector; bounded parameters that would leave their range stop at its end, and the others
  // are solved for again. False if the matrix is not positive.
  bool Solve(BoundedVector& next);

  // By how much the squares fall if they are what A and g say: -(2 g'd + d'A d), for the step that
  // was solved for.
  double Fall() const;

 private:
  bool SolveBounded();

  const BoundedVector& v_;
  const NormalSums& normal_;
  Damping damping_;
  std::array<bool, 4> fixed_{};
  std::array<double, kColumnsMax> move_;
  EliminationRows rows_;
};

}  // namespace tandem::forecasting

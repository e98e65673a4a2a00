#include "forecasting/local/least_squares.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {

bool DampedStep::Solve(BoundedVector& next) {
  const auto& gradient = normal_[v_.size];
  for (std::size_t i = 0; i < v_.bounded; ++i) {
    fixed_[i] = (v_.x[i] <= v_.low[i] && gradient[i] > 0.0) ||
                (v_.x[i] >= v_.high[i] && gradient[i] < 0.0) || v_.low[i] == v_.high[i];
  }
  for (std::size_t round = 0; round <= v_.bounded; ++round) {
    if (!SolveFree()) return false;
    bool left = false;
    for (std::size_t i = 0; i < v_.bounded; ++i) {
      if (fixed_[i]) continue;
      const double to = v_.x[i] + move_[i];
      if (to >= v_.low[i] && to <= v_.high[i]) continue;
      move_[i] = std::clamp(to, v_.low[i], v_.high[i]) - v_.x[i];
      fixed_[i] = left = true;
    }
    if (!left) break;
  }
  for (std::size_t i = 0; i < v_.size; ++i) next.x[i] = v_.x[i] + move_[i];
  for (std::size_t i = 0; i < v_.bounded; ++i) {
    next.x[i] = std::clamp(next.x[i], v_.low[i], v_.high[i]);
  }
  return true;
}

// Cholesky over the free parameters, by rows.
bool DampedStep::SolveFree() {
  std::size_t count = 0;
  for (std::size_t i = 0; i < v_.size; ++i) {
    if (i >= v_.bounded || !fixed_[i]) free_[count++] = i;
  }
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t i = free_[r];
    double right = -normal_[v_.size][i];
    for (std::size_t k = 0; k < v_.bounded; ++k) {
      if (fixed_[k]) right -= normal_[i][k] * move_[k];
    }
    for (std::size_t c = 0; c <= r; ++c) {
      double sum = normal_[i][free_[c]];
      if (c == r) sum += damping_ * sum + 1e-12 * normal_[i][i] + 1e-300;
      for (std::size_t k = 0; k < c; ++k) sum -= root_[r][k] * root_[c][k];
      if (c < r) {
        root_[r][c] = sum * inverse_[c];
      } else {
        if (!(sum > 0.0)) return false;
        root_[r][r] = std::sqrt(sum);
        inverse_[r] = 1.0 / root_[r][r];
      }
    }
    for (std::size_t k = 0; k < r; ++k) right -= root_[r][k] * half_[k];
    half_[r] = right * inverse_[r];
  }
  for (std::size_t r = count; r-- > 0;) {
    double sum = half_[r];
    for (std::size_t k = r + 1; k < count; ++k) sum -= root_[k][r] * move_[free_[k]];
    move_[free_[r]] = sum * inverse_[r];
  }
  return true;
}

}  // namespace tandem::forecasting

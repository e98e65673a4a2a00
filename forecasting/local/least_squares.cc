#include "forecasting/local/least_squares.h"

#include <algorithm>
#include <cmath>

#include "forecasting/local/wide_lanes.h"

namespace tandem::forecasting {
namespace {

// Columns are rounded out to fours, for lanes: what stands below the diagonal and beyond the right
// side means nothing.
constexpr std::size_t Lane(std::size_t column) { return column / 4 * 4; }

// A + share diag A, and -g as column `size`.
inline void CopyDamped(const NormalSums& from, const BoundedVector& v, const Damping& damping,
                       NormalSums& rows) {
  const std::size_t end = Lane(v.size + 4);
  for (std::size_t r = 0; r < v.size; ++r) {
    for (std::size_t j = Lane(r); j < end; ++j) rows[r][j] = from[r][j];
    const double least = r < v.bounded ? damping.floor : 0.0;
    rows[r][r] = std::max(from[r][r], least) * (1.0 + damping.share + 1e-12) + 1e-300;
    rows[r][v.size] = -from[r][v.size];
  }
}

// Cholesky's factor above the diagonal, on it the inverses of its own, and the right side solved
// for it; a whole row at a time. False if the matrix is not positive.
inline bool Eliminate(NormalSums& rows, std::size_t size) {
  const std::size_t end = Lane(size + 4);
  for (std::size_t k = 0; k < size; ++k) {
    auto& pivot = rows[k];
    if (!(pivot[k] > 0.0)) return false;
    const double inverse = 1.0 / std::sqrt(pivot[k]);
    for (std::size_t j = Lane(k); j < end; ++j) pivot[j] *= inverse;
    for (std::size_t i = k + 1; i < size; ++i) {
      const double factor = pivot[i];
      for (std::size_t j = Lane(i); j < end; ++j) rows[i][j] -= factor * pivot[j];
    }
    pivot[k] = inverse;
  }
  return true;
}

}  // namespace

bool DampedStep::Solve(BoundedVector& next) {
  for (std::size_t i = 0; i < v_.bounded; ++i) {
    const double gradient = normal_[i][v_.size];
    move_[i] = 0.0;
    fixed_[i] = (v_.x[i] <= v_.low[i] && gradient > 0.0) ||
                (v_.x[i] >= v_.high[i] && gradient < 0.0) || v_.low[i] == v_.high[i];
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

bool DampedStep::SolveFree() {
  const std::size_t size = v_.size;
  static const auto copy = WidestOf<CopyDamped>();
  static const auto eliminate = WidestOf<Eliminate>();
  copy(normal_, v_, damping_, root_);
  for (std::size_t k = 0; k < v_.bounded; ++k) {
    if (fixed_[k]) Hold(k);
  }
  if (!eliminate(root_, size)) return false;
  for (std::size_t r = size; r-- > 0;) {
    move_[r] = root_[r][size] * root_[r][r];
    for (std::size_t k = 0; k < r; ++k) root_[k][size] -= root_[k][r] * move_[r];
  }
  return true;
}

// The equation of a parameter that stops at its end: its move is known, in all others too.
void DampedStep::Hold(std::size_t fixed) {
  const std::size_t size = v_.size;
  for (std::size_t r = 0; r < size; ++r) {
    double& factor = r < fixed ? root_[r][fixed] : root_[fixed][r];
    root_[r][size] -= factor * move_[fixed];
    factor = 0.0;
  }
  root_[fixed][fixed] = 1.0;
  root_[fixed][size] = move_[fixed];
}

}  // namespace tandem::forecasting

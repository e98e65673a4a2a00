#include "forecasting/local/least_squares.h"

#include <algorithm>
#include <cmath>

#include "forecasting/local/lane_sums.h"
#include "forecasting/local/wide_lanes.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t Lane(std::size_t column) { return column / kLaneSize * kLaneSize; }

// A + share diag A, and -g as column `size`; parameters without bounds first, then those with, so
// that what is eliminated need not be again when a parameter stops at its end. Rows and columns are
// rounded out to whole lanes by zeros.
inline void CopyDamped(const NormalSums& from, const BoundedVector& v, const Damping& damping,
                       NormalSums& to) {
  const std::size_t size = v.size;
  const std::size_t free = size - v.bounded;
  const auto end_row = [&](std::size_t row, std::size_t parameter) {
    for (std::size_t j = Lane(row); j < row; ++j) to[row][j] = 0.0;
    const double least = parameter < v.bounded ? damping.floor : 0.0;
    to[row][row] =
        std::max(from[parameter][parameter], least) * (1.0 + damping.share + 1e-12) + 1e-300;
    to[row][size] = -from[parameter][size];
    for (std::size_t j = size + 1; j < ToLanes(size + 1); ++j) to[row][j] = 0.0;
  };
  for (std::size_t r = 0; r < free; ++r) {
    for (std::size_t j = r; j < free; ++j) to[r][j] = from[v.bounded + r][v.bounded + j];
    for (std::size_t k = 0; k < v.bounded; ++k) to[r][free + k] = from[k][v.bounded + r];
    end_row(r, v.bounded + r);
  }
  for (std::size_t k = 0; k < v.bounded; ++k) {
    for (std::size_t j = k; j < v.bounded; ++j) to[free + k][free + j] = from[k][j];
    end_row(free + k, k);
  }
  for (std::size_t r = size; r < ToLanes(size); ++r) {
    for (std::size_t j = Lane(r); j < ToLanes(size + 1); ++j) to[r][j] = 0.0;
  }
}

// Eliminates the first `free` of `size` rows, four at a time: first what all rows before them leave
// of the four, in registers; then the four among themselves. False if a pivot is not positive.
inline bool Eliminate(EliminationRows& rows, std::size_t free, std::size_t size) {
  auto& upper = rows.upper;
  auto& scaled = rows.scaled;
  const std::size_t end = ToLanes(size + 1);
  for (std::size_t i0 = 0; i0 < size; i0 += kLaneSize) {
    const std::size_t before = std::min(i0, free);
    std::size_t j = i0;
    for (; j + kLaneSize < end; j += 2 * kLaneSize) {
      AddTile<4, 2>(before, {&scaled[0][i0], kColumnsMax}, {&upper[0][j], kColumnsMax}, kColumnsMax,
                    &upper[i0][j]);
    }
    if (j < end) {
      AddTile<4, 1>(before, {&scaled[0][i0], kColumnsMax}, {&upper[0][j], kColumnsMax}, kColumnsMax,
                    &upper[i0][j]);
    }
    for (std::size_t k = i0; k < std::min(i0 + kLaneSize, free); ++k) {
      if (!(upper[k][k] > 0.0)) return false;
      const double inverse = -1.0 / upper[k][k];
      for (j = i0; j < end; j += kLaneSize) {
        Lane4 pivot;
        Load(&upper[k][j], pivot);
        Store(inverse * pivot, &scaled[k][j]);
        for (std::size_t i = k + 1; i < i0 + kLaneSize; ++i) {
          Lane4 row;
          Load(&upper[i][j], row);
          Store(row + (inverse * upper[k][i]) * pivot, &upper[i][j]);
        }
      }
    }
  }
  return true;
}

}  // namespace

bool DampedStep::Solve(BoundedVector& next) {
  static const auto copy = WidestOf<CopyDamped>();
  static const auto eliminate = WidestOf<Eliminate>();
  const std::size_t size = v_.size;
  const std::size_t free = size - v_.bounded;
  copy(normal_, v_, damping_, rows_.upper);
  if (!eliminate(rows_, free, size)) return false;
  for (std::size_t i = 0; i < v_.bounded; ++i) {
    const double gradient = normal_[i][size];
    move_[i] = 0.0;
    fixed_[i] = (v_.x[i] <= v_.low[i] && gradient > 0.0) ||
                (v_.x[i] >= v_.high[i] && gradient < 0.0) || v_.low[i] == v_.high[i];
  }
  for (std::size_t round = 0; round <= v_.bounded; ++round) {
    if (!SolveBounded()) return false;
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
  std::array<double, kColumnsMax> rest;
  for (std::size_t r = 0; r < free; ++r) {
    rest[r] = -rows_.scaled[r][size];
    for (std::size_t k = 0; k < v_.bounded; ++k) rest[r] += rows_.scaled[r][free + k] * move_[k];
  }
  for (std::size_t r = free; r-- > 0;) {
    const double move = rest[r];
    move_[v_.bounded + r] = move;
    for (std::size_t k = 0; k < r; ++k) rest[k] += rows_.scaled[k][r] * move;
  }
  for (std::size_t i = 0; i < size; ++i) next.x[i] = v_.x[i] + move_[i];
  for (std::size_t i = 0; i < v_.bounded; ++i) {
    next.x[i] = std::clamp(next.x[i], v_.low[i], v_.high[i]);
  }
  return true;
}

double DampedStep::Fall() const {
  double fall = 0.0;
  for (std::size_t i = 0; i < v_.size; ++i) {
    double sum = 0.0;
    for (std::size_t j = i + 1; j < v_.size; ++j) sum += normal_[i][j] * move_[j];
    fall -= move_[i] * (normal_[i][i] * move_[i] + 2.0 * (sum + normal_[i][v_.size]));
  }
  return fall;
}

// What elimination left: one equation for each parameter with bounds. Those that stop at their end
// are known.
bool DampedStep::SolveBounded() {
  const std::size_t count = v_.bounded;
  const std::size_t free = v_.size - count;
  std::array<std::array<double, 5>, 4> a;
  std::array<std::size_t, 4> who;
  std::size_t n = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!fixed_[i]) who[n++] = i;
  }
  const auto at = [&](std::size_t i, std::size_t j) {
    return rows_.upper[free + std::min(i, j)][free + std::max(i, j)];
  };
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = r; c < n; ++c) a[r][c] = at(who[r], who[c]);
    a[r][n] = rows_.upper[free + who[r]][v_.size];
    for (std::size_t k = 0; k < count; ++k) {
      if (fixed_[k]) a[r][n] -= at(who[r], k) * move_[k];
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    if (!(a[k][k] > 0.0)) return false;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[k][i] / a[k][k];
      for (std::size_t j = i; j <= n; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  for (std::size_t r = n; r-- > 0;) {
    double sum = a[r][n];
    for (std::size_t c = r + 1; c < n; ++c) sum -= a[r][c] * move_[who[c]];
    move_[who[r]] = sum / a[r][r];
  }
  return true;
}

}  // namespace tandem::forecasting

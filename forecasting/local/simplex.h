// Nelder and Mead's search over a few dimensions, without allocation: for functions that have no
// derivatives worth carrying.
// Reference: J. A. Nelder and R. Mead, "A simplex method for function minimization", The Computer
// Journal 7 (1965).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace tandem::forecasting {

inline constexpr std::size_t kSimplexSizeMax = 4;

struct SimplexPoint {
  std::array<double, kSimplexSizeMax> x{};
  double value = 0.0;
};

struct SimplexOptions {
  std::size_t size = 1;      // Dimensions, 1 to kSimplexSizeMax.
  int steps_max = 200;       // Of each simplex.
  int simplexes_max = 4;     // Each new one starts around the best point of the one before.
  double tolerance = 1e-6;   // Between the best and the worst corner: a simplex ends.
  double gain_min = 1e-3;    // Of a simplex over the one before: the search ends.
  double first_share = 0.1;  // Of a coordinate, the first simplex's width; least_width at least.
  double least_width = 0.05;
};

// One simplex from `best`, whose value is known.
template <typename Function>
class Simplex {
 public:
  Simplex(const Function& function, const SimplexOptions& options, const SimplexPoint& start)
      : function_(function), options_(options) {
    corners_.fill(start);
    for (std::size_t i = 0; i < options.size; ++i) {
      SimplexPoint& corner = corners_[i + 1];
      corner.x[i] += std::max(options.first_share * std::abs(start.x[i]), options.least_width);
      corner.value = function_(corner.x);
    }
  }

  // The best corner once the simplex is small, or after steps_max; whether it is small.
  bool Shrink(SimplexPoint& best) {
    const std::size_t n = options_.size;
    bool small = false;
    for (int step = 0; step < options_.steps_max && !small; ++step) {
      Sort();
      small = corners_[n].value - corners_[0].value < options_.tolerance;
      if (!small) Step();
    }
    Sort();
    best = corners_[0];
    return small;
  }

 private:
  // By value, equals in their order; nearly sorted already, and too few for anything but insertion.
  void Sort() {
    for (std::size_t i = 1; i <= options_.size; ++i) {
      for (std::size_t j = i; j > 0 && corners_[j].value < corners_[j - 1].value; --j) {
        std::swap(corners_[j], corners_[j - 1]);
      }
    }
  }

  void Step() {
    const std::size_t n = options_.size;
    SimplexPoint next = Along(-1.0);
    if (next.value < corners_[0].value) {
      const SimplexPoint further = Along(-2.0);
      if (further.value < next.value) next = further;
    } else if (!(next.value < corners_[n - 1].value)) {
      const SimplexPoint nearer = Along(next.value < corners_[n].value ? -0.5 : 0.5);
      if (nearer.value < next.value) next = nearer;
    }
    if (next.value < corners_[n].value) {
      corners_[n] = next;
      return;
    }
    for (std::size_t i = 1; i <= n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        corners_[i].x[j] = 0.5 * (corners_[0].x[j] + corners_[i].x[j]);
      }
      corners_[i].value = function_(corners_[i].x);
    }
  }

  // On the line from the others' center through the worst corner.
  SimplexPoint Along(double factor) const {
    const std::size_t n = options_.size;
    SimplexPoint point;
    for (std::size_t j = 0; j < n; ++j) {
      double center = 0.0;
      for (std::size_t i = 0; i < n; ++i) center += corners_[i].x[j] / static_cast<double>(n);
      point.x[j] = center + factor * (corners_[n].x[j] - center);
    }
    point.value = function_(point.x);
    return point;
  }

  const Function& function_;
  const SimplexOptions options_;
  std::array<SimplexPoint, kSimplexSizeMax + 1> corners_;
};

// The least value found from `best`, which is replaced; `function` answers infinity for what is not
// allowed. False if the last simplex was not small when the search ended.
template <typename Function>
bool SearchBySimplex(const Function& function, const SimplexOptions& options, SimplexPoint& best) {
  best.value = function(best.x);
  bool small = false;
  for (int round = 0; round < options.simplexes_max; ++round) {
    const double before = best.value;
    small = Simplex<Function>(function, options, best).Shrink(best);
    if (small && before - best.value < options.gain_min) break;
  }
  return small;
}

}  // namespace tandem::forecasting

#include "forecasting/small_matrix.h"

#include <cmath>
#include <utility>

namespace tandem::forecasting {

std::optional<Factored> Factored::Of(const SmallMatrix& matrix) {
  const std::size_t n = matrix.size();
  SmallMatrix lower(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix(i, j);
      for (std::size_t k = 0; k < j; ++k) sum -= lower(i, k) * lower(j, k);
      if (i != j) {
        lower(i, j) = sum / lower(j, j);
      } else if (sum > 1e-13 * matrix(i, i)) {
        lower(i, i) = std::sqrt(sum);
      } else {
        return std::nullopt;
      }
    }
  }
  return Factored(std::move(lower));
}

std::vector<double> Factored::Solve(std::span<const double> b) const {
  const std::size_t n = lower_.size();
  std::vector<double> x(b.begin(), b.end());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= lower_(i, k) * x[k];
    x[i] /= lower_(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= lower_(k, i) * x[k];
    x[i] /= lower_(i, i);
  }
  return x;
}

SmallMatrix Factored::Inverse() const {
  const std::size_t n = lower_.size();
  SmallMatrix inverse(n);
  std::vector<double> unit(n);
  for (std::size_t j = 0; j < n; ++j) {
    unit[j] = 1.0;
    const std::vector<double> column = Solve(unit);
    for (std::size_t i = 0; i < n; ++i) inverse(i, j) = column[i];
    unit[j] = 0.0;
  }
  return inverse;
}

}  // namespace tandem::forecasting

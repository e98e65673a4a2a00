// Symmetric positive definite systems of a few unknowns. Private to forecasting.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace tandem::forecasting {

// A square matrix, row by row.
class SmallMatrix {
 public:
  explicit SmallMatrix(std::size_t size) : size_(size), cells_(size * size) {}
  std::size_t size() const { return size_; }
  double& operator()(std::size_t i, std::size_t j) { return cells_[i * size_ + j]; }
  double operator()(std::size_t i, std::size_t j) const { return cells_[i * size_ + j]; }

 private:
  std::size_t size_;
  std::vector<double> cells_;
};

// The Cholesky factor of a symmetric matrix, of which the lower triangle is read.
class Factored {
 public:
  // nullopt unless the matrix is positive definite beyond rounding.
  static std::optional<Factored> Of(const SmallMatrix& matrix);
  // x of A x = b.
  std::vector<double> Solve(std::span<const double> b) const;
  SmallMatrix Inverse() const;

 private:
  explicit Factored(SmallMatrix lower) : lower_(std::move(lower)) {}
  SmallMatrix lower_;
};

}  // namespace tandem::forecasting

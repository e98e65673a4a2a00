// Local regression on an even grid, tricube weights.
// Reference: W. S. Cleveland, "Robust locally weighted regression and smoothing scatterplots", J.
// of the American Statistical Association 74 (1979).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tandem::forecasting {

struct LoessOptions {
  std::size_t window = 7;  // q >= 3, odd: the nearest so many values take part.
  bool linear = true;      // Degree 1; else 0, a weighted mean.
};

// The smooth of `values` (n >= 1, at 0..n-1) at x = first, first + 1, ..., one for each of
// `smooth`; `first` may be -1 and the last x may be n, as STL wants of its cycles. Where the window
// is longer than the series, the bandwidth grows with it (Cleveland et al. (1990)). Away from the
// ends all windows are alike, so their weights are made once, in `weights`, and only applied. O((n
// + ends) q) time; no allocation once `weights` has grown.
void Loess(std::span<const double> values, const LoessOptions& options, std::ptrdiff_t first,
           std::span<double> smooth, std::vector<double>& weights);

}  // namespace tandem::forecasting

// What an item's promotion and price do to its neighbours in the category: cannibalisation (they
// lose) and halo (they gain), learnt from all shops together. Of the many pairs few matter, so the
// cross effects are sparse: lasso finds which, and those are then fitted again without its
// shrinking (relaxed lasso); how many is decided by BIC. References: Tibshirani, J. of the Royal
// Statistical Society B 58 (1996); Friedman, Hastie and Tibshirani, J. of Statistical Software 33
// (2010); Meinshausen, "Relaxed Lasso", Computational Statistics and Data Analysis 52 (2007); Zou,
// Hastie and Tibshirani, Annals of Statistics 35 (2007), for its degrees of freedom; van Heerde,
// Gupta and Wittink, "Is 75% of the Sales Promotion Bump Due to Brand Switching? No, Only 33% Is",
// J. of Marketing Research 40 (2003), for taking a promotion apart in units.
//
//   log(y[t] + offset) = level of the series + sum_j own[j] x[t][j] + sum_c cross[c] z[t][c] +
//   error
//
//   auto effects = FitCross(series, {.own = 3, .cross = 11});
//   effects->items[0].cross[4];  // What 1 of driver 4 does to the log of item 0's demand.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

inline constexpr std::size_t kCrossDriversMax = 128;  // Own and cross together.

// An item in a shop. The series of one item share its coefficients and have levels of their own.
struct CrossSeries {
  std::span<const double> units{};  // n values >= 0.
  std::span<const double> own{};    // n rows of `own`: always in the model.
  std::span<const double> cross{};  // n rows of `cross`: the neighbours'; 0 where it is its own.
  std::size_t item = 0;
};

struct CrossOptions {
  std::size_t own = 0;
  std::size_t cross = 0;      // At least 1.
  double offset_units = 0.0;  // Added before the logarithm; above 0 where a value can be 0.
  std::size_t pairs_max = 8;  // At most so many cross effects an item.
};

struct CrossItem {
  std::size_t item = 0;
  std::vector<double> own{};
  std::vector<double> cross{};  // Mostly 0.
  double deviation = 0.0;       // Of the logarithm's errors.
};

struct CrossModel {
  std::vector<CrossItem> items{};  // By number.
};

// Fits every item. A driver that never changes has no effect; a cross driver that own ones explain
// wholly has none either. O(rows drivers^2) and, an item, O(penalties passes drivers^2).
// Deterministic. kInvalidArgument, naming series and bucket, if there is no series, one is empty,
// lengths do not fit, a value is not finite or below 0, or log(0) would be taken, or an option is
// outside its range; kOutOfRange if a result is not finite.
absl::StatusOr<CrossModel> FitCross(std::span<const CrossSeries> series,
                                    const CrossOptions& options);

// Where a promotion's volume comes from, in units of one bucket and shop.
struct VolumeSources {
  double own_units = 0.0;           // What the promoted item gains,
  double cannibalised_units = 0.0;  // its neighbours lose (>= 0)
  double halo_units = 0.0;          // and gain (>= 0).
  // What the category gains: own less cannibalised plus halo.
  double CategoryUnits() const { return own_units - cannibalised_units + halo_units; }
};

// What an item would sell without the promotion, and the logarithm that the promotion adds to it.
struct PromotedItem {
  double baseline_units = 0.0;
  double log_effect = 0.0;
  bool promoted = false;
};

// Takes a promotion apart. kInvalidArgument unless one item or more is promoted, and all values are
// finite and baselines not below 0; kOutOfRange if a sum is not finite.
absl::StatusOr<VolumeSources> SourcesOf(std::span<const PromotedItem> items);

}  // namespace tandem::forecasting

// The dip after a promotion: what households bought ahead they do not buy again. What was bought
// ahead is carried as a pantry that fills while an item is promoted and empties at a constant rate;
// demand falls with what is in it. Reference: van Heerde, Leeflang and Wittink, "The Estimation of
// Pre- and Postpromotion Dips with Store-Level Scanner Data", J. of Marketing Research 37 (2000);
// Neslin, Henderson and Quelch, "Consumer Promotions and the Acceleration of Product Purchases",
// Marketing Science 4 (1985), for stockpiling.
//
//   log(y[t] + offset) = level of the series + uplift p[t] + dip pantry[t] + error
//   pantry[t] = kept (pantry[t-1] + p[t-1]),  pantry[0] = 0
//
//   auto dip = FitDip(series, {});
//   double log_effect = dip->dip * pantry;  // Below 0 in the weeks after.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

struct DipSeries {
  std::span<const double> units{};      // n values >= 0, buckets in a row.
  std::span<const double> promotion{};  // n: its depth or a flag; >= 0.
};

struct DipOptions {
  double offset_units = 0.0;  // Added before the logarithm; above 0 where a value can be 0.
};

struct Dip {
  double uplift = 0.0;  // Of the logarithm, by 1 of promotion.
  double dip = 0.0;     // By 1 in the pantry; <= 0: a promotion that is followed by more has none.
  double kept = 0.0;    // Of the pantry, from bucket to bucket; 0: there is no dip.
  double deviation = 0.0;
  // The share of a promotion's logarithmic uplift that the buckets after it lose again.
  double Borrowed() const;
};

// The pantry of each bucket, n values, for 0 <= kept < 1. `promotion` must be finite.
std::vector<double> PantryOf(std::span<const double> promotion, double kept);

// Fits all series together, by least squares for each `kept` of a fixed grid (0.05 to 0.95 by
// 0.05). O(19 rows). kInvalidArgument, naming series and bucket, if there is none, one is empty,
// lengths differ, a value is not finite or below 0, or log(0) would be taken; if no series is ever
// promoted and also not promoted, there is nothing to learn from: kFailedPrecondition.
absl::StatusOr<Dip> FitDip(std::span<const DipSeries> series, const DipOptions& options);

}  // namespace tandem::forecasting

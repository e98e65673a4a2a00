// The steps of FitUplifts. Private to the part.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/effects/small_matrix.h"
#include "forecasting/effects/uplift.h"

namespace tandem::forecasting {

// A series about its weighted means, so that the level drops out.
struct Moments {
  SmallMatrix xx;            // Weighted sums of products of the drivers,
  std::vector<double> xy{};  // of drivers with log demand,
  double yy = 0.0;           // and of log demand.
  double weight = 0.0;       // Sum of the weights.
  std::vector<double> mean_x{};
  double mean_y = 0.0;
};
Moments MomentsOf(const PromotedSeries& series, const UpliftOptions& options);

// The pooling of one group's coefficients by expectation and maximization: fills the group's
// coefficients and deviations, and returns each member's coefficients.
std::vector<std::vector<double>> Pool(std::span<const Moments> members,
                                      const UpliftOptions& options, UpliftGroup& group);

// log(units + offset) less what the coefficients explain, a value a bucket.
std::vector<double> Residuals(const PromotedSeries& series, const UpliftOptions& options,
                              std::span<const double> coefficients);

// Chooses the group's level weight, and fills each member's level and deviation.
void FollowLevels(std::span<const std::vector<double>> residuals, const UpliftOptions& options,
                  UpliftGroup& group, std::span<UpliftFit* const> fits);

}  // namespace tandem::forecasting

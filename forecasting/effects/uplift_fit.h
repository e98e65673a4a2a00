// The steps of FitUplifts. Private to the part.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/effects/uplift.h"
#include "forecasting/small_matrix.h"

namespace tandem::forecasting {

// A series about its weighted means, so that the level drops out.
struct Moments {
  SmallMatrix xx;            // Weighted sums of products of the drivers,
  std::vector<double> xy{};  // of drivers with log demand,
  double yy = 0.0;           // and of log demand.
  double weight = 0.0;       // Sum of the weights,
  double buckets = 0.0;      // and of what they would be without the far-off buckets' trust.
  std::vector<double> mean_x{};
  double mean_y = 0.0;
};
// `trust` is a weight a bucket beside its age's.
Moments MomentsOf(const PromotedSeries& series, const UpliftOptions& options,
                  std::span<const double> trust);

// The pooling of one group's coefficients by expectation and maximization: fills the group's
// coefficients and deviations, and returns each member's coefficients.
std::vector<std::vector<double>> Pool(std::span<const Moments> members,
                                      const UpliftOptions& options, UpliftGroup& group);

// log(units + offset) less what the coefficients explain, a value a bucket.
std::vector<double> Residuals(const PromotedSeries& series, const UpliftOptions& options,
                              std::span<const double> coefficients);

// A member's residuals and how far each bucket is trusted, a value a bucket.
struct Remains {
  std::vector<double> residuals{};
  std::vector<double> trust{};
};

// Trust by Student's t: (freedom + 1) / (freedom + (residual - level)^2 / deviation^2), with the
// level the trusted, fading mean of the residuals and the deviation the group's.
void Trust(const UpliftOptions& options, const UpliftGroup& group, Remains& remains);

// Chooses the group's level weight, and fills each member's level and deviation.
void FollowLevels(std::span<const Remains> remains, const UpliftOptions& options,
                  UpliftGroup& group, std::span<UpliftFit* const> fits);

}  // namespace tandem::forecasting

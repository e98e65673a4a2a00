#include "forecasting/local/quantiles.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

TEST(QuantilesTest, NormalQuantileInvertsTheDistribution) {
  for (int i = 1; i < 10'000; ++i) {
    const double level = i / 10'000.0;
    EXPECT_NEAR(0.5 * std::erfc(-NormalQuantile(level) / std::sqrt(2.0)), level, 1e-9);
  }
  QuantileBand band;
  NormalBand(10.0, 2.0, band);
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    EXPECT_NEAR(band[q], 10.0 + 2.0 * NormalQuantile(kQuantileLevels[q]), 1e-7);
  }
}

// Demand in one bucket of two, always of 3: the lower half of the levels is 0, the upper 3.
TEST(QuantilesTest, OccasionalDemandIsZeroAsOftenAsItIsAbsent) {
  const QuantileBand band = OccasionalBand({.probability = 0.5, .size_units = 3.0});
  EXPECT_THAT(band, testing::ElementsAre(0, 0, 0, 0, 0, 3, 3, 3, 3));
}

// An exponential size (variation 1) every bucket: quantiles -log(1 - u), which Wilson and Hilferty
// come near to within 0.02 of the mean.
TEST(QuantilesTest, OccasionalDemandFollowsTheGamma) {
  const QuantileBand band =
      OccasionalBand({.probability = 1.0, .size_units = 1.0, .size_variation = 1.0});
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    EXPECT_NEAR(band[q], -std::log(1.0 - kQuantileLevels[q]), 0.05) << q;
  }
}

TEST(QuantilesTest, ErrorsStandForTheirRank) {
  std::vector<double> errors(1000);
  for (int i = 0; i < 1000; ++i) errors[static_cast<std::size_t>(i)] = i + 0.5;  // Level u: 1000 u.
  QuantileBand band;
  ErrorBand(100.0, 2.0, errors, band);
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    EXPECT_NEAR(band[q], 100.0 + 2000.0 * kQuantileLevels[q], 1e-9);
  }
  ErrorBand(7.0, 1.0, std::vector<double>{-1.0}, band);
  EXPECT_THAT(band, testing::Each(6.0));
}

}  // namespace
}  // namespace tandem::forecasting

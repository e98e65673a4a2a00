#include "forecasting/uncertainty/quantile_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "forecasting/local/quantiles.h"

namespace tandem::forecasting {
namespace {

QuantileBand NormalOf(double mean, double deviation) {
  QuantileBand band{};
  NormalBand(mean, deviation, band);
  return band;
}

TEST(QuantileCurveTest, IsExactForANormalDistribution) {
  const QuantileBand band = NormalOf(10.0, 2.0);
  const QuantileCurve curve(band);
  for (const double u : {0.0005, 0.003, 0.01, 0.1, 0.3, 0.6, 0.9, 0.98, 0.999}) {
    EXPECT_NEAR(curve.Quantile(u), 10.0 + 2.0 * NormalQuantile(u), 1e-6) << u;
    EXPECT_NEAR(curve.AtMost(10.0 + 2.0 * NormalQuantile(u)), u, 1e-6) << u;
    EXPECT_NEAR(curve.Below(10.0 + 2.0 * NormalQuantile(u)), u, 1e-6) << u;
  }
}

// Straight lines in the scores have 3.00 as the .9 of a lognormal law, which is 2.79.
TEST(QuantileCurveTest, BendsAsAHeavyTailDoes) {
  QuantileBand band{};
  const auto lognormal = [](double u) { return std::exp(0.8 * NormalQuantile(u)); };
  for (std::size_t k = 0; k < kQuantiles; ++k) band[k] = lognormal(kQuantileLevels[k]);
  const QuantileCurve curve(band);
  for (const double u : {0.05, 0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95}) {
    EXPECT_NEAR(curve.Quantile(u) / lognormal(u), 1.0, 0.025) << u;
    EXPECT_NEAR(curve.AtMost(lognormal(u)), u, 0.005) << u;
    EXPECT_NEAR(curve.AtMost(curve.Quantile(u)), u, 1e-9) << u;
  }
}

TEST(QuantileCurveTest, KeepsTheNineAsTheyAre) {
  const QuantileBand band = {0.0, 0.1, 0.7, 1.0, 3.0, 7.0, 8.0, 20.0, 55.0};
  const QuantileCurve curve(band);
  for (std::size_t k = 0; k < kQuantiles; ++k) {
    EXPECT_EQ(curve.Quantile(kQuantileLevels[k]), band[k]);
    EXPECT_EQ(curve.AtMost(band[k]), kQuantileLevels[k]);
    EXPECT_EQ(curve.Below(band[k]), kQuantileLevels[k]);
  }
}

// 0, 0, 0, 0, 2, 2, 5, 9, 9: a quarter or more at 0, nothing below it, nothing above 9.
TEST(QuantileCurveTest, EqualQuantilesAreOneValue) {
  const QuantileBand band = {0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 5.0, 9.0, 9.0};
  const QuantileCurve curve(band);
  EXPECT_EQ(curve.Below(0.0), 0.0);
  EXPECT_EQ(curve.AtMost(-1e-9), 0.0);
  EXPECT_EQ(curve.AtMost(0.0), 0.25);
  EXPECT_EQ(curve.Below(2.0), 0.5);
  EXPECT_EQ(curve.AtMost(2.0), 0.75);
  EXPECT_EQ(curve.Below(9.0), 0.975);
  EXPECT_EQ(curve.AtMost(9.0), 1.0);
  EXPECT_EQ(curve.AtMost(10.0), 1.0);
  EXPECT_EQ(curve.Quantile(0.1), 0.0);
  EXPECT_EQ(curve.Quantile(0.6), 2.0);
}

TEST(QuantileCurveTest, AscendsAndInverts) {
  std::mt19937 random(11);
  for (int round = 0; round < 500; ++round) {
    QuantileBand band{};
    for (double& value : band) {
      value = static_cast<double>(random() % 1000) * (random() % 2 == 0 ? 0.01 : 1.0);
    }
    if (round % 3 == 0) {
      for (double& value : band) value = std::max(0.0, value - 300.0);
    }
    std::ranges::sort(band);
    const QuantileCurve curve(band);
    double last = -1e300;
    for (double u = 0.001; u < 1.0; u += 0.001) {
      const double value = curve.Quantile(u);
      EXPECT_GE(value, last) << "round " << round;
      last = value;
      EXPECT_LE(curve.Below(value), u + 1e-6) << "round " << round << " value " << value;
      EXPECT_GE(curve.AtMost(value), u - 1e-6) << "round " << round << " value " << value;
    }
    double probability = 0.0;
    for (double value = -50.0; value < 1'100.0; value += 7.3) {
      EXPECT_LE(curve.Below(value), curve.AtMost(value));
      EXPECT_GE(curve.Below(value), probability);
      probability = curve.AtMost(value);
      EXPECT_LE(probability, 1.0);
    }
  }
}

TEST(QuantileCurveTest, NothingIsAsProbableAsTheQuantilesAllow) {
  const QuantileBand band = {0.0, 0.0, 0.0, 0.4, 2.0, 3.0, 4.0, 5.0, 6.0};
  EXPECT_EQ(NoneWithin(0.2, band, NoneUnits(false)), 0.2);
  EXPECT_EQ(NoneWithin(0.1, band, NoneUnits(false)), 0.165);
  EXPECT_EQ(NoneWithin(0.3, band, NoneUnits(false)), 0.25);
  EXPECT_EQ(NoneWithin(0.3, band, NoneUnits(true)), 0.3);  // 0.4 is nothing, of counts.
  EXPECT_EQ(NoneWithin(0.7, QuantileBand{1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, 0.0), 0.005);
  EXPECT_EQ(NoneWithin(0.7, QuantileBand{}, 0.0), 0.995);
}

TEST(QuantileCurveTest, CountsAreRoundedValues) {
  const QuantileBand band = NormalOf(30.0, 4.0);
  const QuantileCurve curve(band);
  const CountStep step = StepOfCount(curve, 32.0);
  EXPECT_NEAR(step.below, curve.AtMost(31.5), 1e-12);
  EXPECT_NEAR(step.at, curve.AtMost(32.5), 1e-12);
  EXPECT_EQ(StepOfCount(curve, 0.0).below, 0.0);
  double sum = 0.0;
  for (double count = 0.0; count < 80.0; ++count) {
    const CountStep one = StepOfCount(curve, count);
    sum += one.at - one.below;
  }
  EXPECT_NEAR(sum, 1.0, 1e-9);
}

}  // namespace
}  // namespace tandem::forecasting

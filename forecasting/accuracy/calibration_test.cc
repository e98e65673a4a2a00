#include "forecasting/accuracy/calibration.h"

#include <gtest/gtest.h>

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

// Quantiles 0, 1, … 8, the median 4: the 80 % interval reaches from q(.1), between 1 and 2, to
// q(.9), between 6 and 7.
TEST(CalibrationTest, CountsWhatLiesWithinEachInterval) {
  const QuantileBand band = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0};
  struct Case {
    double units;
    std::array<bool, kIntervals> want;  // 50, 67, 80, 95, 99.
  };
  const Case cases[] = {
      {4.0, {true, true, true, true, true}},     {3.0, {true, true, true, true, true}},
      {2.9, {false, true, true, true, true}},    {6.0, {false, true, true, true, true}},
      {1.9, {false, false, true, true, true}},   {1.0, {false, false, false, true, true}},
      {7.5, {false, false, false, false, true}}, {-0.1, {false, false, false, false, false}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.units);
    Calibration calibration;
    calibration.Add({.units = c.units}, band, 0.0);
    for (std::size_t k = 0; k < kIntervals; ++k) {
      EXPECT_EQ(calibration.Covered(k), c.want[k] ? 1.0 : 0.0) << k;
    }
  }
}

TEST(CalibrationTest, IsUndefinedWithoutOutcomes) {
  const Calibration calibration;
  EXPECT_EQ(calibration.Covered(0), std::nullopt);
  EXPECT_EQ(calibration.PitCovered(0), std::nullopt);
  EXPECT_EQ(calibration.PitBin(0), std::nullopt);
  EXPECT_EQ(calibration.PitDeviation(), std::nullopt);
}

// Counts of mean 6, forecast right, and with half and twice the deviation.
TEST(CalibrationTest, PitsOfCountsTellTooNarrowFromTooWide) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> draw(0.0, 1.0);
  std::normal_distribution<double> demand(6.0, 1.5);
  Calibration right, narrow, wide;
  for (int k = 0; k < 20'000; ++k) {
    const Outcome outcome{.units = std::max(0.0, std::round(demand(random))), .is_count = true};
    const double v = draw(random);
    right.Add(outcome, NormalOf(6.0, 1.5), v);
    narrow.Add(outcome, NormalOf(6.0, 0.75), v);
    wide.Add(outcome, NormalOf(6.0, 3.0), v);
  }
  // Deviation of a share of 20,000 is .0035.
  for (std::size_t k = 0; k < kIntervals; ++k) {
    EXPECT_NEAR(right.PitCovered(k).value(), kIntervalShares[k], 0.012) << k;
    EXPECT_LT(narrow.PitCovered(k).value(), kIntervalShares[k] - 0.03) << k;
  }
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_GT(wide.PitCovered(k).value(), kIntervalShares[k] + 0.15) << k;
  }
  EXPECT_LT(right.PitDeviation().value(), 0.015);
  EXPECT_GT(narrow.PitDeviation().value(), 0.15);
  EXPECT_GT(wide.PitDeviation().value(), 0.15);
  // The plain interval of counts holds more or less than it says, as its ends happen to lie.
  EXPECT_GT(right.Covered(0).value(), 0.45);
}

TEST(CalibrationTest, ValuesThatAreNoCountsHaveThePitOfTheirPlace) {
  Calibration calibration;
  // 9.9 lies at the .48 of N(10, 2), 7 at .067, 13.5 at .96; draws are of no effect.
  for (const double units : {9.9, 7.0, 13.5}) {
    calibration.Add({.units = units}, NormalOf(10.0, 2.0), 0.99);
  }
  EXPECT_DOUBLE_EQ(calibration.PitBin(4).value(), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(calibration.PitBin(0).value(), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(calibration.PitBin(9).value(), 1.0 / 3.0);
  // (3 (1/3 - 1/10) + 7 / 10) / 2.
  EXPECT_DOUBLE_EQ(calibration.PitDeviation().value(), 0.7);
}

// Nothing in nine of ten, else an exponential demand of mean 8, rounded up where it is a count.
struct Seldom {
  static constexpr double kNone = 0.9;
  bool is_count = false;
  double Quantile(double u) const {
    if (u <= kNone) return 0.0;
    const double units = -8.0 * std::log((1.0 - u) / (1.0 - kNone));
    return is_count ? std::ceil(units) : units;
  }
  QuantileBand Band() const {
    QuantileBand band{};
    for (std::size_t k = 0; k < kQuantiles; ++k) band[k] = Quantile(kQuantileLevels[k]);
    return band;
  }
};

// The quantiles are right, but tell how probable nothing is only to between .835 and .975.
TEST(CalibrationTest, WhatIsSaidOfNothingMakesThePitExact) {
  for (const bool is_count : {false, true}) {
    SCOPED_TRACE(is_count);
    std::mt19937 random(11);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    const Seldom demand{is_count};
    Calibration told, untold, wrong;
    for (int k = 0; k < 40'000; ++k) {
      Outcome outcome{.units = demand.Quantile(uniform(random)), .is_count = is_count};
      const double v = uniform(random);
      untold.Add(outcome, demand.Band(), v);
      outcome.none_probability = Seldom::kNone;
      told.Add(outcome, demand.Band(), v);
      outcome.none_probability = 0.2;  // Which the quantiles contradict.
      wrong.Add(outcome, demand.Band(), v);
    }
    // Deviation of a share of 40,000 is .0025.
    for (std::size_t k = 0; k < kIntervals; ++k) {
      EXPECT_NEAR(told.PitCovered(k).value(), kIntervalShares[k], 0.01) << k;
    }
    EXPECT_LT(told.PitDeviation().value(), 0.025);
    EXPECT_GT(untold.PitDeviation().value(), 0.05);
    EXPECT_GT(wrong.PitDeviation().value(), 0.05);
    for (std::size_t k = 0; k < kIntervals; ++k) EXPECT_EQ(told.Covered(k), untold.Covered(k));
  }
}

// Whatever is forecast: a PIT is a probability, and more units never have less of it.
TEST(CalibrationTest, PitsRiseWithTheOutcome) {
  std::mt19937 random(12);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (int trial = 0; trial < 2'000; ++trial) {
    QuantileBand band{};
    double least = 0.0;
    for (double& quantile : band) {
      if (uniform(random) < 0.6) least += std::floor(4.0 * uniform(random)) / 2.0;
      quantile = least;
    }
    const bool is_count = trial % 2 == 0;
    const double none = uniform(random);
    std::size_t last = 0;
    for (int units = 0; units <= 20; ++units) {
      Calibration one;
      one.Add(
          {.units = is_count ? units : 0.5 * units, .is_count = is_count, .none_probability = none},
          band, 0.999);
      std::size_t bin = 0;
      while (bin < kPitBins && one.PitBin(bin).value() == 0.0) ++bin;
      ASSERT_LT(bin, kPitBins);
      EXPECT_GE(bin, last) << "trial " << trial << ", " << units;
      last = bin;
    }
  }
}

TEST(CalibrationTest, SumsAreThoseOfTheParts) {
  std::mt19937 random(7);
  Calibration whole, left, right;
  for (int k = 0; k < 50; ++k) {
    const Outcome outcome{.units = static_cast<double>(random() % 12), .is_count = true};
    const double v = static_cast<double>(random() % 100) / 100.0;
    whole.Add(outcome, NormalOf(5.0, 3.0), v);
    (k % 3 == 0 ? left : right).Add(outcome, NormalOf(5.0, 3.0), v);
  }
  left += right;
  for (std::size_t k = 0; k < kIntervals; ++k) {
    EXPECT_EQ(left.Covered(k), whole.Covered(k));
    EXPECT_EQ(left.PitCovered(k), whole.PitCovered(k));
  }
  for (std::size_t bin = 0; bin < kPitBins; ++bin) {
    EXPECT_EQ(left.PitBin(bin), whole.PitBin(bin));
  }
}

}  // namespace
}  // namespace tandem::forecasting

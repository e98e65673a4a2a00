#include "forecasting/consensus/value_added.h"

#include <cmath>
#include <limits>

#include "forecasting/consensus/confidence.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

TEST(ValueAdded, CountsWhatAChangeWon) {
  ValueAdded added;
  ASSERT_TRUE(added.Observe({.before_units = 90, .after_units = 104, .actual_units = 100}).ok());
  ASSERT_TRUE(added.Observe({.before_units = 100, .after_units = 92, .actual_units = 100}).ok());
  EXPECT_DOUBLE_EQ(added.mean_units, -1.0);  // (10 - 4 + 0 - 8) / 2.
  EXPECT_DOUBLE_EQ(added.squares_units, 98.0);
  EXPECT_DOUBLE_EQ(*added.WmapePoints(), -2.0 / 200.0);
  EXPECT_EQ(added.Judge(0.95), Worth::kUnclear);
}

TEST(ValueAdded, IsUndefinedWithoutObservations) {
  const ValueAdded none;
  EXPECT_FALSE(none.WmapePoints().has_value());
  EXPECT_FALSE(none.ChanceOfHelp().has_value());
  EXPECT_EQ(none.Judge(0.95), Worth::kUnclear);
}

TEST(ValueAdded, SaysWhoHurtsOnceItIsSure) {
  ValueAdded added;
  for (int i = 0; i < 20; ++i) {
    const double noise = i % 3 - 1.0;
    ASSERT_TRUE(
        added.Observe({.before_units = 100, .after_units = 103 + noise, .actual_units = 99}).ok());
  }
  EXPECT_EQ(added.Judge(0.95), Worth::kHurts);
}

// 2^-4 is more than a twentieth, 2^-5 is less; the same for what is alike but for rounding.
TEST(ValueAdded, TwoThatAreAlikeAreNoCertainty) {
  for (const double apart : {0.0, 1e-9}) {
    for (const bool helps : {false, true}) {
      ValueAdded added;
      for (int count = 1; count <= 8; ++count) {
        const double off = 10.0 + (count % 2 == 0 ? apart : 0.0);
        ASSERT_TRUE(added
                        .Observe({.before_units = helps ? 100.0 + off : 100.0,
                                  .after_units = helps ? 100.0 : 100.0 + off,
                                  .actual_units = 100.0})
                        .ok());
        const Worth sure = helps ? Worth::kHelps : Worth::kHurts;
        EXPECT_EQ(added.Judge(0.95), count < 5 ? Worth::kUnclear : sure) << count << apart;
      }
      EXPECT_EQ(*added.ChanceOfHelp(), helps ? 1.0 - 1.0 / 256.0 : 1.0 / 256.0);
    }
  }
}

TEST(ValueAdded, WhatChangesNothingNeitherHelpsNorHurts) {
  ValueAdded added;
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(added.Observe({.before_units = 90, .after_units = 90, .actual_units = 100}).ok());
  }
  EXPECT_EQ(*added.ChanceOfHelp(), 0.5);
  EXPECT_EQ(added.Judge(0.95), Worth::kUnclear);
}

TEST(ValueAdded, AddsUpLikeOneWhole) {
  ValueAdded whole;
  ValueAdded parts[2];
  for (int i = 0; i < 40; ++i) {
    const ForecastChange change{
        .before_units = 10.0 + i % 7, .after_units = 11.0 + i % 5, .actual_units = 9.0 + i % 11};
    ASSERT_TRUE(whole.Observe(change).ok());
    ASSERT_TRUE(parts[i % 2].Observe(change).ok());
  }
  parts[0].Add(parts[1]);
  EXPECT_NEAR(parts[0].mean_units, whole.mean_units, 1e-12);
  EXPECT_NEAR(parts[0].squares_units, whole.squares_units, 1e-9);
  EXPECT_DOUBLE_EQ(parts[0].before_units, whole.before_units);
}

TEST(ValueAdded, RefusesWhatIsNotANumber) {
  ValueAdded added;
  EXPECT_FALSE(added.Observe({.before_units = std::numeric_limits<double>::infinity()}).ok());
  EXPECT_EQ(added, ValueAdded{});
}

// Student's distribution has a closed form for 1, 2 and 4 degrees of freedom.
TEST(StudentProbability, IsNearTheClosedForms) {
  for (double t = -6.0; t <= 6.0; t += 0.25) {
    const double one = 0.5 + std::atan(t) / std::acos(-1.0);
    const double two = 0.5 + t / (2.0 * std::sqrt(2.0 + t * t));
    const double x = t / std::sqrt(4.0 + t * t);
    const double four = 0.5 + 0.75 * (x - x * x * x / 3.0);
    EXPECT_NEAR(StudentProbability(t, 1.0), one, 0.02) << t;
    EXPECT_NEAR(StudentProbability(t, 2.0), two, 0.006) << t;
    EXPECT_NEAR(StudentProbability(t, 4.0), four, 0.003) << t;
  }
}

}  // namespace
}  // namespace tandem::forecasting

#include "forecasting/consensus/uplift_record.h"

#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

TEST(UpliftRecord, BelievesAPartyItKnowsNothingOf) {
  EXPECT_DOUBLE_EQ(UpliftRecord{}.Credit({}), 1.0);
  EXPECT_DOUBLE_EQ(UpliftRecord{}.Credit({.prior_credit = 0.5, .prior_announcements = 0.0}), 0.5);
}

TEST(UpliftRecord, LearnsWhatAnnouncementsComeTo) {
  UpliftRecord record;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(record.Observe({.announced = 100.0, .realised = 50.0}).ok());
  }
  EXPECT_DOUBLE_EQ(record.Credit({}), 0.75);  // Four at 0.5, and four at 1 before them.
  EXPECT_DOUBLE_EQ(record.Deviation(), 0.0);
  ASSERT_TRUE(record.Observe({.announced = -10.0, .realised = -10.0}).ok());
  EXPECT_GT(record.Deviation(), 0.0);
}

// A large event of 100 that came to 50, and a small one of 1 lost in noise of -9: the slope is
// (5000
// - 9) / 10001, where the mean of ratios would be -4.25.
TEST(UpliftRecord, SmallEventsDoNotDecide) {
  UpliftRecord record;
  ASSERT_TRUE(record.Observe({.announced = 100.0, .realised = 50.0}).ok());
  ASSERT_TRUE(record.Observe({.announced = 1.0, .realised = -9.0}).ok());
  EXPECT_DOUBLE_EQ(record.Credit({.prior_announcements = 0.0}), 4991.0 / 10001.0);
}

// The property that the header claims: with noise that does not depend on the event's size, the
// slope is nearer to the truth than the mean of ratios.
TEST(UpliftRecord, IsNearerToTheTruthThanTheMeanOfRatios) {
  std::mt19937_64 engine(testing::Random().Next());
  std::normal_distribution<double> normal;
  double by_slope = 0.0;
  double by_ratio = 0.0;
  for (int round = 0; round < 300; ++round) {
    UpliftRecord record;
    double ratios = 0.0;
    for (int i = 0; i < 30; ++i) {
      const double announced = std::exp(normal(engine));
      const double realised = 0.7 * announced + 0.5 * normal(engine);
      ASSERT_TRUE(record.Observe({.announced = announced, .realised = realised}).ok());
      ratios += realised / announced / 30.0;
    }
    by_slope += std::pow(record.Credit({.prior_announcements = 0.0}) - 0.7, 2);
    by_ratio += std::pow(ratios - 0.7, 2);
  }
  EXPECT_LT(by_slope, 0.5 * by_ratio);
}

TEST(UpliftRecord, StaysWithinBounds) {
  UpliftRecord record;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(record.Observe({.announced = 1.0, .realised = -3.0}).ok());
  }
  EXPECT_DOUBLE_EQ(record.Credit({}), 0.0);
}

TEST(UpliftRecord, RefusesAnEventOfNothing) {
  UpliftRecord record;
  EXPECT_FALSE(record.Observe({.announced = 0.0, .realised = 1.0}).ok());
  EXPECT_FALSE(
      record.Observe({.announced = 1.0, .realised = std::numeric_limits<double>::quiet_NaN()})
          .ok());
  EXPECT_FALSE(record.Observe({.announced = 1e200, .realised = 1.0}).ok());
  EXPECT_EQ(record, UpliftRecord{});
}

}  // namespace
}  // namespace tandem::forecasting

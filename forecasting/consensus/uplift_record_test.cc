#include "forecasting/consensus/uplift_record.h"

#include <limits>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

TEST(UpliftRecord, BelievesAPartyItKnowsNothingOf) {
  EXPECT_DOUBLE_EQ(UpliftRecord{}.Credit({}), 1.0);
  EXPECT_DOUBLE_EQ(UpliftRecord{}.Credit({.prior_credit = 0.5, .prior_announcements = 0.0}), 0.5);
}

TEST(UpliftRecord, LearnsWhatAnnouncementsComeTo) {
  UpliftRecord record;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(record.Observe({.announced_units = 100.0, .realised_units = 50.0}).ok());
  }
  EXPECT_DOUBLE_EQ(record.Credit({}), 0.75);  // Four at 0.5, and four at 1 before them.
  EXPECT_DOUBLE_EQ(record.Deviation(), 0.0);
  ASSERT_TRUE(record.Observe({.announced_units = -10.0, .realised_units = -10.0}).ok());
  EXPECT_GT(record.Deviation(), 0.0);
}

TEST(UpliftRecord, StaysWithinBounds) {
  UpliftRecord record;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(record.Observe({.announced_units = 1.0, .realised_units = -3.0}).ok());
  }
  EXPECT_DOUBLE_EQ(record.Credit({}), 0.0);
}

TEST(UpliftRecord, RefusesAnEventOfNothing) {
  UpliftRecord record;
  EXPECT_FALSE(record.Observe({.announced_units = 0.0, .realised_units = 1.0}).ok());
  EXPECT_FALSE(record
                   .Observe({.announced_units = 1.0,
                             .realised_units = std::numeric_limits<double>::quiet_NaN()})
                   .ok());
  EXPECT_EQ(record, UpliftRecord{});
}

}  // namespace
}  // namespace tandem::forecasting

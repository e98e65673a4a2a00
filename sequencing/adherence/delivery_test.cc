#include "sequencing/adherence/delivery.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::HasSubstr;

TEST(DockWindowHitsTest, CountsWithinTheToleranceAndMissesWhatNeverCame) {
  const std::vector<PlannedArrival> arrivals = {
      {100, 200, 90},           // 10 early: a hit.
      {100, 200, 89},           // 11 early.
      {100, 200, 210},          // 10 late: a hit.
      {100, 200, 211},          // 11 late.
      {100, 200, std::nullopt}  // Never.
  };
  EXPECT_EQ(DockWindowHits(arrivals, 10).value(), (Share{2, 5}));
  EXPECT_FALSE(DockWindowHits({}, 0)->value().has_value());
}

TEST(DockWindowHitsTest, RefusesWhatIsNoWindow) {
  const std::vector<PlannedArrival> arrivals = {{1, 2, 1}, {2, 1, 1}};
  EXPECT_THAT(std::string(DockWindowHits(arrivals, 0).status().message()),
              HasSubstr("arrival 1: window from 2 to 1"));
  EXPECT_FALSE(DockWindowHits({}, -1).ok());
}

TEST(CountFaultsTest, CountsEachPartOnce) {
  const std::vector<FaultyPart> faults = {
      {7, PartFault::kWrongVariant}, {7, PartFault::kOutOfOrder}, {8, PartFault::kMissing}};
  const JisFaults counted = CountFaults(1'000, faults).value();
  EXPECT_EQ(counted.faulty, (Share{2, 1'000}));
  EXPECT_DOUBLE_EQ(*counted.Ppm(), 2'000.0);
  EXPECT_FALSE(CountFaults(0, {})->Ppm().has_value());
  EXPECT_EQ(CountFaults(1, faults).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(CallToLineMarginsTest, AreNeedLessArrival) {
  const std::vector<FittedPart> parts = {{100, 40}, {200, 210}};
  const Distribution margins = CallToLineMargins(parts).value();
  EXPECT_EQ(margins.minimum, -10);
  EXPECT_EQ(margins.p05, -10);
  EXPECT_EQ(margins.maximum, 60);
  EXPECT_FALSE(CallToLineMargins(std::vector<FittedPart>{{INT64_MAX, -1}}).ok());
}

TEST(NoticesTest, MustComeBeforeAndBeExact) {
  const std::vector<NoticedDelivery> deliveries = {{99, 100}, {100, 100}, {std::nullopt, 100}};
  EXPECT_EQ(NoticesBeforeArrival(deliveries), (Share{1, 3}));
  const std::vector<SlotPart> announced = {{1, 0, 11}, {1, 1, 12}};
  const std::vector<SlotPart> same = {{1, 1, 12}, {1, 0, 11}, {1, 2, 13}};
  const std::vector<SlotPart> swapped = {{1, 0, 12}, {1, 1, 11}};
  const std::vector<UnloadedNotice> notices = {{announced, same}, {announced, swapped}, {{}, same}};
  EXPECT_EQ(ExactNotices(notices), (Share{2, 3}));
}

TEST(RateForTest, MayExceedTheBase) {
  EXPECT_DOUBLE_EQ(*RateFor({3, 2'000}, 1'000), 1.5);
  EXPECT_DOUBLE_EQ(*RateFor({5, 2}, 1), 2.5);
  EXPECT_FALSE(RateFor({5, 0}, 1).has_value());
}

TEST(GapLatenciesTest, AreFromDueToDetected) {
  EXPECT_EQ(GapLatencies(std::vector<DetectedGap>{{10, 40}, {20, 20}})->sum, 30);
  EXPECT_THAT(std::string(GapLatencies(std::vector<DetectedGap>{{10, 9}}).status().message()),
              HasSubstr("gap 0"));
}

}  // namespace
}  // namespace tandem::sequencing

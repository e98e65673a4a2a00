#include "sequencing/racks/departure.h"

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMinute = 60'000;

// Two racks: needed at 100 and 105 min; unloading takes 5 min each, travel 40 min, 10 min inside.
std::vector<RackTiming> TwoRacks() {
  return {{100 * kMinute, 10 * kMinute, 5 * kMinute, 40 * kMinute},
          {105 * kMinute, 10 * kMinute, 12 * kMinute, 40 * kMinute}};
}

TEST(LatestDepartureTest, IsTheLeastOfTheRacksTerms) {
  // 100 - 10 - 5 - 40 = 45; 105 - 10 - 12 - 40 = 43.
  const LatestDeparture latest = LatestDepartureOf(TwoRacks()).value();
  EXPECT_EQ(latest.at_ms, 43 * kMinute);
  EXPECT_EQ(latest.rack, 1);
  EXPECT_EQ(latest.SlackMs(40 * kMinute), 3 * kMinute);
}

TEST(LateRacksTest, AreThoseWhoseOwnTermHasPassed) {
  EXPECT_THAT(LateRacks(TwoRacks(), 43 * kMinute).value(), ElementsAre());
  EXPECT_THAT(LateRacks(TwoRacks(), 44 * kMinute).value(), ElementsAre(LateRack{1, kMinute}));
  EXPECT_THAT(LateRacks(TwoRacks(), 50 * kMinute).value(),
              ElementsAre(LateRack{0, 5 * kMinute}, LateRack{1, 7 * kMinute}));
}

TEST(LatestDepartureTest, RefusesWhatIsNoTruck) {
  EXPECT_FALSE(LatestDepartureOf({}).ok());
  auto racks = TwoRacks();
  racks[1].unload_upto_ms = 4 * kMinute;
  EXPECT_THAT(std::string(LateRacks(racks, 0).status().message()), HasSubstr("rack 1"));
  racks = TwoRacks();
  racks[0].internal_ms = -1;
  EXPECT_FALSE(LatestDepartureOf(racks).ok());
  racks[0].internal_ms = std::numeric_limits<std::int64_t>::max();
  EXPECT_FALSE(LatestDepartureOf(racks).ok());
  racks = TwoRacks();
  for (const std::int64_t far :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_THAT(std::string(LateRacks(racks, far).status().message()), HasSubstr("now_ms is"));
    racks[1].need_first_ms = far;
    EXPECT_THAT(std::string(LatestDepartureOf(racks).status().message()), HasSubstr("rack 1"));
    racks = TwoRacks();
  }
}

TEST(TrucksInLoopTest, RoundsUpExactly) {
  // 4.5 pieces a vehicle, 60 vehicles an hour, 90 pieces a truck: a truck every 20 min.
  const TruckDemand demand = {.pieces_per_truck = 90,
                              .mix_pieces = 9,
                              .mix_vehicles = 2,
                              .line_vehicles = 60,
                              .line_ms = 60 * kMinute};
  TruckCycle cycle = {.load_ms = 10 * kMinute,
                      .travel_out_ms = 15 * kMinute,
                      .wait_ms = 5 * kMinute,
                      .unload_ms = 15 * kMinute,
                      .travel_back_ms = 15 * kMinute};
  EXPECT_EQ(TrucksInLoop(cycle, demand).value(), 3);  // 60 min: exactly three.
  ++cycle.wait_ms;
  EXPECT_EQ(TrucksInLoop(cycle, demand).value(), 4);
  cycle.wait_ms -= 2;
  EXPECT_EQ(TrucksInLoop(cycle, demand).value(), 3);
  EXPECT_EQ(TrucksInLoop(cycle, {.line_vehicles = 5}).value(), 0);
}

TEST(TrucksInLoopTest, RefusesByName) {
  EXPECT_THAT(std::string(TrucksInLoop({.wait_ms = -1}, {}).status().message()),
              HasSubstr("wait_ms is -1"));
  EXPECT_THAT(std::string(TrucksInLoop({}, {.mix_vehicles = 0}).status().message()),
              HasSubstr("mix_vehicles is 0"));
  const std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_FALSE(TrucksInLoop({.load_ms = huge}, {.mix_pieces = huge, .line_vehicles = huge}).ok());
}

}  // namespace
}  // namespace tandem::sequencing

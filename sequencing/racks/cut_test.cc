#include "sequencing/racks/cut.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Times = std::vector<std::int64_t>;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::vector<LinePosition> Line(std::int64_t count) {
  std::vector<LinePosition> line(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    line[static_cast<std::size_t>(i)] = {
        .sequence_number = 10 + i, .vehicle = 100 + i, .need_ms = 60 * i};
  }
  return line;
}

// The racks as lists of positions by slot; a hole as -1 less its position.
std::vector<std::vector<int>> SlotsOf(const absl::StatusOr<RackPlan>& plan) {
  std::vector<std::vector<int>> racks;
  for (const PlannedRack& rack : plan->racks) {
    racks.emplace_back();
    for (const PlannedSlot& slot : rack.slots) {
      racks.back().push_back(slot.hole ? -1 - slot.position : slot.position);
    }
  }
  return racks;
}

TEST(CutRacksTest, FillsInLineOrderOrReversed) {
  const auto line = Line(5);
  EXPECT_THAT(SlotsOf(CutRacks(line, {.capacity = 3, .dwell_max_ms = 1'000})),
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3, 4)));
  EXPECT_THAT(
      SlotsOf(CutRacks(line, {.capacity = 3, .access = RackAccess::kLifo, .dwell_max_ms = 1'000})),
      ElementsAre(ElementsAre(2, 1, 0), ElementsAre(4, 3)));
  EXPECT_THAT(CutRacks({}, {.capacity = 3})->racks, IsEmpty());
}

TEST(CutRacksTest, EndsForDwellLocationAndDock) {
  auto line = Line(6);
  EXPECT_THAT(SlotsOf(CutRacks(line, {.capacity = 9, .dwell_max_ms = 120})),
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3, 4, 5)));  // 120 still is allowed.
  line[2].location = 7;
  line[4].dock = 8;
  EXPECT_THAT(SlotsOf(CutRacks(line, {.capacity = 9, .dwell_max_ms = 1'000})),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2), ElementsAre(3), ElementsAre(4),
                          ElementsAre(5)));
}

TEST(CutRacksTest, AHeldVehicleLeavesAHoleIsSkippedOrCuts) {
  auto line = Line(5);
  line[1].held = HeldVehicle::kUnknown;
  line[3].held = HeldVehicle::kReturns;
  const auto cut = [&line](HeldRule rule) {
    return CutRacks(line, {.capacity = 3, .dwell_max_ms = 1'000, .held_rule = rule});
  };
  EXPECT_THAT(SlotsOf(cut(HeldRule::kLeaveSlot)),
              ElementsAre(ElementsAre(0, -2, 2), ElementsAre(3, 4)));
  EXPECT_THAT(SlotsOf(cut(HeldRule::kPullForward)),
              ElementsAre(ElementsAre(0, 2, 3), ElementsAre(4)));
  EXPECT_THAT(SlotsOf(cut(HeldRule::kCut)), ElementsAre(ElementsAre(0), ElementsAre(2, 3, 4)));
  EXPECT_THAT(cut(HeldRule::kCut)->left_out, ElementsAre(1));
}

// Two wheels a vehicle and five of them, racks of four: a set stays together or fills both racks.
TEST(CutRacksTest, AVehicleTakesAsManySlotsInARowAsItNeedsPieces) {
  auto line = Line(5);
  for (LinePosition& position : line) position.pieces = 2;
  line[1].pieces = 3;
  line[2].pieces = 0;
  line[3].held = HeldVehicle::kUnknown;
  CutOptions options = {.capacity = 4, .dwell_max_ms = 1'000};
  EXPECT_THAT(SlotsOf(CutRacks(line, options)),
              ElementsAre(ElementsAre(0, 0), ElementsAre(1, 1, 1), ElementsAre(-4, -4, 4, 4)));
  options.split_sets = true;
  EXPECT_THAT(SlotsOf(CutRacks(line, options)),
              ElementsAre(ElementsAre(0, 0, 1, 1), ElementsAre(1, -4, -4, 4), ElementsAre(4)));
  options.access = RackAccess::kLifo;
  const RackPlan plan = CutRacks(line, options).value();
  EXPECT_THAT(plan.racks[0].slots,
              ElementsAre(PlannedSlot{.position = 1, .piece = 1}, PlannedSlot{.position = 1},
                          PlannedSlot{.position = 0, .piece = 1}, PlannedSlot{.position = 0}));
  EXPECT_THAT(plan.racks[1].slots.back(), (PlannedSlot{.position = 1, .piece = 2}));
  EXPECT_THAT(plan.left_out, IsEmpty());
}

TEST(CutRacksTest, ASetLargerThanARackIsSplitOrRefused) {
  auto line = Line(1);
  line[0].pieces = 5;
  EXPECT_THAT(std::string(CutRacks(line, {.capacity = 4}).status().message()),
              HasSubstr("position 0, vehicle 100: its pieces are more than a rack holds"));
  EXPECT_THAT(SlotsOf(CutRacks(line, {.capacity = 2, .split_sets = true})),
              ElementsAre(ElementsAre(0, 0), ElementsAre(0, 0), ElementsAre(0)));
  for (const std::int32_t pieces : {-1, kPiecesMax + 1}) {
    line[0].pieces = pieces;
    EXPECT_THAT(std::string(CutRacks(line, {.capacity = 2, .split_sets = true}).status().message()),
                HasSubstr("no such pieces"));
  }
}

TEST(CutRacksTest, RefusesWhatIsNoLine) {
  struct Case {
    const char* want;
    std::vector<LinePosition> line;
  };
  auto twice = Line(3);
  twice[2].vehicle = 100;
  auto falls = Line(3);
  falls[2].need_ms = 59;
  auto numbers = Line(3);
  numbers[2].sequence_number = 11;
  auto never = Line(1);
  never[0].need_ms = -1;
  const Case cases[] = {{"position 2, vehicle 100: the vehicle stands twice", twice},
                        {"position 2, vehicle 102: the need falls", falls},
                        {"position 2, vehicle 102: the sequence number", numbers},
                        {"position 0, vehicle 100: no such need", never}};
  for (const Case& c : cases) {
    const auto plan = CutRacks(c.line, {.capacity = 2});
    EXPECT_EQ(plan.status().code(), kInvalid);
    EXPECT_THAT(std::string(plan.status().message()), HasSubstr(c.want));
  }
  EXPECT_EQ(CutRacks({}, {.capacity = 0}).status().code(), kInvalid);
  EXPECT_EQ(CutRacks({}, {.dwell_max_ms = -1}).status().code(), kInvalid);
}

std::int64_t CostOf(const Times& need_ms, std::size_t a, std::size_t b, const TruckOptions& o) {
  std::int64_t cost = o.truck_cost;
  for (std::size_t i = a; i < b; ++i) cost += o.early_cost * (need_ms[i] - need_ms[a]);
  const bool served = std::ranges::any_of(
      o.departures_ms, [&](std::int64_t d) { return d + o.lead_ms <= need_ms[a]; });
  return cost + (served ? 0 : o.missed_cost);
}

std::int64_t CostByTrying(const Times& need_ms, std::size_t a, const TruckOptions& o) {
  if (a == need_ms.size()) return 0;
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  for (std::size_t b = a + 1; b <= need_ms.size() && b - a <= static_cast<std::size_t>(o.capacity);
       ++b) {
    best = std::min(best, CostOf(need_ms, a, b, o) + CostByTrying(need_ms, b, o));
  }
  return best;
}

TEST(PlanTrucksTest, IsTheCheapestOfAllCuts) {
  std::mt19937_64 random(31);
  for (int run = 0; run < 2'000; ++run) {
    SCOPED_TRACE(run);
    Times need_ms(random() % 11);
    for (auto& need : need_ms) need = static_cast<std::int64_t>(random() % 100);
    std::ranges::sort(need_ms);
    Times departures_ms(random() % 4);
    for (auto& departure : departures_ms) departure = static_cast<std::int64_t>(random() % 100);
    std::ranges::sort(departures_ms);
    const TruckOptions options = {.capacity = 1 + static_cast<std::int32_t>(random() % 5),
                                  .departures_ms = departures_ms,
                                  .lead_ms = static_cast<std::int64_t>(random() % 30),
                                  .truck_cost = static_cast<std::int64_t>(random() % 100),
                                  .early_cost = static_cast<std::int64_t>(random() % 3),
                                  .missed_cost = 1'000};
    const TruckPlan plan = PlanTrucks(need_ms, options).value();
    ASSERT_EQ(plan.cost, CostByTrying(need_ms, 0, options));
    std::int64_t cost = 0;
    std::int32_t next = 0;
    for (const TruckLoad& load : plan.loads) {
      ASSERT_EQ(load.first, next);
      next = load.end;
      cost += CostOf(need_ms, static_cast<std::size_t>(load.first),
                     static_cast<std::size_t>(load.end), options);
    }
    ASSERT_EQ(next, std::ssize(need_ms));
    ASSERT_EQ(cost, plan.cost);
  }
}

TEST(PlanTrucksTest, TakesTheLatestDepartureThatArrives) {
  const Times departures_ms = {0, 50, 90};
  const auto plan = PlanTrucks(
      Times{100, 110},
      {.capacity = 2, .departures_ms = departures_ms, .lead_ms = 50, .truck_cost = 1'000});
  EXPECT_THAT(plan->loads, ElementsAre(TruckLoad{.first = 0, .end = 2, .departure = 1}));
  EXPECT_FALSE(PlanTrucks(Times{49}, {.departures_ms = departures_ms, .lead_ms = 50})
                   ->loads[0]
                   .departure.has_value());
}

TEST(PlanTrucksTest, RefusesTimesThatFallAndCostsThatOverflow) {
  EXPECT_THAT(std::string(PlanTrucks(Times{2, 1}, {}).status().message()),
              HasSubstr("position 1 at 1 ms"));
  const Times falling = {5, 4};
  EXPECT_THAT(std::string(PlanTrucks(Times{}, {.departures_ms = falling}).status().message()),
              HasSubstr("departure 1"));
  EXPECT_EQ(PlanTrucks(Times{1}, {.capacity = 0}).status().code(), kInvalid);
  EXPECT_EQ(PlanTrucks(Times{1}, {.truck_cost = -1}).status().code(), kInvalid);
  const auto huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(PlanTrucks(Times{1, 2}, {.capacity = 1, .truck_cost = huge}).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(MergeByNeedTest, GoesByTimeThenByStream) {
  const std::vector<Times> streams = {{10, 30}, {10, 20}};
  EXPECT_THAT(MergeByNeed(streams).value(),
              ElementsAre(StreamPosition{0, 0}, StreamPosition{1, 0}, StreamPosition{1, 1},
                          StreamPosition{0, 1}));
  EXPECT_THAT(std::string(MergeByNeed(std::vector<Times>{{}, {2, 1}}).status().message()),
              HasSubstr("stream 1, position 1"));
}

}  // namespace
}  // namespace tandem::sequencing

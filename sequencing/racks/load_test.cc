#include "sequencing/racks/load.h"

#include <string>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::HasSubstr;

// Rack 1: three slots in order, for variants 5, 6, 5; part 53 is due in the last. Rack 2: random
// access, two slots for variant 5.
LoadState Load() {
  LoadState load;
  load.racks = {{.rack = 1}, {.rack = 2, .is_random_access = true}};
  load.racks[0].slots = {{.sequence_number = 10, .vehicle = 100, .variant = 5},
                         {.sequence_number = 11, .vehicle = 101, .variant = 6},
                         {.sequence_number = 12, .vehicle = 102, .variant = 5, .due_part = 53}};
  load.racks[1].slots = {{.sequence_number = 13, .vehicle = 103, .variant = 5},
                         {.sequence_number = 14, .vehicle = 104, .variant = 5}};
  return load;
}

const DocumentedHole kHole = {.vehicle = 101, .reason = "pulled for rework", .who = "picker 7"};

TEST(PlacePartTest, FillsSlotAfterSlot) {
  LoadState load = Load();
  EXPECT_TRUE(PlacePart({.part = 51, .variant = 5, .rack = 1, .slot = 0}, load).ok());
  EXPECT_TRUE(PlacePart({.part = 62, .variant = 6, .rack = 1, .slot = 1}, load).ok());
  EXPECT_TRUE(PlacePart({.part = 53, .variant = 5, .rack = 1, .slot = 2}, load).ok());
  EXPECT_EQ(load.racks[0].slots[2].part, 53);
  const LoadState before = load;
  EXPECT_TRUE(PlacePart({.part = 53, .variant = 5, .rack = 1, .slot = 2}, load).ok());  // Again.
  EXPECT_EQ(load, before);
}

TEST(PlacePartTest, TheFirstRuleThatAppliesRefuses) {
  using enum ScanVerdict;
  LoadState load = Load();
  ASSERT_TRUE(PlacePart({.part = 51, .variant = 5, .rack = 1, .slot = 0}, load).ok());
  struct Case {
    SlotScan scan;
    ScanVerdict want;
    const char* message;
  };
  const Case cases[] = {
      {{.part = 51, .variant = 9, .usable = false, .rack = 3}, kUnknownRack, "no such rack"},
      {{.part = 51, .variant = 9, .usable = false, .rack = 1, .slot = 3},
       kUnknownSlot,
       "rack 1, slot 3: the rack has no such slot"},
      {{.part = 51, .variant = 9, .rack = 1, .slot = -1}, kUnknownSlot, "no such slot"},
      {{.part = 51, .variant = 9, .usable = false, .rack = 1, .slot = 2},
       kPartElsewhere,
       "part 51 into rack 1, slot 2: the part is already in another slot"},
      {{.part = 60, .variant = 9, .usable = false, .rack = 1, .slot = 2},
       kPartUnusable,
       "unusable"},
      {{.part = 53, .variant = 9, .rack = 1, .slot = 0}, kWrongVariant, "another variant"},
      {{.part = 53, .variant = 5, .rack = 1, .slot = 0}, kWrongSlot, "belongs elsewhere"},
      {{.part = 60, .variant = 5, .rack = 1, .slot = 0}, kSlotTaken, "taken"},
      {{.part = 60, .variant = 5, .rack = 1, .slot = 2}, kGap, "an earlier slot is empty"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const LoadState before = load;
    EXPECT_EQ(VerifyScan(load, c.scan), c.want);
    const absl::Status status = PlacePart(c.scan, load);
    EXPECT_EQ(status.code(), c.want == kUnknownRack || c.want == kUnknownSlot
                                 ? absl::StatusCode::kNotFound
                                 : absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_EQ(load, before);
  }
  EXPECT_EQ(VerifyScan(load, {.part = 60, .variant = 5, .rack = 2, .slot = 1}), kFits);
}

TEST(DocumentHoleTest, LetsTheNextSlotBeFilledAndIsLabelled) {
  LoadState load = Load();
  ASSERT_TRUE(PlacePart({.part = 51, .variant = 5, .rack = 1, .slot = 0}, load).ok());
  ASSERT_TRUE(DocumentHole({1, 1}, kHole, load).ok());
  ASSERT_TRUE(PlacePart({.part = 53, .variant = 5, .rack = 1, .slot = 2}, load).ok());
  const RackLabel label = CloseRack(1, load).value();
  EXPECT_EQ(label.first_sequence_number, 10);
  EXPECT_EQ(label.last_sequence_number, 12);
  ASSERT_EQ(label.holes.size(), 1u);
  EXPECT_EQ(label.holes[0], std::pair(1, kHole));
  EXPECT_TRUE(DocumentHole({1, 1}, kHole, load).ok());  // Again.
  EXPECT_TRUE(CloseRack(1, load).ok());
  EXPECT_EQ(VerifyScan(load, {.part = 62, .variant = 6, .rack = 1, .slot = 1}),
            ScanVerdict::kRackClosed);
}

TEST(DocumentHoleTest, ThePartThatComesAfterAllFillsIt) {
  LoadState load = Load();
  ASSERT_TRUE(PlacePart({.part = 51, .variant = 5, .rack = 1, .slot = 0}, load).ok());
  ASSERT_TRUE(DocumentHole({1, 1}, kHole, load).ok());
  ASSERT_TRUE(PlacePart({.part = 62, .variant = 6, .rack = 1, .slot = 1}, load).ok());
  EXPECT_FALSE(load.racks[0].slots[1].hole.has_value());
}

TEST(DocumentHoleTest, RefusesWhatIsNoHole) {
  LoadState load = Load();
  const LoadState empty = load;
  EXPECT_EQ(DocumentHole({3, 0}, kHole, load).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(DocumentHole({1, 3}, kHole, load).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(DocumentHole({1, 0}, kHole, load).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DocumentHole({1, 1}, {.vehicle = 101, .who = "x"}, load).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DocumentHole({1, 1}, {.vehicle = 101, .reason = "x"}, load).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(load, empty);
  ASSERT_TRUE(PlacePart({.part = 51, .variant = 5, .rack = 1, .slot = 0}, load).ok());
  EXPECT_EQ(DocumentHole({1, 0}, {.vehicle = 100, .reason = "x", .who = "y"}, load).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(PullPartTest, EmptiesTheSlotAndOpensTheRack) {
  LoadState load = Load();
  ASSERT_TRUE(PlacePart({.part = 71, .variant = 5, .rack = 2, .slot = 0}, load).ok());
  ASSERT_TRUE(PlacePart({.part = 72, .variant = 5, .rack = 2, .slot = 1}, load).ok());
  ASSERT_TRUE(CloseRack(2, load).ok());
  const SlotPlace place = PullPart(71, load).value();
  EXPECT_EQ(place.rack, 2);
  EXPECT_EQ(place.slot, 0);
  EXPECT_FALSE(load.racks[1].closed);
  EXPECT_EQ(PullPart(71, load).status().code(), absl::StatusCode::kNotFound);
}

TEST(CloseRackTest, RefusesAnEmptySlotByName) {
  LoadState load = Load();
  EXPECT_THAT(std::string(CloseRack(1, load).status().message()),
              HasSubstr("rack 1, slot 0 for vehicle 100 is empty"));
  EXPECT_EQ(CloseRack(9, load).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tandem::sequencing

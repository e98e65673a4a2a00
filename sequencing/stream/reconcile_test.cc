#include "sequencing/stream/reconcile.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using Vehicles = std::vector<std::int64_t>;

TEST(DiffSnapshotTest, TellsWhatWasAddedRemovedAndMoved) {
  const Vehicles own = {1, 2, 3, 4, 5};
  const Vehicles snapshot = {1, 3, 9, 4, 2};
  const SnapshotDiff diff =
      DiffSnapshot(own, snapshot, {.added_max = 1, .removed_max = 1, .moved_max = 1}).value();
  EXPECT_THAT(diff.added, ElementsAre(PlacedVehicle{9, 2}));
  EXPECT_THAT(diff.removed, ElementsAre(PlacedVehicle{5, 4}));
  EXPECT_THAT(diff.moved, ElementsAre(MovedVehicle{2, 1, 4}));
  EXPECT_TRUE(diff.heal);
}

TEST(DiffSnapshotTest, HealsOnlyWithinTheTolerance) {
  const Vehicles own = {1, 2, 3};
  EXPECT_TRUE(DiffSnapshot(own, own, {})->heal);
  EXPECT_FALSE(DiffSnapshot(own, Vehicles{2, 1, 3}, {.added_max = 9, .removed_max = 9})->heal);
  EXPECT_FALSE(DiffSnapshot(own, Vehicles{1, 2}, {.added_max = 9, .moved_max = 9})->heal);
  EXPECT_FALSE(DiffSnapshot(Vehicles{1, 2}, own, {.removed_max = 9, .moved_max = 9})->heal);
}

TEST(DiffSnapshotTest, RefusesAVehicleTwice) {
  const auto diff = DiffSnapshot(Vehicles{1}, Vehicles{2, 2}, {});
  EXPECT_EQ(diff.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(diff.status().message()), testing::HasSubstr("vehicle 2"));
}

TEST(VehiclesWithoutCallTest, AreThoseThatPassedUncalled) {
  EXPECT_THAT(VehiclesWithoutCall(Vehicles{4, 7, 5, 7, 6}, Vehicles{6, 4}), ElementsAre(7, 5));
  EXPECT_THAT(VehiclesWithoutCall({}, Vehicles{6}), ElementsAre());
}

}  // namespace
}  // namespace tandem::sequencing

// Every reason for which a plan or a happening is refused.
#include <functional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/recovery/propose.h"
#include "sequencing/recovery/recovery_fixture.h"

namespace tandem::sequencing {
namespace {

using ::testing::StartsWith;
using enum absl::StatusCode;

TEST(RecoveryBookTest, RefusesAPlanThatContradictsItself) {
  struct Case {
    const char* want;
    std::function<void(RecoveryPlan&)> spoil;
    absl::StatusCode code = kInvalidArgument;
  };
  const auto family = [](auto change) {
    return [change](RecoveryPlan& plan) { change(plan.families[0]); };
  };
  const Case cases[] = {
      {"NO_VEHICLE", [](auto& plan) { plan.vehicles.clear(); }},
      {"VEHICLE_TWICE: vehicle 1", [](auto& plan) { plan.vehicles[1].vehicle = 1; }},
      {"OUT_OF_RANGE: vehicle 2, weight 0", [](auto& plan) { plan.vehicles[1].weight = 0; }},
      {"OUT_OF_RANGE: now", [](auto& plan) { plan.horizon_ms = -1; }},
      {"OUT_OF_RANGE: version", [](auto& plan) { plan.versions.pegs = INT64_MAX; }},
      {"OUT_OF_RANGE: point 3", [](auto& plan) { plan.points = {{.point = 3, .position = -1}}; }},
      {"OUT_OF_RANGE: an express truck", [](auto& plan) { plan.origins = {{.places = 0}}; }},
      {"FAMILY_TWICE", [](auto& plan) { plan.families.push_back(plan.families[0]); }},
      {"COLUMN_MISSING", family([](auto& f) { f.variants.pop_back(); })},
      {"UNKNOWN_VARIANT: vehicle 1, variant 8", family([](auto& f) { f.variants[0] = 8; })},
      {"UNKNOWN_VARIANT: part 101", family([](auto& f) { f.parts[0].variant = -1; })},
      {"UNKNOWN_VARIANT: alternate", family([](auto& f) {
         f.alternates = {{0, 9, 0}};
       })},
      {"PART_TWICE: part 101", family([](auto& f) { f.parts[1].part = 101; })},
      {"UNKNOWN_VEHICLE: part 101", family([](auto& f) { f.parts[0].vehicle = 77; })},
      {"PEGGED_TWICE: vehicle 2", family([](auto& f) { f.parts[0].vehicle = 2; })},
      {"QUANTILES_FALL", family([](auto& f) {
         f.parts[0].ready = {2, 1, 3};
       })},
      {"OUT_OF_RANGE: part 101 is made", family([](auto& f) { f.parts[0].made_ms = INT64_MAX; })},
      {"RACK_TWICE: rack 1", family([](auto& f) { f.racks.push_back({.rack = 1}); })},
      {"RACK_OVERFULL: rack 1", family([](auto& f) { f.racks[0].capacity = 2; })},
      {"UNKNOWN_PART: rack 1, slot 0", family([](auto& f) { f.racks[0].slots[0] = 55; })},
      {"RACKED_TWICE: part 102", family([](auto& f) { f.racks[0].slots[2] = 102; })},
      {"PIECE_TWICE: piece 4", family([](auto& f) {
         f.loose = {{.piece = 4}, {.piece = 4}};
       })},
      {"UNKNOWN_ORIGIN", family([](auto& f) { f.express = ExpressTerms{.origin = 1}; })},
      {"OUT_OF_RANGE", family([](auto& f) { f.frozen_ms = -1; })},
      {"BAD_CALENDAR", [](auto& plan) { plan.runs[0].takt_ms = 0; }},
      {"BAD_CALENDAR", [](auto& plan) { plan.runs[0].from_ms = -1; }},
      {"CALENDAR_TOO_SHORT", [](auto& plan) { plan.runs[0].to_ms = kMinuteMs; },
       kFailedPrecondition},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    RecoveryPlan plan = PlanOf("ABC");
    c.spoil(plan);
    const absl::Status status = RecoveryBook::Create(std::move(plan)).status();
    EXPECT_EQ(status.code(), c.code);
    EXPECT_THAT(std::string(status.message()), StartsWith(c.want));
  }
}

// Vehicles 1 to 5 need A B . A B; 5 is held. Location 2 lies a position upstream: vehicle 1 has
// passed it. Rack 1 (of location 1) is at the source, rack 2 at the dock.
RecoveryPlan BusyPlan() {
  RecoveryPlan plan = PlanOf("AB.AB", 2);
  plan.now_ms = 0;
  plan.vehicles[4].held = true;
  plan.vehicles[0].version = 4;
  PlanFamily upstream = FamilyOf("AA...", 9);
  upstream.location = 2;
  upstream.offset_positions = -1;
  for (PlanPart& part : upstream.parts) part.part += 1'000;
  upstream.racks[0].rack = 9;
  for (auto& slot : upstream.racks[0].slots) *slot += 1'000;
  plan.families.push_back(upstream);
  plan.families[0].racks[1].place = PartPlace::kAtDock;
  plan.families[0].parts[3].place = PartPlace::kPlanned;
  return plan;
}

TEST(ProposeTest, RefusesWhatCannotHaveHappened) {
  struct Case {
    const char* want;
    Happening what;
    absl::StatusCode code;
  };
  const LineRun run{.from_ms = 0, .to_ms = 100'000 * kMinuteMs, .takt_ms = kMinuteMs};
  const AlternateAllowed alternate{1, 1, {.needed = 0, .accepted = 1}};
  const Case cases[] = {
      {"NOTHING_NAMED", VehiclesPulled{}, kInvalidArgument},
      {"UNKNOWN_VEHICLE: vehicle 8", VehiclesPulled{{{.vehicle = 8}}}, kNotFound},
      {"VEHICLE_TWICE: vehicle 2", VehiclesPulled{{{2, {}}, {2, {}}}}, kInvalidArgument},
      {"NOT_ON_LINE: vehicle 5", VehiclesPulled{{{5, {}}}}, kFailedPrecondition},
      {"RETURN_BEFORE_NOW: vehicle 2", VehiclesPulled{{{2, -1}}}, kInvalidArgument},
      {"EVENT_BEFORE_CAUSE: vehicle 2", VehicleReturned{2, 1}, kFailedPrecondition},
      {"UNKNOWN_POSITION: position 9", VehicleReturned{5, 9}, kInvalidArgument},
      {"CROSSES_LOCATION: position 0", VehicleReturned{5, 0}, kFailedPrecondition},
      {"UNKNOWN_POSITION: positions 3 to 4", VehiclesReordered{3, {4, 3}}, kInvalidArgument},
      {"NOT_A_PERMUTATION: vehicle 1", VehiclesReordered{1, {1, 3}}, kInvalidArgument},
      {"CROSSES_LOCATION: positions 0 to 1", VehiclesReordered{0, {2, 1}}, kFailedPrecondition},
      {"VEHICLE_TWICE: vehicle 3", VehiclesReordered{1, {3, 3}}, kInvalidArgument},
      {"NOTHING_NAMED", VehiclesScrapped{}, kInvalidArgument},
      {"VEHICLE_TWICE: vehicle 4", VehiclesScrapped{{4, 4}}, kInvalidArgument},
      {"STALE_VERSION: vehicle 1", SpecificationChanged{1, 4, {{1, 1, 2}}}, kFailedPrecondition},
      {"NOTHING_NAMED", SpecificationChanged{1, 5, {}}, kInvalidArgument},
      {"UNKNOWN_FAMILY", SpecificationChanged{1, 5, {{1, 6, 2}}}, kNotFound},
      {"UNKNOWN_VARIANT: variant 8", SpecificationChanged{1, 5, {{1, 1, 8}}}, kInvalidArgument},
      {"FAMILY_TWICE", SpecificationChanged{1, 5, {{1, 1, 2}, {1, 1, 3}}}, kInvalidArgument},
      {"ALREADY_FITTED: vehicle 1", SpecificationChanged{1, 5, {{2, 1, 3}}}, kFailedPrecondition},
      {"VEHICLE_TWICE: vehicle 2", VehiclesSwapped{{{2, 2}}}, kInvalidArgument},
      {"BAD_CALENDAR", LineChanged{{{5, 1, 1}}}, kInvalidArgument},
      {"CALENDAR_TOO_SHORT", LineChanged{{{0, kMinuteMs, kMinuteMs}}}, kFailedPrecondition},
      {"UNKNOWN_PART: part 5", PartRejected{5, {}}, kNotFound},
      {"EVENT_BEFORE_CAUSE: part 105", PartRejected{105, {}}, kFailedPrecondition},
      {"ALREADY_FITTED: part 1101", PartRejected{1'101, {}}, kFailedPrecondition},
      {"SAME_VARIANT: part 101", PartRejected{101, 0}, kFailedPrecondition},
      {"UNKNOWN_VARIANT: variant 8", PartRejected{101, 8}, kInvalidArgument},
      {"NOTHING_NAMED", LoadDelayed{}, kInvalidArgument},
      {"UNKNOWN_RACK: rack 7", LoadDelayed{{7}, {}}, kNotFound},
      {"RACK_TWICE: rack 1", LoadDelayed{{1, 1}, {}}, kInvalidArgument},
      {"RACK_ARRIVED: rack 2", LoadDelayed{{2}, {}}, kFailedPrecondition},
      {"ARRIVAL_BEFORE_NOW", LoadDelayed{{1}, Sure(-1)}, kInvalidArgument},
      {"QUANTILES_FALL", LoadDelayed{{1}, Quantiles{3, 2, 1}}, kInvalidArgument},
      {"EMPTY_OUTAGE", SupplierDown{1, 5, 5}, kInvalidArgument},
      {"OUTAGE_OVER", SupplierDown{1, -5, 0}, kFailedPrecondition},
      {"OUT_OF_RANGE", SupplierDown{1, 0, std::int64_t{1} << 60}, kInvalidArgument},
      {"OUT_OF_RANGE: part 105", SupplierDown{1, -(std::int64_t{1} << 50), std::int64_t{1} << 50},
       kInvalidArgument},
      {"UNKNOWN_SUPPLIER: supplier 6", SupplierDown{6, 0, 5}, kNotFound},
      {"NOT_ON_LINE: vehicle 5", CallsMissing{{5}}, kFailedPrecondition},
      {"EVENT_BEFORE_CAUSE: vehicle 3", CallCancelled{3, 1, 1}, kFailedPrecondition},
      {"ALREADY_FITTED: vehicle 1", CallCancelled{1, 2, 1}, kFailedPrecondition},
      {"UNKNOWN_VARIANT", AlternateAllowed{1, 1, {0, 8, 0}}, kInvalidArgument},
      {"OUT_OF_RANGE", AlternateAllowed{1, 1, {0, 0, 0}}, kInvalidArgument},
      {"ALREADY_ALLOWED", alternate, kFailedPrecondition},
      {"NOT_A_SET: part 1101", SetBroken{1'101}, kFailedPrecondition},
      {"EVENT_BEFORE_CAUSE: set 105", SetBroken{105}, kFailedPrecondition},
  };
  RecoveryPlan plan = BusyPlan();
  plan.families[0].sets = true;
  plan.families[0].alternates = {alternate.alternate};
  ASSERT_EQ(plan.runs[0].to_ms, run.to_ms);
  const auto book = RecoveryBook::Create(std::move(plan));
  ASSERT_TRUE(book.ok()) << book.status();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    const absl::Status status = Propose(*book, {.what = c.what}).status();
    EXPECT_EQ(status.code(), c.code);
    EXPECT_THAT(std::string(status.message()), StartsWith(c.want));
  }
}

// A scrapped vehicle between two locations leaves a gap: nobody closes up on the line.
TEST(ProposeTest, LeavesAGapOnTheLine) {
  const auto book = RecoveryBook::Create(BusyPlan());
  ASSERT_TRUE(book.ok()) << book.status();
  const auto proposal = Propose(*book, {.what = VehiclesScrapped{{1}}});
  ASSERT_TRUE(proposal.ok()) << proposal.status();
  EXPECT_EQ(proposal->choice, RecoveryCost{});
  EXPECT_THAT(proposal->families[0].surplus, ::testing::ElementsAre(101));
}

}  // namespace
}  // namespace tandem::sequencing

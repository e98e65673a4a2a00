// What is proposed for each of the twelve perturbations, by hand.
#include "sequencing/recovery/propose.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/recovery/recovery_fixture.h"

namespace tandem::sequencing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kTenthsOfMinute = 10 * kMinuteMs;

Proposal ProposalFor(RecoveryPlan plan, Happening what) {
  const auto book = RecoveryBook::Create(std::move(plan));
  EXPECT_TRUE(book.ok()) << book.status();
  auto proposal = Propose(*book, {.id = 7, .what = std::move(what)});
  EXPECT_TRUE(proposal.ok()) << proposal.status();
  EXPECT_LE(proposal->choice, proposal->do_nothing);
  EXPECT_EQ(proposal->cause, 7);
  EXPECT_EQ(proposal->versions, (BasisVersions{1, 2, 3}));
  return *std::move(proposal);
}

std::vector<std::pair<std::int64_t, std::int64_t>> RepegsOf(const FamilyProposal& family) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (const ProposedRepeg& repeg : family.repegs) pairs.emplace_back(repeg.part, repeg.to);
  return pairs;
}

// 1. Nothing is moved: its part stays, and is passed over.
TEST(ProposeTest, LeavesAHoleForAPulledVehicle) {
  RecoveryPlan plan = PlanOf("ABBA");
  const Proposal proposal = ProposalFor(plan, VehiclesPulled{{{.vehicle = 2}}});
  EXPECT_EQ(proposal.choice, RecoveryCost{});
  ASSERT_EQ(proposal.families.size(), 1U);
  EXPECT_THAT(proposal.families[0].repegs, IsEmpty());
  EXPECT_THAT(proposal.families[0].racks[0].holes,
              ElementsAre(ProposedHole{.slot = 1, .vehicle = 2, .reason = "NOT_NEEDED"}));
  EXPECT_EQ(proposal.families[0].proof.skipped, 1);
  EXPECT_THAT(proposal.families[0].surplus, ElementsAre(102));
  // Vehicle 3's own part is late: it takes the one that is left over, which lies before it.
  plan.families[0].parts[2].ready = Sure(30 * kMinuteMs);
  const Proposal given = ProposalFor(plan, VehiclesPulled{{{.vehicle = 2}}});
  EXPECT_EQ(given.choice, RecoveryCost{});
  EXPECT_THAT(RepegsOf(given.families[0]), ElementsAre(std::pair(102, 3)));
  EXPECT_THAT(given.families[0].racks[0].holes,
              ElementsAre(ProposedHole{.slot = 2, .vehicle = 3, .reason = "NOT_NEEDED"}));
}

// 1. It is back before the rack is used up, at 4 minutes: its slot is kept.
TEST(ProposeTest, KeepsTheSlotOfAVehicleThatReturnsInTime) {
  const Proposal proposal =
      ProposalFor(PlanOf("ABBA"), VehiclesPulled{{{.vehicle = 2, .returns_ms = 4 * kMinuteMs}}});
  EXPECT_THAT(proposal.families[0].racks[0].holes,
              ElementsAre(ProposedHole{.slot = 1, .vehicle = 2, .reason = "HELD"}));
  const Proposal later = ProposalFor(
      PlanOf("ABBA"), VehiclesPulled{{{.vehicle = 2, .returns_ms = 4 * kMinuteMs + 1}}});
  EXPECT_THAT(later.families[0].racks[0].holes,
              ElementsAre(ProposedHole{.slot = 1, .vehicle = 2, .reason = "NOT_NEEDED"}));
}

// 1. A held vehicle comes back behind vehicle 4; its part is in stock, unracked.
TEST(ProposeTest, TakesAReturnedVehicleIn) {
  RecoveryPlan plan = PlanOf("ABBA");
  plan.vehicles.push_back({.vehicle = 9, .held = true});
  plan.families[0].variants.push_back(1);
  plan.families[0].parts.push_back({.part = 109, .variant = 1, .vehicle = 9});
  const Proposal proposal = ProposalFor(plan, VehicleReturned{.vehicle = 9, .position = 2});
  EXPECT_EQ(proposal.choice, RecoveryCost{});
}

// 2. Vehicle 1 (A) was overtaken by 2 and 3: B B A is needed. One part moves, the A.
TEST(ProposeTest, MovesTheFewestPartsForAReorder) {
  const Proposal proposal =
      ProposalFor(PlanOf("ABBC"), VehiclesReordered{.first = 0, .vehicles = {2, 3, 1}});
  EXPECT_EQ(proposal.choice, RecoveryCost{.moves = 1});
  const FamilyProposal& family = proposal.families[0];
  ASSERT_EQ(family.racks.size(), 1U);
  EXPECT_EQ(family.racks[0].action, RackAction::kRework);
  EXPECT_THAT(family.racks[0].pulls, ElementsAre(0));
  EXPECT_THAT(family.racks[0].inserts, ElementsAre(RackInsert{.vehicle = 1, .part = 101}));
  EXPECT_THAT(family.proof.kept,
              ElementsAre(AlignedRun{.rack = 1, .slot = 1, .position = 0, .count = 2}));
  EXPECT_EQ(family.proof.slots, 3);
}

// 2. The same inside the fence: nothing is touched in the rack, the part is fetched at the line.
TEST(ProposeTest, TouchesNoRackInsideTheFence) {
  RecoveryPlan plan = PlanOf("ABBC");
  plan.families[0].frozen_ms = 4 * kMinuteMs;
  plan.families[0].fetch_ms = 2 * kMinuteMs;
  for (PlanPart& part : plan.families[0].parts) part.place = PartPlace::kAtLine;
  const Proposal proposal = ProposalFor(plan, VehiclesReordered{.first = 0, .vehicles = {2, 3, 1}});
  EXPECT_EQ(proposal.choice.stop_tenths, 2 * kTenthsOfMinute);
  EXPECT_THAT(proposal.families[0].fetched, ElementsAre(1));
  EXPECT_THAT(proposal.families[0].racks, IsEmpty());
  // One millisecond earlier all are outside, and doing nothing would cost the same stop.
  plan.families[0].frozen_ms = kMinuteMs;
  const Proposal outside = ProposalFor(plan, VehiclesReordered{.first = 0, .vehicles = {2, 3, 1}});
  EXPECT_EQ(outside.choice, RecoveryCost{.moves = 1});
  EXPECT_EQ(outside.do_nothing.stop_tenths, 2 * kTenthsOfMinute);
}

// A new rack is worth two touches; a move of three parts is six.
TEST(ProposeTest, RebuildsARackThatTakesMoreThanANewOne) {
  RecoveryPlan plan = PlanOf("ABCDEF");
  plan.families[0].rebuild_touches = 6;
  const VehiclesReordered turned{.first = 0, .vehicles = {6, 5, 4, 3, 2, 1}};
  const Proposal proposal = ProposalFor(plan, turned);  // Five moves, ten touches.
  EXPECT_EQ(proposal.families[0].racks[0].action, RackAction::kRebuild);
  EXPECT_EQ(proposal.choice.moves, 3);
  plan.families[0].rebuild_touches = 10;
  EXPECT_EQ(ProposalFor(plan, turned).families[0].racks[0].action, RackAction::kRework);
}

// Over two full racks: A B | B C becomes B B | C A, the A moves from the first into the second.
TEST(ProposeTest, MovesPartsBetweenRacksWithinTheirRoom) {
  const Proposal proposal =
      ProposalFor(PlanOf("ABBC", 2), VehiclesReordered{.first = 0, .vehicles = {2, 3, 4, 1}});
  const FamilyProposal& family = proposal.families[0];
  ASSERT_EQ(family.racks.size(), 2U);
  // One move in the order alone; but each rack has two places, so the second B goes over as well.
  EXPECT_EQ(proposal.choice.moves, 2);
  EXPECT_THAT(family.racks[0].pulls, ElementsAre(0));
  EXPECT_THAT(family.racks[1].pulls, ElementsAre(0));
  EXPECT_THAT(family.racks[0].inserts, ElementsAre(RackInsert{.vehicle = 3, .part = 103}));
  EXPECT_THAT(family.racks[1].inserts, ElementsAre(RackInsert{.vehicle = 1, .part = 101}));
}

// In numbered slots everything behind the change moves; in a random-access rack nothing.
TEST(ProposeTest, CountsMovesByTheRackTypesRule) {
  RecoveryPlan plan = PlanOf("ABCD");
  const VehiclesReordered behind{.first = 0, .vehicles = {2, 3, 4, 1}};
  plan.families[0].slot_order = SlotOrder::kNumbered;
  EXPECT_EQ(ProposalFor(plan, behind).choice.moves, 4);
  plan.families[0].slot_order = SlotOrder::kAny;
  EXPECT_EQ(ProposalFor(plan, behind).choice.moves, 0);
  plan.families[0].slot_order = SlotOrder::kSliding;
  EXPECT_EQ(ProposalFor(plan, behind).choice.moves, 1);
}

// 3. Vehicle 1 is scrapped: its A serves nobody behind it.
TEST(ProposeTest, SendsTheScrappedVehiclesPartBack) {
  const Proposal proposal = ProposalFor(PlanOf("ABB"), VehiclesScrapped{{1}});
  EXPECT_THAT(proposal.families[0].surplus, ElementsAre(101));
  EXPECT_EQ(proposal.choice, RecoveryCost{});
}

// 3. Vehicle 1 needs a B now; there is a free one in stock.
TEST(ProposeTest, SourcesAChangedSpecification) {
  RecoveryPlan plan = PlanOf("ACC");
  plan.families[0].parts.push_back({.part = 200, .variant = 1, .place = PartPlace::kAtDock});
  const SpecificationChanged changed{
      .vehicle = 1, .version = 1, .variants = {{.location = 1, .family = 1, .variant = 1}}};
  const Proposal proposal = ProposalFor(plan, changed);
  EXPECT_EQ(proposal.choice.stop_tenths, 0);
  EXPECT_THAT(RepegsOf(proposal.families[0]), ElementsAre(std::pair(200, 1)));
  EXPECT_THAT(proposal.families[0].surplus, ElementsAre(101));
  EXPECT_EQ(proposal.do_nothing.stop_tenths, 999 * kTenthsOfMinute);  // To the horizon.
}

// 4. Two of one variant swap: nothing moves physically.
TEST(ProposeTest, MovesNothingWhenEqualsSwap) {
  const Proposal equal = ProposalFor(PlanOf("ABA"), VehiclesSwapped{{{.first = 1, .second = 3}}});
  EXPECT_EQ(equal.choice, RecoveryCost{});
  EXPECT_THAT(RepegsOf(equal.families[0]), ElementsAre(std::pair(101, 3), std::pair(103, 1)));
  const Proposal other = ProposalFor(PlanOf("AB"), VehiclesSwapped{{{.first = 1, .second = 2}}});
  EXPECT_EQ(other.choice.moves, 1);
}

// 5. The line doubles its speed: vehicle 4 is needed at 2 minutes, its part comes at 3.
TEST(ProposeTest, SeesWhatAFasterLineMakesLate) {
  RecoveryPlan plan = PlanOf("AAAB");
  plan.families[0].parts[3].ready = Sure(3 * kMinuteMs);
  const LineChanged faster{{{.from_ms = 0, .to_ms = 1'000 * kMinuteMs, .takt_ms = kMinuteMs / 2}}};
  const Proposal proposal = ProposalFor(plan, faster);
  EXPECT_EQ(proposal.choice.stop_tenths, kTenthsOfMinute);
  EXPECT_THAT(proposal.families[0].stop_before, (StopAt{.vehicle = 4, .need_ms = 2 * kMinuteMs}));
  // A break of an hour from the first minute on: the part is there in time.
  const LineChanged stopped{
      {{.from_ms = 0, .to_ms = kMinuteMs, .takt_ms = kMinuteMs / 2},
       {.from_ms = 61 * kMinuteMs, .to_ms = 1'000 * kMinuteMs, .takt_ms = kMinuteMs / 2}}};
  EXPECT_EQ(ProposalFor(plan, stopped).choice, RecoveryCost{});
}

// 6. The first part is rejected at the line. Vehicle 3's A is at hand and repaid by express.
TEST(ProposeTest, ReplacesARejectedPart) {
  RecoveryPlan plan = PlanOf("ABA");
  for (PlanPart& part : plan.families[0].parts) part.place = PartPlace::kAtLine;
  plan.families[0].frozen_ms = 2 * kMinuteMs;
  plan.origins = {{.places = 4, .money = 500}};
  plan.families[0].express = ExpressTerms{.prepare_ms = kMinuteMs,
                                          .travel_ms = Sure(kMinuteMs),
                                          .travel_q95_ms = kMinuteMs,
                                          .unload_ms = kMinuteMs / 2,
                                          .part_money = 3};
  const Proposal proposal = ProposalFor(plan, PartRejected{.part = 101});
  EXPECT_EQ(proposal.choice,
            (RecoveryCost{.stop_tenths = 0, .moves = 1, .transports = 1, .money = 503}));
  EXPECT_THAT(RepegsOf(proposal.families[0]), ElementsAre(std::pair(103, 1)));
  ASSERT_EQ(proposal.express.size(), 1U);
  EXPECT_EQ(proposal.express[0].leave_by_ms, kMinuteMs + kMinuteMs / 2);
  EXPECT_EQ(proposal.express[0].ready_ms, kMinuteMs);
  ASSERT_EQ(proposal.express[0].positions.size(), 1U);
  EXPECT_EQ(proposal.express[0].positions[0].vehicle, 3);
  EXPECT_EQ(proposal.express[0].positions[0].arrival, Sure(2 * kMinuteMs + kMinuteMs / 2));
  // Vehicle 1 is needed in a minute: inside the fence it gets no express.
  EXPECT_THAT(proposal.dropped, ElementsAre(DroppedOption{.location = 1,
                                                          .family = 1,
                                                          .vehicle = 1,
                                                          .kind = OptionKind::kExpress,
                                                          .fence_ms = -kMinuteMs}));
}

// 6. The slot held a B all along: it serves the vehicle that needs one, and the A is missing.
TEST(ProposeTest, UsesAPartThatIsOfAnotherVariant) {
  RecoveryPlan plan = PlanOf("AB");
  plan.families[0].parts[1].ready = Sure(5 * kMinuteMs);
  plan.families[0].racks.clear();
  plan.families[0].short_money = 10;
  const Proposal proposal = ProposalFor(plan, PartRejected{.part = 101, .found_variant = 1});
  EXPECT_EQ(proposal.choice.stop_tenths, 0);
  EXPECT_THAT(RepegsOf(proposal.families[0]), ElementsAre(std::pair(101, 2)));
  EXPECT_THAT(proposal.families[0].built_short, ElementsAre(1));
}

// 7. Two families of one origin: the truck that carries both leaves when the slower is prepared.
TEST(ProposeTest, AnExpressTruckWaitsForAllThatItMayCarry) {
  RecoveryPlan plan = PlanOf("....A", 1);
  plan.families.push_back(FamilyOf("....A", 1));
  plan.families[1].family = 2;
  plan.families[1].racks[0].rack = 2;
  plan.families[1].racks[0].slots = {205};
  plan.families[1].parts[0].part = 205;
  plan.origins = {{.places = 2, .money = 5}};
  plan.families[0].express = ExpressTerms{.travel_ms = Sure(kMinuteMs)};
  plan.families[1].express =
      ExpressTerms{.prepare_ms = 2 * kMinuteMs, .travel_ms = Sure(kMinuteMs)};
  const LoadDelayed lost{.racks = {1, 2}};
  const Proposal proposal = ProposalFor(plan, lost);
  EXPECT_EQ(proposal.choice, (RecoveryCost{.transports = 1, .money = 5}));
  ASSERT_EQ(proposal.express.size(), 1U);
  EXPECT_EQ(proposal.express[0].ready_ms, 2 * kMinuteMs);
  ASSERT_EQ(proposal.express[0].positions.size(), 2U);
  for (const ExpressPosition& position : proposal.express[0].positions) {
    EXPECT_EQ(position.arrival, Sure(3 * kMinuteMs));
  }
  plan.families[1].express->prepare_ms = 6 * kMinuteMs;  // Vehicle 5 is needed at minute 5.
  EXPECT_EQ(ProposalFor(plan, lost).choice.stop_tenths, 2 * kTenthsOfMinute);
}

// 7. The clock's zero lies ahead: an instant below it is one like any other.
TEST(ProposeTest, InstantsBeforeTheClocksZeroAreTold) {
  RecoveryPlan plan = PlanOf("....A", 1);
  plan.now_ms = -10 * kMinuteMs;
  plan.runs[0].from_ms = plan.now_ms;
  plan.origins = {{.places = 1}};
  plan.families[0].express =
      ExpressTerms{.prepare_ms = kMinuteMs, .travel_ms = Sure(2 * kMinuteMs)};
  const Proposal proposal = ProposalFor(plan, LoadDelayed{.racks = {1}});
  ASSERT_EQ(proposal.express.size(), 1U);
  EXPECT_EQ(proposal.express[0].ready_ms, -9 * kMinuteMs);
  EXPECT_EQ(proposal.express[0].leave_by_ms, -5 * kMinuteMs);
  EXPECT_EQ(proposal.express[0].positions[0].arrival, Sure(-7 * kMinuteMs));
}

// 7. A rack is half an hour late. The express brings exactly what would be late without it.
TEST(ProposeTest, SendsTheUncoveredByExpress) {
  RecoveryPlan plan = PlanOf("ABABAB", 3);
  plan.origins = {{.places = 10, .money = 500}};
  plan.families[0].express = ExpressTerms{.travel_ms = Sure(3 * kMinuteMs)};
  const Quantiles late = Sure(5 * kMinuteMs);
  const Proposal proposal = ProposalFor(plan, LoadDelayed{.racks = {2}, .ready = late});
  EXPECT_EQ(proposal.choice, (RecoveryCost{.transports = 1, .money = 500}));
  ASSERT_EQ(proposal.express.size(), 1U);
  ASSERT_EQ(proposal.express[0].positions.size(), 1U);  // Vehicle 4; 5 and 6 are in time.
  EXPECT_EQ(proposal.express[0].positions[0].vehicle, 4);
  EXPECT_EQ(proposal.do_nothing.stop_tenths, kTenthsOfMinute);
  // Vehicle 6's part is as late. Waiting costs what doing nothing does, and spares the truck.
  ASSERT_EQ(proposal.not_taken.size(), 2U);
  EXPECT_EQ(proposal.not_taken[0].kind, OptionKind::kRepeg);
  EXPECT_EQ(proposal.not_taken[1].kind, OptionKind::kWait);
  EXPECT_EQ(proposal.not_taken[1].with, proposal.do_nothing);
  EXPECT_EQ(proposal.not_taken[1].more_stop_tenths, kTenthsOfMinute);
}

// 7. The load is lost: what nothing replaces waits to the horizon.
TEST(ProposeTest, CountsALostLoadToTheHorizon) {
  const Proposal proposal = ProposalFor(PlanOf("AB", 1), LoadDelayed{.racks = {2}});
  EXPECT_EQ(proposal.choice.stop_tenths, 998 * kTenthsOfMinute);
  EXPECT_THAT(proposal.families[0].stop_after, (StopAt{.vehicle = 2, .need_ms = 2 * kMinuteMs}));
}

// 8. What is made from minute 2 on comes 10 minutes later. Vehicle 3 falls back behind the first
// that is needed when its part is there.
TEST(ProposeTest, PullsForwardWhatNeedsNoMissingPart) {
  RecoveryPlan plan = PlanOf("AAB..............");
  plan.points = {{.point = 5, .position = 2, .reach_positions = 50}};
  PlanPart& part = plan.families[0].parts[2];
  part.place = PartPlace::kPlanned;
  part.made_ms = 2 * kMinuteMs;
  part.ready = Sure(3 * kMinuteMs);
  const SupplierDown down{.supplier = 1, .from_ms = 2 * kMinuteMs, .to_ms = 12 * kMinuteMs};
  const Proposal proposal = ProposalFor(plan, down);
  EXPECT_EQ(proposal.choice, RecoveryCost{.moves = 1});
  EXPECT_THAT(proposal.resequenced,
              ElementsAre(ResequencedVehicle{.vehicle = 3, .from = 2, .to = 12, .point = 5}));
  plan.points[0].reach_positions = 9;
  const Proposal beyond = ProposalFor(plan, down);
  EXPECT_THAT(beyond.resequenced, IsEmpty());
  EXPECT_EQ(beyond.dropped[0].reason, DropReason::kBeyondReach);
  plan.points[0] = {.point = 5, .position = 3, .reach_positions = 50};
  EXPECT_EQ(ProposalFor(plan, down).dropped[0].reason, DropReason::kPointPassed);
}

// 8. One A for two: the lighter vehicle goes short.
TEST(ProposeTest, GivesScarcePartsByWeight) {
  RecoveryPlan plan = PlanOf("AA");
  plan.families[0].racks.clear();
  plan.families[0].short_money = 10;
  plan.vehicles[1].weight = 5;
  plan.families[0].parts[0].place = PartPlace::kAtDock;
  plan.families[0].parts[1].place = PartPlace::kPlanned;
  const Proposal proposal =
      ProposalFor(plan, SupplierDown{.supplier = 1, .from_ms = 0, .to_ms = 90 * kMinuteMs});
  EXPECT_EQ(proposal.choice, RecoveryCost{.money = 10});
  EXPECT_THAT(proposal.families[0].built_short, ElementsAre(1));
  EXPECT_THAT(RepegsOf(proposal.families[0]), ElementsAre(std::pair(101, 2)));
}

// 9. Vehicle 3's call is missing: its slot in the open rack stays open until it must be known.
TEST(ProposeTest, LeavesASlotOpenForAMissingCall) {
  RecoveryPlan plan = PlanOf("ABC", 3);
  plan.families[0].racks[0].slots.pop_back();
  plan.families[0].frozen_ms = kMinuteMs;
  const Proposal proposal = ProposalFor(plan, CallsMissing{{3}});
  EXPECT_THAT(proposal.families[0].decide_by_ms, 2 * kMinuteMs);
  EXPECT_THAT(proposal.families[0].racks[0].holes,
              ElementsAre(ProposedHole{.slot = 2, .vehicle = 3, .reason = "CALL_MISSING"}));
}

// 10. The call is cancelled: the next of its variant takes the part, or it goes back.
TEST(ProposeTest, GivesACancelledCallsPartOn) {
  RecoveryPlan plan = PlanOf("AAB");
  plan.families[0].parts[1].ready = Sure(9 * kMinuteMs);
  const Proposal given = ProposalFor(plan, CallCancelled{.vehicle = 1, .location = 1, .family = 1});
  EXPECT_EQ(given.choice, RecoveryCost{});
  EXPECT_THAT(RepegsOf(given.families[0]), ElementsAre(std::pair(101, 2)));
  const Proposal back = ProposalFor(PlanOf("AB"), CallCancelled{1, 1, 1});
  EXPECT_THAT(back.families[0].surplus, ElementsAre(101));
}

// 11. Vehicle 1's A is late; a B may be fitted from now on.
TEST(ProposeTest, TakesAnAlternateThatIsAllowed) {
  RecoveryPlan plan = PlanOf("AA");
  plan.families[0].parts[0].ready = Sure(9 * kMinuteMs);
  plan.families[0].parts[1].ready = Sure(2 * kMinuteMs);
  plan.families[0].parts.push_back({.part = 200, .variant = 1});
  EXPECT_GT(ProposalFor(plan, LineChanged{plan.runs}).choice.stop_tenths, 0);
  const AlternateAllowed allowed{
      .location = 1, .family = 1, .alternate = {.needed = 0, .accepted = 1, .money = 4}};
  const Proposal proposal = ProposalFor(plan, allowed);
  EXPECT_EQ(proposal.choice, (RecoveryCost{.moves = 1, .money = 4}));
  ASSERT_EQ(proposal.families[0].repegs.size(), 1U);
  EXPECT_TRUE(proposal.families[0].repegs[0].alternate);
}

// 12. A broken set is completed by a piece of its lot, not by an earlier one of another.
TEST(ProposeTest, CompletesASetWithinItsLot) {
  RecoveryPlan plan = PlanOf("AB");
  PlanFamily& family = plan.families[0];
  family.sets = true;
  family.parts[0].lot = 7;
  family.loose = {{.piece = 1, .lot = 8, .ready = Sure(0)},
                  {.piece = 2, .lot = 7, .ready = Sure(3 * kMinuteMs)},
                  {.piece = 3, .lot = 7, .ready = Sure(2 * kMinuteMs)}};
  const Proposal proposal = ProposalFor(plan, SetBroken{101});
  EXPECT_THAT(proposal.families[0].completed_by, 3);
  EXPECT_EQ(proposal.choice.stop_tenths, kTenthsOfMinute);
  family.loose.resize(1);
  EXPECT_EQ(ProposalFor(plan, SetBroken{101}).choice.stop_tenths, 999 * kTenthsOfMinute);
}

}  // namespace
}  // namespace tandem::sequencing

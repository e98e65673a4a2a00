// A book that events have changed one by one is the book of the plan after them, which these tests
// fold with code of their own; and what it proposes never acts inside a fence.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/recovery/encode.h"
#include "sequencing/recovery/propose.h"
#include "sequencing/recovery/recovery_fixture.h"

namespace tandem::sequencing {
namespace {

using ::testing::StartsWith;
using enum absl::StatusCode;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  bool OneIn(std::int64_t n) { return (*this)(1, n) == 1; }
  const auto& Of(const auto& list) {
    return list[static_cast<std::size_t>((*this)(0, std::ssize(list) - 1))];
  }

 private:
  std::mt19937_64 random_;
};

RecoveryPlan PlanDrawn(Draw& draw, bool racked) {
  const std::int64_t vehicles = draw(4, 16);
  RecoveryPlan plan = PlanOf(std::string(static_cast<std::size_t>(vehicles), '.'));
  plan.families.clear();
  plan.origins = {{.places = 2, .money = 7}};
  plan.points = {{.point = 1, .position = 3, .reach_positions = 5}};
  for (std::int64_t f = draw(1, 3); f > 0; --f) {
    std::string needs;
    for (std::int64_t v = 0; v < vehicles; ++v) {
      needs.push_back(draw.OneIn(5) ? '.' : static_cast<char>('A' + draw(0, 2)));
    }
    PlanFamily& family = plan.families.emplace_back(FamilyOf(needs, 4));
    family.family = static_cast<std::int32_t>(f);
    family.offset_positions = static_cast<std::int32_t>(draw(-2, 2));
    family.frozen_ms = draw(0, 5) * kMinuteMs;
    family.fetch_ms = draw(0, 2) * kMinuteMs;
    family.slot_order = static_cast<SlotOrder>(draw(0, 2));
    family.sets = draw.OneIn(2);
    family.loose = {{.piece = 1, .ready = Sure(9 * kMinuteMs)}, {.piece = 2}};
    if (draw.OneIn(2)) family.express = ExpressTerms{.travel_ms = Sure(3 * kMinuteMs)};
    if (draw.OneIn(3)) family.short_money = 5;
    if (!racked) family.racks.clear();
    for (PlanPart& part : family.parts) {
      part.part += 1'000 * f;
      part.place = static_cast<PartPlace>(draw(0, 4));
      part.ready = Sure(draw(-5, 12) * kMinuteMs);
      part.bound = draw.OneIn(9);
    }
    for (PlanRack& rack : family.racks) {
      rack.rack += 10 * f;
      for (auto& slot : rack.slots) *slot += 1'000 * f;
    }
  }
  return plan;
}

Happening HappeningDrawn(Draw& draw, const RecoveryPlan& plan) {
  const PlanFamily& family = draw.Of(plan.families);
  const std::int64_t vehicle = draw.Of(plan.vehicles).vehicle;
  const std::int64_t part = family.parts.empty() ? 0 : draw.Of(family.parts).part;
  switch (draw(0, 9)) {
    case 0:
      return VehiclesPulled{{{.vehicle = vehicle}}};
    case 1:
      return VehicleReturned{vehicle, static_cast<std::int32_t>(draw(0, 6))};
    case 2:
      return VehiclesScrapped{{vehicle}};
    case 3:
      return SpecificationChanged{
          vehicle, draw(1, 9), {{1, family.family, static_cast<std::int32_t>(draw(-1, 2))}}};
    case 4:
      return VehiclesSwapped{{{vehicle, draw.Of(plan.vehicles).vehicle}}};
    case 5:
      return PartRejected{part,
                          draw.OneIn(2) ? std::optional<std::int32_t>(draw(0, 2)) : std::nullopt};
    case 6:
      if (family.racks.empty()) return SetBroken{part};
      return LoadDelayed{{draw.Of(family.racks).rack},
                         draw.OneIn(2) ? std::optional(Sure(40 * kMinuteMs)) : std::nullopt};
    case 7:
      return SupplierDown{1, draw(0, 5) * kMinuteMs, draw(6, 20) * kMinuteMs};
    case 8:
      return AlternateAllowed{1, family.family, {0, 1, 3}};
    default:
      return CallCancelled{vehicle, 1, family.family};
  }
}

PlanEvent EventDrawn(Draw& draw, const RecoveryPlan& plan, std::int64_t fresh) {
  const PlanFamily& family = draw.Of(plan.families);
  const std::int64_t vehicle = draw.Of(plan.vehicles).vehicle;
  const std::int64_t part = family.parts.empty() ? 0 : draw.Of(family.parts).part;
  const Quantiles ready = Sure(plan.now_ms + draw(-5, 12) * kMinuteMs);
  switch (draw(0, 10)) {
    case 0:
    case 1:
      return PartReported{part, static_cast<PartPlace>(draw(0, 4)), ready};
    case 2:
    case 3:
      return PartPegged{part, draw.OneIn(3) ? std::nullopt : std::optional(vehicle)};
    case 4:
      return PartAdded{1,
                       family.family,
                       {.part = draw.OneIn(9) ? part : fresh,
                        .variant = static_cast<std::int32_t>(draw(0, 2)),
                        .ready = ready,
                        .vehicle = draw.OneIn(2) ? std::optional(vehicle) : std::nullopt}};
    case 5:
      return PartRemoved{part};
    case 6: {
      PlanRack rack{
          .rack = family.racks.empty() || draw.OneIn(2) ? fresh : draw.Of(family.racks).rack,
          .capacity = static_cast<std::int32_t>(draw(1, 4))};
      for (std::int64_t k = draw(0, 3); k > 0; --k) rack.slots.emplace_back(part + k - 1);
      return RackReported{1, family.family, rack};
    }
    case 7:
      return RackRemoved{family.racks.empty() ? 0 : draw.Of(family.racks).rack};
    case 8: {
      VehicleAdded added{.vehicle = {.vehicle = draw.OneIn(9) ? vehicle : fresh}};
      for (std::size_t f = 0; f < plan.families.size(); ++f) {
        added.variants.push_back(static_cast<std::int32_t>(draw(-1, 2)));
      }
      return added;
    }
    case 9: {
      const std::int64_t now_ms = plan.now_ms + draw(0, 2) * kMinuteMs;
      return LineMoved{now_ms,
                       static_cast<std::int32_t>(draw(0, 2)),
                       {{now_ms, now_ms + 100'000 * kMinuteMs, kMinuteMs}}};
    }
    default:
      return HappeningDrawn(draw, plan);
  }
}

// The plan after an event that was accepted and is no happening, with nothing but lists.
class Fold {
 public:
  explicit Fold(RecoveryPlan plan) : plan_(std::move(plan)) {}
  RecoveryPlan Take() { return std::move(plan_); }

  void operator()(const PartReported& what) {
    PartOf(what.part).place = what.place;
    PartOf(what.part).ready = what.ready;
    ++plan_.versions.places;
  }
  void operator()(const PartPegged& what) {
    PartOf(what.part).vehicle = what.vehicle;
    ++plan_.versions.pegs;
  }
  void operator()(const PartAdded& what) {
    FamilyNamed(what.family).parts.push_back(what.part);
    ++plan_.versions.places;
  }
  void operator()(const PartRemoved& what) {
    for (PlanFamily& family : plan_.families) Remove(what.part, family);
    ++plan_.versions.places;
  }
  void operator()(const RackReported& what) {
    PlanFamily& family = FamilyNamed(what.family);
    const auto at = std::ranges::find(family.racks, what.rack.rack, &PlanRack::rack);
    if (at == family.racks.end()) {
      family.racks.push_back(what.rack);
    } else {
      *at = what.rack;
    }
    ++plan_.versions.places;
  }
  void operator()(const RackRemoved& what) {
    for (PlanFamily& family : plan_.families) {
      std::erase_if(family.racks, [&](const PlanRack& rack) { return rack.rack == what.rack; });
    }
    ++plan_.versions.places;
  }
  void operator()(const VehicleAdded& what) {
    plan_.vehicles.push_back(what.vehicle);
    for (std::size_t f = 0; f < plan_.families.size(); ++f) {
      plan_.families[f].variants.push_back(what.variants[f]);
    }
    ++plan_.versions.plan;
  }
  void operator()(const LineMoved& what) {
    std::vector<std::int64_t> left;
    for (const PlanVehicle& vehicle : plan_.vehicles) {
      if (!vehicle.held && std::ssize(left) < what.vehicles) left.push_back(vehicle.vehicle);
    }
    for (PlanFamily& family : plan_.families) {
      std::vector<std::int64_t> fitted;  // In the order in which the plan holds them.
      for (const PlanPart& part : family.parts) {
        if (!part.vehicle || std::ranges::count(left, *part.vehicle) == 0) continue;
        fitted.push_back(part.part);
      }
      for (const std::int64_t part : fitted) Remove(part, family);
    }
    for (const std::int64_t vehicle : left) {
      const auto at = std::ranges::find(plan_.vehicles, vehicle, &PlanVehicle::vehicle);
      for (PlanFamily& family : plan_.families) {
        family.variants.erase(family.variants.begin() + (at - plan_.vehicles.begin()));
      }
      plan_.vehicles.erase(at);
    }
    plan_.now_ms = what.now_ms;
    plan_.runs = what.runs;
    ++plan_.versions.plan;
  }
  void operator()(const Happening&) { ADD_FAILURE() << "a happening has no fold of its own"; }

 private:
  PlanFamily& FamilyNamed(std::int32_t family) {
    return *std::ranges::find(plan_.families, family, &PlanFamily::family);
  }
  PlanPart& PartOf(std::int64_t id) {
    for (PlanFamily& family : plan_.families) {
      for (PlanPart& part : family.parts) {
        if (part.part == id) return part;
      }
    }
    ADD_FAILURE() << "no part " << id;
    return plan_.families[0].parts[0];
  }
  static void Remove(std::int64_t id, PlanFamily& family) {
    for (PlanRack& rack : family.racks) {
      std::ranges::replace(rack.slots, std::optional(id), std::optional<std::int64_t>());
    }
    for (PlanPart& part : family.parts) {
      if (part.part != id) continue;
      part = family.parts.back();
      family.parts.pop_back();
      return;
    }
  }

  RecoveryPlan plan_;
};

// Everything that can be asked of a book.
void ExpectSame(const RecoveryBook& book, const RecoveryBook& made) {
  ASSERT_TRUE(EncodePlan(book.plan()) == EncodePlan(made.plan()));
  EXPECT_EQ(book.order().vehicles, made.order().vehicles);
  EXPECT_EQ(book.order().positions, made.order().positions);
  EXPECT_EQ(book.clock().times_ms, made.clock().times_ms);
  EXPECT_EQ(book.frontier(), made.frontier());
  ASSERT_EQ(book.families(), made.families());
  for (std::int32_t f = 0; f < book.families(); ++f) {
    EXPECT_TRUE(book.family(f) == made.family(f)) << "family " << f;
    for (const PlanPart& part : book.plan().families[At(f)].parts) {
      EXPECT_EQ(book.PartPlaceOf(part.part)->index, made.PartPlaceOf(part.part)->index);
    }
    for (const PlanRack& rack : book.plan().families[At(f)].racks) {
      EXPECT_EQ(book.RackPlaceOf(rack.rack)->index, made.RackPlaceOf(rack.rack)->index);
    }
  }
  for (const PlanVehicle& vehicle : book.plan().vehicles) {
    EXPECT_EQ(*book.VehicleNumber(vehicle.vehicle), *made.VehicleNumber(vehicle.vehicle));
  }
}

// Nothing is moved, sent or let fall back for a position that is frozen; what is at hand may be.
void ExpectOutsideOfFences(const RecoveryBook& book, const Proposal& proposal) {
  const auto frozen = [&](const PlanFamily& family, std::int64_t vehicle) {
    const std::int32_t position = book.order().positions[At(*book.VehicleNumber(vehicle))];
    return book.clock().NeedMs(family, position) < book.plan().now_ms + family.frozen_ms;
  };
  for (const FamilyProposal& of : proposal.families) {
    const std::int32_t f = *book.FamilyNumber(of.location, of.family);
    const PlanFamily& family = book.plan().families[At(f)];
    const auto at_hand = [&](std::int64_t part) {
      return family.parts[At(book.PartPlaceOf(part)->index)].place >= PartPlace::kAtDock;
    };
    for (const ProposedRepeg& repeg : of.repegs) {
      EXPECT_TRUE(!frozen(family, repeg.to) || at_hand(repeg.part)) << repeg.part;
    }
    for (const ProposedRack& rack : of.racks) {
      for (const RackInsert& insert : rack.inserts) {
        EXPECT_TRUE(!frozen(family, insert.vehicle) || (insert.part && at_hand(*insert.part)));
      }
    }
  }
  for (const ExpressLoad& load : proposal.express) {
    for (const ExpressPosition& sent : load.positions) {
      const std::int32_t f = *book.FamilyNumber(sent.location, sent.family);
      EXPECT_FALSE(frozen(book.plan().families[At(f)], sent.vehicle));
    }
  }
}

TEST(ApplyTest, IsTheBookOfThePlanAfterTheEvents) {
  int accepted = 0;
  int refused = 0;
  int happened = 0;
  for (int seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(static_cast<std::uint64_t>(seed));
    RecoveryPlan plan = PlanDrawn(draw, draw.OneIn(2));
    for (PlanFamily& family : plan.families) {  // The points lie upstream of every location.
      family.offset_positions = std::max(family.offset_positions, -2);
    }
    auto book = RecoveryBook::Create(plan);
    ASSERT_TRUE(book.ok()) << book.status();
    for (std::int64_t step = 0; step < 25; ++step) {
      SCOPED_TRACE(step);
      const PlanEvent event = EventDrawn(draw, book->plan(), 90'000 + step);
      const std::string before = EncodePlan(book->plan());
      const absl::Status status = book->Apply(event);
      const bool happening = std::holds_alternative<Happening>(event);
      if (!status.ok()) {
        ASSERT_TRUE(EncodePlan(book->plan()) == before) << status;
        ++refused;
      } else if (happening) {
        ++happened;
      } else {
        Fold fold(DecodePlan(before).value());
        std::visit(fold, event);
        ASSERT_TRUE(EncodePlan(book->plan()) == EncodePlan(fold.Take())) << event.index();
        ++accepted;
      }
      const auto made = RecoveryBook::Create(DecodePlan(EncodePlan(book->plan())).value());
      ASSERT_TRUE(made.ok()) << made.status() << " after event " << event.index();
      ExpectSame(*book, *made);
      if (testing::Test::HasFailure()) return;
    }
    const Cause cause{.id = seed, .what = LineChanged{book->plan().runs}};
    const auto proposal = Propose(*book, cause);
    ASSERT_TRUE(proposal.ok()) << proposal.status();
    ExpectOutsideOfFences(*book, *proposal);
    const auto made = RecoveryBook::Create(book->plan());
    EXPECT_TRUE(EncodeProposal(*proposal) == EncodeProposal(*Propose(*made, cause)));
  }
  EXPECT_GT(accepted, 3'000);
  EXPECT_GT(refused, 600);
  EXPECT_GT(happened, 250);
}

// What is proposed when something has happened is what is proposed once it is part of the book:
// where nothing is in racks, whose order is not mended by taking note of it.
TEST(ApplyTest, AHappeningCostsTheSameOnceItIsAFact) {
  int compared = 0;
  for (int seed = 0; seed < 4'000; ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(static_cast<std::uint64_t>(seed));
    auto book = RecoveryBook::Create(PlanDrawn(draw, false));
    ASSERT_TRUE(book.ok()) << book.status();
    const Happening what = HappeningDrawn(draw, book->plan());
    const auto before = Propose(*book, {.what = what});
    const absl::Status applied = book->Apply(what);
    ASSERT_TRUE(before.ok() || !applied.ok());
    if (!applied.ok()) continue;
    const auto after = Propose(*book, {.what = LineChanged{book->plan().runs}});
    ASSERT_TRUE(after.ok()) << after.status();
    EXPECT_EQ(before->do_nothing, after->do_nothing) << what.index();
    if (!before->exhaustive || !after->exhaustive) continue;
    EXPECT_EQ(before->choice, after->choice) << what.index();
    ++compared;
  }
  EXPECT_GT(compared, 1'500);
}

TEST(ApplyTest, RefusesWhatContradictsThePlanAndChangesNothing) {
  struct Case {
    const char* want;
    PlanEvent event;
    absl::StatusCode code;
  };
  const LineRun run{.from_ms = 0, .to_ms = 100'000 * kMinuteMs, .takt_ms = kMinuteMs};
  const Case cases[] = {
      {"UNKNOWN_PART: part 7", PartReported{7, PartPlace::kAtDock, {}}, kNotFound},
      {"QUANTILES_FALL", PartReported{101, PartPlace::kAtDock, {3, 2, 1}}, kInvalidArgument},
      {"UNKNOWN_PART: part 7", PartPegged{7, 1}, kNotFound},
      {"UNKNOWN_VEHICLE: vehicle 9", PartPegged{101, 9}, kNotFound},
      {"PEGGED_TWICE: vehicle 2 has part 102", PartPegged{101, 2}, kFailedPrecondition},
      {"UNKNOWN_FAMILY", PartAdded{1, 4, {.part = 7}}, kNotFound},
      {"PART_TWICE: part 102", PartAdded{1, 1, {.part = 102}}, kInvalidArgument},
      {"UNKNOWN_VARIANT: part 7", PartAdded{1, 1, {.part = 7, .variant = 8}}, kInvalidArgument},
      {"UNKNOWN_VEHICLE: part 7", PartAdded{1, 1, {.part = 7, .vehicle = 9}}, kInvalidArgument},
      {"PEGGED_TWICE: vehicle 1", PartAdded{1, 1, {.part = 7, .vehicle = 1}}, kInvalidArgument},
      {"UNKNOWN_PART: part 7", PartRemoved{7}, kNotFound},
      {"UNKNOWN_FAMILY", RackReported{2, 1, {.rack = 1}}, kNotFound},
      {"RACK_OVERFULL: rack 1", RackReported{1, 1, {.rack = 1, .slots = {101}}}, kInvalidArgument},
      {"UNKNOWN_PART: rack 2, slot 0", RackReported{1, 1, {.rack = 2, .capacity = 1, .slots = {7}}},
       kInvalidArgument},
      {"RACKED_TWICE: part 101", RackReported{1, 1, {.rack = 2, .capacity = 1, .slots = {101}}},
       kInvalidArgument},
      {"UNKNOWN_RACK: rack 2", RackRemoved{2}, kNotFound},
      {"VEHICLE_TWICE: vehicle 2", VehicleAdded{{.vehicle = 2}, {0}}, kInvalidArgument},
      {"OUT_OF_RANGE: vehicle 7, weight 0", VehicleAdded{{.vehicle = 7, .weight = 0}, {0}},
       kInvalidArgument},
      {"COLUMN_MISSING: 0 variants", VehicleAdded{{.vehicle = 7}, {}}, kInvalidArgument},
      {"UNKNOWN_VARIANT: vehicle 7", VehicleAdded{{.vehicle = 7}, {8}}, kInvalidArgument},
      {"OUT_OF_RANGE: now", LineMoved{-1, 0, {run}}, kInvalidArgument},
      {"OUT_OF_RANGE: now", LineMoved{std::int64_t{1} << 49, 0, {run}}, kInvalidArgument},
      {"OUT_OF_RANGE: 4 vehicles", LineMoved{0, 4, {run}}, kInvalidArgument},
      {"NO_VEHICLE", LineMoved{0, 3, {run}}, kInvalidArgument},
      {"BAD_CALENDAR", LineMoved{kMinuteMs, 1, {run}}, kInvalidArgument},
      {"CALENDAR_TOO_SHORT", LineMoved{0, 1, {}}, kFailedPrecondition},
      {"NO_VEHICLE", VehiclesScrapped{{1, 2, 3}}, kInvalidArgument},
      {"EVENT_BEFORE_CAUSE", VehicleReturned{1, 2}, kFailedPrecondition},
  };
  auto book = RecoveryBook::Create(PlanOf("ABC"));
  ASSERT_TRUE(book.ok()) << book.status();
  const std::string before = EncodePlan(book->plan());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    const absl::Status status = book->Apply(c.event);
    EXPECT_EQ(status.code(), c.code);
    EXPECT_THAT(std::string(status.message()), StartsWith(c.want));
    EXPECT_TRUE(EncodePlan(book->plan()) == before);
    ExpectSame(*book, *RecoveryBook::Create(PlanOf("ABC")));
  }
}

// Location 2 lies a position upstream: vehicle 1 has passed it, and stands before location 1.
TEST(ApplyTest, LeavesNoGapBetweenLocations) {
  RecoveryPlan plan = PlanOf("AB");
  plan.families.push_back(FamilyOf("..", 1));
  plan.families[1].location = 2;
  plan.families[1].offset_positions = -1;
  auto book = RecoveryBook::Create(std::move(plan));
  ASSERT_TRUE(book.ok()) << book.status();
  const absl::Status status = book->Apply(VehiclesScrapped{{1}});
  EXPECT_EQ(status.code(), kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), StartsWith("GAP_ON_LINE: position 0"));
  EXPECT_TRUE(book->Apply(VehiclesScrapped{{2}}).ok());
}

TEST(PlanBytesTest, RefusesWhatNoPlanEncodesTo) {
  const std::string bytes = EncodePlan(PlanOf("AB.A"));
  ASSERT_TRUE(DecodePlan(bytes).ok());
  EXPECT_EQ(DecodePlan(bytes + '\0').status().code(), kDataLoss);
  EXPECT_EQ(DecodePlan("\2" + bytes.substr(1)).status().code(), kDataLoss);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(DecodePlan(bytes.substr(0, size)).status().code(), kDataLoss) << size;
  }
}

}  // namespace
}  // namespace tandem::sequencing

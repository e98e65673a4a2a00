// What must hold of every proposal, on random lines with racks, several families and uncertain
// arrivals: read off the proposal and the plan alone.
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

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  bool OneIn(std::int64_t n) { return (*this)(1, n) == 1; }
  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
};

PlanFamily FamilyDrawn(Draw& draw, std::int64_t index, std::int64_t vehicles) {
  std::string needs;
  for (std::int64_t v = 0; v < vehicles; ++v) {
    needs.push_back(draw.OneIn(6) ? '.' : static_cast<char>('A' + draw(0, 2)));
  }
  PlanFamily family = FamilyOf(needs, static_cast<std::int32_t>(draw(3, 9)));
  family.family = static_cast<std::int32_t>(index);
  family.frozen_ms = draw(0, 6) * kMinuteMs;
  family.fetch_ms = draw(0, 2) * kMinuteMs;
  family.slot_order = static_cast<SlotOrder>(draw(0, 2));
  if (draw.OneIn(2)) family.rebuild_touches = draw(2, 8);
  if (draw.OneIn(3)) family.short_money = 50;
  if (draw.OneIn(2)) {
    family.express = ExpressTerms{.travel_ms = {3 * kMinuteMs, 4 * kMinuteMs, 7 * kMinuteMs}};
  }
  for (PlanRack& rack : family.racks) {
    rack.rack += 100 * index;
    if (draw.OneIn(2)) ++rack.capacity;
    for (auto& slot : rack.slots) *slot += 1'000 * index;
    const std::int64_t place = draw(1, 4);
    rack.place = static_cast<PartPlace>(place);
    for (PlanPart& part : family.parts) {
      if (std::ranges::count(rack.slots, part.part + 1'000 * index) > 0) part.place = rack.place;
    }
  }
  for (PlanPart& part : family.parts) {
    part.part += 1'000 * index;
    const std::int64_t p50_ms = (*part.vehicle + draw(-9, 1)) * kMinuteMs;
    part.ready = {p50_ms - draw(0, 2) * kMinuteMs, p50_ms, p50_ms + draw(0, 2) * kMinuteMs};
    part.bound = draw.OneIn(12);
  }
  if (!family.parts.empty() &&
      draw.OneIn(2)) {  // A vehicle without a part, and a part that is free.
    family.parts[static_cast<std::size_t>(draw(0, std::ssize(family.parts) - 1))].vehicle.reset();
  }
  for (std::int64_t k = draw(0, 2); k > 0; --k) {
    family.parts.push_back({.part = 1'000 * index + 900 + k,
                            .variant = static_cast<std::int32_t>(draw(0, 2)),
                            .place = PartPlace::kAtDock});
  }
  return family;
}

struct Case {
  RecoveryPlan plan{};
  Happening what{};
  std::vector<std::int64_t> order{};  // Vehicles after it.
};

Case CaseDrawn(Draw& draw) {
  const std::int64_t vehicles = draw(6, 24);
  Case made{.plan = PlanOf(std::string(static_cast<std::size_t>(vehicles), '.'))};
  made.plan.families.clear();
  made.plan.origins = {{.places = 3, .money = 70}};
  made.plan.points = {{.point = 1, .position = 2, .reach_positions = 4},
                      {.point = 2, .position = 6, .reach_positions = 30}};
  const std::int64_t families = draw(1, 3);
  for (std::int64_t f = 1; f <= families; ++f) {
    made.plan.families.push_back(FamilyDrawn(draw, f, vehicles));
  }
  for (std::int64_t v = 1; v <= vehicles; ++v) made.order.push_back(v);
  switch (draw(0, 4)) {
    case 0: {
      std::vector<std::int64_t> moved = made.order;
      for (std::int64_t k = draw(1, 4); k > 0; --k) {
        const auto from = draw(0, vehicles - 1);
        const auto to = std::min(vehicles - 1, from + draw(1, 5));
        std::rotate(moved.begin() + from, moved.begin() + from + 1, moved.begin() + to + 1);
      }
      made.order = moved;
      made.what = VehiclesReordered{.first = 0, .vehicles = moved};
      break;
    }
    case 1: {
      const std::int64_t first = draw(1, vehicles - 1);
      const std::int64_t second = draw(first + 1, vehicles);
      std::swap(made.order[static_cast<std::size_t>(first - 1)],
                made.order[static_cast<std::size_t>(second - 1)]);
      made.what = VehiclesSwapped{{{first, second}}};
      break;
    }
    case 2: {
      const std::int64_t vehicle = draw(1, vehicles);
      std::erase(made.order, vehicle);
      made.what = VehiclesPulled{{{.vehicle = vehicle}}};
      break;
    }
    case 3:
      made.what = PartRejected{.part = made.plan.families[0].parts[0].part};
      made.plan.families[0].parts[0].place = PartPlace::kAtLine;
      break;
    default:
      made.what = LineChanged{made.plan.runs};
  }
  return made;
}

// The line as the proposal leaves it.
class After {
 public:
  After(const Case& made, const Proposal& proposal) : case_(made), proposal_(proposal) {
    order_ = made.order;
    for (const ResequencedVehicle& moved : proposal.resequenced) {
      EXPECT_EQ(made.order[static_cast<std::size_t>(moved.from)], moved.vehicle);
      std::erase(order_, moved.vehicle);
    }
    std::vector<ResequencedVehicle> by_place = proposal.resequenced;
    std::ranges::sort(by_place, {}, &ResequencedVehicle::to);
    for (const ResequencedVehicle& moved : by_place) {
      order_.insert(order_.begin() + moved.to, moved.vehicle);
    }
  }

  // E of the whole, from pegs, express and vehicles built short; checks the fences on the way.
  std::int64_t Tenths();

 private:
  std::int64_t NeedMs(std::int64_t vehicle) const {
    const auto at = std::ranges::find(order_, vehicle);
    return (at - order_.begin() + 1) * kMinuteMs;
  }
  void CheckFences(const PlanFamily& plan, const FamilyProposal& family) const;
  std::map<std::int64_t, std::int64_t> Pegs(const PlanFamily& plan,
                                            const FamilyProposal& family) const;

  const Case& case_;
  const Proposal& proposal_;
  std::vector<std::int64_t> order_{};
};

void After::CheckFences(const PlanFamily& plan, const FamilyProposal& family) const {
  const auto frozen = [&](std::int64_t vehicle) { return NeedMs(vehicle) < plan.frozen_ms; };
  std::map<std::int64_t, PartPlace> place;
  for (const PlanPart& part : plan.parts) place[part.part] = part.place;
  for (const ProposedRack& rack : family.racks) {
    EXPECT_NE(rack.where, PartPlace::kInTransit);
    EXPECT_EQ(std::ranges::adjacent_find(rack.pulls, std::greater_equal<>()), rack.pulls.end());
    for (const RackInsert& insert : rack.inserts) {
      // Inside the fence only what is at hand changes hands.
      if (!frozen(insert.vehicle)) continue;
      ASSERT_TRUE(insert.part.has_value());
      EXPECT_GE(place[*insert.part], PartPlace::kAtDock);
    }
  }
  for (const ProposedRepeg& repeg : family.repegs) {
    if (!frozen(repeg.to)) continue;
    EXPECT_GE(place[repeg.part], PartPlace::kAtDock) << repeg.part;
  }
  for (const std::int64_t vehicle : family.fetched) EXPECT_TRUE(frozen(vehicle));
  for (const ExpressLoad& load : proposal_.express) {
    for (const ExpressPosition& position : load.positions) {
      EXPECT_FALSE(position.family == plan.family && frozen(position.vehicle));
    }
  }
  for (const ResequencedVehicle& moved : proposal_.resequenced) {
    bool changes = false;
    const auto variant = [&](std::int64_t vehicle) {
      return plan.variants[static_cast<std::size_t>(vehicle - 1)];
    };
    for (std::int32_t p = moved.from; p <= moved.to; ++p) {
      const std::int32_t other = variant(case_.order[static_cast<std::size_t>(p)]);
      changes = changes || (variant(moved.vehicle) != kNoPart && other != kNoPart &&
                            other != variant(moved.vehicle));
    }
    EXPECT_TRUE(!changes || (moved.from + 1) * kMinuteMs >= plan.frozen_ms);
    EXPECT_GE(moved.from, moved.point == 1 ? 2 : 6);
  }
}

std::map<std::int64_t, std::int64_t> After::Pegs(const PlanFamily& plan,
                                                 const FamilyProposal& family) const {
  std::map<std::int64_t, std::int64_t> pegs;  // Vehicle to part.
  const auto* rejected = std::get_if<PartRejected>(&case_.what);
  for (const PlanPart& part : plan.parts) {
    if (rejected != nullptr && rejected->part == part.part) continue;
    if (part.vehicle.has_value()) pegs[*part.vehicle] = part.part;
  }
  for (const ProposedRepeg& repeg : family.repegs) {
    // Told once, and as it was before.
    EXPECT_EQ(std::ranges::count(family.repegs, repeg.part, &ProposedRepeg::part), 1) << repeg.part;
    EXPECT_EQ(std::ranges::count(family.repegs, repeg.to, &ProposedRepeg::to), 1) << repeg.part;
    EXPECT_NE(repeg.from, std::optional(repeg.to)) << repeg.part;
    std::erase_if(pegs, [&](const auto& peg) { return peg.second == repeg.part; });
  }
  for (const ProposedRepeg& repeg : family.repegs) pegs[repeg.to] = repeg.part;
  return pegs;
}

std::int64_t After::Tenths() {
  std::int64_t most[3] = {0, 0, 0};
  for (const PlanFamily& plan : case_.plan.families) {
    FamilyProposal none;
    const auto at = std::ranges::find(proposal_.families, plan.family, &FamilyProposal::family);
    const FamilyProposal& family = at == proposal_.families.end() ? none : *at;
    CheckFences(plan, family);
    const auto pegs = Pegs(plan, family);
    for (const std::int64_t vehicle : order_) {
      if (plan.variants[static_cast<std::size_t>(vehicle - 1)] == kNoPart) continue;
      if (std::ranges::count(family.built_short, vehicle) > 0) continue;
      Quantiles ready = Sure(case_.plan.horizon_ms);
      if (const auto peg = pegs.find(vehicle); peg != pegs.end()) {
        ready = std::ranges::find(plan.parts, peg->second, &PlanPart::part)->ready;
      }
      for (const ExpressLoad& load : proposal_.express) {
        for (const ExpressPosition& position : load.positions) {
          if (position.family != plan.family || position.vehicle != vehicle) continue;
          ready = position.arrival;
        }
      }
      const bool fetched = std::ranges::count(family.fetched, vehicle) > 0;
      const std::int64_t ms[3] = {ready.p10_ms, ready.p50_ms, ready.p90_ms};
      for (int q = 0; q < 3; ++q) {
        most[q] = std::max(most[q], ms[q] - NeedMs(vehicle));
        if (fetched) most[q] = std::max(most[q], plan.fetch_ms);
      }
    }
  }
  return 3 * most[0] + 4 * most[1] + 3 * most[2];
}

// Parts that must be pulled where no rack overflows: parts less a longest common subsequence.
std::size_t Pulls(const std::vector<std::int32_t>& rack, const std::vector<std::int32_t>& need) {
  std::vector<std::vector<std::size_t>> most(rack.size() + 1,
                                             std::vector<std::size_t>(need.size() + 1, 0));
  for (std::size_t i = 0; i < rack.size(); ++i) {
    for (std::size_t j = 0; j < need.size(); ++j) {
      most[i + 1][j + 1] =
          rack[i] == need[j] ? most[i][j] + 1 : std::max(most[i][j + 1], most[i + 1][j]);
    }
  }
  return rack.size() - most.back().back();
}

TEST(ProposalPropertyTest, KeepsItsPromises) {
  const int cases = CasesOf(750);
  int better = 0;
  for (int seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(static_cast<std::uint64_t>(seed));
    const Case made = CaseDrawn(draw);
    const auto book = RecoveryBook::Create(made.plan);
    ASSERT_TRUE(book.ok()) << book.status();
    const auto proposal = Propose(*book, {.id = seed, .what = made.what});
    ASSERT_TRUE(proposal.ok()) << proposal.status();
    EXPECT_LE(proposal->choice, proposal->do_nothing);
    better += proposal->choice < proposal->do_nothing ? 1 : 0;
    ASSERT_EQ(After(made, *proposal).Tenths(), proposal->choice.stop_tenths);
    for (const SetCost& tried : proposal->tried) EXPECT_LE(proposal->choice, tried.cost);
    // The same from a book made again, byte for byte; and the bytes are read back.
    const auto again = Propose(RecoveryBook::Create(made.plan).value(), {seed, made.what});
    const std::string bytes = EncodeProposal(*proposal);
    EXPECT_EQ(bytes, EncodeProposal(*again));
    const auto read = DecodeProposal(bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, *proposal);
    EXPECT_FALSE(DecodeProposal(bytes.substr(0, bytes.size() - 1)).ok());
    EXPECT_FALSE(DecodeProposal(bytes + '\0').ok());
  }
  EXPECT_GT(better, cases / 3);
}

TEST(ProposalPropertyTest, PullsNoMoreThanTheSubsequenceAllows) {
  for (int seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(static_cast<std::uint64_t>(seed));
    std::string needs;
    for (std::int64_t v = draw(2, 40); v > 0; --v) {
      needs.push_back(static_cast<char>('A' + draw(0, 3)));
    }
    RecoveryPlan plan = PlanOf(needs);
    std::vector<std::int64_t> order;
    std::vector<std::int32_t> need;
    for (const PlanVehicle& vehicle : plan.vehicles) order.push_back(vehicle.vehicle);
    std::ranges::shuffle(order, draw.random());
    need.reserve(order.size());
    for (const std::int64_t vehicle : order) {
      need.push_back(plan.families[0].variants[static_cast<std::size_t>(vehicle - 1)]);
    }
    const std::size_t pulls = Pulls(plan.families[0].variants, need);
    const auto proposal = Propose(RecoveryBook::Create(plan).value(),
                                  {.what = VehiclesReordered{.first = 0, .vehicles = order}});
    ASSERT_TRUE(proposal.ok()) << proposal.status();
    EXPECT_EQ(static_cast<std::size_t>(proposal->choice.moves), pulls);
    if (pulls == 0) continue;
    const RackProof& proof = proposal->families[0].proof;
    EXPECT_EQ(static_cast<std::size_t>(proof.pulls), pulls);
    // The alignment is one: equal variants, ascending in both.
    std::int32_t slot = -1;
    std::int32_t position = -1;
    for (const AlignedRun& run : proof.kept) {
      EXPECT_GT(run.slot, slot);
      EXPECT_GT(run.position, position);
      for (std::int32_t k = 0; k < run.count; ++k) {
        EXPECT_EQ(plan.families[0].variants[static_cast<std::size_t>(run.slot + k)],
                  need[static_cast<std::size_t>(run.position + k)]);
      }
      slot = run.slot + run.count - 1;
      position = run.position + run.count - 1;
    }
  }
}

}  // namespace
}  // namespace tandem::sequencing

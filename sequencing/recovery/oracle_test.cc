// The choice held against the best of all combinations, enumerated from the plan alone; the oracle
// shares no code with the search. Arrivals are certain, so that one quantile decides.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/recovery/propose.h"
#include "sequencing/recovery/recovery_fixture.h"

namespace tandem::sequencing {
namespace {

// Stop in tenths, moves, transports, money.
using Value = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

constexpr Value kNever{std::numeric_limits<std::int64_t>::max(), 0, 0, 0};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  bool OneIn(std::int64_t n) { return (*this)(1, n) == 1; }

 private:
  std::mt19937_64 random_;
};

PlanFamily FamilyDrawn(Draw& draw, std::int32_t index, std::int64_t vehicles, bool racked) {
  PlanFamily family{.location = 1, .family = index, .variant_count = 3};
  family.frozen_ms = draw(0, 2) * kMinuteMs;
  family.fetch_ms = kMinuteMs;
  if (draw.OneIn(3)) family.short_money = draw(1, 9);
  if (draw.OneIn(3)) family.alternates = {{0, 1, draw(0, 3)}};
  if (draw.OneIn(2)) {
    family.express = ExpressTerms{.origin = static_cast<std::int32_t>(draw(0, 1)),
                                  .travel_ms = Sure(draw(1, 4) * kMinuteMs),
                                  .part_money = draw(0, 3)};
  }
  for (std::int64_t v = 1; v <= vehicles; ++v) {
    const auto variant = static_cast<std::int32_t>(draw(-1, draw.OneIn(2) ? 0 : 1));
    family.variants.push_back(variant);
    if (variant == kNoPart || draw.OneIn(8)) continue;
    const bool at_hand = draw.OneIn(3);
    family.parts.push_back({.part = std::int64_t{100} * (index + 1) + v,
                            .variant = variant,
                            .ready = Sure(at_hand ? 0 : (v + draw(-3, 3)) * kMinuteMs),
                            .place = at_hand ? PartPlace::kAtDock : PartPlace::kPlanned,
                            .bound = draw.OneIn(9),
                            .vehicle = v});
    if (!racked) continue;
    if (family.racks.empty()) family.racks = {{.rack = index + 1, .capacity = 9}};
    family.racks[0].slots.emplace_back(family.parts.back().part);
  }
  for (std::int64_t k = draw(0, 2); k > 0; --k) {
    family.parts.push_back({.part = 100 * (index + 1) + 50 + k,
                            .variant = static_cast<std::int32_t>(draw(0, 1)),
                            .ready = Sure(draw(0, 6) * kMinuteMs),
                            .place = draw.OneIn(2) ? PartPlace::kAtDock : PartPlace::kAtSource});
  }
  return family;
}

// A family whose parts are all in time, in two racks with room for any order: what falls back for
// another family's sake costs pulls here, by the rule of the racks.
PlanFamily InTimeDrawn(Draw& draw, std::int32_t index, std::int64_t vehicles) {
  PlanFamily family{.location = 1, .family = index, .variant_count = 3};
  family.frozen_ms = draw(0, 3) * kMinuteMs;
  family.slot_order = static_cast<SlotOrder>(draw(0, 2));
  family.racks = {{.rack = 2 * index + 1, .capacity = 9, .place = PartPlace::kAtDock},
                  {.rack = 2 * index + 2, .capacity = 9, .place = PartPlace::kAtDock}};
  const std::int64_t first = draw(0, vehicles);
  for (std::int64_t v = 1; v <= vehicles; ++v) {
    family.variants.push_back(static_cast<std::int32_t>(draw(-1, 2)));
    if (family.variants.back() == kNoPart) continue;
    family.parts.push_back({.part = std::int64_t{100} * (index + 1) + v,
                            .variant = family.variants.back(),
                            .place = PartPlace::kAtDock,
                            .vehicle = v});
    family.racks[v <= first ? 0 : 1].slots.emplace_back(family.parts.back().part);
  }
  return family;
}

// Of three kinds: nothing is in racks; all is, and nobody may fall back (who has which part then
// depends on the alignment that was chosen); or one family is late, and the others are in racks.
RecoveryPlan PlanDrawn(Draw& draw, std::int64_t vehicles) {
  const std::int64_t kind = std::min<std::int64_t>(2, draw(0, 3));
  const bool racked = kind == 1;
  RecoveryPlan plan = PlanOf(std::string(static_cast<std::size_t>(vehicles), '.'));
  plan.horizon_ms = 50 * kMinuteMs;
  plan.families.clear();
  plan.origins = {{.places = 1, .money = draw(0, 9)}, {.places = 2, .money = draw(0, 9)}};
  for (PlanVehicle& vehicle : plan.vehicles) {
    vehicle.weight = static_cast<std::int32_t>(draw(1, 2));
  }
  const std::int32_t families = kind < 2 && draw.OneIn(3) && vehicles < 5 ? 2 : 1;
  for (std::int32_t f = 0; f < families; ++f) {
    plan.families.push_back(FamilyDrawn(draw, f, vehicles, racked));
  }
  for (std::int64_t more = kind == 2 ? draw(1, 2) : 0; more > 0; --more) {
    plan.families.push_back(InTimeDrawn(draw, static_cast<std::int32_t>(more), vehicles));
  }
  if (!racked) {
    plan.points = {{.point = 1,
                    .position = static_cast<std::int32_t>(draw(0, 2)),
                    .reach_positions = static_cast<std::int32_t>(draw(1, 4))}};
  }
  return plan;
}

class Oracle {
 public:
  explicit Oracle(const RecoveryPlan& plan) : plan_(plan) {}
  Value Least();

 private:
  struct Need {
    std::size_t family = 0;
    std::size_t vehicle = 0;
    std::int64_t need_ms = 0;
    const PlanPart* own = nullptr;
  };

  const PlanPart* OwnOf(std::size_t family, std::size_t vehicle) const;
  std::int64_t LateMs(const PlanPart* part, std::int64_t need_ms) const {
    return std::max<std::int64_t>(
        0, (part == nullptr ? plan_.horizon_ms : part->ready.p50_ms) - need_ms);
  }
  bool Racked(const PlanFamily& family, const PlanPart* part) const {
    return part != nullptr && part->vehicle.has_value() && !family.racks.empty();
  }
  // How far the vehicle at this position may fall back; none if it may not.
  std::optional<std::size_t> FallbackOf(std::size_t position) const;
  // Parts that must be moved in the family's racks before they serve this order.
  std::int64_t RackMoves(const PlanFamily& family, const std::vector<std::size_t>& order) const;
  void Solve(const std::vector<std::size_t>& order, std::int64_t moved);
  void Assign(std::size_t n, const Value& so_far);
  void Take(std::size_t n, const PlanPart* part, std::int64_t money, const Value& so_far);

  const RecoveryPlan& plan_;
  std::vector<Need> needs_{};
  std::set<std::pair<std::size_t, std::int32_t>> open_{};  // Family and variant with a late need.
  std::set<const PlanPart*> used_{};
  std::map<std::int32_t, std::int64_t> loads_{};  // By origin.
  Value best_ = kNever;
};

const PlanPart* Oracle::OwnOf(std::size_t family, std::size_t vehicle) const {
  for (const PlanPart& part : plan_.families[family].parts) {
    if (part.vehicle == plan_.vehicles[vehicle].vehicle) return &part;
  }
  return nullptr;
}

std::optional<std::size_t> Oracle::FallbackOf(std::size_t position) const {
  const auto need_ms = [](std::size_t p) { return static_cast<std::int64_t>(p + 1) * kMinuteMs; };
  std::size_t to = position;
  for (std::size_t f = 0; f < plan_.families.size(); ++f) {
    if (plan_.families[f].variants[position] == kNoPart) continue;
    const PlanPart* own = OwnOf(f, position);
    if (own == nullptr) return std::nullopt;
    while (need_ms(to) < own->ready.p50_ms) ++to;
  }
  if (to == position || to >= plan_.vehicles.size()) return std::nullopt;
  const ResequencingPoint& point = plan_.points[0];
  if (static_cast<std::int32_t>(position) < point.position) return std::nullopt;
  if (static_cast<std::int32_t>(to - position) > point.reach_positions) return std::nullopt;
  for (const PlanFamily& family : plan_.families) {
    bool changes = false;
    for (std::size_t p = position + 1; p <= to; ++p) {
      changes = changes || (family.variants[position] != kNoPart && family.variants[p] != kNoPart &&
                            family.variants[p] != family.variants[position]);
    }
    if (changes && need_ms(position) < family.frozen_ms) return std::nullopt;
  }
  return to;
}

Value Oracle::Least() {
  const std::size_t count = plan_.vehicles.size();
  std::vector<std::pair<std::size_t, std::size_t>> fallbacks;  // From, to.
  for (std::size_t p = 0; p < count && !plan_.points.empty(); ++p) {
    if (const auto to = FallbackOf(p)) fallbacks.emplace_back(p, *to);
  }
  for (unsigned bits = 0; bits < 1U << fallbacks.size(); ++bits) {
    std::vector<std::tuple<std::size_t, int, std::size_t>> keys;  // Behind whom; whom.
    for (std::size_t p = 0; p < count; ++p) keys.emplace_back(p, 0, p);
    std::int64_t moved = 0;
    for (std::size_t k = 0; k < fallbacks.size(); ++k) {
      if ((bits >> k & 1U) == 0) continue;
      keys[fallbacks[k].first] = {fallbacks[k].second, 1, fallbacks[k].first};
      ++moved;
    }
    std::ranges::sort(keys);
    std::vector<std::size_t> order;
    order.reserve(keys.size());
    for (const auto& key : keys) order.push_back(std::get<2>(key));
    Solve(order, moved);
  }
  return best_;
}

std::int64_t OutsideOfSubsequence(const std::vector<std::int32_t>& held,
                                  const std::vector<std::int32_t>& need) {
  std::int64_t most = 0;
  for (unsigned set = 0; set < 1U << held.size(); ++set) {  // Those that stay.
    std::size_t next = 0;
    std::int64_t kept = 0;
    bool fits = true;
    for (std::size_t k = 0; k < held.size() && fits; ++k) {
      if ((set >> k & 1U) == 0) continue;
      while (next < need.size() && need[next] != held[k]) ++next;
      fits = next++ < need.size();
      ++kept;
    }
    if (fits) most = std::max(most, kept);
  }
  return std::ssize(held) - most;
}

std::int64_t Oracle::RackMoves(const PlanFamily& family,
                               const std::vector<std::size_t>& order) const {
  if (family.racks.empty()) return 0;
  std::vector<std::int32_t> need;
  for (const std::size_t v : order) {
    const bool has =
        std::ranges::count(family.parts, plan_.vehicles[v].vehicle, &PlanPart::vehicle) > 0;
    if (has) need.push_back(family.variants[v]);
  }
  std::vector<std::int32_t> held;
  std::int64_t moves = 0;
  for (const PlanRack& rack : family.racks) {
    std::multiset<std::int32_t> in_rack;
    std::multiset<std::int32_t> wanted;
    for (const auto& slot : rack.slots) {
      const std::int32_t variant = std::ranges::find(family.parts, *slot, &PlanPart::part)->variant;
      const std::int32_t asked = need[held.size()];
      in_rack.insert(variant);
      wanted.insert(asked);
      held.push_back(variant);
      if (family.slot_order == SlotOrder::kNumbered) moves += variant != asked ? 1 : 0;
    }
    if (family.slot_order != SlotOrder::kAny) continue;
    for (const std::int32_t variant : wanted) {
      if (const auto at = in_rack.find(variant); at != in_rack.end()) in_rack.erase(at);
    }
    moves += std::ssize(in_rack);
  }
  return family.slot_order == SlotOrder::kSliding ? OutsideOfSubsequence(held, need) : moves;
}

void Oracle::Solve(const std::vector<std::size_t>& order, std::int64_t moved) {
  needs_.clear();
  for (const PlanFamily& family : plan_.families) moved += RackMoves(family, order);
  open_.clear();
  for (std::size_t f = 0; f < plan_.families.size(); ++f) {
    for (std::size_t p = 0; p < order.size(); ++p) {
      const std::int32_t variant = plan_.families[f].variants[order[p]];
      if (variant == kNoPart) continue;
      const std::int64_t need_ms = static_cast<std::int64_t>(p + 1) * kMinuteMs;
      const Need need{f, order[p], need_ms, OwnOf(f, order[p])};
      if (LateMs(need.own, need_ms) > 0) open_.emplace(f, variant);
      needs_.push_back(need);
    }
  }
  Assign(0, {0, moved, 0, 0});
}

void Oracle::Take(std::size_t n, const PlanPart* part, std::int64_t money, const Value& so_far) {
  const Need& need = needs_[n];
  const PlanFamily& family = plan_.families[need.family];
  if (part != nullptr && used_.contains(part)) return;
  Value with = so_far;
  if (part != need.own) {
    const bool frozen = need.need_ms < family.frozen_ms;
    if (part->bound || (frozen && part->place < PartPlace::kAtDock)) return;
    std::get<1>(with) += Racked(family, part) || Racked(family, need.own) ? 1 : 0;
  }
  std::get<0>(with) = std::max(std::get<0>(with), 10 * LateMs(part, need.need_ms));
  std::get<3>(with) += money;
  if (part != nullptr) used_.insert(part);
  Assign(n + 1, with);
  used_.erase(part);
}

void Oracle::Assign(std::size_t n, const Value& so_far) {
  if (so_far >= best_) return;
  if (n == needs_.size()) {
    Value all = so_far;
    std::int64_t trucks = 0;
    for (const auto& [origin, loads] : loads_) {
      const ExpressOrigin& terms = plan_.origins[static_cast<std::size_t>(origin)];
      const std::int64_t sent = (loads + terms.places - 1) / terms.places;
      trucks += sent;
      std::get<3>(all) += sent * terms.money;
    }
    std::get<2>(all) = trucks;
    if (trucks <= 2) best_ = std::min(best_, all);
    return;
  }
  const Need& need = needs_[n];
  const PlanFamily& family = plan_.families[need.family];
  const std::int32_t variant = family.variants[need.vehicle];
  Take(n, need.own, 0, so_far);
  if (!open_.contains({need.family, variant})) return;
  for (const PlanPart& part : family.parts) {
    if (&part == need.own) continue;
    if (part.variant == variant) Take(n, &part, 0, so_far);
    if (part.vehicle.has_value() || family.alternates.empty()) continue;
    const AllowedAlternate& alternate = family.alternates[0];
    if (variant == alternate.needed && part.variant == alternate.accepted) {
      Take(n, &part, alternate.money, so_far);
    }
  }
  if (family.short_money.has_value()) {
    Value with = so_far;
    std::get<3>(with) += *family.short_money * plan_.vehicles[need.vehicle].weight;
    Assign(n + 1, with);
  }
  if (!family.express.has_value() || need.need_ms < family.frozen_ms) return;
  Value with = so_far;
  const std::int64_t late_ms = family.express->travel_ms.p50_ms - need.need_ms;
  std::get<0>(with) = std::max(std::get<0>(with), 10 * late_ms);
  std::get<3>(with) += family.express->part_money;
  ++loads_[family.express->origin];
  Assign(n + 1, with);
  --loads_[family.express->origin];
}

std::string Told(const Value& value) {
  const auto& [stop, moves, transports, money] = value;
  return std::to_string(stop) + " tenths, " + std::to_string(moves) + " moves, " +
         std::to_string(transports) + " transports, money " + std::to_string(money);
}

Value ValueOf(const RecoveryCost& cost) {
  return {cost.stop_tenths, cost.moves, cost.transports, cost.money};
}

TEST(OracleTest, NoCombinationOfOptionsIsBetter) {
  int exhaustive = 0;
  int stops = 0;
  int resequenced = 0;
  int pulled = 0;  // Resequenced at the cost of pulls.
  constexpr int kCases = 40'000;
  for (int seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(static_cast<std::uint64_t>(seed));
    const RecoveryPlan plan = PlanDrawn(draw, draw(2, 5));
    const auto book = RecoveryBook::Create(plan);
    ASSERT_TRUE(book.ok()) << book.status();
    const auto proposal = Propose(*book, {.what = LineChanged{plan.runs}});
    ASSERT_TRUE(proposal.ok()) << proposal.status();
    const Value chosen = ValueOf(proposal->choice);
    const Value least = Oracle(plan).Least();
    ASSERT_LE(least, chosen) << Told(least) << " against " << Told(chosen);
    if (!proposal->exhaustive) continue;
    ++exhaustive;
    const bool pulls = std::ranges::any_of(
        proposal->families, [](const FamilyProposal& family) { return family.proof.pulls > 0; });
    pulled += !proposal->resequenced.empty() && pulls ? 1 : 0;
    stops += proposal->choice.stop_tenths > 0 ? 1 : 0;
    resequenced += proposal->resequenced.empty() ? 0 : 1;
    ASSERT_EQ(least, chosen) << Told(least) << " against " << Told(chosen);
  }
  EXPECT_GT(exhaustive, kCases * 95 / 100);
  EXPECT_GT(stops, kCases / 10);
  EXPECT_GT(resequenced, kCases / 100);
  EXPECT_GT(pulled, kCases / 1'000);
  RecordProperty("exhaustive", exhaustive);
  RecordProperty("pulled", pulled);
}

struct Bounded {
  int cases = 0;                 // Where the search was not exhaustive.
  int worse = 0;                 // Of them: not an optimum,
  int longer = 0;                // with a longer stop,
  std::int64_t most_tenths = 0;  // by so much at most.
};

// Lines of so many vehicles, of which most are late. Where every set of them was tried the choice
// must be an optimum; else none better, and no worse than doing nothing.
Bounded ManyLate(std::size_t vehicles, int seeds) {
  Bounded bounded;
  for (int seed = 0; seed < seeds; ++seed) {
    Draw draw(static_cast<std::uint64_t>(seed));
    RecoveryPlan plan = PlanOf(std::string(vehicles, 'A'));
    plan.points = {{.point = 1, .position = 0, .reach_positions = 4}};
    plan.origins = {{.places = 1, .money = 5}};
    PlanFamily& family = plan.families[0];
    family.racks.clear();
    if (draw.OneIn(2)) family.express = ExpressTerms{.travel_ms = Sure(draw(2, 6) * kMinuteMs)};
    for (PlanPart& part : family.parts) {
      part.ready = Sure((*part.vehicle + draw(-1, 3)) * kMinuteMs);
      part.bound = true;  // No re-pegs: the oracle is quick.
    }
    const auto book = RecoveryBook::Create(plan);
    const auto proposal = Propose(book.value(), {.what = LineChanged{plan.runs}});
    const Value chosen = ValueOf(proposal.value().choice);
    const Value least = Oracle(plan).Least();
    EXPECT_LE(least, chosen) << "seed " << seed;
    EXPECT_LE(proposal->choice, proposal->do_nothing) << "seed " << seed;
    if (proposal->exhaustive) {
      EXPECT_EQ(least, chosen) << "seed " << seed << ": " << Told(least) << " against "
                               << Told(chosen);
      continue;
    }
    ++bounded.cases;
    bounded.worse += least < chosen ? 1 : 0;
    bounded.longer += std::get<0>(least) < std::get<0>(chosen) ? 1 : 0;
    bounded.most_tenths = std::max(bounded.most_tenths, std::get<0>(chosen) - std::get<0>(least));
  }
  return bounded;
}

TEST(OracleTest, OnASmallLineEverySetOfEightIsTried) { EXPECT_EQ(ManyLate(9, 1'000).cases, 0); }

// More vehicles are late than every set of them is tried of: how far the choice may be from the
// optimum is seen here.
TEST(OracleTest, ABoundedSearchLosesLittle) {
  const Bounded bounded = ManyLate(13, CasesOf(100));
  EXPECT_GT(bounded.cases, CasesOf(100) / 20);
  EXPECT_LE(bounded.worse, bounded.cases * 50 / 100);
  EXPECT_LE(bounded.longer, bounded.cases * 40 / 100);
  EXPECT_LE(bounded.most_tenths, std::int64_t{20} * kMinuteMs);  // Two of the three it may be late.
  RecordProperty("bounded", bounded.cases);
  RecordProperty("worse", bounded.worse);
  RecordProperty("longer", bounded.longer);
  RecordProperty("most_tenths", std::to_string(bounded.most_tenths));
}

}  // namespace
}  // namespace tandem::sequencing

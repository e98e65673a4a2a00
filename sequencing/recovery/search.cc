#include "sequencing/recovery/search.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "sequencing/recovery/fallback.h"
#include "sequencing/recovery/limits.h"

namespace tandem::sequencing {
namespace {

constexpr std::int32_t kVehiclesLookedAt = 16;

// If nobody does anything: all wait, and what is out of its order is fetched at the line.
RecoveryCost CostOfNothing(const World& world, const OptionList& list) {
  Lates most = list.beyond;
  RecoveryCost cost;
  for (std::int32_t n = 0; n < list.problem.needs(); ++n) {
    Raise(most, list.problem.OptionsOf(n).front().late);
  }
  for (std::int32_t f = 0; f < world.facts->book->families(); ++f) {
    const RackWork& work = world.families[At(f)].work;
    const std::int64_t fetch_ms = world.facts->book->plan().families[At(f)].fetch_ms;
    if (!work.moved.empty()) Raise(most, {fetch_ms, fetch_ms, fetch_ms});
    cost.moves += work.idle_moves;
  }
  cost.stop_tenths = Tenths(most);
  return cost;
}

class Search {
 public:
  explicit Search(const Facts& facts) : facts_(facts), plan_(facts.book->plan()) {}
  SearchResult Best();

 private:
  // The best choice in this world, over all sets of trucks; false if it is not the best so far.
  bool Try(World world);
  void TryTrucks(Answer& answer, std::span<const std::int32_t> places, bool uncertain);
  std::vector<std::vector<std::int32_t>> TruckSets(const OptionList& list);
  void FallBack();
  std::int32_t SubsetVehiclesMax() const;
  void TrySubsets(std::span<const Fallback> moves);
  void Grow();
  std::vector<std::int32_t> LateVehicles(bool latest_only) const;
  std::optional<Fallback> Move(std::int32_t vehicle);

  const Facts& facts_;
  const RecoveryPlan& plan_;
  SearchResult result_{};
  bool found_ = false;
  std::vector<std::int32_t> asked_{};  // Vehicles for which Move has told why not.
};

// None, one and two, of the origins whose needs are latest.
std::vector<std::vector<std::int32_t>> Search::TruckSets(const OptionList& list) {
  struct Origin {
    std::int64_t tenths = 0;
    std::int32_t origin = 0;
    std::int64_t needs = 0;
  };
  std::vector<std::int64_t> latest(plan_.families.size(), 0);  // By family.
  for (std::size_t n = 0; n < list.needs.size(); ++n) {
    const Lates& wait = list.problem.OptionsOf(static_cast<std::int32_t>(n)).front().late;
    std::int64_t& tenths = latest[At(list.needs[n].family)];
    tenths = std::max(tenths, Tenths(wait));
  }
  std::vector<Origin> origins(plan_.origins.size());
  for (std::size_t o = 0; o < origins.size(); ++o) origins[o].origin = static_cast<std::int32_t>(o);
  for (std::int32_t n = 0; n < list.problem.needs(); ++n) {
    for (const ChoiceOption& option : list.problem.OptionsOf(n)) {
      if (option.resource < 0 || At(option.resource) >= origins.size()) continue;
      Origin& origin = origins[At(option.resource)];
      ++origin.needs;
      origin.tenths = std::max(origin.tenths, latest[At(list.needs[At(n)].family)]);
    }
  }
  std::erase_if(origins, [](const Origin& origin) { return origin.tenths == 0; });
  std::ranges::sort(origins, {}, [](const Origin& o) { return std::pair(-o.tenths, o.origin); });
  if (std::ssize(origins) > kOriginsMax) {
    origins.resize(At(kOriginsMax));
    result_.all_tried = false;
  }
  std::vector<std::vector<std::int32_t>> sets(1);
  for (const Origin& origin : origins) sets.push_back({origin.origin});
  for (std::size_t a = 0; a < origins.size(); ++a) {
    // A second truck where the first has room for all adds nothing.
    const bool room = origins[a].needs <= plan_.origins[At(origins[a].origin)].places;
    if (!room) sets.push_back({origins[a].origin, origins[a].origin});
    for (std::size_t b = a + 1; b < origins.size(); ++b) {
      sets.push_back({origins[a].origin, origins[b].origin});
    }
  }
  // More than two is not tried: complete where no third could carry anything.
  static_assert(kTrucksMax == 2);
  return sets;
}

void Search::TryTrucks(Answer& answer, std::span<const std::int32_t> trucks, bool uncertain) {
  ChoiceProblem& problem = answer.list.problem;
  for (std::size_t o = 0; o < plan_.origins.size(); ++o) problem.capacity[o] = 0;
  for (const std::int32_t o : trucks) problem.capacity[At(o)] += plan_.origins[At(o)].places;
  const auto consider = [&](std::vector<std::int32_t> chosen) {
    const RecoveryCost cost = CostOf(*answer.world, answer.list, chosen);
    if (!answer.chosen.empty() && answer.cost <= cost) return cost;
    answer.cost = cost;
    answer.chosen = std::move(chosen);
    answer.trucks = TrucksOf(*answer.world, answer.list, answer.chosen);
    return cost;
  };
  RecoveryCost best = consider(Choose(problem, kMedian, answer.list.beyond[kMedian]));
  if (uncertain) {
    const std::size_t last = kQuantiles - 1;
    best = std::min(best, consider(Choose(problem, last, answer.list.beyond[last])));
  }
  if (trucks.empty()) {  // Nothing but the racks' work.
    best = std::min(best, consider(std::vector<std::int32_t>(At(problem.needs()), 0)));
  }
  SetCost& tried =
      result_.tried.emplace_back(SetCost{.trucks = {trucks.begin(), trucks.end()}, .cost = best});
  for (const Fallback& move : answer.world->fallbacks) {
    tried.resequenced.push_back(plan_.vehicles[At(move.vehicle)].vehicle);
  }
}

bool Search::Try(World world) {
  Answer answer{.world = std::make_shared<World>(std::move(world))};
  answer.list = ListOptions(*answer.world);
  if (!answer.list.all_listed) result_.all_tried = false;
  const bool differ = std::ranges::any_of(answer.list.problem.options, [](const auto& option) {
    return option.late[0] != option.late[1] || option.late[1] != option.late[2];
  });
  const bool uncertain = differ && answer.list.problem.needs() <= kNeedsForP90;
  if (answer.list.problem.needs() == 0) {
    answer.cost = CostOf(*answer.world, answer.list, {});
    answer.trucks.assign(plan_.origins.size(), 0);
    SetCost& tried = result_.tried.emplace_back(SetCost{.cost = answer.cost});
    for (const Fallback& move : answer.world->fallbacks) {
      tried.resequenced.push_back(plan_.vehicles[At(move.vehicle)].vehicle);
    }
  } else {
    for (const auto& trucks : TruckSets(answer.list)) TryTrucks(answer, trucks, uncertain);
  }
  if (answer.world->fallbacks.size() == 1) {
    const Fallback& move = answer.world->fallbacks.front();
    result_.fallbacks.push_back({.vehicle = plan_.vehicles[At(move.vehicle)].vehicle,
                                 .kind = OptionKind::kResequence,
                                 .with = answer.cost});
  }
  if (!found_) {
    result_.do_nothing = CostOfNothing(*answer.world, answer.list);
    result_.base = answer.world;
  } else if (result_.best.cost <= answer.cost) {
    return false;
  }
  found_ = true;
  result_.best = std::move(answer);
  return true;
}

// Vehicles of late needs, by position; or of those that are latest with the best choice.
std::vector<std::int32_t> Search::LateVehicles(bool latest_only) const {
  const Answer& best = result_.best;
  std::vector<std::pair<std::int32_t, std::int32_t>> late;  // Position, vehicle.
  std::int64_t most = 0;
  for (std::size_t n = 0; n < best.list.needs.size(); ++n) {
    const ListedNeed& need = best.list.needs[n];
    const auto options = best.list.problem.OptionsOf(static_cast<std::int32_t>(n));
    const std::int64_t tenths = Tenths(options[At(best.chosen[n])].late);
    if (!latest_only && need.late) late.emplace_back(need.position, need.vehicle);
    if (!latest_only || tenths == 0 || tenths < most) continue;
    if (tenths > most) late.clear();
    most = tenths;
    late.emplace_back(need.position, need.vehicle);
  }
  std::ranges::sort(late);
  late.erase(std::unique(late.begin(), late.end()), late.end());
  std::vector<std::int32_t> vehicles;
  vehicles.reserve(late.size());
  for (const auto& [position, vehicle] : late) vehicles.push_back(vehicle);
  return vehicles;
}

std::optional<Fallback> Search::Move(std::int32_t vehicle) {
  const auto found = FindFallback(*result_.base, vehicle);
  if (!found.has_value()) return std::nullopt;
  if (const Fallback* move = std::get_if<Fallback>(&*found)) return *move;
  if (std::ranges::count(asked_, vehicle) > 0) return std::nullopt;
  asked_.push_back(vehicle);
  const NoFallback& no = std::get<NoFallback>(*found);
  const PlanFamily& family = plan_.families[At(no.family)];
  const bool fence = no.reason == DropReason::kFence;
  result_.dropped.push_back({.location = fence ? family.location : 0,
                             .family = fence ? family.family : 0,
                             .vehicle = plan_.vehicles[At(vehicle)].vehicle,
                             .kind = OptionKind::kResequence,
                             .reason = no.reason,
                             .fence_ms = no.fence_ms});
  return std::nullopt;
}

// Asked before any set is tried: the best choice is that of the base.
std::int32_t Search::SubsetVehiclesMax() const {
  const std::int64_t positions = result_.base->order.size();
  const std::int64_t work =
      positions * std::ssize(plan_.families) + kSubsetWorkANeed * result_.best.list.problem.needs();
  std::int32_t most = kSubsetVehiclesMax;
  while (most < kSubsetVehiclesSmallLine && work << (most + 1) <= kSubsetWorkMax) ++most;
  return most;
}

void Search::TrySubsets(std::span<const Fallback> moves) {
  std::vector<std::vector<std::size_t>> subsets;
  for (unsigned bits = 1; bits < (1U << moves.size()); ++bits) {
    std::vector<std::size_t>& subset = subsets.emplace_back();
    for (std::size_t k = 0; k < moves.size(); ++k) {
      if ((bits >> k & 1U) != 0) subset.push_back(k);
    }
  }
  std::ranges::sort(subsets, {},
                    [](const auto& subset) { return std::pair(subset.size(), subset); });
  for (const std::vector<std::size_t>& subset : subsets) {
    std::vector<Fallback> set;
    set.reserve(subset.size());
    for (const std::size_t k : subset) set.push_back(moves[k]);
    Try(WorldOf(facts_, set, result_.base.get()));
  }
}

void Search::Grow() {
  result_.all_tried = false;
  std::vector<Fallback> set;
  for (std::int32_t round = 0; round < kGrownSetsMax; ++round) {
    const std::vector<std::int32_t> latest = LateVehicles(true);
    if (latest.empty() || std::ssize(latest) > kGrownVehiclesMax) return;
    const std::size_t before = set.size();
    for (const std::int32_t vehicle : latest) {
      if (std::ranges::count(set, vehicle, &Fallback::vehicle) > 0) continue;
      if (const auto move = Move(vehicle)) set.push_back(*move);
    }
    if (set.size() == before) return;
    std::ranges::sort(set, {}, &Fallback::from);
    if (!Try(WorldOf(facts_, set, result_.base.get()))) return;
  }
}

void Search::FallBack() {
  std::int64_t slots = 0;
  for (const FamilyNow& family : result_.base->families) slots += family.work.proof.slots;
  if (slots > kSlotsBeforeFallback) {
    result_.all_tried = false;
    return;
  }
  const std::vector<std::int32_t> vehicles = LateVehicles(false);
  if (std::ssize(vehicles) > kVehiclesLookedAt) return Grow();
  std::vector<Fallback> moves;
  for (const std::int32_t vehicle : vehicles) {
    if (const auto move = Move(vehicle)) moves.push_back(*move);
  }
  if (std::ssize(moves) > SubsetVehiclesMax()) return Grow();
  TrySubsets(moves);
}

SearchResult Search::Best() {
  Try(WorldOf(facts_, {}, nullptr));
  std::int64_t work_moves = 0;
  for (const FamilyNow& family : result_.base->families) work_moves += family.work.moves;
  // A fallback is a move itself; it may spare some of the racks' work, if there is any.
  if (result_.best.cost.stop_tenths > 0 || work_moves > 0 ||
      result_.best.cost > RecoveryCost{.moves = 1}) {
    FallBack();
  }
  return std::move(result_);
}

}  // namespace

SearchResult SearchBest(const Facts& facts) { return Search(facts).Best(); }

std::vector<std::int32_t> TrucksOf(const World& world, const OptionList& list,
                                   const std::vector<std::int32_t>& chosen) {
  const std::vector<ExpressOrigin>& origins = world.facts->book->plan().origins;
  std::vector<std::int32_t> trucks(origins.size(), 0);
  for (std::size_t n = 0; n < chosen.size(); ++n) {
    const auto& option = list.problem.OptionsOf(static_cast<std::int32_t>(n))[At(chosen[n])];
    if (option.resource >= 0 && At(option.resource) < origins.size()) ++trucks[At(option.resource)];
  }
  for (std::size_t o = 0; o < origins.size(); ++o) {
    trucks[o] = (trucks[o] + origins[o].places - 1) / origins[o].places;
  }
  return trucks;
}

RecoveryCost CostOf(const World& world, const OptionList& list,
                    const std::vector<std::int32_t>& chosen) {
  const RecoveryPlan& plan = world.facts->book->plan();
  RecoveryCost cost{.moves = std::ssize(world.fallbacks)};
  Lates most = list.beyond;
  for (std::size_t n = 0; n < chosen.size(); ++n) {
    const auto& option = list.problem.OptionsOf(static_cast<std::int32_t>(n))[At(chosen[n])];
    Raise(most, option.late);
    cost.moves += option.moves;
    cost.money += option.money;
  }
  const std::vector<std::int32_t> trucks = TrucksOf(world, list, chosen);
  for (std::size_t o = 0; o < trucks.size(); ++o) {
    cost.transports += trucks[o];
    cost.money += trucks[o] * plan.origins[o].money;
  }
  for (const FamilyNow& family : world.families) cost.moves += family.work.moves;
  cost.stop_tenths = Tenths(most);
  return cost;
}

}  // namespace tandem::sequencing

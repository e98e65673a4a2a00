#include "sequencing/recovery/world.h"

#include <algorithm>
#include <utility>

namespace tandem::sequencing {
namespace {

// Those that fall back stand behind the vehicle at their target; all others keep their order.
void FallBack(std::span<const Fallback> fallbacks, const Window& window, LineOrder& order) {
  std::vector<std::pair<std::int32_t, std::int32_t>> behind;  // Target, vehicle.
  for (const Fallback& fallback : fallbacks) {
    behind.emplace_back(fallback.to, fallback.vehicle);
    order.positions[At(fallback.vehicle)] = kNone;
  }
  std::ranges::stable_sort(behind, {}, &std::pair<std::int32_t, std::int32_t>::first);
  std::vector<std::int32_t> vehicles;
  vehicles.reserve(At(window.end - window.first));
  std::size_t k = 0;
  for (std::int32_t p = window.first; p < window.end; ++p) {
    const std::int32_t vehicle = order.vehicles[At(p)];
    if (order.positions[At(vehicle)] != kNone) vehicles.push_back(vehicle);
    for (; k < behind.size() && behind[k].first == p; ++k) vehicles.push_back(behind[k].second);
  }
  std::ranges::copy(vehicles, order.vehicles.begin() + window.first);
  order.Renumber(window.first, window.end);
}

Window WindowOf(std::span<const Fallback> fallbacks) {
  Window window;
  for (const Fallback& fallback : fallbacks) window.Include(fallback.from, fallback.to);
  return window;
}

// Inside of the fence a part out of its order is fetched by hand, and the line waits for it.
void AddFetched(const FamilyColumns& family, const World& world, std::int32_t index,
                FamilyNow& now) {
  if (now.work.fetched.empty()) return;
  for (const std::int32_t vehicle : now.work.fetched) {
    const std::int32_t position = world.order.positions[At(vehicle)];
    const auto at = std::ranges::lower_bound(now.late, position, {}, &LatePosition::position);
    const bool there = at != now.late.end() && at->position == position;
    LatePosition& late = there ? *at
                               : *now.late.insert(at, {.position = position,
                                                       .vehicle = vehicle,
                                                       .part = family.pegs[At(vehicle)],
                                                       .need_ms = world.NeedMs(index, position)});
    for (std::int64_t& ms : late.late) ms = std::max(ms, family.plan->fetch_ms);
  }
}

// What the fallbacks leave as it was, from the world without them.
FamilyNow AfterFallbacks(const World& world, std::int32_t family, const Window& window,
                         const FamilyNow& base) {
  const Facts& facts = *world.facts;
  const LineClock& clock = facts.clock();
  const LineView line{world.order, clock, facts.book->plan().horizon_ms};
  FamilyColumns columns = facts.Columns(family);
  FamilyNow now;
  now.unfrozen = base.unfrozen;
  Window all = window;
  if (!facts.window.empty()) all.Include(facts.window.first, facts.window.end - 1);
  now.work = WorkRacks(columns, world.order, clock, all, facts.book->plan().now_ms);
  if (!now.work.pegs.empty()) {
    now.pegs.assign(columns.pegs.begin(), columns.pegs.end());
    for (const auto& [vehicle, part] : now.work.pegs) now.pegs[At(vehicle)] = part;
    columns.pegs = now.pegs;
  }
  if (facts.families[At(family)].changed.empty() && facts.window.empty()) {
    // Every peg that changed is one of the window's: the taking order's stretch is theirs.
    Window scan = window;
    for (const auto& [vehicle, part] : now.work.pegs) {
      const std::int32_t p = world.order.positions[At(vehicle)];
      if (p != kNone) scan.Include(p, p);
    }
    now.late = LatePositions(columns, line, scan);
    for (const LatePosition& late : base.late) {
      if (late.position < scan.first || late.position >= scan.end) now.late.push_back(late);
    }
    std::ranges::sort(now.late, {}, &LatePosition::position);
  } else {
    now.late = LatePositions(columns, line, {0, world.order.size()});
  }
  AddFetched(columns, world, family, now);
  return now;
}

FamilyNow AfterFacts(const World& world, std::int32_t family) {
  const Facts& facts = *world.facts;
  const RecoveryPlan& plan = facts.book->plan();
  FamilyColumns columns = facts.Columns(family);
  const FamilyFacts& own = facts.families[At(family)];
  FamilyNow now;
  now.unfrozen = FirstUnfrozen(*columns.plan, world.order, facts.clock(), plan.now_ms);
  if (!facts.window.empty() || !own.changed.empty()) {
    now.work = WorkRacks(columns, world.order, facts.clock(), facts.window, plan.now_ms);
  }
  if (!now.work.pegs.empty()) {
    now.pegs.assign(columns.pegs.begin(), columns.pegs.end());
    for (const auto& [vehicle, part] : now.work.pegs) now.pegs[At(vehicle)] = part;
    columns.pegs = now.pegs;
  }
  if (facts.retimed || own.touched) {
    now.late = LatePositions(columns, {world.order, facts.clock(), plan.horizon_ms},
                             {0, world.order.size()});
  } else {
    now.late = columns.book->late;
  }
  AddFetched(columns, world, family, now);
  return now;
}

}  // namespace

FamilyColumns World::Columns(std::int32_t family) const {
  FamilyColumns columns = facts->Columns(family);
  const FamilyNow& now = families[At(family)];
  if (!now.pegs.empty()) columns.pegs = now.pegs;
  return columns;
}

World WorldOf(const Facts& facts, std::span<const Fallback> fallbacks, const World* base) {
  World world{.facts = &facts, .order = facts.order};
  world.fallbacks.assign(fallbacks.begin(), fallbacks.end());
  const Window window = WindowOf(fallbacks);
  FallBack(fallbacks, window, world.order);
  world.families.reserve(facts.families.size());
  for (std::int32_t f = 0; f < facts.book->families(); ++f) {
    world.families.push_back(base == nullptr
                                 ? AfterFacts(world, f)
                                 : AfterFallbacks(world, f, window, base->families[At(f)]));
  }
  return world;
}

std::vector<LatePosition> LatePositions(const FamilyColumns& family, const LineView& line,
                                        const Window& window) {
  std::vector<LatePosition> late;
  const Quantiles never{line.horizon_ms, line.horizon_ms, line.horizon_ms};
  for (std::int32_t p = std::max(window.first, FirstPosition(*family.plan)); p < window.end; ++p) {
    const std::int32_t vehicle = line.order.vehicles[At(p)];
    if (vehicle == kNone || family.variants[At(vehicle)] == kNoPart) continue;
    const std::int32_t part = family.pegs[At(vehicle)];
    const Quantiles& ready = part == kNone ? never : family.ready[At(part)];
    const std::int64_t need_ms = line.clock.NeedMs(*family.plan, p);
    if (ready.p90_ms <= need_ms) continue;
    const Lates lates = line.clock.working.Late(ready, need_ms);
    if (lates.back() == 0) continue;  // Late only in a break.
    late.push_back(
        {.position = p, .vehicle = vehicle, .part = part, .need_ms = need_ms, .late = lates});
  }
  return late;
}

}  // namespace tandem::sequencing

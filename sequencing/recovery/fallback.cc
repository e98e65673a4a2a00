#include "sequencing/recovery/fallback.h"

#include <algorithm>

namespace tandem::sequencing {
namespace {

// The first position at which all of the vehicle's late parts are there; none: not late, or never.
std::optional<std::int32_t> Target(const World& world, std::int32_t vehicle) {
  const std::int32_t from = world.order.positions[At(vehicle)];
  std::int32_t to = from;
  for (std::int32_t f = 0; f < world.facts->book->families(); ++f) {
    const std::vector<LatePosition>& late = world.families[At(f)].late;
    const auto at = std::ranges::lower_bound(late, from, {}, &LatePosition::position);
    if (at == late.end() || at->position != from) continue;
    if (at->part == kNone) return std::nullopt;
    const FamilyColumns family = world.Columns(f);
    const auto& times = world.facts->clock().times_ms;
    const auto first = times.begin() + from + family.plan->offset_positions;
    const auto end = times.begin() + world.order.size() + family.plan->offset_positions;
    const auto there = std::lower_bound(first, end, family.ready[At(at->part)].p50_ms);
    to = std::max(to, from + static_cast<std::int32_t>(there - first));
  }
  if (to == from) return std::nullopt;
  return to;
}

// Whether moving the vehicle changes what the family's racks must hold, in which order.
bool ChangesVariants(const FamilyColumns& family, const LineOrder& order, const Fallback& move) {
  const std::int32_t own = family.variants[At(move.vehicle)];
  if (own == kNoPart) return false;
  for (std::int32_t p = move.from + 1; p <= move.to; ++p) {
    const std::int32_t vehicle = order.vehicles[At(p)];
    const std::int32_t other = family.variants[At(vehicle)];
    if (other != kNoPart && other != own) return true;
  }
  return false;
}

}  // namespace

std::optional<std::variant<Fallback, NoFallback>> FindFallback(const World& world,
                                                               std::int32_t vehicle) {
  const auto target = Target(world, vehicle);
  if (!target.has_value()) return std::nullopt;
  const RecoveryPlan& plan = world.facts->book->plan();
  Fallback move{.vehicle = vehicle,
                .from = world.order.positions[At(vehicle)],
                .to = *target,
                .point = kNone};
  bool passed_all = true;
  for (std::size_t k = 0; k < plan.points.size(); ++k) {
    const ResequencingPoint& point = plan.points[k];
    if (point.position > move.from) continue;
    passed_all = false;
    if (point.reach_positions < move.to - move.from) continue;
    if (move.point == kNone || point.position < plan.points[At(move.point)].position) {
      move.point = static_cast<std::int32_t>(k);
    }
  }
  if (move.to >= world.order.size() || (move.point == kNone && !passed_all)) {
    return NoFallback{.reason = DropReason::kBeyondReach};
  }
  if (passed_all) return NoFallback{.reason = DropReason::kPointPassed};
  for (std::int32_t f = 0; f < world.facts->book->families(); ++f) {
    const FamilyColumns family = world.Columns(f);
    if (move.from >= world.families[At(f)].unfrozen) continue;
    if (!ChangesVariants(family, world.order, move)) continue;
    return NoFallback{.reason = DropReason::kFence,
                      .family = f,
                      .fence_ms = world.NeedMs(f, move.from) - family.plan->frozen_ms};
  }
  return move;
}

}  // namespace tandem::sequencing

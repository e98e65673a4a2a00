#include "sequencing/racks/cut.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kTimeMax = std::int64_t{1} << 60;
constexpr std::int64_t kCostMax = std::numeric_limits<std::int64_t>::max();

absl::Status CheckPositions(std::span<const LinePosition> positions, const CutOptions& options) {
  absl::flat_hash_set<std::int64_t> vehicles;
  absl::flat_hash_map<std::int32_t, std::int64_t> last_need_ms;  // By location.
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const LinePosition& position = positions[i];
    const auto refuse = [&](const char* rule) {
      return absl::InvalidArgumentError(
          absl::StrCat("position ", i, ", vehicle ", position.vehicle, ": ", rule));
    };
    if (!vehicles.insert(position.vehicle).second) return refuse("the vehicle stands twice");
    if (i > 0 && position.sequence_number <= positions[i - 1].sequence_number) {
      return refuse("the sequence number does not rise");
    }
    if (position.pieces < 0 || position.pieces > kPiecesMax) return refuse("no such pieces");
    if (!options.split_sets && position.pieces > options.capacity) {
      return refuse("its pieces are more than a rack holds");
    }
    if (position.need_ms < 0 || position.need_ms > kTimeMax) return refuse("no such need time");
    const auto [last, first_here] = last_need_ms.try_emplace(position.location, position.need_ms);
    if (!first_here && position.need_ms < last->second) return refuse("the need falls");
    last->second = position.need_ms;
  }
  return absl::OkStatus();
}

// Whether the rack that begins with `first` must end before `position`.
bool EndsBefore(const LinePosition& first, const LinePosition& position,
                const CutOptions& options) {
  return position.location != first.location || position.dock != first.dock ||
         position.need_ms - first.need_ms > options.dwell_max_ms;
}

// The rack's positions in line order become its slots.
void Finish(RackAccess access, std::vector<PlannedSlot>& in_line_order, RackPlan& plan) {
  if (in_line_order.empty()) return;
  const auto count = static_cast<std::int32_t>(in_line_order.size());
  PlannedRack& rack = plan.racks.emplace_back();
  rack.slots.resize(in_line_order.size());
  for (std::int32_t k = 0; k < count; ++k) {
    rack.slots[static_cast<std::size_t>(SlotOf(access, k, count))] =
        in_line_order[static_cast<std::size_t>(k)];
  }
  in_line_order.clear();
}

absl::Status CheckTimes(std::span<const std::int64_t> times_ms, const char* what) {
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    if (times_ms[i] >= 0 && times_ms[i] <= kTimeMax && (i == 0 || times_ms[i - 1] <= times_ms[i])) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(what, " ", i, " at ", times_ms[i], " ms is out of range or before the last"));
  }
  return absl::OkStatus();
}

// The latest departure that serves a load whose first part is needed then.
std::optional<std::int32_t> DepartureFor(std::int64_t need_ms, const TruckOptions& options) {
  const auto after = std::ranges::upper_bound(options.departures_ms, need_ms - options.lead_ms);
  if (after == options.departures_ms.begin()) return std::nullopt;
  return static_cast<std::int32_t>(after - options.departures_ms.begin()) - 1;
}

}  // namespace

std::int32_t SlotOf(RackAccess access, std::int32_t position, std::int32_t count) {
  return access == RackAccess::kLifo ? count - 1 - position : position;
}

absl::StatusOr<RackPlan> CutRacks(std::span<const LinePosition> positions,
                                  const CutOptions& options) {
  if (options.capacity < 1 || options.dwell_max_ms < 0) {
    return absl::InvalidArgumentError(absl::StrCat("racks of ", options.capacity,
                                                   " slots, used within ", options.dwell_max_ms,
                                                   " ms; at least 1 slot and 0 ms"));
  }
  if (const absl::Status status = CheckPositions(positions, options); !status.ok()) return status;
  RackPlan plan;
  std::vector<PlannedSlot> rack;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const LinePosition& position = positions[i];
    const auto index = static_cast<std::int32_t>(i);
    if (position.pieces == 0) continue;
    const bool unknown = position.held == HeldVehicle::kUnknown;
    if (unknown && options.held_rule != HeldRule::kLeaveSlot) {
      if (options.held_rule == HeldRule::kCut) Finish(options.access, rack, plan);
      plan.left_out.push_back(index);
      continue;
    }
    const bool fits = options.split_sets || std::ssize(rack) + position.pieces <= options.capacity;
    if (!rack.empty() &&
        (!fits || EndsBefore(positions[static_cast<std::size_t>(rack.front().position)], position,
                             options))) {
      Finish(options.access, rack, plan);
    }
    for (std::int32_t piece = 0; piece < position.pieces; ++piece) {
      if (std::ssize(rack) == options.capacity) Finish(options.access, rack, plan);
      rack.push_back({.position = index, .hole = unknown, .piece = piece});
    }
  }
  Finish(options.access, rack, plan);
  return plan;
}

absl::StatusOr<TruckPlan> PlanTrucks(std::span<const std::int64_t> need_ms,
                                     const TruckOptions& options) {
  if (options.capacity < 1 || options.lead_ms < 0 || options.lead_ms > kTimeMax ||
      options.truck_cost < 0 || options.early_cost < 0 || options.missed_cost < 0) {
    return absl::InvalidArgumentError(
        "a truck carries at least 1, and no cost or lead is negative");
  }
  if (const absl::Status status = CheckTimes(need_ms, "position"); !status.ok()) return status;
  if (const absl::Status status = CheckTimes(options.departures_ms, "departure"); !status.ok()) {
    return status;
  }
  // least[b]: of the positions before b. first[b]: where its last load begins.
  std::vector<std::int64_t> least(need_ms.size() + 1, kCostMax);
  std::vector<std::int32_t> first(need_ms.size() + 1, 0);
  least[0] = 0;
  std::vector<std::int64_t> missed_cost;  // Of a load that begins with the position.
  missed_cost.reserve(need_ms.size());
  for (const std::int64_t first_need_ms : need_ms) {
    const bool served = DepartureFor(first_need_ms, options).has_value();
    missed_cost.push_back(served ? 0 : options.missed_cost);
  }
  for (std::size_t b = 1; b <= need_ms.size(); ++b) {
    std::int64_t early_ms = 0;  // Sum of need(i) - need(a) over the load.
    bool fits = true;           // Into an int64; a longer load only is earlier.
    for (std::size_t a = b; fits && a-- > 0 && std::cmp_less_equal(b - a, options.capacity);) {
      const auto later = static_cast<std::int64_t>(b - a - 1);
      const std::int64_t step_ms = later == 0 ? 0 : need_ms[a + 1] - need_ms[a];
      std::int64_t more_ms = 0;
      std::int64_t cost = 0;
      fits = !__builtin_mul_overflow(later, step_ms, &more_ms) &&
             !__builtin_add_overflow(early_ms, more_ms, &early_ms) &&
             !__builtin_mul_overflow(early_ms, options.early_cost, &cost) &&
             !__builtin_add_overflow(cost, options.truck_cost, &cost);
      if (!fits || least[a] == kCostMax) continue;
      if (__builtin_add_overflow(cost, missed_cost[a], &cost) ||
          __builtin_add_overflow(cost, least[a], &cost) || cost >= least[b]) {
        continue;
      }
      least[b] = cost;
      first[b] = static_cast<std::int32_t>(a);
    }
  }
  if (least.back() == kCostMax) return absl::OutOfRangeError("the costs are too large to add up");
  TruckPlan plan{.cost = least.back()};
  for (std::size_t b = need_ms.size(); b > 0; b = static_cast<std::size_t>(first[b])) {
    plan.loads.push_back(
        {.first = first[b],
         .end = static_cast<std::int32_t>(b),
         .departure = DepartureFor(need_ms[static_cast<std::size_t>(first[b])], options)});
  }
  std::ranges::reverse(plan.loads);
  return plan;
}

absl::StatusOr<std::vector<StreamPosition>> MergeByNeed(
    std::span<const std::vector<std::int64_t>> need_ms_by_stream) {
  std::vector<std::tuple<std::int64_t, std::int32_t, std::int32_t>> needs;
  for (std::size_t s = 0; s < need_ms_by_stream.size(); ++s) {
    const auto& need_ms = need_ms_by_stream[s];
    if (const absl::Status status = CheckTimes(need_ms, "position"); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("stream ", s, ", ", status.message()));
    }
    for (std::size_t i = 0; i < need_ms.size(); ++i) {
      needs.emplace_back(need_ms[i], static_cast<std::int32_t>(s), static_cast<std::int32_t>(i));
    }
  }
  std::ranges::sort(needs);
  std::vector<StreamPosition> merged;
  merged.reserve(needs.size());
  for (const auto& [at, stream, position] : needs) merged.push_back({stream, position});
  return merged;
}

}  // namespace tandem::sequencing

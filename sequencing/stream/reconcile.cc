#include "sequencing/stream/reconcile.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "sequencing/adherence/increasing.h"
#include "sequencing/adherence/order.h"

namespace tandem::sequencing {
namespace {

// The common vehicles of a list, with their places in it: `others` are the rest, in its order.
std::vector<PlacedVehicle> CommonOf(std::span<const std::int64_t> list,
                                    std::span<const std::int64_t> others,
                                    std::vector<PlacedVehicle>& rest) {
  std::vector<PlacedVehicle> common;
  std::size_t next = 0;
  for (std::size_t place = 0; place < list.size(); ++place) {
    const PlacedVehicle placed = {list[place], static_cast<std::int64_t>(place)};
    if (next < others.size() && others[next] == list[place]) {
      rest.push_back(placed);
      ++next;
    } else {
      common.push_back(placed);
    }
  }
  return common;
}

}  // namespace

absl::StatusOr<SnapshotDiff> DiffSnapshot(std::span<const std::int64_t> own,
                                          std::span<const std::int64_t> snapshot,
                                          const HealTolerance& tolerance) {
  // The ranks in the snapshot of what is ours, in our order.
  const auto ranks = RanksOf(snapshot, own);
  if (!ranks.ok()) return ranks.status();
  SnapshotDiff diff;
  const std::vector<PlacedVehicle> ours = CommonOf(own, ranks->added, diff.removed);
  const std::vector<PlacedVehicle> theirs = CommonOf(snapshot, ranks->removed, diff.added);
  const std::vector<std::int32_t> kept = IncreasingPlaces(ranks->ranks);
  std::size_t next = 0;
  for (std::size_t k = 0; k < ours.size(); ++k) {
    if (next < kept.size() && static_cast<std::size_t>(kept[next]) == k) {
      ++next;
      continue;
    }
    const auto rank = static_cast<std::size_t>(ranks->ranks[k]);
    diff.moved.push_back({ours[k].vehicle, ours[k].place, theirs[rank].place});
  }
  diff.heal = std::cmp_less_equal(diff.added.size(), tolerance.added_max) &&
              std::cmp_less_equal(diff.removed.size(), tolerance.removed_max) &&
              std::cmp_less_equal(diff.moved.size(), tolerance.moved_max);
  return diff;
}

std::vector<std::int64_t> VehiclesWithoutCall(std::span<const std::int64_t> passed,
                                              std::span<const std::int64_t> called) {
  absl::btree_set<std::int64_t> known(called.begin(), called.end());
  std::vector<std::int64_t> missing;
  for (const std::int64_t vehicle : passed) {
    if (known.insert(vehicle).second) missing.push_back(vehicle);
  }
  return missing;
}

}  // namespace tandem::sequencing

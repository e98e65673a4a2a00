#include "sequencing/adherence/stability.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sequencing/adherence/increasing.h"
#include "sequencing/adherence/order.h"

namespace tandem::sequencing {
namespace {

// The window's vehicles of one version.
absl::StatusOr<std::vector<std::int64_t>> Cut(std::span<const std::int64_t> version,
                                              const absl::flat_hash_set<std::int64_t>& passed,
                                              const StabilityWindow& window) {
  absl::flat_hash_set<std::int64_t> seen;
  std::vector<std::int64_t> cut;
  std::int64_t position = 0;
  for (const std::int64_t vehicle : version) {
    if (!seen.insert(vehicle).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("vehicle ", vehicle, " stands twice in one version of the plan"));
    }
    if (passed.contains(vehicle)) continue;
    if (position >= window.offset && std::ssize(cut) < window.size) cut.push_back(vehicle);
    ++position;
  }
  return cut;
}

}  // namespace

absl::StatusOr<Stability> MeasureStability(const PlanVersions& versions,
                                           const StabilityWindow& window) {
  if (window.offset < 0 || window.size < 1) {
    return absl::InvalidArgumentError(absl::StrCat("a window of ", window.size, " positions from ",
                                                   window.offset, "; at least 1, from 0 or later"));
  }
  const absl::flat_hash_set<std::int64_t> passed(versions.passed.begin(), versions.passed.end());
  const auto before = Cut(versions.before, passed, window);
  if (!before.ok()) return before.status();
  const auto after = Cut(versions.after, passed, window);
  if (!after.ok()) return after.status();
  // The ranks in `after` of what stands in `before`, in its order.
  auto ranks = RanksOf(*after, *before);
  if (!ranks.ok()) return ranks.status();
  Stability measured;
  measured.stability = {IncreasingLength(ranks->ranks),
                        std::max(std::ssize(*before), std::ssize(*after))};
  measured.added = std::move(ranks->removed);
  measured.removed = std::move(ranks->added);
  measured.before = std::ssize(*before);
  return measured;
}

absl::StatusOr<Distribution> ForecastErrors(std::span<const std::int64_t> announced_positions,
                                            std::span<const std::int64_t> actual_positions) {
  if (announced_positions.size() != actual_positions.size()) {
    return absl::InvalidArgumentError(absl::StrCat(announced_positions.size(), " announced and ",
                                                   actual_positions.size(), " actual positions"));
  }
  std::vector<std::int64_t> errors;
  errors.reserve(actual_positions.size());
  for (std::size_t i = 0; i < actual_positions.size(); ++i) {
    if (announced_positions[i] < 0 || actual_positions[i] < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "vehicle ", i, ": position ", announced_positions[i], " announced, ", actual_positions[i],
          " actual; none is "
          "negative"));
    }
    errors.push_back(actual_positions[i] - announced_positions[i]);
  }
  return Describe(errors);
}

}  // namespace tandem::sequencing

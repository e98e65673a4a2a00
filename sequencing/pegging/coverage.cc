#include "sequencing/pegging/coverage.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sequencing/pegging/types.h"

namespace tandem::sequencing {
namespace {

absl::Status CheckTicks(std::span<const std::int32_t> ticks, const char* name) {
  for (std::size_t k = 0; k < ticks.size(); ++k) {
    if (ticks[k] < -kTickMax || ticks[k] > kTickMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("TICK_OUT_OF_RANGE: ", name, "[", k, "] = ", ticks[k]));
    }
  }
  return absl::OkStatus();
}

// Needs in time order; where more are due than parts are ready, the lightest so far goes short.
// The sets that can be on time together are the independent sets of a matroid, so this is greatest.
std::int64_t GreatestWeight(std::span<const std::size_t> order,
                            std::span<const std::int32_t> due_ticks,
                            std::span<const std::int32_t> weights,
                            std::span<const std::int32_t> ready_ticks) {
  std::priority_queue<std::int32_t, std::vector<std::int32_t>, std::greater<>> kept;
  std::int64_t total = 0;
  std::size_t ready = 0;
  for (const std::size_t need : order) {
    while (ready < ready_ticks.size() && ready_ticks[ready] <= due_ticks[need]) ++ready;
    kept.push(weights[need]);
    total += weights[need];
    if (kept.size() > ready) {
      total -= kept.top();
      kept.pop();
    }
  }
  return total;
}

}  // namespace

absl::StatusOr<Coverage> CoverageOf(std::span<const std::int32_t> due_ticks,
                                    std::span<const std::int32_t> weights,
                                    std::span<const std::int32_t> ready_ticks) {
  if (weights.size() != due_ticks.size()) {
    return absl::InvalidArgumentError(absl::StrCat("WEIGHT_COUNT: ", weights.size(),
                                                   " weights for ", due_ticks.size(), " needs"));
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("WEIGHT_NOT_POSITIVE: weights[", i, "] = ", weights[i]));
    }
  }
  absl::Status status = CheckTicks(due_ticks, "due_ticks");
  if (status.ok()) status = CheckTicks(ready_ticks, "ready_ticks");
  if (!status.ok()) return status;

  std::vector<std::size_t> order(due_ticks.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return due_ticks[a] != due_ticks[b] ? due_ticks[a] < due_ticks[b] : a < b;
  });
  std::vector<std::int32_t> ready(ready_ticks.begin(), ready_ticks.end());
  std::sort(ready.begin(), ready.end());

  Coverage coverage;
  std::size_t count = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::int32_t due = due_ticks[order[k]];
    while (count < ready.size() && ready[count] <= due) ++count;
    if (k + 1 <= count) continue;
    coverage.uncovered = std::max(coverage.uncovered, static_cast<std::int64_t>(k + 1 - count));
    if (!coverage.first_uncovered_tick.has_value()) coverage.first_uncovered_tick = due;
  }
  coverage.on_time = static_cast<std::int64_t>(order.size()) - coverage.uncovered;
  coverage.weight_on_time = GreatestWeight(order, due_ticks, weights, ready);
  if (ready.size() < order.size()) return coverage;
  std::int64_t latest = 0;
  std::int64_t total = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::int64_t late = std::int64_t{ready[k]} - due_ticks[order[k]];
    latest = std::max(latest, late);
    total += std::max<std::int64_t>(late, 0);
  }
  coverage.max_late_ticks = latest;
  coverage.total_late_ticks = total;
  return coverage;
}

}  // namespace tandem::sequencing

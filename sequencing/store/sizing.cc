#include "sequencing/store/sizing.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sequencing/adherence/increasing.h"
#include "sequencing/adherence/order.h"
#include "sequencing/store/store.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kDenominatorMax = std::int64_t{1} << 31;

absl::Status CheckShare(const Share& share) {
  if (share.numerator >= 0 && share.numerator <= share.denominator && share.denominator >= 1 &&
      share.denominator <= kDenominatorMax) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the share ", share.numerator, "/", share.denominator,
                   " is not from 0 to 1, or its terms are too large"));
}

// The least whole number of n vehicles that is at least the share.
std::int64_t VehiclesOf(const Share& share, std::size_t n) {
  const auto product = static_cast<std::int64_t>(n) * share.numerator;
  return (product + share.denominator - 1) / share.denominator;
}

absl::Status CheckDemand(const LaneDemand& demand) {
  if (demand.lane_places < 1 || demand.lanes_max < 1) {
    return absl::InvalidArgumentError(absl::StrCat("up to ", demand.lanes_max, " lanes of ",
                                                   demand.lane_places, " places; at least 1"));
  }
  return CheckShare(demand.adherence);
}

}  // namespace

absl::StatusOr<std::int64_t> SlotsFor(std::span<const std::int32_t> ranks, const Share& share) {
  if (const absl::Status status = CheckShare(share); !status.ok()) return status;
  auto counts = OvertakenCounts(ranks);
  if (!counts.ok()) return counts.status();
  const std::int64_t vehicles = VehiclesOf(share, ranks.size());
  if (vehicles == 0) return 0;
  const auto nth = counts->begin() + (vehicles - 1);
  std::nth_element(counts->begin(), nth, counts->end());
  return *nth;
}

absl::StatusOr<LaneSize> LanesFor(std::span<const std::int32_t> ranks, const LaneDemand& demand) {
  if (const absl::Status status = CheckDemand(demand); !status.ok()) return status;
  if (const auto checked = OvertakenCounts(ranks); !checked.ok()) return checked.status();
  const std::vector<std::int64_t> arrivals(ranks.begin(), ranks.end());
  const std::int64_t wanted = VehiclesOf(demand.adherence, ranks.size());
  std::int64_t best = 0;
  const std::int32_t lanes_max = std::min(demand.lanes_max, kLanesMax);
  for (std::int32_t lanes = 1; lanes <= lanes_max; ++lanes) {
    auto store = LaneStore::Make({.lanes = lanes, .lane_places = demand.lane_places});
    if (!store.ok()) return store.status();
    const auto order = OrderFrom(*std::move(store), arrivals);
    if (!order.ok()) return order.status();
    const std::vector<std::int32_t> released(order->begin(), order->end());
    const std::int64_t increasing = IncreasingLength(released);
    if (increasing >= wanted) {
      return LaneSize{.lanes = lanes, .adherence = {increasing, std::ssize(ranks)}};
    }
    best = std::max(best, increasing);
  }
  return absl::NotFoundError(absl::StrCat("up to ", lanes_max, " lanes of ", demand.lane_places,
                                          " places keep at most ", best, " of ", ranks.size(),
                                          " vehicles in order"));
}

absl::StatusOr<std::int64_t> LanesGuess(std::span<const std::int32_t> ranks,
                                        const LaneDemand& demand) {
  if (const absl::Status status = CheckDemand(demand); !status.ok()) return status;
  const auto slots = SlotsFor(ranks, demand.adherence);
  if (!slots.ok()) return slots.status();
  const std::int64_t per_lane = 6 * std::int64_t{demand.lane_places};
  return std::max<std::int64_t>(1, (10 * *slots + per_lane - 1) / per_lane);
}

}  // namespace tandem::sequencing

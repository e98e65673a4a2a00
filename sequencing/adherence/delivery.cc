#include "sequencing/adherence/delivery.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kInstantMax = std::int64_t{1} << 61;

bool Within(std::int64_t instant) { return instant >= -kInstantMax && instant <= kInstantMax; }

}  // namespace

absl::StatusOr<Share> DockWindowHits(std::span<const PlannedArrival> arrivals,
                                     std::int64_t tolerance_ms) {
  if (tolerance_ms < 0 || !Within(tolerance_ms)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the tolerance is ", tolerance_ms, " ms; it is not negative"));
  }
  Share hits;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const PlannedArrival& arrival = arrivals[i];
    if (arrival.to_ms < arrival.from_ms || !Within(arrival.from_ms) || !Within(arrival.to_ms)) {
      return absl::InvalidArgumentError(
          absl::StrCat("arrival ", i, ": window from ", arrival.from_ms, " to ", arrival.to_ms));
    }
    const bool hit = arrival.arrived_ms.has_value() &&
                     *arrival.arrived_ms >= arrival.from_ms - tolerance_ms &&
                     *arrival.arrived_ms <= arrival.to_ms + tolerance_ms;
    hits += {hit ? 1 : 0, 1};
  }
  return hits;
}

std::optional<double> JisFaults::Ppm() const { return RateFor(faulty, 1'000'000); }

absl::StatusOr<JisFaults> CountFaults(std::int64_t parts_due, std::span<const FaultyPart> faults) {
  std::vector<std::int64_t> parts;
  parts.reserve(faults.size());
  for (const FaultyPart& fault : faults) parts.push_back(fault.part);
  std::ranges::sort(parts);
  const auto repeated = std::unique(parts.begin(), parts.end());
  const auto faulty = ShareOf(repeated - parts.begin(), parts_due);
  if (!faulty.ok()) return faulty.status();
  return JisFaults{*faulty};
}

absl::StatusOr<Distribution> CallToLineMargins(std::span<const FittedPart> parts) {
  std::vector<std::int64_t> margins;
  margins.reserve(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!Within(parts[i].need_ms) || !Within(parts[i].line_side_ms)) {
      return absl::InvalidArgumentError(absl::StrCat("part ", i, ": an instant is out of range"));
    }
    margins.push_back(parts[i].need_ms - parts[i].line_side_ms);
  }
  return Describe(margins);
}

Share NoticesBeforeArrival(std::span<const NoticedDelivery> deliveries) {
  Share before;
  for (const NoticedDelivery& delivery : deliveries) {
    const bool in_time =
        delivery.notice_ms.has_value() && *delivery.notice_ms < delivery.arrived_ms;
    before += {in_time ? 1 : 0, 1};
  }
  return before;
}

Share ExactNotices(std::span<const UnloadedNotice> notices) {
  Share exact;
  for (const UnloadedNotice& notice : notices) {
    std::vector<SlotPart> announced(notice.announced.begin(), notice.announced.end());
    std::vector<SlotPart> found(notice.found.begin(), notice.found.end());
    std::ranges::sort(announced);
    announced.erase(std::unique(announced.begin(), announced.end()), announced.end());
    std::ranges::sort(found);
    exact += {std::ranges::includes(found, announced) ? 1 : 0, 1};
  }
  return exact;
}

std::optional<double> RateFor(const Share& events_in_base, std::int64_t per) {
  if (events_in_base.denominator == 0) return std::nullopt;
  return static_cast<double>(events_in_base.numerator) * static_cast<double>(per) /
         static_cast<double>(events_in_base.denominator);
}

absl::StatusOr<Distribution> GapLatencies(std::span<const DetectedGap> gaps) {
  std::vector<std::int64_t> latencies;
  latencies.reserve(gaps.size());
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    if (gaps[i].detected_ms < gaps[i].due_ms || !Within(gaps[i].due_ms) ||
        !Within(gaps[i].detected_ms)) {
      return absl::InvalidArgumentError(absl::StrCat("gap ", i, ": due at ", gaps[i].due_ms,
                                                     ", detected at ", gaps[i].detected_ms));
    }
    latencies.push_back(gaps[i].detected_ms - gaps[i].due_ms);
  }
  return Describe(latencies);
}

}  // namespace tandem::sequencing

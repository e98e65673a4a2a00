#include "sequencing/adherence/line_stop.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

// Far more than any calendar, and small enough that sums of three stay within an int64.
constexpr std::int64_t kInstantMax = std::int64_t{1} << 61;
constexpr std::int64_t kUncertainMax = std::int64_t{1} << 57;  // Times ten, too.

bool Within(std::int64_t instant, std::int64_t bound) {
  return instant >= -bound && instant <= bound;
}

absl::Status Refuse(std::size_t peg, const char* rule) {
  return absl::InvalidArgumentError(absl::StrCat("peg ", peg, ": ", rule));
}

}  // namespace

absl::StatusOr<Lateness> MeasureLateness(std::span<const PegTimes> pegs) {
  Lateness lateness;
  for (std::size_t i = 0; i < pegs.size(); ++i) {
    const PegTimes& peg = pegs[i];
    if (peg.handling_ms < 0) return Refuse(i, "its handling is negative");
    if (!Within(peg.eta_ms, kInstantMax) || !Within(peg.need_ms, kInstantMax) ||
        !Within(peg.handling_ms, kInstantMax)) {
      return Refuse(i, "an instant is out of range");
    }
    const std::int64_t late =
        peg.built_short ? 0 : std::max<std::int64_t>(0, peg.eta_ms + peg.handling_ms - peg.need_ms);
    lateness.on_time += {late == 0 ? 1 : 0, 1};
    lateness.late += late > 0 ? 1 : 0;
    lateness.late_max_ms = std::max(lateness.late_max_ms, late);
  }
  return lateness;
}

absl::StatusOr<ExpectedStop> ExpectStop(std::span<const UncertainPeg> pegs) {
  ExpectedStop stop;
  for (std::size_t i = 0; i < pegs.size(); ++i) {
    const UncertainPeg& peg = pegs[i];
    if (peg.handling_ms < 0) return Refuse(i, "its handling is negative");
    if (peg.eta_p10_ms > peg.eta_p50_ms || peg.eta_p50_ms > peg.eta_p90_ms) {
      return Refuse(i, "its quantiles fall");
    }
    if (!Within(peg.eta_p10_ms, kUncertainMax) || !Within(peg.eta_p90_ms, kUncertainMax) ||
        !Within(peg.need_ms, kUncertainMax) || !Within(peg.handling_ms, kUncertainMax)) {
      return Refuse(i, "an instant is out of range");
    }
    if (peg.built_short) continue;
    const std::int64_t ready_by_ms = peg.need_ms - peg.handling_ms;
    stop.late_max_p10_ms = std::max(stop.late_max_p10_ms, peg.eta_p10_ms - ready_by_ms);
    stop.late_max_p50_ms = std::max(stop.late_max_p50_ms, peg.eta_p50_ms - ready_by_ms);
    stop.late_max_p90_ms = std::max(stop.late_max_p90_ms, peg.eta_p90_ms - ready_by_ms);
  }
  return stop;
}

absl::StatusOr<std::vector<BookedStop>> BookStops(std::span<const LineStop> stops,
                                                  std::span<const PartArrival> arrivals) {
  // The last one before an instant is the last arrived, and of these the lowest number.
  std::vector<PartArrival> sorted(arrivals.begin(), arrivals.end());
  std::ranges::sort(sorted, [](const PartArrival& a, const PartArrival& b) {
    return std::tuple(a.at_ms, b.part) < std::tuple(b.at_ms, a.part);
  });
  std::vector<BookedStop> booked;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    const LineStop& stop = stops[i];
    if (stop.to_ms < stop.from_ms) {
      return absl::InvalidArgumentError(absl::StrCat("stop ", i, " ends at ", stop.to_ms,
                                                     ", before it begins at ", stop.from_ms));
    }
    const auto after = std::ranges::upper_bound(sorted, stop.to_ms, {}, &PartArrival::at_ms);
    BookedStop& booking = booked.emplace_back(BookedStop{.stop = stop});
    if (after != sorted.begin() && (after - 1)->at_ms > stop.from_ms) {
      booking.part = (after - 1)->part;
    }
  }
  return booked;
}

}  // namespace tandem::sequencing

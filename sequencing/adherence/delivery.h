// How well deliveries were met: dock windows, parts at the point of fit, margins, shipment notices.
// Instants are milliseconds, all of one clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "sequencing/adherence/share.h"

namespace tandem::sequencing {

struct PlannedArrival {
  std::int64_t from_ms = 0;  // The dock window, both ends included.
  std::int64_t to_ms = 0;
  std::optional<std::int64_t> arrived_ms{};  // None: it never came.
};

// Arrivals no farther than the tolerance from their window, in all planned. Returns
// kInvalidArgument, naming the arrival, for a window that ends before it begins; for a negative
// tolerance.
absl::StatusOr<Share> DockWindowHits(std::span<const PlannedArrival> arrivals,
                                     std::int64_t tolerance_ms);

// What was wrong with a part at the point of fit.
enum class PartFault { kWrongVariant, kOutOfOrder, kMissing, kUnusable };

struct FaultyPart {
  std::int64_t part = 0;
  PartFault fault = PartFault::kMissing;
};

// Parts with a fault, each once whatever it had, in the parts due.
struct JisFaults {
  Share faulty{};

  // Parts per million; undefined if none was due.
  std::optional<double> Ppm() const;
};

// Returns kInvalidArgument for more faulty parts than due, and for a negative number due.
absl::StatusOr<JisFaults> CountFaults(std::int64_t parts_due, std::span<const FaultyPart> faults);

struct FittedPart {
  std::int64_t need_ms = 0;
  std::int64_t line_side_ms = 0;  // The instant of LINE_SIDE.
};

// Need less instant of LINE_SIDE, a part; p05 and minimum are what to report. Negative: late.
// Returns kInvalidArgument, naming the part, for an instant beyond 2^61.
absl::StatusOr<Distribution> CallToLineMargins(std::span<const FittedPart> parts);

struct NoticedDelivery {
  std::optional<std::int64_t> notice_ms{};  // When the shipment notice (ASN) came; none: never.
  std::int64_t arrived_ms = 0;
};

// Deliveries whose notice came before them, in all.
Share NoticesBeforeArrival(std::span<const NoticedDelivery> deliveries);

// One line of a shipment notice, or what was found.
struct SlotPart {
  std::int64_t rack = 0;
  std::int32_t slot = 0;
  std::int64_t part = 0;

  friend auto operator<=>(const SlotPart&, const SlotPart&) = default;
};

struct UnloadedNotice {
  std::span<const SlotPart> announced{};
  std::span<const SlotPart>
      found{};  // At unloading; more than announced is no fault of the notice.
};

// Notices whose every (rack, slot, part) was found at unloading, in all. O(n log n).
Share ExactNotices(std::span<const UnloadedNotice> notices);

// Events for every `per` of a base: emergency deliveries (per 1,000 vehicles), re-pegs (per
// vehicle), physical moves (per 1,000 parts). Undefined for an empty base. Unlike a share it may
// exceed the base.
std::optional<double> RateFor(const Share& events_in_base, std::int64_t per);

// When a missing number should have come, and when it was first known to be missing.
struct DetectedGap {
  std::int64_t due_ms = 0;
  std::int64_t detected_ms = 0;
};

// Gap-detection latency. Returns kInvalidArgument, naming the gap, for one detected before it was
// due.
absl::StatusOr<Distribution> GapLatencies(std::span<const DetectedGap> gaps);

}  // namespace tandem::sequencing

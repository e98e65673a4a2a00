// When a truck must leave at the latest, who is late if it has not, and how many trucks a loop
// needs. All spans in milliseconds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

// One rack of a truck, in unloading order.
struct RackTiming {
  std::int64_t need_first_ms = 0;   // Instant of the first need that it serves.
  std::int64_t internal_ms = 0;     // Dock to line.
  std::int64_t unload_upto_ms = 0;  // Gate and unloading of all racks up to and with this one.
  std::int64_t travel_q95_ms = 0;   // 95 % travel time to its dock, over the earlier stops.

  std::int64_t TermMs() const {
    return need_first_ms - internal_ms - unload_upto_ms - travel_q95_ms;
  }
};

struct LatestDeparture {
  std::int64_t at_ms = 0;  // LD: the least of the racks' own terms.
  std::int32_t rack = 0;   // The first rack whose term it is.

  // What to show; `now_ms` is within 2^58 as all instants here.
  std::int64_t SlackMs(std::int64_t now_ms) const { return at_ms - now_ms; }
};

// Returns kInvalidArgument for no rack; naming the rack, for a negative span, times that unloading
// in this order does not allow (unload_upto falls), and an instant beyond 2^58.
absl::StatusOr<LatestDeparture> LatestDepartureOf(std::span<const RackTiming> racks);

struct LateRack {
  std::int32_t rack = 0;
  std::int64_t late_ms = 0;  // now - its term.

  friend bool operator==(const LateRack&, const LateRack&) = default;
};

// The racks that are late if the truck leaves at `now_ms`. Errors as LatestDepartureOf, and for a
// `now_ms` beyond 2^58.
absl::StatusOr<std::vector<LateRack>> LateRacks(std::span<const RackTiming> racks,
                                                std::int64_t now_ms);

// One round of a truck: 95 % values for a promise, means for a plan.
struct TruckCycle {
  std::int64_t load_ms = 0;
  std::int64_t travel_out_ms = 0;
  std::int64_t wait_ms = 0;
  std::int64_t unload_ms = 0;
  std::int64_t travel_back_ms = 0;
};

// What the line takes: pieces per vehicle as an average over the mix (mix_pieces / mix_vehicles),
// and its rate (line_vehicles in line_ms), as whole numbers, so that the answer is exact.
struct TruckDemand {
  std::int64_t pieces_per_truck = 1;
  std::int64_t mix_pieces = 0;
  std::int64_t mix_vehicles = 1;
  std::int64_t line_vehicles = 0;
  std::int64_t line_ms = 1;
};

// ceil(cycle / headway), headway = pieces per truck / (pieces per vehicle * vehicles per time). 0
// if nothing is taken. Returns kInvalidArgument, naming the value, for a negative one, for a
// denominator below 1, and for one above 2^40.
absl::StatusOr<std::int64_t> TrucksInLoop(const TruckCycle& cycle, const TruckDemand& demand);

}  // namespace tandem::sequencing

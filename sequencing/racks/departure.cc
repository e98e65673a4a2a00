#include "sequencing/racks/departure.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kInstantMax = std::int64_t{1} << 58;
constexpr std::int64_t kCountMax = std::int64_t{1} << 40;

bool IsInstant(std::int64_t at_ms) { return at_ms >= -kInstantMax && at_ms <= kInstantMax; }

absl::Status CheckTimings(std::span<const RackTiming> racks) {
  if (racks.empty()) return absl::InvalidArgumentError("the truck carries no rack");
  std::int64_t upto_ms = 0;
  for (std::size_t k = 0; k < racks.size(); ++k) {
    const RackTiming& rack = racks[k];
    const bool within =
        IsInstant(rack.need_first_ms) &&
        std::max({rack.internal_ms, rack.unload_upto_ms, rack.travel_q95_ms}) <= kInstantMax;
    if (rack.internal_ms < 0 || rack.travel_q95_ms < 0 || rack.unload_upto_ms < upto_ms ||
        !within) {
      return absl::InvalidArgumentError(
          absl::StrCat("rack ", k, ": need ", rack.need_first_ms, ", internal ", rack.internal_ms,
                       ", unloading ", rack.unload_upto_ms, ", travel ", rack.travel_q95_ms,
                       " ms; spans are not negative, and unloading does not fall"));
    }
    upto_ms = rack.unload_upto_ms;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LatestDeparture> LatestDepartureOf(std::span<const RackTiming> racks) {
  if (const absl::Status status = CheckTimings(racks); !status.ok()) return status;
  const auto least = std::ranges::min_element(racks, {}, &RackTiming::TermMs);
  return LatestDeparture{.at_ms = least->TermMs(),
                         .rack = static_cast<std::int32_t>(least - racks.begin())};
}

absl::StatusOr<std::vector<LateRack>> LateRacks(std::span<const RackTiming> racks,
                                                std::int64_t now_ms) {
  if (const absl::Status status = CheckTimings(racks); !status.ok()) return status;
  if (!IsInstant(now_ms)) {
    return absl::InvalidArgumentError(absl::StrCat("now_ms is ", now_ms, "; it is within 2^58"));
  }
  std::vector<LateRack> late;
  for (std::size_t k = 0; k < racks.size(); ++k) {
    const std::int64_t term_ms = racks[k].TermMs();
    if (term_ms >= now_ms) continue;
    late.push_back({static_cast<std::int32_t>(k), now_ms - term_ms});
  }
  return late;
}

absl::StatusOr<std::int64_t> TrucksInLoop(const TruckCycle& cycle, const TruckDemand& demand) {
  struct Value {
    const char* name;
    std::int64_t value;
    std::int64_t least;
  };
  const Value values[] = {
      {"load_ms", cycle.load_ms, 0},
      {"travel_out_ms", cycle.travel_out_ms, 0},
      {"wait_ms", cycle.wait_ms, 0},
      {"unload_ms", cycle.unload_ms, 0},
      {"travel_back_ms", cycle.travel_back_ms, 0},
      {"pieces_per_truck", demand.pieces_per_truck, 1},
      {"mix_pieces", demand.mix_pieces, 0},
      {"mix_vehicles", demand.mix_vehicles, 1},
      {"line_vehicles", demand.line_vehicles, 0},
      {"line_ms", demand.line_ms, 1},
  };
  for (const Value& value : values) {
    if (value.value >= value.least && value.value <= kCountMax) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        value.name, " is ", value.value, "; it is at least ", value.least, " and at most 2^40"));
  }
  // Pieces that the line takes in one cycle, by pieces of a truck: both sides times what divides.
  const absl::uint128 cycle_ms = static_cast<std::uint64_t>(
      cycle.load_ms + cycle.travel_out_ms + cycle.wait_ms + cycle.unload_ms + cycle.travel_back_ms);
  const absl::uint128 rate = absl::uint128(demand.mix_pieces) * absl::uint128(demand.line_vehicles);
  const absl::uint128 per = absl::uint128(demand.mix_vehicles) * absl::uint128(demand.line_ms);
  // rate and per are below 2^80: divided in two steps, so that nothing overflows.
  const absl::uint128 whole = rate / per;
  const absl::uint128 rest = rate % per;
  const absl::uint128 truck = absl::uint128(demand.pieces_per_truck);
  const absl::uint128 pieces_whole = whole * cycle_ms;
  const absl::uint128 pieces_rest = rest * cycle_ms;
  const absl::uint128 pieces = pieces_whole + pieces_rest / per;
  absl::uint128 trucks = pieces / truck;
  if (pieces % truck != 0 || pieces_rest % per != 0) ++trucks;
  if (trucks > absl::uint128(kInstantMax)) {
    return absl::InvalidArgumentError("line_vehicles needs more trucks than can be counted");
  }
  return static_cast<std::int64_t>(absl::Uint128Low64(trucks));
}

}  // namespace tandem::sequencing

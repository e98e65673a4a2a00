// The line as recovery reads it: who stands where, when each position is needed, and how much of a
// delay falls into working time. For the files of this folder.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/recovery/plan.h"

namespace tandem::sequencing {

inline constexpr std::size_t kQuantiles = 3;  // P10, P50, P90.
inline constexpr std::size_t kMedian = 1;
using Lates = std::array<std::int64_t, kQuantiles>;  // One need's lateness at each quantile.

inline std::size_t At(std::int64_t index) { return static_cast<std::size_t>(index); }

inline Quantiles Shifted(const Quantiles& span, std::int64_t by_ms) {
  return {span.p10_ms + by_ms, span.p50_ms + by_ms, span.p90_ms + by_ms};
}

// How long the line has worked up to an instant. Time after the last run counts in full.
class WorkingTime {
 public:
  explicit WorkingTime(std::span<const LineRun> runs);
  std::int64_t Until(std::int64_t instant_ms) const;
  // max(0, W(ready) - W(need)) at each quantile.
  Lates Late(const Quantiles& ready, std::int64_t need_ms) const;

 private:
  std::vector<LineRun> runs_;
  std::vector<std::int64_t> before_ms_;  // Worked before each run.
};

// Instants of positions; the same for all locations, read at their offsets.
struct LineClock {
  std::vector<std::int64_t> times_ms{};
  WorkingTime working{{}};

  std::int64_t NeedMs(const PlanFamily& family, std::int32_t position) const {
    return times_ms[At(position + family.offset_positions)];
  }
};

// Vehicles by number (the index in the plan) and the positions they have.
struct LineOrder {
  std::vector<std::int32_t> vehicles{};   // By position; -1: nobody, a gap on the line.
  std::vector<std::int32_t> positions{};  // By vehicle; -1: not on the line.

  std::int32_t size() const { return static_cast<std::int32_t>(vehicles.size()); }
  // Writes the positions of the vehicles from `first` to before `end`.
  void Renumber(std::int32_t first, std::int32_t end) {
    for (std::int32_t p = first; p < end; ++p) {
      if (vehicles[At(p)] >= 0) positions[At(vehicles[At(p)])] = p;
    }
  }
};

// A need that its part does not serve in time: at P90, and so perhaps at P50.
struct LatePosition {
  std::int32_t position = 0;
  std::int32_t vehicle = 0;
  std::int32_t part = -1;  // None: late to the horizon.
  std::int64_t need_ms = 0;
  Lates late{};

  friend bool operator==(const LatePosition&, const LatePosition&) = default;
};

// The first position that has not passed the family's location.
inline std::int32_t FirstPosition(const PlanFamily& family) {
  return std::max(0, -family.offset_positions);
}

}  // namespace tandem::sequencing

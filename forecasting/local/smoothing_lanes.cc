#include "forecasting/local/smoothing_lanes.h"

namespace tandem::forecasting {

LaneLevel BestLaneLevel(std::span<const double> values) {
  std::array<double, kLanes> levels{};
  std::array<double, kLanes> squares{};
  levels.fill(values.front());
  for (const double y : values.subspan(1)) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double error = y - levels[lane];
      squares[lane] += error * error;
      levels[lane] += kLaneAlphas[lane] * error;
    }
  }
  std::size_t best = 0;
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    if (squares[lane] < squares[best]) best = lane;
  }
  return {.alpha = kLaneAlphas[best], .level_units = levels[best]};
}

}  // namespace tandem::forecasting

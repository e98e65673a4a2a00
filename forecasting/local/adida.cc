#include "forecasting/local/adida.h"

#include <algorithm>
#include <cmath>

#include "forecasting/local/smoothing_lanes.h"

namespace tandem::forecasting {

std::size_t MeanIntervalRounded(const DemandEvents& events) {
  const double mean = events.MeanInterval();
  const double floor = std::floor(mean);
  const auto whole = static_cast<std::size_t>(floor);
  const double part = mean - floor;
  const bool up = part > 0.5 || (part == 0.5 && whole % 2 == 1);
  return std::max<std::size_t>(1, whole + (up ? 1 : 0));
}

AdidaState FitBlocks(const DemandEvents& events, std::size_t block_buckets, EventScratch& scratch) {
  const std::size_t blocks = events.buckets / block_buckets;
  const std::size_t dropped = events.buckets - blocks * block_buckets;
  const std::span<double> sums = std::span(scratch.sums).first(blocks);
  std::fill(sums.begin(), sums.end(), 0.0);
  const double width = 1.0 / static_cast<double>(block_buckets);
  double position = -1.0 - static_cast<double>(dropped);  // From 0, after what is dropped.
  for (std::size_t i = 0; i < events.size_units.size(); ++i) {
    position += events.interval_buckets[i];
    if (position < 0.0) continue;
    // Half a bucket keeps the product clear of its rounding.
    sums[static_cast<std::size_t>((position + 0.5) * width)] += events.size_units[i];
  }
  const LaneLevel level = BestLaneLevel(sums);
  return {.alpha = level.alpha, .level_units = level.level_units, .block_buckets = block_buckets};
}

AdidaState FitAdida(const DemandEvents& events, EventScratch& scratch) {
  if (events.size_units.empty()) return {};
  return FitBlocks(events, MeanIntervalRounded(events), scratch);
}

void UpdateAdida(AdidaState& state, double demand_units) {
  state.filling_units += demand_units;
  if (++state.filling_buckets < state.block_buckets) return;
  state.level_units += state.alpha * (state.filling_units - state.level_units);
  state.filling_units = 0.0;
  state.filling_buckets = 0;
}

double AdidaForecast(const AdidaState& state) {
  return state.level_units / static_cast<double>(state.block_buckets);
}

}  // namespace tandem::forecasting

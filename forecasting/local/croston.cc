#include "forecasting/local/croston.h"

#include "forecasting/local/smoothing_lanes.h"

namespace tandem::forecasting {

CrostonState FitCroston(const DemandEvents& events, const CrostonOptions& options) {
  CrostonState state{.options = options,
                     .buckets_since_last = static_cast<double>(events.buckets_since_last)};
  if (events.size_units.empty()) return state;
  state.size_units = events.size_units.front();
  state.interval_buckets = events.interval_buckets.front();
  for (std::size_t i = 1; i < events.size_units.size(); ++i) {
    state.size_units += options.alpha_size * (events.size_units[i] - state.size_units);
    state.interval_buckets +=
        options.alpha_interval * (events.interval_buckets[i] - state.interval_buckets);
  }
  return state;
}

CrostonState FitOptimizedCroston(const DemandEvents& events) {
  CrostonState state{.buckets_since_last = static_cast<double>(events.buckets_since_last)};
  if (events.size_units.empty()) return state;
  const auto [size, interval] = BestLaneLevels(events.size_units, events.interval_buckets);
  state.options = {.alpha_size = size.alpha, .alpha_interval = interval.alpha};
  state.size_units = size.level_units;
  state.interval_buckets = interval.level_units;
  return state;
}

void UpdateCroston(CrostonState& state, double demand_units) {
  state.buckets_since_last += 1.0;
  if (demand_units <= 0.0) return;
  if (state.size_units == 0.0) {
    state.size_units = demand_units;
    state.interval_buckets = state.buckets_since_last;
  } else {
    state.size_units += state.options.alpha_size * (demand_units - state.size_units);
    state.interval_buckets +=
        state.options.alpha_interval * (state.buckets_since_last - state.interval_buckets);
  }
  state.buckets_since_last = 0.0;
}

double CrostonForecast(const CrostonState& state) {
  return state.size_units > 0.0 ? state.size_units / state.interval_buckets : 0.0;
}

}  // namespace tandem::forecasting

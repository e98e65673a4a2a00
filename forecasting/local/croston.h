// Croston's method: size and interval of demands smoothed apart, their quotient forecast.
// Reference: J. D. Croston, "Forecasting and stock control for intermittent demands", Operational
// Research Quarterly 23 (1972).
#pragma once

#include "forecasting/local/demand_events.h"

namespace tandem::forecasting {

struct CrostonOptions {
  double alpha_size = 0.1;      // In (0, 1]. 0.1: M5's "CRO" and R's forecast::croston.
  double alpha_interval = 0.1;  // In (0, 1].
};

// Carried from bucket to bucket; an item without demand so far has size 0.
struct CrostonState {
  CrostonOptions options{};
  double size_units = 0.0;        // z
  double interval_buckets = 0.0;  // p
  double buckets_since_last = 0.0;
};

// After the first demand z = y and p = its position, after each later one
//   z' = z + a (y - z),  p' = p + b (q - p),  q the buckets since the demand before.
// The weights must be in (0, 1]. O(demands) time, no allocation.
CrostonState FitCroston(const DemandEvents& events, const CrostonOptions& options);

// The same with both weights of least squared error, each of the eight of smoothing_lanes.h.
CrostonState FitOptimizedCroston(const DemandEvents& events);

// One more bucket, as if it had been in the history. `demand_units` must be finite and 0 or more.
void UpdateCroston(CrostonState& state, double demand_units);

// z / p for every later bucket; 0 if there was no demand.
double CrostonForecast(const CrostonState& state);

}  // namespace tandem::forecasting

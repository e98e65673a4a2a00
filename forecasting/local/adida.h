// ADIDA: demand added up over the mean interval, smoothed there, and shared out evenly again.
// Reference: K. Nikolopoulos et al., "An aggregate-disaggregate intermittent demand approach
// (ADIDA) to forecasting", J. of the Operational Research Society 62 (2011).
#pragma once

#include "forecasting/local/demand_events.h"

namespace tandem::forecasting {

struct AdidaState {
  double alpha = 0.1;
  double level_units = 0.0;       // Of a block of buckets.
  std::size_t block_buckets = 1;  // A
  double filling_units = 0.0;     // Of the block that has begun since the fit.
  std::size_t filling_buckets = 0;
};

// Blocks of A = round(mean interval, half to even) buckets, counted back from the newest, the
// oldest remainder dropped; the blocks' sums smoothed from the first on, with the best weight in
// [.1, .3] (smoothing_lanes.h). O(demands + n / A) time, no allocation.
AdidaState FitAdida(const DemandEvents& events, EventScratch& scratch);

// One more bucket; the level moves when a block is full. `demand_units` must be finite, 0 or more.
void UpdateAdida(AdidaState& state, double demand_units);

// level / A for every later bucket; 0 if there was no demand.
double AdidaForecast(const AdidaState& state);

// The blocks' level for a given A, 1 <= A <= n; `events` must hold a demand. For imapa.h.
AdidaState FitBlocks(const DemandEvents& events, std::size_t block_buckets, EventScratch& scratch);

// The A of FitAdida; 1 if there was no demand.
std::size_t MeanIntervalRounded(const DemandEvents& events);

}  // namespace tandem::forecasting

// Teunter, Syntetos and Babai's method: the probability of demand smoothed in every bucket, so that
// a dead item's forecast falls to zero.
// Reference: R. H. Teunter, A. A. Syntetos and M. Z. Babai, "Intermittent demand: linking
// forecasting to inventory obsolescence", European J. of Operational Research 214 (2011).
#pragma once

#include "forecasting/local/demand_events.h"

namespace tandem::forecasting {

struct TsbOptions {
  double alpha_size = 0.1;         // In (0, 1]. 0.1: as Croston's, see croston.h.
  double alpha_probability = 0.1;  // In (0, 1].
};

struct TsbState {
  TsbOptions options{};
  double size_units = 0.0;   // z; 0 before the first demand.
  double probability = 0.0;  // pi
  bool started = false;      // Whether a bucket has been seen.
};

// pi = 1[y > 0] in the first bucket, then in each
//   pi' = pi + b (1[y > 0] - pi),  and where y > 0  z' = z + a (y - z), from z = the first demand.
// The weights must be in (0, 1]. O(n) time, no allocation.
TsbState FitTsb(const DemandEvents& events, const TsbOptions& options);

// One more bucket, as if it had been in the history. `demand_units` must be finite and 0 or more.
void UpdateTsb(TsbState& state, double demand_units);

// pi z for every later bucket.
double TsbForecast(const TsbState& state);

}  // namespace tandem::forecasting

// IMAPA: the mean of ADIDA's forecasts over all block lengths up to the mean interval.
// Reference: F. Petropoulos and N. Kourentzes, "Forecast combinations for intermittent demand", J.
// of the Operational Research Society 66 (2015).
#pragma once

#include "forecasting/local/adida.h"

namespace tandem::forecasting {

// mean of level_A / A, A = 1..round(mean interval), for every later bucket; 0 if there was no
// demand. O(n log n) time at most (n + n/2 + n/3 + ... sums), no allocation.
double ImapaForecast(const DemandEvents& events, EventScratch& scratch);

}  // namespace tandem::forecasting

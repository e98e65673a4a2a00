// Syntetos and Boylan's approximation: Croston's forecast less its bias.
// Reference: A. A. Syntetos and J. E. Boylan, "The accuracy of intermittent demand estimates", Int.
// J. of Forecasting 21 (2005).
#pragma once

#include "forecasting/local/croston.h"

namespace tandem::forecasting {

// (1 - b/2) z / p, with b the interval's weight: 0.95 of Croston's forecast at b = 0.1. The state
// is Croston's, fitted and carried forward by croston.h.
inline double SbaForecast(const CrostonState& state) {
  return (1.0 - state.options.alpha_interval / 2.0) * CrostonForecast(state);
}

}  // namespace tandem::forecasting

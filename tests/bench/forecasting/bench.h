// The benchmarks of the forecasting library, by name. Each prints its results.
#pragma once

#include <ctime>

#include "tests/bench/report.h"

namespace tandem::bench {

void ForecastAccuracy();  // forecast_accuracy_m1, _m3, _m4: sMAPE, OWA; and SpareParts().
void SpareParts();        // forecast_accuracy_spare_parts_…: pinball of intermittent demand.
void ForecastSpeed();     // forecast_speed_…: series a second and core; and ForecastStream().
void ForecastStream();    // forecast_speed_stream_…: many series in constant memory.

// Seconds of this thread's processor time: what shares the machine does not count.
inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace tandem::bench

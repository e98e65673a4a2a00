// The benchmarks of the sequencing library, by name. Each prints its results.
#pragma once

#include <ctime>

#include "tests/bench/report.h"

namespace tandem::bench {

void PeggingEvents();  // pegging_events_40000x100, pegging_events_400x10000, pegging_memory.

// Seconds of this thread's processor time: what shares the machine does not count.
inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace tandem::bench

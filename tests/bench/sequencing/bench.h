// The benchmarks of the sequencing library, by name. Each prints its results.
#pragma once

#include <ctime>
#include <functional>
#include <vector>

#include "tests/bench/report.h"

namespace tandem::bench {

void Adherence();         // adherence_delayed, adherence_random, adherence_ids.
void Cover();             // cover_300, cover_10000.
void PeggingEvents();     // pegging_events_40000x100, pegging_events_400x10000, pegging_memory.
void PeggingFlow();       // pegging_flow_100, _1000, _10000, pegging_flow_alternates_100.
void PeggingSlips();      // pegging_slips_1000_0 .. pegging_slips_alternates_10000_1000.
void RackRepeg();         // rack_repeg_200, rack_repeg_any.
void RecoveryProposal();  // recovery_proposal_1_pulled .. recovery_proposal_12_set_broken.

// Seconds of this thread's processor time: what shares the machine does not count.
inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The median of `runs` runs of `work`, after one that does not count, in processor seconds.
inline double MedianSeconds(int runs, const std::function<void()>& work) {
  work();
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) {
    const double begin = CpuSeconds();
    work();
    seconds.push_back(CpuSeconds() - begin);
  }
  return Quantile(seconds, 0.5);
}

}  // namespace tandem::bench

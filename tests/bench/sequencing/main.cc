// `bench_sequencing NAME…` runs the benchmarks named, all without a name.
#include "tests/bench/named.h"
#include "tests/bench/sequencing/bench.h"

int main(int argc, char** argv) {
  constexpr tandem::bench::NamedBenchmark kBenchmarks[] = {
      {"adherence", tandem::bench::Adherence},
      {"cover", tandem::bench::Cover},
      {"pegging_events", tandem::bench::PeggingEvents},
      {"pegging_flow", tandem::bench::PeggingFlow},
      {"pegging_slips", tandem::bench::PeggingSlips},
      {"rack_repeg", tandem::bench::RackRepeg},
      {"recovery_proposal", tandem::bench::RecoveryProposal},
  };
  return tandem::bench::RunNamed("bench_sequencing", kBenchmarks, argc, argv);
}

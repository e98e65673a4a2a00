// `bench_forecast_effects NAME…` runs the benchmarks named, all without a name.
#include <cstdio>
#include <cstdlib>

#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/named.h"

namespace tandem::bench {

std::string DataFolder(const char* name) {
  const char* folder = std::getenv("TANDEM_FORECASTING");
  if (folder == nullptr) {
    Fail(std::string("TANDEM_FORECASTING must name the folder that holds ") + name + "/");
  }
  return std::string(folder) + "/" + name;
}

void Fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(2);
}

}  // namespace tandem::bench

int main(int argc, char** argv) {
  constexpr tandem::bench::NamedBenchmark kBenchmarks[] = {
      {"orange_juice", tandem::bench::OrangeJuice},
      {"fresh_retail", tandem::bench::FreshRetail},
      {"fresh_profile", tandem::bench::FreshProfile},
      {"consensus_replay", tandem::bench::ConsensusReplay},
      {"new_items", tandem::bench::NewItems},
  };
  return tandem::bench::RunNamed("bench_forecast_effects", kBenchmarks, argc, argv);
}

// `bench_forecasting NAME…` runs the benchmarks named, all without a name.
#include "tests/bench/forecasting/bench.h"
#include "tests/bench/named.h"

int main(int argc, char** argv) {
  constexpr tandem::bench::NamedBenchmark kBenchmarks[] = {
      {"forecast_accuracy", tandem::bench::ForecastAccuracy},
      {"forecast_speed", tandem::bench::ForecastSpeed},
  };
  return tandem::bench::RunNamed("bench_forecasting", kBenchmarks, argc, argv);
}

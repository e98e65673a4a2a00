// `bench_forecasting NAME…` runs the benchmarks named, all without a name.
#include <cstdio>
#include <cstring>

#include "tests/bench/forecasting/bench.h"

namespace {

struct Entry {
  const char* name;
  void (*run)();
};

constexpr Entry kEntries[] = {
    {"forecast_accuracy", tandem::bench::ForecastAccuracy},
    {"forecast_speed", tandem::bench::ForecastSpeed},
};

const Entry* Find(const char* name) {
  for (const Entry& entry : kEntries) {
    if (std::strcmp(entry.name, name) == 0) return &entry;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (Find(argv[i]) != nullptr) continue;
    std::fprintf(stderr, "usage: bench_forecasting [NAME…], where NAME is one of");
    for (const Entry& entry : kEntries) std::fprintf(stderr, " %s", entry.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  for (const Entry& entry : kEntries) {
    bool named = argc == 1;
    for (int i = 1; i < argc; ++i) named = named || Find(argv[i]) == &entry;
    if (named) entry.run();
  }
  return 0;
}

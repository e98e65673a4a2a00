// `bench_sequencing NAME…` runs the benchmarks named, all without a name.
#include <cstdio>
#include <cstring>

#include "tests/bench/sequencing/bench.h"

namespace {

struct Entry {
  const char* name;
  void (*run)();
};

constexpr Entry kEntries[] = {
    {"adherence", tandem::bench::Adherence},
    {"cover", tandem::bench::Cover},
    {"pegging_events", tandem::bench::PeggingEvents},
    {"pegging_flow", tandem::bench::PeggingFlow},
    {"rack_repeg", tandem::bench::RackRepeg},
    {"recovery_proposal", tandem::bench::RecoveryProposal},
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
    std::fprintf(stderr, "usage: bench_sequencing [NAME…], where NAME is one of");
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

// A program of benchmarks that are run by name.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>

namespace tandem::bench {

struct NamedBenchmark {
  const char* name;
  void (*run)();
};

// Runs the benchmarks that the arguments name, in the program's order; all without an argument. 2,
// the usage told, if one has no such name, else 0: what main returns.
inline int RunNamed(const char* program, std::span<const NamedBenchmark> benchmarks, int argc,
                    char** argv) {
  const std::span<char*> names(argv + 1, argv + argc);
  const auto is = [](const NamedBenchmark& one) {
    return [&one](const char* name) { return std::strcmp(one.name, name) == 0; };
  };
  for (const char* name : names) {
    const auto known = [&](const NamedBenchmark& one) { return is(one)(name); };
    if (std::ranges::any_of(benchmarks, known)) continue;
    std::fprintf(stderr, "usage: %s [NAME…], where NAME is one of", program);
    for (const NamedBenchmark& one : benchmarks) std::fprintf(stderr, " %s", one.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  for (const NamedBenchmark& one : benchmarks) {
    if (names.empty() || std::ranges::any_of(names, is(one))) one.run();
  }
  return 0;
}

}  // namespace tandem::bench

// The simulator: runs seeded worlds and checks their invariants. See README.md.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>

#include "tests/simulation/kafka_run.h"
#include "tests/simulation/report.h"
#include "tests/simulation/services_run.h"

// A simulated crash leaves what was under way waiting for answers that never come, each holding the
// other: the dead are not leaks. AddressSanitizer asks this function.
extern "C" const char* __asan_default_options();  // NOLINT: the name is the sanitizer's.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }  // NOLINT

namespace {

using tandem::simulation::Report;

constexpr char kUsage[] =
    "usage: simulation [--seconds N | --seeds N | --seed S] [--kind kafka|services] [--verbose]\n"
    "\n"
    "Runs simulated worlds, each from a seed of its own, and checks what must hold after each.\n"
    "  --seconds N  fresh seeds for N seconds (default 20)\n"
    "  --seeds N    N fresh seeds\n"
    "  --seed S     one world, again: what a failure prints\n"
    "  --kind K     only worlds of this kind\n"
    "Ctrl-C ends it after the world that runs, with the counts of those before.\n"
    "\n"
    "example: simulation --kind services --seed 8034582\n";

struct Options {
  double seconds = 20.0;
  std::uint64_t seeds = 0;
  bool one = false;
  std::uint64_t seed = 0;
  std::string kind{};
  bool verbose = false;
};

struct Kind {
  const char* name;
  Report (*run)(std::uint64_t seed);
};

constexpr Kind kKinds[] = {{"kafka", tandem::simulation::RunKafka},
                           {"services", tandem::simulation::RunServices}};

volatile std::sig_atomic_t interrupted = 0;

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// On a terminal, once a second.
void ShowProgress(std::uint64_t worlds, std::uint64_t seeds, double seconds) {
  static double next = 0.0;
  if (seconds < next || isatty(STDERR_FILENO) == 0) return;
  next = seconds + 1.0;
  if (seeds > 0) {
    std::fprintf(stderr, "\r%llu of %llu worlds, %.0f s ", static_cast<unsigned long long>(worlds),
                 static_cast<unsigned long long>(seeds), seconds);
  } else {
    std::fprintf(stderr, "\r%llu worlds, %.0f s ", static_cast<unsigned long long>(worlds),
                 seconds);
  }
}

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--verbose") == 0) {
      options.verbose = true;
    } else if (std::strcmp(argv[i], "--seconds") == 0 && has_value) {
      options.seconds = std::atof(argv[++i]);
    } else if (std::strcmp(argv[i], "--seeds") == 0 && has_value) {
      options.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seed") == 0 && has_value) {
      options.one = true;
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--kind") == 0 && has_value) {
      options.kind = argv[++i];
    } else {
      return false;
    }
  }
  return true;
}

// Runs one world; returns whether all invariants held.
bool Run(const Kind& kind, std::uint64_t seed, bool verbose,
         std::map<std::string, std::uint64_t>& totals) {
  const Report report = kind.run(seed);
  for (const auto& [what, count] : report.counts) {
    totals[std::string(kind.name) + ": " + what] += count;
  }
  if (verbose) {
    std::printf("%s seed %llu digest %016llx\n", kind.name, static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(report.digest));
  }
  for (const std::string& broken : report.broken) {
    std::printf("BROKEN in %s, seed %llu: %s\n", kind.name, static_cast<unsigned long long>(seed),
                broken.c_str());
  }
  if (!report.broken.empty()) {
    std::printf("again: simulation --kind %s --seed %llu\n", kind.name,
                static_cast<unsigned long long>(seed));
  }
  return report.broken.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::random_device device;
  std::uint64_t worlds = 0;
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> totals;
  const auto begin = std::chrono::steady_clock::now();
  const auto more = [&] {
    if (options.one) return worlds == 0;
    if (options.seeds > 0) return worlds < options.seeds;
    return SecondsSince(begin) < options.seconds;
  };
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { interrupted = 1; });
  while (more() && failed < 5 && interrupted == 0) {
    ShowProgress(worlds, options.seeds, SecondsSince(begin));
    const std::uint64_t seed =
        options.one ? options.seed : (static_cast<std::uint64_t>(device()) << 16 ^ device());
    bool held = true;
    for (const Kind& kind : kKinds) {
      if (!options.kind.empty() && options.kind != kind.name) continue;
      held = Run(kind, seed, options.verbose || options.one, totals) && held;
    }
    ++worlds;
    if (!held) ++failed;
  }
  for (const auto& [what, count] : totals) {
    std::printf("%-40s %llu\n", what.c_str(), static_cast<unsigned long long>(count));
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(worlds - failed),
              static_cast<unsigned long long>(failed));
  if (interrupted != 0) std::fputs("interrupted before its end\n", stderr);
  return failed == 0 && interrupted == 0 ? 0 : 1;
}

#include "tests/bench/line_order/runs.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "sequencing/lineorder/line_search.h"

namespace tandem::bench {
namespace {

constexpr std::int64_t kPrintMoves = 400'000;

// Read as it is written. An instance's name is a folder's.
constexpr char kLine[] =
    "{\"instance\":\"%s\",\"seconds\":%d,\"seed\":%d,\"target\":%" PRId64 ",\"search\":%" PRIu64
    ",\"score\":%" PRId64 ",\"took_seconds\":%.3f,\"done\":%" PRId64 ",\"iterations\":%" PRId64
    "}\n";
constexpr char kRead[] =
    "{\"instance\":\"%127[^\"]\",\"seconds\":%d,\"seed\":%d,\"target\":%" SCNd64
    ",\"search\":%" SCNu64 ",\"score\":%" SCNd64 ",\"took_seconds\":%lf,\"done\":%" SCNd64
    ",\"iterations\":%" SCNd64 "}";
constexpr int kFields = 9;

[[noreturn]] void Fail(const std::string& path, const char* what) {
  std::fprintf(stderr, "bench_line_order: %s: %s\n", path.c_str(), what);
  std::exit(2);
}

}  // namespace

Runs::Runs(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    Run run;
    char name[128] = {};
    const int fields = std::sscanf(  // NOLINT(cert-err34-c)
        line.c_str(), kRead, name, &run.seconds, &run.seed, &run.target, &run.search, &run.score,
        &run.took_seconds, &run.done, &run.iterations);
    if (fields != kFields) Fail(path_, "a line that is no run");
    run.instance = name;
    runs_.push_back(std::move(run));
  }
}

const Run* Runs::Find(const Run& wanted) const {
  const auto found = std::ranges::find_if(runs_, [&](const Run& run) {
    return run.instance == wanted.instance && run.seconds == wanted.seconds &&
           run.seed == wanted.seed && run.target == wanted.target && run.search == wanted.search;
  });
  return found == runs_.end() ? nullptr : &*found;
}

void Runs::Add(const Run& run) {
  runs_.push_back(run);
  if (path_.empty()) return;
  std::FILE* file = std::fopen(path_.c_str(), "a");
  if (file == nullptr) Fail(path_, "cannot be written");
  std::fprintf(file, kLine, run.instance.c_str(), run.seconds, run.seed, run.target, run.search,
               run.score, run.took_seconds, run.done, run.iterations);
  if (std::fclose(file) != 0) Fail(path_, "cannot be written");
}

std::uint64_t SearchPrint(const Instance& instance) {
  auto search =
      sequencing::LineSearch::Begin(instance.problem, {.seed = 1, .iterations = kPrintMoves});
  if (!search.ok()) Fail(instance.name, "no search begins");
  while (search->Advance(kPrintMoves)) {
  }
  // FNV-1a, a position at a time.
  std::uint64_t print = 0xcbf29ce484222325;
  for (const int vehicle : search->BestOrder()) {
    print = (print ^ static_cast<std::uint64_t>(vehicle)) * 0x100000001b3;
  }
  return print;
}

}  // namespace tandem::bench

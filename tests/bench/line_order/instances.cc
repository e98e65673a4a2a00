#include "tests/bench/line_order/instances.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "sequencing/lineorder/csplib.h"
#include "sequencing/lineorder/roadef.h"

namespace tandem::bench {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// Instance name to target.
std::map<std::string, std::int64_t> Targets(const std::string& references,
                                            const std::string& family) {
  std::map<std::string, std::int64_t> targets;
  const std::string text = ReadFile(references);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    std::int64_t target = 0;
    if (fields.size() > 4 && fields[0] == family && absl::SimpleAtoi(fields[4], &target)) {
      targets[fields[2]] = target;
    }
  }
  if (targets.empty()) {
    std::fprintf(stderr, "bench_line_order: no values of %s in '%s'\n", family.c_str(),
                 references.c_str());
    std::exit(2);
  }
  return targets;
}

template <typename Parsed>
auto Checked(const std::string& name, Parsed parsed) {
  if (parsed.ok()) return *std::move(parsed);
  std::fprintf(stderr, "bench_line_order: %s: %s\n", name.c_str(),
               parsed.status().ToString().c_str());
  std::exit(2);
}

std::vector<fs::path> Paths(const std::string& folder, bool recursive) {
  std::error_code error;
  std::vector<fs::path> paths;
  if (recursive) {
    for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
      paths.push_back(entry.path());
    }
  } else {
    for (const auto& entry : fs::directory_iterator(folder, error)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  if (!paths.empty()) return paths;
  std::fprintf(stderr, "bench_line_order: nothing in the folder '%s'\n", folder.c_str());
  std::exit(2);
}

}  // namespace

std::vector<Instance> RoadefInstances(const std::string& folder, const std::string& references) {
  const auto targets = Targets(references, "roadef2005");
  std::vector<Instance> instances;
  for (const fs::path& path : Paths(folder, true)) {
    if (path.filename() != "vehicles.txt") continue;
    const fs::path at = path.parent_path();
    const std::string name = at.filename();
    const auto target = targets.find(name);
    if (target == targets.end()) {
      std::fprintf(stderr, "bench_line_order: %s has no reference value\n", name.c_str());
      continue;
    }
    const std::string vehicles = ReadFile(path);
    const std::string ratios = ReadFile(at / "ratios.txt");
    const std::string limit = ReadFile(at / "paint_batch_limit.txt");
    const std::string objectives = ReadFile(at / "optimization_objectives.txt");
    instances.push_back(
        {.name = name,
         .problem = Checked(name, sequencing::ParseRoadef({vehicles, ratios, limit, objectives})),
         .target = target->second,
         .violations = target->second / 1'000'000});
  }
  return instances;
}

std::vector<Instance> CsplibInstances(const std::string& folder, const std::string& prefix,
                                      const std::string& references) {
  const auto targets = Targets(references, "csplib");
  std::vector<Instance> instances;
  for (const fs::path& path : Paths(folder, false)) {
    const std::string name = path.stem();
    const auto target = targets.find(name);
    if (!name.starts_with(prefix) || target == targets.end()) continue;
    auto parsed = Checked(name, sequencing::ParseCsplib(ReadFile(path)));
    instances.push_back({.name = name,
                         .problem = std::move(parsed.problem),
                         .target = target->second,
                         .violations = target->second});
  }
  return instances;
}

}  // namespace tandem::bench

// Golden cases: every line of the folder's sequence_metrics*.jsonl. The folder is the one that
// TANDEM_GOLDEN names, else the project's.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/adherence/order.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

// Runs `run` on every case of the files whose name begins with `kind`.
void ForEachCase(const std::string& kind, const std::function<void(const json&)>& run) {
  const char* other = std::getenv("TANDEM_GOLDEN");
  const std::filesystem::path folder = other != nullptr ? other : TANDEM_GOLDEN_FOLDER;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kind) && name.ends_with(".jsonl")) files.insert(entry.path());
  }
  int cases = 0;
  for (const auto& path : files) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line.empty()) continue;
      const json test = json::parse(line);
      SCOPED_TRACE(path.filename().string() + " " + test.at("id").get<std::string>());
      run(test);
      ++cases;
    }
  }
  EXPECT_GT(cases, 0) << "no " << kind << " case in " << folder;
}

// The keys of `want` must be those of `got`, with the same values.
void ExpectSame(const json& want, const json& got) { EXPECT_EQ(want, got); }

TEST(GoldenTest, SequenceMetrics) {
  ForEachCase("sequence_metrics", [](const json& test) {
    const auto ranks = test.at("actual").get<std::vector<std::int32_t>>();
    const OrderMeasures order = MeasureOrder(ranks).value();
    ExpectSame(test.at("expected"), {{"lis", order.increasing},
                                     {"min_moves", order.MovesMin()},
                                     {"inversions", order.inversions},
                                     {"footrule", order.footrule},
                                     {"max_late", order.late_max},
                                     {"max_early", order.early_max},
                                     {"records", order.records},
                                     {"adjacent_pairs", order.adjacent_pairs},
                                     {"exact_positions", order.exact_positions},
                                     {"restore_buffer", order.restore_buffer}});
  });
}

}  // namespace
}  // namespace tandem::sequencing

// Golden cases: every line of the folder's rack_repeg*.jsonl and truck_lanes*.jsonl. The folder
// is the one that TANDEM_GOLDEN names, else the project's.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/racks/lanes.h"
#include "sequencing/racks/moves.h"
#include "sequencing/racks/repeg.h"

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

TEST(GoldenTest, RackRepeg) {
  ForEachCase("rack_repeg", [](const json& test) {
    const auto rack = test.at("rack").get<std::vector<std::int32_t>>();
    const auto need = test.at("need").get<std::vector<std::int32_t>>();
    const RackRepeg repeg = RepegRack(rack, need, {}).value();
    const auto order = test.at("order_ids").get<std::vector<std::int64_t>>();
    const Moves moves = FewestMoves(order, {}, KeepFirst::kMost).value();
    ExpectSame(test.at("expected"), {{"lcs", repeg.kept.size()},
                                     {"pulls", repeg.pulls.size()},
                                     {"inserts", repeg.inserts.size()},
                                     {"identity_moves", moves.lifted.size()}});
  });
}

TEST(GoldenTest, TruckLanes) {
  ForEachCase("truck_lanes", [](const json& test) {
    const auto ranks = test.at("ready_order").get<std::vector<std::int64_t>>();
    ExpectSame(test.at("expected"),
               {{"min_lifo_lanes", FewestLanes(ranks, LaneAccess::kLifo, std::nullopt)->lanes},
                {"min_fifo_lanes", FewestLanes(ranks, LaneAccess::kFifo, std::nullopt)->lanes}});
  });
}

}  // namespace
}  // namespace tandem::sequencing

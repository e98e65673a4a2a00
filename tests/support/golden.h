// Golden cases in lines of JSON: every line of every file of a folder whose name begins with the
// cases' kind is one case, an object with an "id". The folder is the one that the environment's
// TANDEM_GOLDEN names, so that other cases of the same form can be run, else the project's.
//
//   TEST(GoldenTest, TruckLanes) {
//     testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "truck_lanes", [](const nlohmann::json& c) {
//       EXPECT_EQ(c.at("expected"), ...);
//     });
//   }
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tandem::testing {

// Runs `run` on every case of `kind`, named in what fails. None at all is a failure in the
// project's own folder, and skips the test in another, which need not hold every kind.
inline void ForEachGoldenCase(const std::filesystem::path& folder_default, const std::string& kind,
                              const std::function<void(const nlohmann::json&)>& run) {
  const char* other = std::getenv("TANDEM_GOLDEN");
  const std::filesystem::path folder = other != nullptr ? other : folder_default;
  std::set<std::filesystem::path> files;  // In the order of their names.
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kind) && name.ends_with(".jsonl")) files.insert(entry.path());
  }
  int cases = 0;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line.empty()) continue;
      const nlohmann::json one = nlohmann::json::parse(line);
      SCOPED_TRACE(path.filename().string() + " " + one.at("id").get<std::string>());
      run(one);
      ++cases;
    }
  }
  if (cases > 0) return;
  if (other != nullptr) GTEST_SKIP() << "no " << kind << " case in " << folder;
  ADD_FAILURE() << "no " << kind << " case in " << folder;
}

}  // namespace tandem::testing

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

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tandem::testing {

// The case's list, of numbers that are int32; throws, naming the key, if one is not.
inline std::vector<std::int32_t> Int32s(const nlohmann::json& one, const char* key) {
  std::vector<std::int32_t> numbers;
  for (const nlohmann::json& number : one.at(key)) {
    const bool fits =
        number.is_number_unsigned()
            ? std::in_range<std::int32_t>(number.get<std::uint64_t>())
            : number.is_number_integer() && std::in_range<std::int32_t>(number.get<std::int64_t>());
    if (!fits) throw std::out_of_range(std::string(key) + ": " + number.dump() + " is no int32");
    numbers.push_back(number.get<std::int32_t>());
  }
  return numbers;
}

// One line of a file. A case that throws fails, and so does a line that holds none.
inline void RunGoldenLine(const std::string& place, const std::string& line,
                          const std::function<void(const nlohmann::json&)>& run) {
  const nlohmann::json one = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!one.is_object() || !one.contains("id")) {
    ADD_FAILURE() << place << " is no JSON object with an id";
    return;
  }
  const nlohmann::json& id = one.at("id");
  SCOPED_TRACE(place + ", case " + (id.is_string() ? id.get<std::string>() : id.dump()));
  try {
    run(one);
  } catch (const std::exception& error) {
    ADD_FAILURE() << "the case threw: " << error.what();
  }
}

// Runs `run` on every case of `kind`, named in what fails; one that fails or throws does not keep
// the others from being run. None at all is a failure in the project's own folder, and skips the
// test in another, which need not hold every kind.
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
    int number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      RunGoldenLine(path.filename().string() + " line " + std::to_string(number), line, run);
      ++cases;
    }
  }
  if (cases > 0) return;
  if (other != nullptr) GTEST_SKIP() << "no " << kind << " case in " << folder;
  ADD_FAILURE() << "no " << kind << " case in " << folder;
}

}  // namespace tandem::testing

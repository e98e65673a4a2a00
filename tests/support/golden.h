// Golden cases in JSON: each is an object with an "id", on a line of its own in a .jsonl file, or
// in a .json file alone or in a list. The folder, with those in it, is the one that the
// environment's TANDEM_GOLDEN names, so that other cases of the same form can be run, else the
// project's. A file whose name holds a kind has cases of that kind alone; of any other file a case
// is of the kind that its keys tell.
//
//   TEST(GoldenTest, TruckLanes) {
//     testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "truck_lanes", [](const nlohmann::json& c) {
//       EXPECT_EQ(c.at("expected"), ...);
//     });
//   }
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
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

// A kind of cases, and the keys that only its cases have together.
struct GoldenKind {
  std::string name{};
  std::vector<std::string> keys{};
};

inline const std::vector<GoldenKind>& GoldenKinds() {
  static const std::vector<GoldenKind> kinds = {
      {"sequence_metrics", {"actual", "expected"}},
      {"pegging_events", {"need", "avail", "peg", "event", "expected"}},
      {"pegging_static", {"need", "avail", "weight", "expected"}},
      {"rack_repeg", {"rack", "need", "expected"}},
      {"truck_lanes", {"ready_order", "expected"}},
      {"broadcast_streams", {"messages", "expected"}},
  };
  return kinds;
}

// The kind whose name is in the file's; empty: none.
inline std::string KindOfFile(const std::filesystem::path& path) {
  for (const GoldenKind& kind : GoldenKinds()) {
    if (path.filename().string().find(kind.name) != std::string::npos) return kind.name;
  }
  return "";
}

// The kind whose keys the object has; empty: none.
inline std::string KindOfCase(const nlohmann::json& one) {
  for (const GoldenKind& kind : GoldenKinds()) {
    const auto has = [&one](const std::string& key) { return one.contains(key); };
    if (one.is_object() && std::all_of(kind.keys.begin(), kind.keys.end(), has)) return kind.name;
  }
  return "";
}

// What stands in one place of a file: a case, or what is none.
struct GoldenEntry {
  std::string place{};
  nlohmann::json value{};  // Discarded where it is no JSON.
};

inline std::vector<GoldenEntry> GoldenEntriesOf(const std::filesystem::path& path) {
  std::vector<GoldenEntry> entries;
  const std::string file_name = path.filename().string();
  std::ifstream file(path);
  const auto parse = [](const auto& text) {
    return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  };
  if (path.extension() == ".json") {
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    nlohmann::json whole = parse(text);
    if (!whole.is_array()) return {{file_name, std::move(whole)}};
    for (nlohmann::json& one : whole) {
      entries.push_back({file_name + " entry " + std::to_string(entries.size() + 1), one});
    }
    return entries;
  }
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    entries.push_back({file_name + " line " + std::to_string(number), parse(line)});
  }
  return entries;
}

// One case. One that throws fails, and so does what is none.
inline void RunGoldenCase(const GoldenEntry& entry,
                          const std::function<void(const nlohmann::json&)>& run) {
  const nlohmann::json& one = entry.value;
  if (!one.is_object() || !one.contains("id")) {
    ADD_FAILURE() << entry.place << " is no JSON object with an id";
    return;
  }
  const nlohmann::json& id = one.at("id");
  SCOPED_TRACE(entry.place + ", case " + (id.is_string() ? id.get<std::string>() : id.dump()));
  try {
    run(one);
  } catch (const std::exception& error) {
    ADD_FAILURE() << "the case threw: " << error.what();
  }
}

// Runs `run` on every case of `kind`, named in what fails; one that fails or throws does not keep
// the others from being run. None at all is a failure in the project's own folder, and in another
// that has none of any kind; where it has others, the test is skipped.
inline void ForEachGoldenCase(const std::filesystem::path& folder_default, const std::string& kind,
                              const std::function<void(const nlohmann::json&)>& run) {
  const char* other = std::getenv("TANDEM_GOLDEN");
  const std::filesystem::path folder = other != nullptr ? other : folder_default;
  std::set<std::filesystem::path> files;  // In the order of their names.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".json" || extension == ".jsonl") files.insert(entry.path());
  }
  int cases = 0;
  int others = 0;
  for (const std::filesystem::path& path : files) {
    const std::string kind_of_file = KindOfFile(path);
    if (!kind_of_file.empty() && kind_of_file != kind) ++others;
    if (!kind_of_file.empty() && kind_of_file != kind) continue;
    for (const GoldenEntry& entry : GoldenEntriesOf(path)) {
      const std::string own = kind_of_file.empty() ? KindOfCase(entry.value) : kind;
      if (own == kind) RunGoldenCase(entry, run);
      cases += own == kind ? 1 : 0;
      others += own != kind && !own.empty() ? 1 : 0;
    }
  }
  if (cases > 0) return;
  if (other != nullptr && others > 0) GTEST_SKIP() << "no " << kind << " case in " << folder;
  ADD_FAILURE() << "no " << kind << " case in " << folder;
}

}  // namespace tandem::testing

// Golden cases: every line of the folder's broadcast_streams*.jsonl. The folder is the one that
// TANDEM_GOLDEN names, else the project's.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/stream/digest.h"
#include "sequencing/stream/stream.h"

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

TEST(GoldenTest, BroadcastStreams) {
  ForEachCase("broadcast_streams", [](const json& test) {
    const StreamTerms terms = {.modulus = test.at("modulus"), .window = test.at("window")};
    StreamState state = BeginStream(terms, {.epoch = 1, .first_number = test.at("start")}).value();
    std::vector<std::int64_t> delivered;
    std::vector<std::int64_t> lost;
    std::vector<std::int64_t> open;
    std::map<StreamEventKind, std::int64_t> counts;
    const auto tell = [&](const StreamEvents& events) {
      for (const StreamEvent& event : events) {
        ++counts[event.kind];
        if (event.kind == StreamEventKind::kDelivered) delivered.push_back(event.number);
        if (event.kind == StreamEventKind::kLost) lost.push_back(event.number);
        if (event.kind != StreamEventKind::kOpenAtEnd) continue;
        for (std::int64_t n = event.number; n <= event.last; ++n) open.push_back(n);
      }
    };
    // Equal hashes get equal numbers.
    std::map<std::string, std::uint64_t> hashes;
    std::size_t held_max = 0;
    for (const json& message : test.at("messages")) {
      const auto hash = hashes.try_emplace(message.at("hash"), hashes.size()).first->second;
      tell(Receive(terms, {.epoch = 1, .number = message.at("seq"), .hash = hash}, 0, state)
               .value());
      held_max = std::max(held_max, state.held.size());
    }
    tell(EndStream(state));
    ExpectSame(test.at("expected"), {{"delivered", delivered.size()},
                                     {"duplicates", counts[StreamEventKind::kDuplicate]},
                                     {"conflicts", counts[StreamEventKind::kConflict]},
                                     {"stale", counts[StreamEventKind::kLateFill] +
                                                   counts[StreamEventKind::kLateFillFrozen]},
                                     {"gaps_declared_lost", lost},
                                     {"gaps_open_at_end", open},
                                     {"max_held", held_max},
                                     {"next", state.next},
                                     {"delivered_digest", NumbersDigest(delivered).substr(0, 16)}});
  });
}

}  // namespace
}  // namespace tandem::sequencing

// Golden cases of the kind broadcast_streams. See golden.h.
#include "tests/support/golden.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/stream/digest.h"
#include "sequencing/stream/stream.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

// The cases' receiver remembers every number and takes any distance; ours as much as terms allow.
StreamTerms TermsOf(const json& test) {
  StreamTerms terms = {
      .modulus = test.at("modulus"), .window = test.at("window"), .memory_numbers = kNumberMax};
  if (terms.modulus == 0) terms.jump = kJumpAgreedMax;
  if (terms.modulus / 2 > kJumpMax) {
    terms.jump = std::min(kJumpAgreedMax, (terms.modulus - 1) / 2);
  }
  return terms;
}

void RunStream(const json& test) {
  const StreamTerms terms = TermsOf(test);
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
    tell(Receive(terms, {.epoch = 1, .number = message.at("seq"), .hash = hash}, 0, state).value());
    held_max = std::max(held_max, state.held.size());
  }
  tell(EndStream(state));
  EXPECT_EQ(counts[StreamEventKind::kUndecided], 0) << "farther than can be agreed";
  EXPECT_EQ(test.at("expected"),
            json({{"delivered", delivered.size()},
                  {"duplicates", counts[StreamEventKind::kDuplicate]},
                  {"conflicts", counts[StreamEventKind::kConflict]},
                  {"stale",
                   counts[StreamEventKind::kLateFill] + counts[StreamEventKind::kLateFillFrozen]},
                  {"gaps_declared_lost", lost},
                  {"gaps_open_at_end", open},
                  {"max_held", held_max},
                  {"next", state.next},
                  {"delivered_digest", NumbersDigest(delivered).substr(0, 16)}}));
}

TEST(GoldenTest, BroadcastStreams) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "broadcast_streams", RunStream);
}

json Call(std::int64_t number, const char* hash) { return {{"seq", number}, {"hash", hash}}; }

// By the rules alone: what lies far behind is stale once and then known; what lies far ahead waits.
TEST(GoldenTest, TheRulesKnowNoDistance) {
  RunStream(
      {{"start", 100'000},
       {"modulus", 0},
       {"window", 32},
       {"messages", {Call(100'000, "a"), Call(3, "b"), Call(3, "b"), Call(3, "c")}},
       {"expected",
        {{"delivered", 1},
         {"duplicates", 1},
         {"conflicts", 1},
         {"stale", 1},
         {"gaps_declared_lost", json::array()},
         {"gaps_open_at_end", json::array()},
         {"max_held", 0},
         {"next", 100'001},
         {"delivered_digest", NumbersDigest(std::vector<std::int64_t>{100'000}).substr(0, 16)}}}});
  json far = {{"start", 5},
              {"modulus", 0},
              {"window", 32},
              {"messages", json::array({Call(2'000'000, "a")})}};
  far["expected"] = {
      {"delivered", 1},
      {"duplicates", 0},
      {"conflicts", 0},
      {"stale", 0},
      {"gaps_declared_lost", json::array()},
      {"max_held", 1},
      {"next", 2'000'001},
      {"delivered_digest", NumbersDigest(std::vector<std::int64_t>{2'000'000}).substr(0, 16)}};
  std::vector<std::int64_t> open(1'999'995);  // Apart, since lists of values are copied.
  std::iota(open.begin(), open.end(), 5);
  far["expected"]["gaps_open_at_end"] = std::move(open);
  RunStream(far);
}

}  // namespace
}  // namespace tandem::sequencing

// Golden cases: every line of the folder's broadcast_streams*.jsonl. See golden.h.
#include "tests/support/golden.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/stream/digest.h"
#include "sequencing/stream/stream.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

TEST(GoldenTest, BroadcastStreams) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "broadcast_streams", [](const json& test) {
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
  });
}

}  // namespace
}  // namespace tandem::sequencing

// What clients sent and heard, to be held against the log at the end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tandem::simulation {

enum class Fate { kUnanswered, kAccepted, kRefused };

// A command with a request id.
struct Sent {
  std::string firm{};
  std::string request_id{};
  std::string lane{};       // Commands of one lane were sent one after the other, in this order.
  bool makes_fact = false;  // Accepted, it must have left a fact.
  Fate fate = Fate::kUnanswered;
};

// The rows of an ingest stream, block by block, as the sender has them.
struct SentBlock {
  std::vector<std::pair<std::pair<int, int>, std::int64_t>> rows{};  // ((item, day), milli).
  std::uint32_t revision = 0;
  bool closes = false;
};

struct Journal {
  std::vector<Sent> sent{};
  std::map<std::string, std::vector<SentBlock>> streams{};  // By location id.
};

}  // namespace tandem::simulation

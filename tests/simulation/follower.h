// A firm's subscriber: keeps the cursor of the last message it worked through, loses its stream now
// and then, and goes on from there.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/runtime/feed.h"
#include "tests/simulation/ask.h"
#include "tests/simulation/report.h"

namespace tandem::simulation {

class Follower {
 public:
  // Follows the domains that `instance` serves, from its log's first fact.
  Follower(Wire wire, Instance& instance, std::string firm, Report& report);
  ~Follower();
  // Connects, now and whenever the stream is lost.
  void Start();

  struct Seen {
    base::SlotId slot{};
    std::uint64_t number = 0;
    runtime::ViewedFact fact{};
    absl::Duration at{};
  };
  const std::vector<Seen>& seen() const { return seen_; }
  const std::string& firm() const { return firm_; }
  Instance& instance() const { return *instance_; }

 private:
  class Sink;
  void Watch();
  void Connect();
  void Lost(std::uint64_t stream);
  void Take(std::uint64_t stream, const runtime::FeedMessage& message);

  Wire wire_;
  Instance* instance_;
  std::string firm_;
  Report* report_;
  std::string cursor_;
  std::uint64_t number_ = 0;  // Of the last record.
  std::uint64_t stream_ = 0;  // Counts connections: what an old one still delivers is ignored.
  absl::Duration heard_ = absl::ZeroDuration();
  std::set<std::pair<base::SlotId, std::uint64_t>> facts_;
  std::vector<Seen> seen_;
};

}  // namespace tandem::simulation

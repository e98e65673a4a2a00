#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/runtime/feed_hub_fixture.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

// Goal: whatever is killed and whenever, a subscriber that resumes from its last cursor gets each
// fact that it may see once, in the order of the slot, with dense numbers, and no other.
class FeedRandomTest : public FeedTest {
 protected:
  struct Follower {
    std::string firm{};
    Reader reader{};
    std::string cursor{};
    bool slow = false;
    std::vector<FeedRecord> got{};
    std::uint64_t noticed = 0;
  };
  void Collect(Follower& follower) {
    for (const FeedMessage& message : follower.reader.sink->messages()) {
      for (const FeedRecord& record : message.records) follower.got.push_back(record);
      for (const GrantChange& notice : message.notices) {
        EXPECT_GT(notice.number, follower.noticed) << "a notice came twice";
        follower.noticed = notice.number;
      }
      follower.cursor = message.cursor;
    }
  }
  void Resume(Follower& follower) {
    follower.slow = random_source_.OneIn(2);
    follower.reader =
        Follow({.caller = {.firm = follower.firm}, .cursor = follower.cursor, .from_start = true},
               follower.slow);
  }
  void Check(const Follower& follower) {
    std::map<base::SlotId, std::vector<std::string>> got;
    for (std::size_t i = 0; i < follower.got.size(); ++i) {
      EXPECT_EQ(follower.got[i].number, i + 1);
      got[follower.got[i].slot].push_back(follower.got[i].fact.payload);
    }
    for (const base::SlotId slot : {kFirst, kSecond, kOther}) {
      EXPECT_EQ(got[slot], want_[follower.firm][slot]) << follower.firm << " " << slot.ToString();
    }
  }
  testing::Random random_source_;
  std::map<std::string, std::map<base::SlotId, std::vector<std::string>>> want_;
};

TEST_F(FeedRandomTest, SeesEachVisibleFactOnceInOrderThroughKills) {
  Build({.unsent_bytes_max = 600, .queue_refs_max = 8});
  const std::vector<std::string> firms = {"a", "b", "c", "d"};
  grants_.Open("a", "b");
  grants_.Open("a", "c");
  grants_.Open("c", "b");
  const std::map<std::string, std::vector<std::string>> viewers = {
      {"a", {"a"}}, {"b", {"a", "b", "c"}}, {"c", {"a", "c"}}, {"d", {"d"}}};
  std::vector<Follower> followers;
  followers.reserve(12);
  for (int i = 0; i < 12; ++i) followers.push_back({.firm = firms[random_source_.Below(4)]});
  for (Follower& follower : followers) Resume(follower);
  const base::SlotId slots[] = {kFirst, kSecond, kOther};
  for (int step = 0; step < 3'000; ++step) {
    const base::SlotId slot = slots[random_source_.Below(3)];
    std::vector<base::Fact> facts;
    for (std::uint64_t i = 0; i <= random_source_.Below(4); ++i) {
      const std::string& owner = firms[random_source_.Below(4)];
      const std::string text =
          absl::StrCat(owner, step, ".", i, std::string(random_source_.Below(200), 'x'));
      facts.push_back(ToyFact(owner, text));
      for (const std::string& viewer : viewers.at(owner)) want_[viewer][slot].push_back(text);
    }
    log_.Append(slot, std::move(facts));
    if (random_source_.OneIn(3)) executor_.RunDue();
    if (random_source_.OneIn(20)) executor_.Advance(absl::Milliseconds(random_source_.Below(900)));
    if (random_source_.OneIn(50)) grants_.SetStale(random_source_.OneIn(2));
    Follower& follower = followers[random_source_.Below(followers.size())];
    if (random_source_.OneIn(2)) follower.reader.sink->Release();
    if (random_source_.OneIn(5)) {
      follower.reader.subscription.reset();
      Collect(follower);
      // A new subscription needs fresh grants only if it has no cursor yet.
      if (follower.cursor.empty()) grants_.SetStale(false);
      Resume(follower);
    }
  }
  grants_.SetStale(false);
  for (Follower& follower : followers) {
    for (int i = 0; i < 5'000; ++i) {
      follower.reader.sink->Release();
      executor_.RunDue();
    }
  }
  executor_.Advance(absl::Seconds(3));
  for (Follower& follower : followers) {
    for (int i = 0; i < 5'000; ++i) follower.reader.sink->Release();
    Collect(follower);
    Check(follower);
  }
}

}  // namespace
}  // namespace tandem::runtime

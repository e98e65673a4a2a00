// Feeds on several threads at once: writers, a real executor, subscribers that come and go, grants
// that change. Run under ThreadSanitizer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/runtime/executor.h"
#include "services/runtime/feed_fixture.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using ::tandem::testing::IsOk;

constexpr base::SlotId kSlots[] = {{base::DomainId::kExchange, 0}, {base::DomainId::kExchange, 1}};

class SafeRandom final : public Random {
 public:
  std::uint64_t Next() override { return ++last_; }

 private:
  std::atomic<std::uint64_t> last_{0};
};

class FeedConcurrentTest : public ::testing::Test {
 protected:
  FeedConcurrentTest() {
    FeedWorld world;
    world.log = &log_;
    for (const base::SlotId slot : kSlots) world.slots.push_back({slot, &domain_});
    world.grants = &grants_;
    world.fresh = [this] { return grants_.Fresh(); };
    world.changes_since = [this](std::string_view firm, std::uint64_t after) {
      return grants_.ChangesSince(firm, after);
    };
    world.admits = [](const base::Caller&) { return absl::OkStatus(); };
    world.sealer = &sealer_;
    world.clock = &clock_;
    world.executor = &executor_;
    world.options = {
        .unsent_bytes_max = 2'000, .queue_refs_max = 64, .progress_period = absl::Milliseconds(20)};
    hub_ = std::make_shared<FeedHub>(std::move(world));
    EXPECT_THAT(hub_->Start(), IsOk());
  }
  ~FeedConcurrentTest() override {
    hub_->Stop(absl::UnavailableError("the test ends"));
    executor_.Shutdown();
  }
  // Appends `count` facts of the firms in turn to one slot.
  void Write(base::SlotId slot, int count) {
    for (int i = 0; i < count; ++i) {
      log_.Append(slot, {ToyFact(i % 2 == 0 ? "a" : "b", absl::StrCat(slot.index, ".", i))});
      if (i % 16 == 0) std::this_thread::yield();
    }
  }

  SystemClock clock_;
  SafeRandom random_;
  Sealer sealer_{std::string(32, 'k'), random_};
  MemoryLog log_;
  GrantTable grants_;
  ToyDomain domain_{base::DomainId::kExchange, 2};
  ThreadExecutor executor_{3};
  std::shared_ptr<FeedHub> hub_;
};

TEST_F(FeedConcurrentTest, SeesEachVisibleFactOnceThroughKillsWhileOthersWrite) {
  constexpr int kFacts = 1'500;
  constexpr int kFollowers = 4;
  grants_.Open("a", "b");
  testing::Random seeds;
  std::vector<std::thread> threads;
  for (const base::SlotId slot : kSlots) {
    threads.emplace_back([this, slot] { Write(slot, kFacts); });
  }
  std::vector<std::vector<FeedRecord>> got(kFollowers);
  for (int i = 0; i < kFollowers; ++i) {
    threads.emplace_back([this, &records = got[static_cast<std::size_t>(i)], seed = seeds.Next(),
                          firm = std::string(i % 2 == 0 ? "a" : "b")] {
      testing::Random random(seed);
      const std::size_t want = firm == "a" ? 2 * kFacts : kFacts;
      std::string cursor;
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (records.size() < want && std::chrono::steady_clock::now() < give_up) {
        const auto sink = std::make_shared<KeepingSink>(random.OneIn(2));
        auto subscription = FollowHub(hub_, {{.firm = firm}, {}, cursor, true}, sink);
        ASSERT_THAT(subscription, IsOk());
        for (std::uint64_t j = random.Below(200); j > 0; --j) {
          sink->Release();
          std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
        subscription->reset();  // From here on the sink is not called.
        for (const FeedRecord& record : sink->records()) records.push_back(record);
        if (!sink->cursor().empty()) cursor = sink->cursor();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < got.size(); ++i) {
    std::map<base::SlotId, std::vector<std::string>> by_slot;
    for (std::size_t j = 0; j < got[i].size(); ++j) {
      ASSERT_EQ(got[i][j].number, j + 1);
      by_slot[got[i][j].slot].push_back(got[i][j].fact.payload);
    }
    for (const base::SlotId slot : kSlots) {
      std::vector<std::string> want;
      for (int j = 0; j < kFacts; ++j) {
        if (i % 2 == 0 || j % 2 == 1) want.push_back(absl::StrCat(slot.index, ".", j));
      }
      EXPECT_EQ(by_slot[slot], want) << "follower " << i;
    }
  }
}

TEST_F(FeedConcurrentTest, NothingIsSeenAfterARevocationWasFolded) {
  std::atomic<bool> stop{false};
  std::thread writer([this, &stop] {
    for (int i = 0; !stop; ++i) log_.Append(kSlots[0], {ToyFact("b", absl::StrCat(i))});
  });
  for (int i = 0; i < 50; ++i) {
    grants_.Open("a", "b");
    hub_->OnGrants();
    const auto sink = std::make_shared<KeepingSink>();
    auto subscription = FollowHub(hub_, {.caller = {.firm = "a"}}, sink);
    ASSERT_THAT(subscription, IsOk());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    grants_.Revoke("a", "b");
    hub_->OnGrants();
    // What is under way may still be handed over; what begins after the revocation may not.
    std::uint64_t revoked_at = log_.Last(kSlots[0])->last_number;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    subscription->reset();
    for (const FeedRecord& record : sink->records()) EXPECT_LE(record.fact_number, revoked_at);
  }
  stop = true;
  writer.join();
}

TEST_F(FeedConcurrentTest, StopsWhileAllIsUnderWay) {
  std::atomic<bool> stop{false};
  std::thread writer([this, &stop] {
    for (int i = 0; !stop; ++i) log_.Append(kSlots[0], {ToyFact("a", absl::StrCat(i))});
  });
  std::vector<std::shared_ptr<KeepingSink>> sinks;
  std::vector<std::unique_ptr<Feed::Subscription>> subscriptions;
  for (int i = 0; i < 20; ++i) {
    sinks.push_back(std::make_shared<KeepingSink>());
    auto subscription = FollowHub(hub_, {.caller = {.firm = "a"}}, sinks.back());
    ASSERT_THAT(subscription, IsOk());
    subscriptions.push_back(*std::move(subscription));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  hub_->Stop(absl::UnavailableError("down"));
  for (const auto& sink : sinks) EXPECT_EQ(sink->closed().size(), 1u);
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace tandem::runtime

// Slots, log and followers on real threads, for TSan above all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <thread>

#include "services/runtime/chain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/map_store.h"
#include "services/runtime/router.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::Add;
using testing::CounterIn;
using testing::IsOk;

// Counts a follower's facts and checks that none is missing or comes twice.
class Gapless {
 public:
  void Take(const Group& group) {
    const std::lock_guard lock(mutex_);
    for (const base::FactRecord& fact : group.facts) {
      if (fact.number < next_ && !begun_) continue;  // The first group may begin earlier.
      begun_ = true;
      EXPECT_EQ(fact.number, next_);
      ++next_;
    }
    reached_.notify_all();
  }
  explicit Gapless(std::uint64_t from) : next_(from) {}
  void WaitFor(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    reached_.wait(lock, [&] { return next_ > number; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable reached_;
  std::uint64_t next_;
  bool begun_ = false;
};

class ConcurrentTest : public ::testing::Test {
 protected:
  ConcurrentTest() {
    std::latch ready(1);
    router_.Serve(domain_, [&](const absl::Status& status) {
      EXPECT_THAT(status, IsOk());
      ready.count_down();
    });
    ready.wait();
  }
  ~ConcurrentTest() override {
    std::latch drained(1);
    router_.Drain([&] { drained.count_down(); });
    drained.wait();
    executor_.Shutdown();
  }

  SystemClock clock_;
  ThreadExecutor executor_{3};
  MapStore store_{executor_};
  EmbeddedLog log_{store_, executor_, 7};
  testing::ToyDomain domain_{2};
  Router router_{log_, clock_, executor_, SlotOptions{}};
};

TEST_F(ConcurrentTest, ManyFirmsSubmitWhileOthersFollowAndRead) {
  constexpr int kThreads = 4;
  constexpr int kCommands = 500;
  const base::SlotId slot{.domain = domain_.id(), .index = 1};
  Gapless from_start(1);
  const auto early =
      log_.Follow(slot, 1, [&](const std::shared_ptr<const Group>& g) { from_start.Take(*g); });
  std::latch answered(std::ptrdiff_t{kThreads} * kCommands);
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    std::int64_t last = 0;
    while (!stop) {
      const auto rows = router_.Read(slot);
      ASSERT_THAT(rows, IsOk());
      const std::int64_t now = CounterIn(*rows->rows, "beans");
      EXPECT_GE(now, last);
      // One fact a command, one added each: rows and number are of one moment.
      EXPECT_EQ(static_cast<std::uint64_t>(now), rows->applied);
      last = now;
    }
  });
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCommands; ++i) {
        router_.Submit(slot, Add(std::to_string(t), "beans", 1, absl::StrCat("id-", i)),
                       [&](const absl::StatusOr<Outcome>& outcome) {
                         EXPECT_THAT(outcome, IsOk());
                         answered.count_down();
                       });
        if (i % 100 == 0) {  // Followers come and go under load.
          Gapless later(1 + static_cast<std::uint64_t>(i));
          const auto take = [&](const std::shared_ptr<const Group>& g) { later.Take(*g); };
          const auto from = 1 + static_cast<std::uint64_t>(i);
          const auto follower =
              i % 200 == 0 ? log_.Follow(slot, from, take) : log_.FollowBriefly(slot, from, take);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  answered.wait();
  stop = true;
  reader.join();
  from_start.WaitFor(std::uint64_t{kThreads} * kCommands);
  EXPECT_EQ(router_.counters(slot).last_number, std::uint64_t{kThreads} * kCommands);
  EXPECT_THAT(VerifyChain(log_, slot), IsOk());
}

TEST_F(ConcurrentTest, WaitersLearnOfTheirNumber) {
  std::latch reached(50);
  for (std::uint64_t n = 1; n <= 50; ++n) {
    base::Position position;
    position.Set({.domain = domain_.id(), .index = 0}, n);
    router_.WaitFor(position, absl::InfiniteFuture(), [&](const absl::Status& status) {
      EXPECT_THAT(status, IsOk());
      reached.count_down();
    });
    router_.Submit({.domain = domain_.id(), .index = 0}, Add("acme", "beans", 1),
                   [](const absl::StatusOr<Outcome>&) {});
  }
  reached.wait();
}

}  // namespace
}  // namespace tandem::runtime

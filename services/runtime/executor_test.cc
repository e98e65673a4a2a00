#include "services/runtime/executor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <set>
#include <vector>

namespace tandem::runtime {
namespace {

TEST(ThreadExecutorTest, OneThreadKeepsTheOrder) {
  ThreadExecutor executor(1);
  std::latch done(1);
  std::vector<int> order;
  for (int i = 0; i < 1'000; ++i) executor.Run([&order, i] { order.push_back(i); });
  executor.Run([&done] { done.count_down(); });
  done.wait();
  ASSERT_EQ(order.size(), 1'000u);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(ThreadExecutorTest, SeveralThreadsRunTasksAtOnce) {
  ThreadExecutor executor(2);
  std::latch both(2);  // Each waits for the other: one thread alone would never get here.
  std::latch done(2);
  for (int i = 0; i < 2; ++i) {
    executor.Run([&] {
      both.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
}

// Its own threads alone: whoever makes it stays as it was.
TEST(ThreadExecutorTest, ThreadsAreAsNiceAsTheyWereToldToBe) {
  const int own = getpriority(PRIO_PROCESS, 0);
  ThreadExecutor executor(1, 5);
  std::latch done(1);
  int theirs = 0;
  executor.Run([&] {
    theirs = getpriority(PRIO_PROCESS, 0);
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(theirs, std::min(own + 5, 19));
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), own);
}

TEST(ThreadExecutorTest, TimersRunInTheOrderOfTheirTime) {
  ThreadExecutor executor(1);
  std::latch done(3);
  std::vector<int> order;
  const absl::Duration begun = SystemClock().Monotonic();
  for (const int after : {30, 10, 20}) {
    executor.RunAfter(absl::Milliseconds(after), [&, after] {
      order.push_back(after);
      done.count_down();
    });
  }
  executor.RunAfter(absl::InfiniteDuration(), [&] { order.push_back(0); });
  done.wait();
  EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
  EXPECT_GE(SystemClock().Monotonic() - begun, absl::Milliseconds(30));
}

// Goal: a thread that was told of a task does not take with it the timer that came right after.
TEST(ThreadExecutorTest, AnIdleThreadKeepsTheTimerThatABusyOneCannot) {
  ThreadExecutor executor(2);
  for (int round = 0; round < 500; ++round) {
    std::latch timer(1);
    std::latch done(1);
    std::atomic<bool> in_time = false;
    executor.Run([&] {  // Holds its thread until the timer has run, or gives up.
      const absl::Duration begun = SystemClock().Monotonic();
      while (!timer.try_wait() && SystemClock().Monotonic() - begun < absl::Seconds(2)) {
      }
      in_time = timer.try_wait();
      done.count_down();
    });
    executor.RunAfter(absl::Microseconds(50), [&] { timer.count_down(); });
    done.wait();
    timer.wait();
    ASSERT_TRUE(in_time) << "round " << round;
  }
}

TEST(ThreadExecutorTest, ShutdownDropsWhatDidNotRun) {
  std::atomic<int> ran = 0;
  const auto held = std::make_shared<int>(0);
  ThreadExecutor executor(1);
  executor.RunAfter(absl::Hours(1), [&ran, held] { ++ran; });
  executor.Shutdown();
  executor.Run([&ran, held] { ++ran; });
  executor.Shutdown();
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(SystemRandomTest, DrawsOtherNumbersEachTime) {
  SystemRandom random;
  std::set<std::uint64_t> drawn;
  for (int i = 0; i < 1'000; ++i) drawn.insert(random.Next());
  EXPECT_EQ(drawn.size(), 1'000u);
}

}  // namespace
}  // namespace tandem::runtime

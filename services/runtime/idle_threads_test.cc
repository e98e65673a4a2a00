#include "services/runtime/idle_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace tandem::runtime {
namespace {

class IdleThreadsTest : public ::testing::Test {
 protected:
  // A thread that takes pieces of work until told to stop, and notes who took each.
  void Work(int who) {
    std::unique_lock lock(mutex_);
    while (true) {
      ++waiting_;
      while (work_ == 0 && !stopping_) idle_.Wait(lock);
      --waiting_;
      if (stopping_) return;
      --work_;
      took_.push_back(who);
    }
  }
  void Give() {
    std::unique_lock lock(mutex_);
    ++work_;
    std::condition_variable* const next = idle_.Tell();
    lock.unlock();
    if (next != nullptr) next->notify_one();
  }
  // Until `waiting` threads wait and there is no work.
  void Settle(int waiting) {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (waiting_ == waiting && work_ == 0) return;
      }
      std::this_thread::yield();
    }
  }
  void Stop(std::vector<std::thread>& threads) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      idle_.WakeAll();
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::mutex mutex_;
  IdleThreads idle_;
  int work_ = 0;
  int waiting_ = 0;
  bool stopping_ = false;
  std::vector<int> took_;
};

TEST_F(IdleThreadsTest, WakesWhoFellIdleLast) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this, i] { Work(i); });
    Settle(i + 1);
  }
  for (int i = 0; i < 100; ++i) {
    Give();
    Settle(3);
  }
  Stop(threads);
  // A waking without cause, which the system may give, moves a thread to the end.
  EXPECT_GT(std::count(took_.begin(), took_.end(), took_.front()), 90);
  EXPECT_EQ(took_.size(), 100u);
}

TEST_F(IdleThreadsTest, TellsOneUntilItHasCome) {
  std::unique_lock lock(mutex_);
  EXPECT_EQ(idle_.Tell(), nullptr);
  EXPECT_EQ(idle_.Longest(), nullptr);
  lock.unlock();
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([this, i] { Work(i); });
    Settle(i + 1);
  }
  lock.lock();
  std::condition_variable* const first = idle_.Tell();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(idle_.Tell(), nullptr);  // It is on its way.
  EXPECT_NE(idle_.Longest(), first);
  ++work_;
  lock.unlock();
  first->notify_one();
  Settle(2);
  Give();
  Settle(2);
  Stop(threads);
  EXPECT_EQ(took_.size(), 2u);
}

TEST_F(IdleThreadsTest, LooksAtTheClock) {
  std::unique_lock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  while (std::chrono::steady_clock::now() < until) idle_.Wait(lock, until);
  EXPECT_EQ(idle_.Tell(), nullptr);
}

// No piece of work is left while threads sleep.
TEST_F(IdleThreadsTest, LosesNoWork) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) threads.emplace_back([this, i] { Work(i); });
  std::vector<std::thread> givers;
  givers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    givers.emplace_back([this] {
      for (int k = 0; k < 2'000; ++k) Give();
    });
  }
  for (std::thread& giver : givers) giver.join();
  Settle(4);
  Stop(threads);
  EXPECT_EQ(took_.size(), 6'000u);
}

}  // namespace
}  // namespace tandem::runtime

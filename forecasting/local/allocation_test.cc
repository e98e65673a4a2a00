// A stream of series needs memory for the longest one and no more: after the first, none is asked
// for.
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "forecasting/local/choice.h"
#include "gmock/gmock.h"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

// Not inlined: GCC takes a free() that it sees and an operator new that it does not for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;

// Weeks: every third series now and then, the others with a season.
Values Weeks(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Values history(size);
  for (std::size_t t = 0; t < size; ++t) {
    const double wave = 10.0 * std::sin(static_cast<double>(t) * 2.0 * M_PI / 52.0);
    const bool none = seed % 3 == 0 && random() % 4 != 0;
    history[t] = none ? 0.0 : std::max(0.0, std::round(30.0 + wave + 5.0 * normal(random)));
  }
  return history;
}

TEST(AllocationTest, AStreamAsksForNoMoreMemoryOnceWarm) {
  LocalScratch scratch;
  Values mean(13);
  Values band(13 * kQuantiles);
  std::vector<Values> series;
  for (unsigned seed = 0; seed < 60; ++seed) series.push_back(Weeks(seed, 104 + seed));
  const ChoiceOptions options = {.local = {.season_buckets = 52}, .origins = 2};
  const auto run = [&](const Values& history) {
    return ForecastBest(history, MethodsFor(history), options, {mean, band}, scratch).ok();
  };
  // The longest of each kind.
  ASSERT_TRUE(run(Weeks(3, 200)) && run(Weeks(4, 200)));
  const std::size_t before = allocations;
  std::size_t good = 0;
  for (const Values& history : series) good += run(history) ? 1 : 0;
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(good, series.size());
}

TEST(AllocationTest, NoMethodAsksForMemoryOnceWarm) {
  LocalScratch scratch;
  Values mean(13);
  Values band(13 * kQuantiles);
  for (int method = 0; method <= static_cast<int>(LocalMethod::kDiscountedDemand); ++method) {
    SCOPED_TRACE(method);
    const Values history = Weeks(3, 160);
    std::size_t before = 0;
    for (int round = 0; round < 3; ++round) {
      if (round == 1) before = allocations;
      ASSERT_TRUE(ForecastLocal(static_cast<LocalMethod>(method), history, {.season_buckets = 52},
                                {mean, band}, scratch)
                      .ok());
    }
    EXPECT_EQ(allocations - before, 0U);
  }
}

TEST(AllocationTest, TheCountIsAlive) {
  const std::size_t before = allocations;
  const Values values(100, 1.0);
  EXPECT_EQ(allocations - before, 1U);
}

}  // namespace
}  // namespace tandem::forecasting

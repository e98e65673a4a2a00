#include "services/runtime/firm_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using base::Reason;
using testing::HasReason;
using testing::IsOk;

constexpr absl::Duration kStart = absl::Seconds(1'000);
constexpr FirmRateOptions kOptions = {
    .rows_per_second = 100, .bytes_per_second = 10'000, .burst = absl::Seconds(2)};

std::string DetailOf(const absl::Status& status, std::string_view key) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return "";
  for (const auto& [name, value] : refusal->details) {
    if (name == key) return value;
  }
  return "";
}

// A bucket of 200 rows, filled by 100 a second. By hand: 200 rows at once owe 2 s, which is what
// the bucket holds, so one more row passes; then 2.01 s are owed, and 10 ms have to go by.
TEST(FirmRatesTest, LetsABucketThroughAndThenItsRate) {
  FirmRates rates(kOptions);
  for (int i = 0; i < 201; ++i) {
    ASSERT_THAT(rates.Take("acme", {.rows = 1, .bytes = 1}, kStart), IsOk()) << i;
  }
  const absl::Status refused = rates.Take("acme", {.rows = 1, .bytes = 1}, kStart);
  ASSERT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_EQ(DetailOf(refused, "firm"), "acme");
  EXPECT_EQ(DetailOf(refused, "rows_per_second_max"), "100");
  EXPECT_EQ(DetailOf(refused, kRetryMillis), "10");
  EXPECT_THAT(rates.Take("acme", {.rows = 1}, kStart + absl::Milliseconds(9)),
              HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(rates.Take("acme", {.rows = 1}, kStart + absl::Milliseconds(11)), IsOk());
  // A firm that was quiet has its whole bucket again, and no more than that.
  int taken = 0;
  while (rates.Take("acme", {.rows = 1}, kStart + absl::Hours(1)).ok()) ++taken;
  EXPECT_EQ(taken, 201);
}

// By hand: 25,000 bytes at 10,000 a second owe 2.5 s, of which the bucket holds 2.
TEST(FirmRatesTest, WhatIsOwedIsTakenWhateverIsOwedAlready) {
  FirmRates rates({.bytes_per_second = 10'000, .burst = absl::Seconds(2), .verb = "reads"});
  EXPECT_THAT(rates.Take("acme", {}, kStart), IsOk());
  for (int i = 0; i < 5; ++i) rates.Owe("acme", {.bytes = 5'000}, kStart);
  const absl::Status refused = rates.Take("acme", {}, kStart);
  ASSERT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_EQ(DetailOf(refused, kRetryMillis), "500");
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("reads more bytes"));
  EXPECT_THAT(rates.Take("other", {}, kStart), IsOk());
  EXPECT_THAT(rates.Take("acme", {}, kStart + absl::Milliseconds(500)), IsOk());
  rates.Owe("acme", {.bytes = 1'000}, kStart + absl::Milliseconds(500));
  EXPECT_THAT(rates.Take("acme", {}, kStart + absl::Milliseconds(599)),
              HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(rates.Take("acme", {}, kStart + absl::Milliseconds(600)), IsOk());
}

TEST(FirmRatesTest, CountsBytesBesideRows) {
  FirmRates rates(kOptions);
  EXPECT_THAT(rates.Take("acme", {.bytes = 30'000}, kStart), IsOk());
  const absl::Status refused = rates.Take("acme", {.rows = 1, .bytes = 1}, kStart);
  ASSERT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_EQ(DetailOf(refused, "bytes_per_second_max"), "10000");
  EXPECT_EQ(DetailOf(refused, kRetryMillis), "1000");
  // What was refused took no rows: all 200, and the one that overdraws, are left.
  for (int i = 0; i < 201; ++i) {
    ASSERT_THAT(rates.Take("acme", {.rows = 1}, kStart + absl::Milliseconds(1'001)), IsOk()) << i;
  }
}

// One message is never too large by itself, or its sender could never send it.
TEST(FirmRatesTest, AMessageLargerThanTheBucketPassesAndIsPaidFor) {
  FirmRates rates(kOptions);
  EXPECT_THAT(rates.Take("acme", {.rows = 1'000}, kStart), IsOk());
  EXPECT_THAT(rates.Take("acme", {.rows = 1}, kStart + absl::Milliseconds(7'999)),
              HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(rates.Take("acme", {.rows = 1}, kStart + absl::Milliseconds(8'001)), IsOk());
}

TEST(FirmRatesTest, OneFirmTakesNothingFromAnother) {
  FirmRates rates(kOptions);
  ASSERT_THAT(rates.Take("acme", {.rows = 1'000}, kStart), IsOk());
  EXPECT_THAT(rates.Take("acme", {.rows = 1}, kStart), HasReason(Reason::kQuotaExceeded));
  for (const char* firm : {"bolt", "crate", "acm", "acmes"}) {
    EXPECT_THAT(rates.Take(firm, {.rows = 1}, kStart), IsOk()) << firm;
  }
  // Who asks for no rows owes none: reads go on.
  EXPECT_THAT(rates.Take("acme", {.bytes = 100}, kStart), IsOk());
}

TEST(FirmRatesTest, ManyThreadsTakeNoMoreThanOne) {
  FirmRates rates(kOptions);
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) taken += rates.Take("acme", {.rows = 1}, kStart).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 201);
}

}  // namespace
}  // namespace tandem::runtime

// How much each firm may send a second: rows and bytes, each a bucket that fills by itself (design,
// section 5). What is taken beyond is owed; while a firm owes more than its bucket holds, it is
// refused. So a firm at rest may send one message of any size, and none sends more than its rate
// for longer than the bucket lasts.
//
//   FirmRates rates({.rows_per_second = 1000});
//   absl::Status status = rates.Take("acme", {.rows = 20, .bytes = 512}, clock.Monotonic());
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tandem::runtime {

// What a message asks of the server.
struct Load {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

struct FirmRateOptions {
  // More than one node takes today: by default nobody waits but for who floods it.
  std::int64_t rows_per_second = 250'000'000;
  std::int64_t bytes_per_second = 2'000'000'000;
  absl::Duration burst = absl::Seconds(2);  // What a bucket holds, at its rate.
  const char* verb = "sends";               // What the firm does, for the refusal to say.
};

// The detail of a refusal that says when to try again.
inline constexpr char kRetryMillis[] = "retry_millis";

// Safe on any thread: one short lock, no allocation but for a firm's first message. Holds some tens
// of bytes for each firm that has ever sent; the door lets in members alone.
class FirmRates {
 public:
  explicit FirmRates(const FirmRateOptions& options);
  // Takes the load from the firm's buckets; `now` is the clock's Monotonic(). Takes nothing where
  // it refuses: RESOURCE_EXHAUSTED / QUOTA_EXCEEDED naming firm, rate and kRetryMillis.
  absl::Status Take(std::string_view firm, const Load& load, absl::Duration now);
  // Takes the load whatever is owed already.
  void Owe(std::string_view firm, const Load& load, absl::Duration now);

 private:
  struct Buckets {
    double rows_owed_until_nanos = 0.0;  // On the clock; in the past: nothing is owed.
    double bytes_owed_until_nanos = 0.0;
  };
  // Firms are dealt to shards, so that they seldom wait for each other's lock.
  struct Shard {
    std::mutex mutex{};
    absl::flat_hash_map<std::string, Buckets> firms{};
  };

  const FirmRateOptions options_;
  const double row_nanos_;
  const double byte_nanos_;
  const double burst_nanos_;
  std::array<Shard, 16> shards_;
};

}  // namespace tandem::runtime

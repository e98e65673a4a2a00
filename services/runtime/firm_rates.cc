#include "services/runtime/firm_rates.h"

#include <algorithm>
#include <cmath>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

struct Limit {
  const char* verb = "";
  const char* what = "";
  std::int64_t per_second = 0;
};

absl::Status Exceeded(std::string_view firm, const Limit& limit, double wait_nanos) {
  const auto millis = static_cast<std::int64_t>(std::ceil(wait_nanos / 1e6));
  const std::string name(limit.what);
  return base::Refuse(
      base::Reason::kQuotaExceeded,
      absl::StrCat("the firm ", limit.verb, " more ", name, " than its share: at most ",
                   limit.per_second, " a second; go on in ", millis, " ms"),
      {{"firm", absl::string_view(firm.data(), firm.size())},
       {name + "_per_second_max", limit.per_second},
       {kRetryMillis, millis}});
}

}  // namespace

FirmRates::FirmRates(const FirmRateOptions& options)
    : options_(options),
      row_nanos_(1e9 / static_cast<double>(options.rows_per_second)),
      byte_nanos_(1e9 / static_cast<double>(options.bytes_per_second)),
      burst_nanos_(absl::ToDoubleNanoseconds(options.burst)) {}

absl::Status FirmRates::Take(std::string_view firm, const Load& load, absl::Duration now) {
  const absl::string_view key(firm.data(), firm.size());
  const double now_nanos = absl::ToDoubleNanoseconds(now);
  Shard& shard = shards_[absl::HashOf(key) % shards_.size()];
  double rows_wait = 0.0;
  double bytes_wait = 0.0;
  {
    const std::lock_guard lock(shard.mutex);
    Buckets& buckets = shard.firms[key];
    const double rows_until = std::max(buckets.rows_owed_until_nanos, now_nanos);
    const double bytes_until = std::max(buckets.bytes_owed_until_nanos, now_nanos);
    rows_wait = load.rows > 0 ? rows_until - now_nanos - burst_nanos_ : 0.0;
    bytes_wait = bytes_until - now_nanos - burst_nanos_;
    if (rows_wait <= 0.0 && bytes_wait <= 0.0) {
      buckets.rows_owed_until_nanos = rows_until + static_cast<double>(load.rows) * row_nanos_;
      buckets.bytes_owed_until_nanos = bytes_until + static_cast<double>(load.bytes) * byte_nanos_;
      return absl::OkStatus();
    }
  }
  const Limit rows{options_.verb, "rows", options_.rows_per_second};
  const Limit bytes{options_.verb, "bytes", options_.bytes_per_second};
  if (rows_wait >= bytes_wait) return Exceeded(firm, rows, rows_wait);
  return Exceeded(firm, bytes, bytes_wait);
}

void FirmRates::Owe(std::string_view firm, const Load& load, absl::Duration now) {
  const absl::string_view key(firm.data(), firm.size());
  const double now_nanos = absl::ToDoubleNanoseconds(now);
  Shard& shard = shards_[absl::HashOf(key) % shards_.size()];
  const std::lock_guard lock(shard.mutex);
  Buckets& buckets = shard.firms[key];
  buckets.rows_owed_until_nanos = std::max(buckets.rows_owed_until_nanos, now_nanos) +
                                  static_cast<double>(load.rows) * row_nanos_;
  buckets.bytes_owed_until_nanos = std::max(buckets.bytes_owed_until_nanos, now_nanos) +
                                   static_cast<double>(load.bytes) * byte_nanos_;
}

}  // namespace tandem::runtime

#include "services/tandem/cli/patience.h"

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "services/base/reason.h"
#include "services/runtime/firm_rates.h"

namespace tandem::cli {
namespace {

constexpr absl::Duration kAskedLongest = absl::Minutes(15);
constexpr absl::Duration kWorthTelling = absl::Seconds(5);

// What the service asks to wait before the next try; zero where it does not say.
absl::Duration AskedDelay(const absl::Status& status) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return absl::ZeroDuration();
  for (const auto& [key, value] : refusal->details) {
    std::int64_t millis = 0;
    if (key == runtime::kRetryMillis && absl::SimpleAtoi(value, &millis) && millis > 0) {
      return absl::Milliseconds(millis);
    }
  }
  return absl::ZeroDuration();
}

}  // namespace

bool MayRetry(const absl::Status& status) {
  if (base::ReasonOf(status) == base::Reason::kStorageExceeded) return false;
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

Patience::Patience(absl::Duration limit) : limit_(limit), give_up_(absl::Now() + limit) {}

bool Patience::Wait(Client& client, const absl::Status& status) {
  const absl::Duration asked = AskedDelay(status);
  if (asked > absl::ZeroDuration()) {
    if (asked_ + asked > kAskedLongest) return false;
    if (asked >= kWorthTelling) {
      std::fprintf(stderr, "tandem: the service asks to wait %.0f s: %s\n",
                   absl::ToDoubleSeconds(asked), std::string(status.message()).c_str());
    }
    asked_ += asked;
    give_up_ += asked;
    absl::SleepFor(asked);
    return true;
  }
  if (absl::Now() >= give_up_) return false;
  client.WaitToRetry(backoff_);
  return true;
}

void Patience::Renew() {
  give_up_ = absl::Now() + limit_;
  asked_ = absl::ZeroDuration();
  backoff_.Reset();
}

}  // namespace tandem::cli

// How long a call is tried again, and which.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/tandem/cli/client.h"

namespace tandem::cli {

// Whether the same call may succeed later: UNAVAILABLE and RESOURCE_EXHAUSTED, but for
// STORAGE_EXCEEDED, which waiting does not mend.
bool MayRetry(const absl::Status& status);

// The time that the service itself asks to wait (its RetryInfo, where a firm is over its rate) is
// waited and does not count, up to 15 minutes of it without progress.
class Patience {
 public:
  explicit Patience(absl::Duration limit);
  // Waits as long as is right after `status`; false, at once, where no patience is left.
  bool Wait(Client& client, const absl::Status& status);
  // Something was done: begins anew.
  void Renew();

 private:
  absl::Duration limit_;
  absl::Time give_up_;
  absl::Duration asked_ = absl::ZeroDuration();  // Waited because the service asked for it.
  Backoff backoff_;
};

}  // namespace tandem::cli

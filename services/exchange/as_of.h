// From an instant to the state that was then: the log's facts have rising instants.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/runtime/log.h"

namespace tandem::exchange {

// The number of the slot's last fact at or before `instant`, 0 if there is none, looked for among
// 1..last. Reads about log2(last) groups. Errors as Log::Read's.
absl::StatusOr<std::uint64_t> NumberAt(const runtime::Log& log, base::SlotId slot,
                                       std::uint64_t last, absl::Time instant);

}  // namespace tandem::exchange

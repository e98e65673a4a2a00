// The proof that a slot's log is whole: every group names the hash of the one before it.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "services/runtime/log.h"

namespace tandem::runtime {

// Reads the slot's groups from the first to the last and checks hashes, seqs, numbers, terms and
// instants, and that they end in the log's own tail. `progress` (may be null) is called after each
// step with the last number checked and the number of the last fact. Returns kDataLoss /
// STORED_BYTES_DAMAGED naming slot and first fact (`number`) of the group that does not fit, or
// what Log::Read gives. Facts that are appended meanwhile are not looked at.
absl::Status VerifyChain(
    const Log& log, base::SlotId slot,
    const std::function<void(std::uint64_t done, std::uint64_t last)>& progress = nullptr);

}  // namespace tandem::runtime

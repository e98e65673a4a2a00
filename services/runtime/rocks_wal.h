// A second look at RocksDB's write-ahead log before it is opened. RocksDB 7.8 takes a record whose
// length was damaged for the torn end of the file and drops all that follows in silence; these are
// acknowledged commits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tandem::runtime {

// Where a WAL file's bytes stop making sense although a record begins further on: damage, not a
// torn end. nullopt if there is no such place. Format: RocksDB's db/log_format.h.
std::optional<std::size_t> DamageInWal(std::string_view bytes);

// Looks at every WAL file in the folder. kDataLoss / STORED_BYTES_DAMAGED naming file and offset. A
// folder that is not there is fine.
absl::Status CheckWals(const std::string& folder);

}  // namespace tandem::runtime

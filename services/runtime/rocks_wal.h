// A second look at RocksDB's write-ahead log before it is opened. RocksDB 7.8 takes a record whose
// length was damaged for the torn end of the file and drops all that follows in silence; these are
// acknowledged commits. And since log files are laid out ahead (rocks_files.h), a write that a
// power cut tore is no longer one that the file ends in: RocksDB would call it damage.
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

// Where what was written ends, for a file without damage: what follows are zeros laid out ahead, or
// the last record where a power cut tore it, parts of which never reached the disk. A record that
// fails its checksum counts as torn where a sector of it holds nothing but zeros; otherwise it has
// rotted, and is left for RocksDB to refuse.
std::size_t WrittenInWal(std::string_view bytes);

// Looks at every WAL file in the folder and, unless `read_only`, cuts it where what was written
// ends. kDataLoss / STORED_BYTES_DAMAGED naming file and offset; kUnavailable for what the system
// refuses. A folder that is not there is fine. To cut, the caller holds the folder's lock.
absl::Status CheckWals(const std::string& folder, bool read_only);

}  // namespace tandem::runtime

// A file of one kind, row by row.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/exchange/csv/row.h"
#include "services/exchange/csv/source.h"

namespace tandem::exchange::csv {

struct RowCounts {
  std::int64_t taken = 0;
  std::int64_t rejected = 0;
};

// Calls `use` with every row of the file, after its header. What `use` refuses as INVALID_ARGUMENT
// or NOT_FOUND, or for ENTRY_CLOSED, and records that are no CSV, go to `on_reject`; any other
// error of `use` ends the reading. Returns errors of the header, the mapping and the source too.
absl::StatusOr<RowCounts> ForEachRow(Source& source, std::span<const Field> fields,
                                     const Mapping& mapping,
                                     const std::function<absl::Status(const Row&)>& use,
                                     const OnReject& on_reject);

}  // namespace tandem::exchange::csv

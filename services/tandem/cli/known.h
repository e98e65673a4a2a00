// The caller's own registers, to name rows about unknown items before anything is sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/exchange/csv/row.h"
#include "services/tandem/cli/client.h"

namespace tandem::cli {

// By id: the last day that something may be said of, the calendar's where it is not closed.
using LastDays = absl::flat_hash_map<std::string, base::Day>;

struct Known {
  LastDays items{};
  LastDays locations{};
};

// Reads both registers whole. INTERNAL for a last date that is no day.
absl::StatusOr<Known> LoadKnown(Client& client);

// The last day of what a row is about, and the field that says it.
struct RowDay {
  std::size_t field = 0;
  base::Day day = base::Day::FromNumber(base::Day::kFirst);
};

// UNKNOWN_LOCATION, UNKNOWN_ITEM naming the row's column, and the id where the cell lists several;
// ENTRY_CLOSED naming the day's column where the entry is closed by then.
absl::Status CheckLocation(const Known& known, const exchange::csv::Row& row, std::size_t field,
                           std::string_view location, const RowDay& last = {});
absl::Status CheckItem(const Known& known, const exchange::csv::Row& row, std::size_t field,
                       std::string_view item, const RowDay& last = {});

}  // namespace tandem::cli

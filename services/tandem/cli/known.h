// The caller's own registers, to name rows about unknown items before anything is sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/exchange/csv/row.h"
#include "services/tandem/cli/client.h"

namespace tandem::cli {

struct Known {
  absl::flat_hash_set<std::string> items{};
  absl::flat_hash_set<std::string> locations{};
};

// Reads both registers whole.
absl::StatusOr<Known> LoadKnown(Client& client);

// UNKNOWN_LOCATION, UNKNOWN_ITEM naming the row's column, and the id where the cell lists several.
absl::Status CheckLocation(const Known& known, const exchange::csv::Row& row, std::size_t field,
                           std::string_view location);
absl::Status CheckItem(const Known& known, const exchange::csv::Row& row, std::size_t field,
                       std::string_view item);

}  // namespace tandem::cli

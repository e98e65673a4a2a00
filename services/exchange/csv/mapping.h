// How a partner's file spells our fields. A mapping file is a small part of TOML: lines of
// `key = value` under [headings], strings in double quotes, # comments.
//
//   delimiter = ";"            # "," where not said; "\t" for a tab
//   decimal = ","              # "." where not said
//   date = "DD.MM.YYYY"        # "YYYY-MM-DD" where not said
//   [columns]                  # our field = the file's column; a field keeps its name where not
//   said item = "Artikelnummer" [constants]                # our field = what it is in every row
//   location = "berlin-1"
//   [factors]                  # our field = what its numbers are multiplied by, up to three
//   decimals quantity = "12"            # the file counts cartons of twelve
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/quantity.h"

namespace tandem::exchange::csv {

struct Mapping {
  char delimiter = ',';
  char decimal = '.';
  std::string date_format{"YYYY-MM-DD"};
  std::map<std::string, std::string, std::less<>> columns{};
  std::map<std::string, std::string, std::less<>> constants{};
  std::map<std::string, std::int64_t, std::less<>> factors_milli{};  // 1,000: as it stands.
};

// Reads a mapping file. Returns kInvalidArgument / FILE_MALFORMED with the line and the key.
absl::StatusOr<Mapping> ParseMapping(std::string_view text);

// A day written as `format` says: YYYY, MM and DD once each, all other characters as they stand.
// Errors as base::Day::Parse.
absl::StatusOr<base::Day> ParseDay(std::string_view text, std::string_view format);

// A number in the mapping's decimal sign, times the factor. kInvalidArgument /
// QUANTITY_OUT_OF_RANGE as base::Quantity::Parse, and where the product has more than three
// decimals.
absl::StatusOr<base::Quantity> ParseQuantity(std::string_view text, char decimal,
                                             std::int64_t factor_milli);

}  // namespace tandem::exchange::csv

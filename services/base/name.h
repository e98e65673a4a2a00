// Names: what records are called between firms, by Google's AIP-122 ("firms/acme/items/4711").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tandem::base {

// An identifier within a name: 1 to 64 of letters, digits, '.', '_', '-'; no '.' or '-' first.
// Returns kInvalidArgument / BAD_NAME naming `field` otherwise.
absl::Status CheckId(std::string_view field, std::string_view id);

// The identifiers of a name of the pattern ("firms/*/items/*" on "firms/acme/items/4711" gives
// "acme", "4711"). Returns kInvalidArgument / BAD_NAME naming `field` if the name has another form.
absl::StatusOr<std::vector<std::string>> ParseName(std::string_view field, std::string_view pattern,
                                                   std::string_view name);

// A GTIN of 8, 12, 13 or 14 digits with a right check digit (GS1 General Specifications, 7.9), as
// 14 digits. Returns kInvalidArgument / BAD_GTIN.
absl::StatusOr<std::string> NormalizeGtin(std::string_view field, std::string_view gtin);

// A GLN: 13 digits with a right check digit. Returns kInvalidArgument / BAD_GLN.
absl::Status CheckGln(std::string_view field, std::string_view gln);

// A request id: a UUID in its 36-character form. Returns kInvalidArgument / BAD_REQUEST_ID.
absl::Status CheckRequestId(std::string_view request_id);

}  // namespace tandem::base

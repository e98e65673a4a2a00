// The stored form of a stream's state. Stored, never renumbered: what changes gets a new version
// byte, and the old one stays readable.
//   version 1; then, numbers as 8 bytes little-endian, flags as 1 byte, text as its length and
//   bytes: epoch, next, frozen before, now, last good, silent; count and each seen: number,
//   version, hash, count and each amendment: version, hash; count and each held: number, message;
//   count and each gap: first, last, since, suspected, confirmed; count and each number given up;
//   count and each message held for a decision. A message: epoch, number, version, is change, hash,
//   has need, need (0 if none), content.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sequencing/stream/stream.h"

namespace tandem::sequencing {

std::string EncodeStreamState(const StreamState& state);

// Returns kDataLoss for bytes of another version or that no state encodes to.
absl::StatusOr<StreamState> DecodeStreamState(std::string_view bytes);

}  // namespace tandem::sequencing

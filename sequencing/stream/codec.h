// The stored form of a stream's state, in rows: a head, and one for each number that is remembered.
// A message changes the head and at most the row of its own number; Receive's events name it. Rows
// of numbers below next - memory may be dropped: the state has forgotten them. So an event costs
// some hundred bytes, however much is remembered.
//
// Stored, never renumbered: what changes gets a new version byte, and the old one stays readable.
// Numbers are 8 bytes little-endian, flags 1 byte, text its length and bytes.
//   seen    version 1; number, version, hash, count and each amendment: version, hash
//   head    version 1; epoch, next, frozen before, now, last good, silent;
//           count and each held: number, message; count and each gap: first, last, since,
//           suspected, confirmed; count and each number given up; count and each message held for a
//           decision. A message: epoch, number, version, is change, hash, has need, need (0 if
//           none), content
//           version 2: the same of a stream that has ended
//   state   version 1; the head's length and bytes; count and each seen's length and bytes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sequencing/stream/stream.h"

namespace tandem::sequencing {

// Everything but `seen`.
std::string EncodeStreamHead(const StreamState& state);
std::string EncodeSeenNumber(std::int64_t number, const SeenNumber& seen);

// Return kDataLoss for bytes of another version or that nothing encodes to. The second adds to
// `state.seen`; it also refuses a number that is there.
absl::StatusOr<StreamState> DecodeStreamHead(std::string_view bytes);
absl::Status AddSeenNumber(std::string_view bytes, StreamState& state);

// The whole state as one value, of the same rows.
std::string EncodeStreamState(const StreamState& state);
absl::StatusOr<StreamState> DecodeStreamState(std::string_view bytes);

}  // namespace tandem::sequencing

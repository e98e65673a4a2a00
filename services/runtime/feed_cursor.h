// What a feed's cursor holds: how far a subscription has come, and enough of the log's hashes to
// notice a log that was restored from before. Sealed by seal.h with the purpose "cursor".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/runtime/envelope.h"
#include "services/runtime/feed.h"

namespace tandem::runtime {

inline constexpr std::string_view kCursorPurpose = "cursor";

// A place in a slot: all facts up to `number` have been passed. The first 8 bytes of the hash of
// the group that holds it tell one log from another; 0 where number is 0.
struct FeedMark {
  std::uint64_t number = 0;
  std::uint64_t hash_prefix = 0;
  friend bool operator==(const FeedMark&, const FeedMark&) = default;
};

struct FeedCursor {
  std::uint64_t filter_hash = 0;
  std::uint64_t number = 0;   // Of the last record sent; 0: none yet.
  std::uint64_t noticed = 0;  // Governance's fact up to which notices have been sent.
  struct Slot {
    base::SlotId slot{};
    FeedMark mark{};
  };
  std::vector<Slot> slots{};  // Ascending; a slot that is missing is at 0.
};

// Bytes, version 1: firms keep them for as long as they like, so they stay readable.
//   01, filter hash (8, little-endian), number, noticed, count of slots (varints); then each slot's
//   domain, index, number (varints) and hash prefix (8, little-endian)
std::string EncodeCursor(const FeedCursor& cursor);
// kInvalidArgument / BAD_TOKEN for any other bytes.
absl::StatusOr<FeedCursor> DecodeCursor(std::string_view bytes);

// The same for filters that let the same facts through in whatever order they were written.
std::uint64_t FilterHash(const FeedFilter& filter);
// The hash's first 8 bytes.
std::uint64_t HashPrefix(const Hash& hash);

}  // namespace tandem::runtime

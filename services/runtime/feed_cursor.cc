#include "services/runtime/feed_cursor.h"

#include <algorithm>
#include <limits>

#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kSlotsMax = 65'536;  // More than any network has; bounds what is reserved.

absl::Status BadCursor() {
  return base::RefuseField(base::Reason::kBadToken, "cursor", "the cursor is not of this feed");
}

}  // namespace

std::string EncodeCursor(const FeedCursor& cursor) {
  base::ByteWriter writer;
  writer.Byte(kVersion).LittleEndian64(cursor.filter_hash).Varint(cursor.number);
  writer.Varint(cursor.noticed).Varint(cursor.slots.size());
  for (const FeedCursor::Slot& slot : cursor.slots) {
    writer.Varint(static_cast<std::uint64_t>(slot.slot.domain)).Varint(slot.slot.index);
    writer.Varint(slot.mark.number).LittleEndian64(slot.mark.hash_prefix);
  }
  return writer.Take();
}

absl::StatusOr<FeedCursor> DecodeCursor(std::string_view bytes) {
  base::ByteReader reader(bytes);
  if (reader.Byte() != kVersion) return BadCursor();
  FeedCursor cursor;
  cursor.filter_hash = reader.LittleEndian64();
  cursor.number = reader.Varint();
  cursor.noticed = reader.Varint();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok() || count > kSlotsMax) return BadCursor();
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    FeedCursor::Slot slot;
    const std::uint64_t domain = reader.Varint();
    const std::uint64_t index = reader.Varint();
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint16_t>::max();
    if (domain > kMax || index > kMax) return BadCursor();
    slot.slot = {static_cast<base::DomainId>(domain), static_cast<std::uint16_t>(index)};
    slot.mark.number = reader.Varint();
    slot.mark.hash_prefix = reader.LittleEndian64();
    cursor.slots.push_back(slot);
  }
  if (!reader.ok() || !reader.AtEnd()) return BadCursor();
  return cursor;
}

std::uint64_t FilterHash(const FeedFilter& filter) {
  std::vector<base::DomainId> domains = filter.domains;
  std::vector<std::string> types = filter.type_names;
  std::ranges::sort(domains);
  std::ranges::sort(types);
  base::ByteWriter writer;
  writer.Varint(domains.size());
  for (const base::DomainId domain : domains) writer.Varint(static_cast<std::uint64_t>(domain));
  writer.Sized(filter.relation).Varint(types.size());
  for (const std::string& type : types) writer.Sized(type);
  return HashPrefix(HashOf(writer.bytes()));
}

std::uint64_t HashPrefix(const Hash& hash) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < 8; ++i) prefix |= std::uint64_t{hash[i]} << (8 * i);
  return prefix;
}

}  // namespace tandem::runtime

#include "services/runtime/log_rules.h"

#include <utility>

#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

// A group begins with 'G' (FORMAT.md).
constexpr std::uint8_t kTermMark = 'T';
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kUniqueIdBytes = 16;

}  // namespace

std::string EncodeTermRecord(const TermRecord& record) {
  base::ByteWriter out;
  out.Byte(kTermMark).Byte(kVersion).LittleEndian64(record.log_id);
  out.BigEndian16(static_cast<std::uint16_t>(record.slot.domain)).BigEndian16(record.slot.index);
  out.LittleEndian64(record.supersedes).Raw(record.unique_id);
  return std::move(out).Take();
}

absl::StatusOr<TermRecord> DecodeTermRecord(std::string_view bytes) {
  base::ByteReader in(bytes);
  const bool marked = in.Byte() == kTermMark && in.Byte() == kVersion;
  TermRecord record;
  record.log_id = in.LittleEndian64();
  record.slot.domain = static_cast<base::DomainId>(in.BigEndian16());
  record.slot.index = in.BigEndian16();
  record.supersedes = in.LittleEndian64();
  record.unique_id = std::string(in.Raw(kUniqueIdBytes));
  if (!marked || !in.ok() || !in.AtEnd()) {
    return base::Refuse(base::Reason::kStoredBytesDamaged, "these bytes are no term record");
  }
  return record;
}

LogRules::Verdict LogRules::Take(std::string_view bytes) {
  if (!bytes.empty() && static_cast<std::uint8_t>(bytes.front()) == kTermMark) {
    const absl::StatusOr<TermRecord> term = DecodeTermRecord(bytes);
    if (!term.ok() || term->log_id != log_id_ || term->slot != slot_ ||
        term->supersedes != tail_.term) {
      return Verdict::kVoid;
    }
    ++tail_.term;
    owner_id_ = term->unique_id;
    return Verdict::kTermTaken;
  }
  const absl::StatusOr<Group> group = DecodeGroup(bytes);
  if (!group.ok()) return Verdict::kVoid;
  const GroupHeader& header = group->header;
  const bool next = header.term == tail_.term && header.seq == tail_.seq + 1 &&
                    header.first_number == tail_.last_number + 1 && header.previous == tail_.hash;
  // Before the first term record nobody owns the slot: its groups are void.
  if (tail_.term == 0 || header.log_id != log_id_ || header.slot != slot_ || !next) {
    return Verdict::kVoid;
  }
  tail_.seq = header.seq;
  tail_.last_number = group->last_number();
  tail_.last_instant = group->facts.back().instant;
  tail_.hash = group->hash;
  return Verdict::kGroupValid;
}

}  // namespace tandem::runtime

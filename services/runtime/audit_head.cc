#include "services/runtime/audit_head.h"

#include <algorithm>
#include <utility>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::runtime {
namespace {

constexpr std::string_view kSealPurpose = "audit-head";
constexpr std::string_view kMagic = "tandem audit head 1\n";
constexpr std::uint8_t kSealVersion = 1;

std::string_view BytesOf(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// The slot at the cut, as the log has it now.
absl::StatusOr<SlotHead> SlotAt(const Log& log, base::SlotId slot, std::uint64_t number) {
  const auto short_log = [&] {
    return base::Refuse(base::Reason::kCursorFromTheFuture,
                        "the log ends before the head: it was restored from an older state",
                        {{"slot", slot.ToString()}});
  };
  auto groups = log.Read(slot, number, 1);
  if (base::ReasonOf(groups.status()) == base::Reason::kCursorFromTheFuture) return short_log();
  if (!groups.ok()) return groups.status();
  if (groups->empty() || groups->front()->last_number() < number) return short_log();
  return SlotHead{.number = number, .hash = groups->front()->hash};
}

}  // namespace

Hash HeadHashOf(const std::map<base::SlotId, SlotHead>& cut) {
  base::ByteWriter writer;
  for (const auto& [slot, head] : cut) {
    writer.Varint(static_cast<std::uint64_t>(slot.domain)).Varint(slot.index).Varint(head.number);
    writer.Sized(BytesOf(head.hash));
  }
  return HashOf(std::string(kMagic) + writer.Take());
}

std::string SealHead(const Sealer& sealer, const SealedHead& head) {
  base::ByteWriter writer;
  writer.Byte(kSealVersion).Sized(BytesOf(head.hash)).Sized(head.cut.Encode());
  return sealer.Seal(kSealPurpose, "", writer.bytes());
}

absl::StatusOr<SealedHead> OpenHead(const Sealer& sealer, std::string_view seal) {
  TANDEM_ASSIGN_OR_RETURN(const std::string content, sealer.Open(kSealPurpose, "", seal));
  base::ByteReader reader(content);
  const bool known = reader.Byte() == kSealVersion;
  const std::string_view hash = reader.Sized();
  const std::string_view cut = reader.Sized();
  SealedHead head;
  if (!known || !reader.ok() || !reader.AtEnd() || hash.size() != head.hash.size()) {
    return base::RefuseField(base::Reason::kBadToken, "seal", "is not of a version known here");
  }
  std::copy(hash.begin(), hash.end(), head.hash.begin());
  TANDEM_ASSIGN_OR_RETURN(head.cut, base::Position::Decode(cut));
  return head;
}

absl::Status VerifyHead(const Log& log, const SealedHead& head) {
  std::map<base::SlotId, SlotHead> cut;
  for (const auto& [slot, number] : head.cut.numbers()) {
    TANDEM_ASSIGN_OR_RETURN(cut[slot], SlotAt(log, slot, number));
  }
  if (HeadHashOf(cut) == head.hash) return absl::OkStatus();
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      "the log up to the head's cut is not the one that the head was made of");
}

std::shared_ptr<const AuditHead> AuditHeads::Current() {
  const std::lock_guard lock(mutex_);
  const absl::Duration now = clock_.Monotonic();
  if (now - made_ >= kPeriod) {
    current_ = Make();
    made_ = now;
  }
  return current_;
}

std::shared_ptr<const AuditHead> AuditHeads::Make() const {
  std::map<base::SlotId, SlotHead> cut;
  SealedHead head;
  for (const base::SlotId slot : slots_) {
    const absl::StatusOr<SlotTail> tail = log_.Last(slot);
    if (!tail.ok()) return nullptr;
    if (tail->last_number == 0) continue;
    cut[slot] = {.number = tail->last_number, .hash = tail->hash};
    head.cut.Set(slot, tail->last_number);
  }
  if (cut.empty()) return nullptr;
  head.hash = HeadHashOf(cut);
  return std::make_shared<const AuditHead>(
      AuditHead{.hash = head.hash, .seal = SealHead(sealer_, head)});
}

}  // namespace tandem::runtime

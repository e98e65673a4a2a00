// What makes a record of a shared log valid: a pure function of the log's bytes (design, section 3,
// "Kafka"). Whoever reads the same records from the start comes to the same verdicts, whatever was
// late, doubled, or written by an owner that no longer is one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/base/fact.h"
#include "services/runtime/envelope.h"
#include "services/runtime/log.h"

namespace tandem::runtime {

// A new owner's claim. Its first byte differs from a group's, so that the two are never confused.
struct TermRecord {
  std::uint64_t log_id = 0;
  base::SlotId slot{};
  std::uint64_t supersedes = 0;  // The term that stands where this record lands, or it is void.
  std::string unique_id{};       // 16 bytes, drawn by the owner: how it knows its own record.
};

// Stored bytes, version 1; FORMAT.md has them.
std::string EncodeTermRecord(const TermRecord& record);
// kDataLoss for anything else.
absl::StatusOr<TermRecord> DecodeTermRecord(std::string_view bytes);

// Reads the records of one slot in order and says which count.
class LogRules {
 public:
  enum class Verdict {
    kTermTaken,   // A term record that names the standing term: its writer owns the slot from here.
    kGroupValid,  // The standing term's next group.
    kVoid,        // Everything else: as if it were not there.
  };

  LogRules(std::uint64_t log_id, base::SlotId slot) : log_id_(log_id), slot_(slot) {}

  // The verdict on the next record. Bytes that are neither a term record nor a group are void too:
  // a producer of ours cannot write them, and what is not ours must not stop a slot.
  Verdict Take(std::string_view bytes);

  // Where the valid log ends after what was taken.
  const SlotTail& tail() const { return tail_; }
  // The unique id of the standing term's record; "" before the first.
  const std::string& owner_id() const { return owner_id_; }

 private:
  std::uint64_t log_id_;
  base::SlotId slot_;
  SlotTail tail_{};
  std::string owner_id_{};
};

}  // namespace tandem::runtime

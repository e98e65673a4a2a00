// The audit chain's head: one hash that stands for every byte of an instance's log up to a cut.
// Feeds carry it, so that a partner can later hold the network to what the log was; what it proves
// and what not is in FORMAT.md, "Audit head".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/runtime/log.h"
#include "services/runtime/seal.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

// Where a slot stands at a cut.
struct SlotHead {
  std::uint64_t number = 0;  // Of the last fact in the cut.
  Hash hash{};               // Of the group that holds it, and so of all before it.
};

// The head of a cut (FORMAT.md, version 1).
Hash HeadHashOf(const std::map<base::SlotId, SlotHead>& cut);

// A head as a feed carries it.
struct AuditHead {
  Hash hash{};
  std::string seal{};  // The cut and the hash, for whoever has the network's key.
};

// What a seal holds.
struct SealedHead {
  Hash hash{};
  base::Position cut{};
};
std::string SealHead(const Sealer& sealer, const SealedHead& head);
// kInvalidArgument / BAD_TOKEN for what SealHead with the same key did not make.
absl::StatusOr<SealedHead> OpenHead(const Sealer& sealer, std::string_view seal);

// OK if the log is the one that the head was made of, or goes on from it. kOutOfRange /
// CURSOR_FROM_THE_FUTURE naming the slot where the log ends before the head's cut (a restored one);
// kDataLoss / STORED_BYTES_DAMAGED where its bytes up to there are others, or what Log::Read gives.
// Reads one group a slot, so it rests on VerifyChain for what lies before.
absl::Status VerifyHead(const Log& log, const SealedHead& head);

// Makes heads of all that is durable, one a period for all subscribers together: some microseconds.
// Safe on any thread; what it is given must outlive it.
class AuditHeads {
 public:
  AuditHeads(const Log& log, std::vector<base::SlotId> slots, const Sealer& sealer,
             const Clock& clock)
      : log_(log), slots_(std::move(slots)), sealer_(sealer), clock_(clock) {}
  // The newest, made again if it is older than a period; null where there is none (no fact yet, or
  // a slot cannot tell its end).
  std::shared_ptr<const AuditHead> Current();

  static constexpr absl::Duration kPeriod = absl::Seconds(1);

 private:
  std::shared_ptr<const AuditHead> Make() const;

  const Log& log_;
  const std::vector<base::SlotId> slots_;
  const Sealer& sealer_;
  const Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<const AuditHead> current_;
  absl::Duration made_ = -absl::InfiniteDuration();
};

}  // namespace tandem::runtime

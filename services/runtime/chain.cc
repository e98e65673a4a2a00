#include "services/runtime/chain.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::runtime {
namespace {

constexpr std::size_t kReadBytes = std::size_t{8} << 20;

// What of `group` does not follow `before`; "" if it does.
std::string_view Misfit(const SlotTail& before, const Group& group) {
  const GroupHeader& header = group.header;
  if (header.previous != before.hash) return "the hash of the group before it is another";
  if (header.seq != before.seq + 1) return "its seq is not the next";
  if (header.first_number != before.last_number + 1) return "its number is not the next";
  if (header.term < before.term) return "its term is older than the one before";
  absl::Time last = before.last_instant;
  for (const base::FactRecord& fact : group.facts) {
    if (fact.instant < last) return "its time runs backwards";
    last = fact.instant;
  }
  return {};
}

absl::Status Damaged(base::SlotId slot, std::uint64_t number, std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      absl::StrCat("the log of slot ", slot.ToString(), ": the group from fact ",
                                   number, " on: ", absl::string_view(what.data(), what.size())),
                      {{"slot", slot.ToString()}, {"number", number}});
}

}  // namespace

absl::Status VerifyChain(
    const Log& log, base::SlotId slot,
    const std::function<void(std::uint64_t done, std::uint64_t last)>& progress) {
  TANDEM_ASSIGN_OR_RETURN(const SlotTail end, log.Last(slot));
  SlotTail at;
  while (at.last_number < end.last_number) {
    TANDEM_ASSIGN_OR_RETURN(const auto groups, log.Read(slot, at.last_number + 1, kReadBytes));
    for (const std::shared_ptr<const Group>& group : groups) {
      std::string_view misfit = Misfit(at, *group);
      if (group->header.slot != slot || group->header.log_id != log.log_id()) {
        misfit = "it belongs to another log";
      }
      if (!misfit.empty()) {
        return Damaged(slot, at.last_number + 1, misfit);
      }
      at = {.term = group->header.term,
            .seq = group->header.seq,
            .last_number = group->last_number(),
            .last_instant = group->facts.back().instant,
            .hash = group->hash};
      if (at.last_number == end.last_number) break;
    }
    if (groups.empty()) break;
    if (progress) progress(at.last_number, end.last_number);
  }
  if (at.last_number != end.last_number || at.hash != end.hash) {
    return Damaged(slot, at.last_number + 1, "the log does not end where its tail says");
  }
  return absl::OkStatus();
}

}  // namespace tandem::runtime

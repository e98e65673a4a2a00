#include "services/exchange/as_of.h"

#include <algorithm>

#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::exchange {

absl::StatusOr<std::uint64_t> NumberAt(const runtime::Log& log, base::SlotId slot,
                                       std::uint64_t last, absl::Time instant) {
  std::uint64_t low = 0;          // A fact that is not too late; 0: none known yet.
  std::uint64_t high = last + 1;  // One that is too late, or beyond the end.
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    TANDEM_ASSIGN_OR_RETURN(const auto groups, log.Read(slot, middle, 1));
    if (groups.empty() || groups.front()->facts.empty()) {
      return base::Refuse(base::Reason::kStoredBytesDamaged, "the log ends before its rows");
    }
    const runtime::Group& group = *groups.front();
    if (group.facts.front().instant > instant) {
      high = group.header.first_number;
    } else if (group.facts.back().instant <= instant) {
      low = group.last_number();
    } else {
      const auto later = std::partition_point(
          group.facts.begin(), group.facts.end(),
          [&](const base::FactRecord& fact) { return fact.instant <= instant; });
      return std::prev(later)->number;
    }
  }
  return std::min(low, last);
}

}  // namespace tandem::exchange

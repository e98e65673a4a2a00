// A slot's memory of request ids, in rows of its own beside the domain's (FORMAT.md): what was
// accepted under which id, for a time of the facts' own clock. Everything it changes follows from
// the facts, so a replay makes the same rows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/base/rows.h"

namespace tandem::runtime {

// What was accepted under a request id.
struct RememberedRequest {
  std::string digest{};
  std::uint64_t first_number = 0;  // The command's facts are dense from here.
  std::uint64_t count = 0;
};

// One thread at a time. The rows are the slot's, not the domain's.
class RequestMemory {
 public:
  RequestMemory(absl::Duration age, std::uint64_t firm_max) : age_(age), firm_max_(firm_max) {}

  // What (firm, principal, method, request id) got; nullopt if it is not remembered. The method is
  // the digest's first 4 bytes. kDataLoss for a damaged row.
  absl::StatusOr<std::optional<RememberedRequest>> Find(const base::RowReader& rows,
                                                        const base::Caller& caller,
                                                        std::string_view request_id,
                                                        std::string_view digest) const;
  // Whether the firm has used up its ids.
  bool Full(const base::RowReader& rows, std::string_view firm);
  // Remembers the facts of one command, in the order of the log, and forgets what is too old. Does
  // nothing for a command without a request id.
  void Remember(base::Rows& rows, std::span<const base::FactRecord> command);
  // The rows are others now: what was cached of them counts no more.
  void DropCaches();

 private:
  std::uint64_t& CountOf(const base::RowReader& rows, std::string_view firm);
  void Forget(base::Rows& rows, absl::Time now);

  absl::Duration age_;
  std::uint64_t firm_max_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;  // Cached: ids a firm.
  std::optional<absl::Time> oldest_;                          // Cached: of the oldest row.
};

// The facts of the first command in these facts of a group: those with its instant, since each
// command has one of its own. A command's facts are never split over groups.
std::span<const base::FactRecord> NextCommand(std::span<const base::FactRecord> facts);

}  // namespace tandem::runtime

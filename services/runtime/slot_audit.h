// Collects a slot's refusals and reads for its next Audited fact. Alike entries become one line
// with a count, so that a flood of refusals cannot flood the log.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "services/runtime/slot.h"

namespace tandem::runtime {

// Safe on any thread.
class AuditCollector {
 public:
  static constexpr std::size_t kEntriesMax = 1'000;
  static constexpr std::size_t kTextBytesMax = 256;  // Of each text; what is longer is cut.

  void Add(absl::Time now, AuditEntry entry);
  bool empty() const;
  // The payload of an Audited fact with all that was collected; nullopt if that is nothing.
  std::optional<std::string> Take();

 private:
  // Firm, principal, method, resource, reason.
  using Line = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  struct Count {
    std::uint64_t order = 0;
    absl::Time first{};
    std::int64_t count = 0;
  };

  mutable std::mutex mutex_;
  std::map<Line, Count> lines_;
  std::int64_t dropped_ = 0;
};

}  // namespace tandem::runtime

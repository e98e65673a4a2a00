// Collects a slot's refusals and reads for its next Audited fact, one a second. Alike entries
// become one line with a count; what goes beyond a firm's share of lines, or beyond the fact's
// bytes, is merged further, until only firm, method and reason are left. So neither a flood of
// refusals nor one of reads can flood the log, and no firm can crowd out what others did.
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
  static constexpr std::size_t kLinesMax = 1'000;        // Of one fact, as they were asked.
  static constexpr std::size_t kLinesFirmMax = 200;      // One firm's share of them.
  static constexpr std::size_t kLinesStrangersMax = 16;  // The share of all callers nobody knows.
  static constexpr std::size_t kMergedMax = 200;         // Lines of what goes beyond; then dropped.
  static constexpr std::size_t kTextBytesMax = 256;      // Of each text; what is longer is cut.
  static constexpr std::size_t kClaimedBytesMax = 120;   // Of what a stranger says of itself.
  static constexpr std::size_t kBytesMax = 131'072;      // Of the texts of one fact's lines.
  // What stands for the resource where lines were merged; the principal is left out then.
  static constexpr char kMore[] = "(more)";

  void Add(absl::Time now, AuditEntry entry);
  bool empty() const;
  // The payload of an Audited fact with all that was collected; nullopt if that is nothing.
  std::optional<std::string> Take();

 private:
  // Firm, principal, method, resource, reason, claimed.
  using Line =
      std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
  struct Count {
    std::uint64_t order = 0;
    absl::Time first{};
    std::int64_t count = 0;
  };

  bool CountAgain(const Line& line);
  bool Takes(const Line& line) const;
  void Insert(absl::Time now, Line line);

  mutable std::mutex mutex_;
  std::map<Line, Count> lines_;
  std::map<std::string, std::size_t, std::less<>> lines_by_firm_;
  std::size_t bytes_ = 0;
  std::size_t merged_ = 0;  // Lines that stand for what went beyond.
  std::int64_t dropped_ = 0;
};

}  // namespace tandem::runtime

#include "services/runtime/slot_audit.h"

#include <utility>
#include <vector>

#include "tandem/runtime/v1/facts.pb.h"

namespace tandem::runtime {
namespace {

// What a line takes beside its texts: instant, count, framing.
constexpr std::size_t kLineOverheadBytes = 40;

// Cut between two UTF-8 characters, so that the text stays one.
std::string Cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  text.resize(size);
  return text;
}

}  // namespace

bool AuditCollector::CountAgain(const Line& line) {
  const auto found = lines_.find(line);
  if (found == lines_.end()) return false;
  ++found->second.count;
  return true;
}

bool AuditCollector::Takes(const Line& line) const {
  const auto& [firm, principal, method, resource, reason, claimed] = line;
  const auto held = lines_by_firm_.find(firm);
  const bool stranger = firm.empty() && principal.empty();
  const std::size_t share = stranger ? kLinesStrangersMax : kLinesFirmMax;
  return lines_.size() < kLinesMax && bytes_ < kBytesMax &&
         (held == lines_by_firm_.end() || held->second < share);
}

void AuditCollector::Insert(absl::Time now, Line line) {
  bytes_ += std::apply([](const auto&... text) { return (text.size() + ...); }, line) +
            kLineOverheadBytes;
  ++lines_by_firm_[std::get<0>(line)];
  lines_.emplace(std::move(line), Count{.order = lines_.size(), .first = now, .count = 1});
}

void AuditCollector::Add(absl::Time now, AuditEntry entry) {
  Line line(
      Cut(std::move(entry.caller.firm), kTextBytesMax),
      Cut(std::move(entry.caller.principal), kTextBytesMax),
      Cut(std::move(entry.method), kTextBytesMax), Cut(std::move(entry.resource), kTextBytesMax),
      Cut(std::move(entry.reason), kTextBytesMax), Cut(std::move(entry.claimed), kClaimedBytesMax));
  const std::lock_guard lock(mutex_);
  if (CountAgain(line)) return;
  if (Takes(line)) return Insert(now, std::move(line));
  std::get<1>(line).clear();
  std::get<3>(line) = kMore;
  std::get<5>(line).clear();
  if (CountAgain(line)) return;
  if (merged_ < kMergedMax) {
    ++merged_;
    return Insert(now, std::move(line));
  }
  ++dropped_;
}

bool AuditCollector::empty() const {
  const std::lock_guard lock(mutex_);
  return lines_.empty();
}

std::optional<std::string> AuditCollector::Take() {
  std::map<Line, Count> lines;
  v1::Audited audited;
  {
    const std::lock_guard lock(mutex_);
    if (lines_.empty()) return std::nullopt;
    lines.swap(lines_);
    lines_by_firm_.clear();
    bytes_ = 0;
    merged_ = 0;
    audited.set_dropped_count(std::exchange(dropped_, 0));
  }
  std::vector<const std::pair<const Line, Count>*> in_order(lines.size());
  for (const auto& line : lines) in_order[line.second.order] = &line;
  for (const auto* line : in_order) {
    v1::Audited::Entry& entry = *audited.add_entries();
    entry.set_instant_unix_nanos(absl::ToUnixNanos(line->second.first));
    entry.set_firm(std::get<0>(line->first));
    entry.set_principal(std::get<1>(line->first));
    entry.set_method(std::get<2>(line->first));
    entry.set_resource(std::get<3>(line->first));
    entry.set_reason(std::get<4>(line->first));
    entry.set_claimed(std::get<5>(line->first));
    entry.set_count(line->second.count);
  }
  return audited.SerializeAsString();
}

}  // namespace tandem::runtime

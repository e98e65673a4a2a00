#include "services/runtime/slot_audit.h"

#include <utility>
#include <vector>

#include "tandem/runtime/v1/facts.pb.h"

namespace tandem::runtime {
namespace {

// Cut between two UTF-8 characters, so that the text stays one.
std::string Cut(std::string text) {
  if (text.size() <= AuditCollector::kTextBytesMax) return text;
  std::size_t size = AuditCollector::kTextBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  text.resize(size);
  return text;
}

}  // namespace

void AuditCollector::Add(absl::Time now, AuditEntry entry) {
  Line line(Cut(std::move(entry.caller.firm)), Cut(std::move(entry.caller.principal)),
            Cut(std::move(entry.method)), Cut(std::move(entry.resource)),
            Cut(std::move(entry.reason)));
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(line);
  if (found != lines_.end()) {
    ++found->second.count;
  } else if (lines_.size() >= kEntriesMax) {
    ++dropped_;
  } else {
    lines_.emplace(std::move(line), Count{.order = lines_.size(), .first = now, .count = 1});
  }
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
    entry.set_count(line->second.count);
  }
  return audited.SerializeAsString();
}

}  // namespace tandem::runtime

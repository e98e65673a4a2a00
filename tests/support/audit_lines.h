// What the audit says, a text a line, so that a test reads like the log:
//
//   executor.Advance(absl::Seconds(1));  // Audited facts are written once a second.
//   EXPECT_THAT(AuditLines(router), ElementsAre("maker/bot ListItems firms/shop NOT_GRANTED"));
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/base/bug.h"
#include "services/runtime/router.h"
#include "tandem/runtime/v1/facts.pb.h"

namespace tandem::testing {

// "firm/principal Method resource REASON": OK where it was served, "-" for an empty resource,
// "x3" at the end of what came more than once. By slot, in the order of the log.
inline std::vector<std::string> AuditLines(const runtime::Router& router) {
  std::vector<std::string> lines;
  for (const base::SlotId slot : router.slots()) {
    const auto groups = router.log().Read(slot, 1, std::size_t{64} << 20);
    base::Require(groups.ok(), "the log cannot be read");
    for (const auto& group : *groups) {
      for (const base::FactRecord& record : group->facts) {
        if (record.fact.kind != base::kAuditedKind) continue;
        runtime::v1::Audited audited;
        base::Require(audited.ParseFromString(record.fact.payload), "an Audited fact is damaged");
        for (const runtime::v1::Audited::Entry& entry : audited.entries()) {
          std::string line = entry.firm() + "/" + entry.principal() + " " + entry.method() + " ";
          line += entry.resource().empty() ? "-" : entry.resource();
          line += " " + (entry.reason().empty() ? "OK" : entry.reason());
          if (!entry.claimed().empty()) line += " claimed " + entry.claimed();
          if (entry.count() > 1) line += " x" + std::to_string(entry.count());
          lines.push_back(std::move(line));
        }
      }
    }
  }
  return lines;
}

// The lines that came since the last look.
class NewAuditLines {
 public:
  std::vector<std::string> Take(const runtime::Router& router) {
    std::multiset<std::string> known = std::exchange(seen_, {});
    std::vector<std::string> fresh;
    for (std::string& line : AuditLines(router)) {
      seen_.insert(line);
      const auto found = known.find(line);
      if (found != known.end()) {
        known.erase(found);
      } else {
        fresh.push_back(std::move(line));
      }
    }
    return fresh;
  }

 private:
  std::multiset<std::string> seen_;
};

}  // namespace tandem::testing

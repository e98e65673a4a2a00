// What the operator was handed under its break-glasses.

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/simulation/checks.h"

namespace tandem::simulation {
namespace {

// The items that maker's agreement shares.
std::set<std::string> ItemsOf(const Relation& relation) {
  std::set<std::string> items;
  for (const int item : relation.items) items.insert(ItemId(item));
  return items;
}

void CheckRead(const Ended& ended, const GlassRead& read, Report& report) {
  const auto found = ended.trade->glasses().find(read.glass);
  report.Expect(found != ended.trade->glasses().end(),
                absl::StrCat("the operator read under ", read.glass, ", which was never opened"));
  if (found == ended.trade->glasses().end()) return;
  const Glass& glass = found->second;
  const Relation& relation = ended.trade->relation(glass.maker);
  const std::set<std::string> shared = ItemsOf(relation);
  for (const std::string& item : read.items) {
    report.Expect(shared.contains(item),
                  absl::StrCat("under ", read.glass, " the operator was shown ", item));
  }
  const absl::Duration late = read.at - absl::Seconds(1);
  report.Expect(read.at >= glass.sent, "a break-glass counted before it was opened");
  report.Expect(!glass.closed.has_value() || late <= *glass.closed,
                "the operator read more than a second after a break-glass was closed");
  report.Expect(!relation.revoked.has_value() || late <= *relation.revoked,
                "the operator read more than a second after its agreement was revoked");
  report.Expect(ended.clocks_set || read.at <= glass.expires,
                "the operator read after a break-glass had expired");
}

}  // namespace

void CheckGlasses(const Ended& ended, Report& report) {
  for (const GlassRead& read : ended.trade->glass_reads()) CheckRead(ended, read, report);
  if (ended.clocks_set) return;
  absl::Duration end = ended.world->now();
  for (const auto& [id, glass] : ended.trade->glasses()) end = std::max(end, glass.expires);
  ended.world->RunFor(end - ended.world->now() + absl::Seconds(1));
  const std::size_t before = ended.trade->glass_reads().size();
  for (int i = 0; i < 3; ++i) {
    ended.trade->ReadAsOperator();
    ended.world->RunFor(absl::Seconds(1));
  }
  report.Expect(ended.trade->glass_reads().size() == before,
                "the operator reads after all break-glasses have expired");
}

}  // namespace tandem::simulation

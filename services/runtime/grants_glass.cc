// Break-glasses in the grants replica's index.
#include <utility>

#include "services/base/reason.h"
#include "services/runtime/grants_index.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::runtime {
namespace {

namespace v1 = governance::v1;

absl::Status Damaged(const base::FactRecord& record, std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what,
                      {{"number", record.number}, {"kind", record.fact.kind}});
}

// All that any party may see, whoever it is: the union of the parts, by owner.
auto TablesOf(const Relation& relation) {
  static const PairGrants kNone;
  static const Relation::PairPart kNothing;
  absl::flat_hash_map<std::string, std::shared_ptr<const PairGrants>> tables;
  for (const Relation::PairPart& part : relation.parts) {
    std::shared_ptr<const PairGrants>& table = tables[part.owner];
    table = EditPair(table == nullptr ? kNone : *table, kNothing, part);
  }
  return tables;
}

}  // namespace

absl::Status GrantsIndex::PrepareGlassOpened(const base::FactRecord& record, Change& change) const {
  v1::BreakGlassOpened fact;
  if (!fact.ParseFromString(record.fact.payload)) {
    return Damaged(record, "a fact of governance does not parse");
  }
  const std::shared_ptr<const Relation> relation = FindRelation(fact.agreement());
  if (relation == nullptr) {
    return Damaged(record, "a break-glass of an agreement that was never offered");
  }
  auto entry = std::make_shared<GlassEntry>();
  entry->id = fact.break_glass();
  entry->relation = fact.agreement();
  entry->principal = fact.principal();
  entry->expire_time = absl::FromUnixSeconds(fact.expire_time().seconds()) +
                       absl::Nanoseconds(fact.expire_time().nanos());
  entry->by_owner = TablesOf(*relation);
  if (const auto former = glass_of_.find(fact.principal()); former != glass_of_.end()) {
    change.glasses.push_back({.id = former->second});
  }
  change.glasses.push_back({.id = entry->id, .entry = entry, .opened = true});
  return absl::OkStatus();
}

absl::Status GrantsIndex::PrepareGlassClosed(const base::FactRecord& record, Change& change) const {
  v1::BreakGlassClosed fact;
  if (!fact.ParseFromString(record.fact.payload)) {
    return Damaged(record, "a fact of governance does not parse");
  }
  change.glasses.push_back({.id = fact.break_glass()});
  return absl::OkStatus();
}

void GrantsIndex::PrepareGlassesOf(const Relation& relation, Change& change) const {
  for (const auto& [id, glass] : glasses_) {
    if (glass->relation != relation.id) continue;
    Change::Glass& changed = change.glasses.emplace_back(Change::Glass{.id = id});
    if (relation.revoked) continue;
    changed.entry = std::make_shared<GlassEntry>(*glass);
    changed.entry->by_owner = TablesOf(relation);
  }
}

void GrantsIndex::PublishGlass(Change::Glass& glass) {
  const auto known = glasses_.find(glass.id);
  if (glass.entry == nullptr) {
    if (known != glasses_.end()) glasses_.erase(known);
    return;
  }
  if (glass.opened) glass_of_[glass.entry->principal] = glass.id;
  glasses_.insert_or_assign(glass.id, std::move(glass.entry));
}

std::shared_ptr<const GlassEntry> GrantsIndex::FindGlass(std::string_view id) const {
  const auto found = glasses_.find(id);
  return found == glasses_.end() ? nullptr : found->second;
}

std::shared_ptr<const GlassEntry> GrantsIndex::GlassOf(std::string_view principal) const {
  const auto found = glass_of_.find(principal);
  return found == glass_of_.end() ? nullptr : FindGlass(found->second);
}

}  // namespace tandem::runtime

#include "services/runtime/grants_index.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::runtime {
namespace {

namespace v1 = governance::v1;

constexpr KindMask Bit(base::DataKind kind) {
  return static_cast<KindMask>(1u << static_cast<unsigned>(kind));
}

// Calendar events are the whole firm's, not of items and locations.
constexpr KindMask kWholeKinds = Bit(base::DataKind::kEvents);
// Forecasts are about the scopes of all parties, whoever made them.
constexpr KindMask kAllScopesKinds = Bit(base::DataKind::kForecasts);
// What a forecast is derived from.
constexpr KindMask kForecastInputs =
    Bit(base::DataKind::kSales) | Bit(base::DataKind::kStock) | Bit(base::DataKind::kPrices) |
    Bit(base::DataKind::kPromotions) | Bit(base::DataKind::kEvents);

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

std::string IdOf(std::string_view name) { return std::string(name.substr(name.rfind('/') + 1)); }

std::vector<std::string> Ascending(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  std::vector<std::string> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  // Governance takes no duplicates; a table would count them twice.
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

std::vector<std::string> PartiesOf(const v1::Terms& terms) {
  std::vector<std::string> parties;
  for (const std::string& party : terms.parties()) parties.push_back(IdOf(party));
  std::sort(parties.begin(), parties.end());
  return parties;
}

absl::Status Damaged(const base::FactRecord& record, std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what,
                      {{"number", record.number}, {"kind", record.fact.kind}});
}

template <typename Message>
absl::StatusOr<Message> Parse(const base::FactRecord& record) {
  Message message;
  if (message.ParseFromString(record.fact.payload)) return message;
  return Damaged(record, "a fact of governance does not parse");
}

base::AgreementTerms TermsFrom(const std::string& id, std::int32_t version,
                               const v1::Terms& terms) {
  base::AgreementTerms result;
  result.relation = id;
  result.version = static_cast<std::uint32_t>(version);
  result.parties = PartiesOf(terms);
  for (const v1::Scope& scope : terms.scopes()) {
    result.scopes.push_back({.owner = IdOf(scope.owner()),
                             .items = Ascending(scope.items()),
                             .locations = Ascending(scope.locations())});
  }
  result.horizon_days = terms.horizon_days();
  result.bucket_days = terms.bucket_days();
  result.lead_sales_forecast = IdOf(terms.lead_roles().sales_forecast());
  result.lead_order_forecast = IdOf(terms.lead_roles().order_forecast());
  return result;
}

using PairKinds = std::map<std::pair<std::string, std::string>, KindMask>;  // (viewer, owner).

PairKinds KindsByPair(const v1::Terms& terms) {
  PairKinds kinds;
  for (const v1::Grant& grant : terms.grants()) {
    KindMask& mask = kinds[{IdOf(grant.reader()), IdOf(grant.owner())}];
    for (const int kind : grant.kinds()) mask |= Bit(static_cast<base::DataKind>(kind));
  }
  return kinds;
}

// Each scope as a set of locations, made once for all pairs.
std::vector<std::shared_ptr<const LocationSet>> LocationSetsOf(const base::AgreementTerms& terms) {
  std::vector<std::shared_ptr<const LocationSet>> sets;
  for (const base::AgreementTerms::ItemScope& scope : terms.scopes) {
    sets.push_back(
        std::make_shared<const LocationSet>(scope.locations.begin(), scope.locations.end()));
  }
  return sets;
}

std::vector<Relation::PairPart> PartsOf(const std::shared_ptr<const base::AgreementTerms>& terms,
                                        const PairKinds& kinds_by_pair) {
  const std::vector<std::shared_ptr<const LocationSet>> locations = LocationSetsOf(*terms);
  std::vector<Relation::PairPart> parts;
  for (const auto& [pair, kinds] : kinds_by_pair) {
    Relation::PairPart part{
        .viewer = pair.first, .owner = pair.second, .rectangles = {}, .whole = 0};
    part.whole = static_cast<KindMask>(kinds & kWholeKinds);
    for (std::size_t i = 0; i < terms->scopes.size(); ++i) {
      KindMask here = static_cast<KindMask>(kinds & kAllScopesKinds);
      if (terms->scopes[i].owner == part.owner) here = static_cast<KindMask>(kinds & ~kWholeKinds);
      if (here == 0) continue;
      part.rectangles.push_back(std::make_shared<const GrantRectangle>(
          GrantRectangle{.terms = terms, .scope = i, .locations = locations[i], .kinds = here}));
    }
    if (part.whole != 0 || !part.rectangles.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

// Whether every other party may read every input of a forecast that the owner has in the agreement.
bool InputsOpen(const std::string& owner, const std::vector<std::string>& parties,
                const PairKinds& kinds_by_pair) {
  return std::all_of(parties.begin(), parties.end(), [&](const std::string& party) {
    if (party == owner) return true;
    const auto kinds = kinds_by_pair.find({party, owner});
    return kinds != kinds_by_pair.end() && (kinds->second & kForecastInputs) == kForecastInputs;
  });
}

void AddNotices(GrantChange::Kind kind, const base::FactRecord& record, const Relation& relation,
                GrantsIndex::Change& change) {
  for (const std::string& party : relation.parties) {
    change.notices.push_back({.kind = kind,
                              .number = record.number,
                              .firm = party,
                              .relation = relation.id,
                              .version = static_cast<std::uint32_t>(relation.version)});
  }
}

}  // namespace

absl::StatusOr<Relation> RelationInForce(const std::string& id, std::int32_t version,
                                         const std::string& terms_bytes) {
  v1::Terms terms;
  if (!terms.ParseFromString(terms_bytes)) {
    return base::Refuse(base::Reason::kStoredBytesDamaged, "an agreement's terms do not parse",
                        {{"agreement", id}});
  }
  const PairKinds kinds = KindsByPair(terms);
  Relation relation;
  relation.id = id;
  relation.version = version;
  relation.retention_days = terms.retention_days();
  relation.terms = std::make_shared<const base::AgreementTerms>(TermsFrom(id, version, terms));
  relation.parties = relation.terms->parties;
  relation.parts = PartsOf(relation.terms, kinds);
  for (const v1::Grant& grant : terms.grants()) {
    for (const std::string& derivation : grant.derivations()) {
      relation.derivations.emplace(IdOf(grant.owner()), derivation);
    }
  }
  for (const std::string& party : relation.parties) {
    if (InputsOpen(party, relation.parties, kinds)) relation.open_inputs.insert(party);
  }
  return relation;
}

absl::Time ReadableUntil(const Relation& relation) {
  if (!relation.revoked || relation.version == 0) return absl::InfiniteFuture();
  return relation.revoke_time + relation.retention_days * absl::Hours(24);
}

absl::StatusOr<GrantsIndex::Change> GrantsIndex::Prepare(const base::FactRecord& record) const {
  if (record.number != version_ + 1) {
    return Damaged(record, "the facts of governance have a gap");
  }
  Change change;
  change.number = record.number;
  // The runtime's own kinds (audit) change no grant.
  if (record.fact.kind < base::kDomainKindFirst) return change;
  if (record.fact.schema_version != 1) {
    return Damaged(record, "a fact of governance has a schema version that this build cannot read");
  }
  TANDEM_RETURN_IF_ERROR(PrepareDomainFact(record, change));
  return change;
}

absl::Status GrantsIndex::PrepareDomainFact(const base::FactRecord& record, Change& change) const {
  FirmEntry entry;
  switch (record.fact.kind) {
    case v1::Fact::kFirmAdmitted: {
      TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::FirmAdmitted>(record));
      entry.firm.firm = fact.firm();
      entry.firm.ca_pems = {fact.authority_pems().begin(), fact.authority_pems().end()};
      entry.roles[fact.admin_principal()].insert(v1::ROLE_ADMIN);
      break;
    }
    case v1::Fact::kFirmAuthoritiesSet: {
      TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::FirmAuthoritiesSet>(record));
      TANDEM_ASSIGN_OR_RETURN(entry, FirmNamed(fact.firm()));
      entry.firm.ca_pems = {fact.authority_pems().begin(), fact.authority_pems().end()};
      break;
    }
    case v1::Fact::kFirmSuspendedSet: {
      TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::FirmSuspendedSet>(record));
      TANDEM_ASSIGN_OR_RETURN(entry, FirmNamed(fact.firm()));
      entry.firm.suspended = fact.suspended();
      NoticeSuspension(entry.firm, change);
      break;
    }
    case v1::Fact::kPrincipalSet: {
      TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::PrincipalSet>(record));
      TANDEM_ASSIGN_OR_RETURN(entry, FirmNamed(fact.firm()));
      entry.roles[fact.principal()] = {fact.roles().begin(), fact.roles().end()};
      if (fact.roles().empty()) entry.roles.erase(fact.principal());
      break;
    }
    case v1::Fact::kAgreementOffered: {
      TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::AgreementOffered>(record));
      if (FindRelation(fact.agreement()) != nullptr) return absl::OkStatus();
      v1::Terms terms;
      if (!terms.ParseFromString(fact.terms())) return Damaged(record, "terms do not parse");
      auto relation = std::make_shared<Relation>();
      relation->id = fact.agreement();
      relation->parties = PartiesOf(terms);
      change.relation = std::move(relation);
      return absl::OkStatus();
    }
    case v1::Fact::kAgreementSigned:
      return absl::OkStatus();
    case v1::Fact::kAgreementInForce:
      return PrepareInForce(record, change);
    case v1::Fact::kAgreementRevoked:
      return PrepareRevoked(record, change);
    case v1::Fact::kBreakGlassOpened:
      return PrepareGlassOpened(record, change);
    case v1::Fact::kBreakGlassClosed:
      return PrepareGlassClosed(record, change);
    default:
      return Damaged(record, "governance knows no such kind of fact");
  }
  change.firm = std::make_shared<const FirmEntry>(std::move(entry));
  return absl::OkStatus();
}

absl::StatusOr<FirmEntry> GrantsIndex::FirmNamed(const std::string& firm) const {
  const std::shared_ptr<const FirmEntry> entry = FindFirm(firm);
  if (entry != nullptr) return *entry;
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      "a fact about a firm that was never admitted", {{"firm", firm}});
}

void GrantsIndex::NoticeSuspension(const KnownFirm& firm, Change& change) const {
  const auto ids = relations_of_.find(firm.firm);
  if (ids == relations_of_.end() || Suspended(firm.firm) == firm.suspended) return;
  for (const std::string& id : ids->second) {
    const std::shared_ptr<const Relation> relation = FindRelation(id);
    if (relation->revoked || relation->version == 0) continue;
    change.notices.push_back(
        {.kind = firm.suspended ? GrantChange::Kind::kRevoked : GrantChange::Kind::kOpened,
         .number = change.number,
         .firm = firm.firm,
         .relation = id,
         .version = static_cast<std::uint32_t>(relation->version)});
  }
}

absl::Status GrantsIndex::PrepareInForce(const base::FactRecord& record, Change& change) const {
  TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::AgreementInForce>(record));
  const std::shared_ptr<const Relation> old = FindRelation(fact.agreement());
  if (old == nullptr) return Damaged(record, "an agreement is in force that was never offered");
  TANDEM_ASSIGN_OR_RETURN(Relation relation,
                          RelationInForce(fact.agreement(), fact.version(), fact.terms()));
  PreparePairs(old->parts, relation.parts, change);
  AddNotices(GrantChange::Kind::kOpened, record, relation, change);
  PrepareGlassesOf(relation, change);
  change.relation = std::make_shared<const Relation>(std::move(relation));
  return absl::OkStatus();
}

absl::Status GrantsIndex::PrepareRevoked(const base::FactRecord& record, Change& change) const {
  TANDEM_ASSIGN_OR_RETURN(const auto fact, Parse<v1::AgreementRevoked>(record));
  const std::shared_ptr<const Relation> old = FindRelation(fact.agreement());
  if (old == nullptr) return Damaged(record, "an agreement is revoked that was never offered");
  PreparePairs(old->parts, {}, change);
  auto relation = std::make_shared<Relation>(*old);
  relation->revoked = true;
  relation->revoke_time = record.instant;
  relation->parts.clear();
  if (old->terms != nullptr) {
    auto terms = std::make_shared<base::AgreementTerms>(*old->terms);
    terms->revoked = true;
    relation->terms = std::move(terms);
    AddNotices(GrantChange::Kind::kRevoked, record, *relation, change);
  }
  PrepareGlassesOf(*relation, change);
  change.relation = std::move(relation);
  return absl::OkStatus();
}

void GrantsIndex::PreparePairs(const std::vector<Relation::PairPart>& removed,
                               const std::vector<Relation::PairPart>& added, Change& change) const {
  using Parts = std::pair<const Relation::PairPart*, const Relation::PairPart*>;
  static const Relation::PairPart kNothing;
  std::map<std::pair<std::string_view, std::string_view>, Parts> pairs;
  for (const Relation::PairPart& part : removed) {
    pairs.try_emplace({part.viewer, part.owner}, &kNothing, &kNothing).first->second.first = &part;
  }
  for (const Relation::PairPart& part : added) {
    pairs.try_emplace({part.viewer, part.owner}, &kNothing, &kNothing).first->second.second = &part;
  }
  for (const auto& [pair, parts] : pairs) {
    const std::shared_ptr<const PairGrants> old = Pair(pair.first, pair.second);
    static const PairGrants kNone;
    change.pairs.push_back(
        {.owner = std::string(pair.second),
         .viewer = std::string(pair.first),
         .grants = EditPair(old == nullptr ? kNone : *old, *parts.first, *parts.second)});
  }
}

void GrantsIndex::Publish(Change& change) {
  version_ = change.number;
  if (change.firm != nullptr) change.firm.swap(firms_[change.firm->firm.firm]);
  if (change.relation != nullptr) {
    const auto [entry, fresh] = relations_.try_emplace(change.relation->id);
    if (fresh) {
      for (const std::string& party : change.relation->parties) {
        relations_of_[party].push_back(change.relation->id);
      }
    }
    change.relation.swap(entry->second);
  }
  for (Change::Glass& glass : change.glasses) PublishGlass(glass);
  for (Change::Pair& pair : change.pairs) pair.grants.swap(pairs_[pair.owner][pair.viewer]);
  for (const GrantChange& notice : change.notices) notices_[notice.firm].push_back(notice);
}

std::shared_ptr<const PairGrants> GrantsIndex::Pair(std::string_view viewer,
                                                    std::string_view owner) const {
  const auto viewers = pairs_.find(Text(owner));
  if (viewers == pairs_.end()) return nullptr;
  const auto found = viewers->second.find(Text(viewer));
  return found == viewers->second.end() ? nullptr : found->second;
}

std::shared_ptr<const Relation> GrantsIndex::FindRelation(std::string_view id) const {
  const auto found = relations_.find(Text(id));
  return found == relations_.end() ? nullptr : found->second;
}

std::shared_ptr<const FirmEntry> GrantsIndex::FindFirm(std::string_view firm) const {
  const auto found = firms_.find(Text(firm));
  return found == firms_.end() ? nullptr : found->second;
}

bool GrantsIndex::Suspended(std::string_view firm) const {
  const auto found = firms_.find(Text(firm));
  return found != firms_.end() && found->second->firm.suspended;
}

std::vector<std::string> GrantsIndex::ViewersOf(std::string_view owner, base::DataKind kind,
                                                std::string_view location) const {
  std::vector<std::string> result;
  const auto viewers = pairs_.find(Text(owner));
  if (viewers == pairs_.end()) return result;
  for (const auto& [viewer, grants] : viewers->second) {
    if (grants->Allows(kind, "", location)) result.push_back(viewer);
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<KnownFirm> GrantsIndex::Firms() const {
  std::vector<KnownFirm> firms;
  for (const auto& [id, entry] : firms_) firms.push_back(entry->firm);
  std::sort(firms.begin(), firms.end(),
            [](const KnownFirm& a, const KnownFirm& b) { return a.firm < b.firm; });
  return firms;
}

std::vector<GrantChange> GrantsIndex::ChangesSince(std::string_view firm,
                                                   std::uint64_t after) const {
  const auto found = notices_.find(Text(firm));
  if (found == notices_.end()) return {};
  const auto first = std::upper_bound(
      found->second.begin(), found->second.end(), after,
      [](std::uint64_t number, const GrantChange& change) { return number < change.number; });
  return {first, found->second.end()};
}

}  // namespace tandem::runtime

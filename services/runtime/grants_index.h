// What the grants replica knows, and how one fact of governance changes it. A change is prepared
// aside, while readers go on, and then published by swapping pointers; what readers hold never
// changes.
//
// For each (viewer, owner) the granted items stand in one table: item -> its cover, which is the
// rectangles (scope of an agreement in force x kinds granted) that hold the item, and for each kind
// the union of their locations. So a check is three look-ups whatever the number of agreements, and
// a change costs what it changes: the items of the agreement that came or went, and the shards of
// the table that they lie in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/grants.h"
#include "services/runtime/grants.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::runtime {

inline constexpr std::size_t kDataKinds = 10;  // Of base::DataKind, kUnspecified counted.
using KindMask = std::uint16_t;                // Bit k: kind k.

using LocationSet = absl::flat_hash_set<std::string>;

// A scope that one agreement grants one viewer of one owner. Compared by its address.
struct GrantRectangle {
  std::shared_ptr<const base::AgreementTerms> terms{};  // Holds the scope.
  std::size_t scope = 0;
  std::shared_ptr<const LocationSet> locations{};  // Of the scope.
  KindMask kinds = 0;
  const base::AgreementTerms::ItemScope& items() const { return terms->scopes[scope]; }
};
using RectanglePtr = std::shared_ptr<const GrantRectangle>;

// The rectangles that hold an item, and where each kind of its data may be seen.
struct ItemCover {
  std::vector<RectanglePtr> rectangles{};
  std::array<std::shared_ptr<const LocationSet>, kDataKinds> locations{};  // nullptr: nowhere.
};

// A hash map from strings, copied on write shard by shard.
template <typename Value>
class ShardedMap {
 public:
  using Map = absl::flat_hash_map<std::string, Value>;
  const Value* Find(std::string_view key) const {
    const Map& map = *shards_[ShardOf(key)];
    const auto found = map.find(absl::string_view(key.data(), key.size()));
    return found == map.end() ? nullptr : &found->second;
  }
  std::size_t size() const { return size_; }

 private:
  template <typename>
  friend class ShardedMapEditor;
  std::size_t ShardOf(std::string_view key) const {
    if (shards_.size() == 1) return 0;
    return absl::Hash<absl::string_view>()(absl::string_view(key.data(), key.size())) %
           shards_.size();
  }
  std::vector<std::shared_ptr<const Map>> shards_{std::make_shared<const Map>()};
  std::size_t size_ = 0;
};

// What one viewer may see of one owner. Immutable.
struct PairGrants {
  ShardedMap<std::shared_ptr<const ItemCover>> items{};
  // Location -> rectangles by kind that name it.
  ShardedMap<std::array<std::uint32_t, kDataKinds>> locations{};
  std::array<std::uint32_t, kDataKinds> rectangles{};  // By kind.
  std::array<std::uint32_t, kDataKinds> whole{};       // Grants by kind that need no scope.

  // "" for item or location: the record is not about one, and any that is granted will do.
  bool Allows(base::DataKind kind, std::string_view item, std::string_view location) const;
  // Whether anything of the kind is granted.
  bool Any(base::DataKind kind) const;
};

struct Relation {
  std::string id{};
  std::vector<std::string> parties{};  // Ascending.
  std::int32_t version = 0;            // 0: never in force.
  bool revoked = false;
  absl::Time revoke_time{};         // Where it is revoked.
  std::int32_t retention_days = 0;  // Of the version in force, or last in force.
  std::shared_ptr<const base::AgreementTerms> terms{};  // nullptr: never in force.
  // What the version in force grants: empty once revoked.
  struct PairPart {
    std::string viewer{};
    std::string owner{};
    std::vector<RectanglePtr> rectangles{};
    KindMask whole = 0;
  };
  std::vector<PairPart> parts{};
  // Owner and derivation that it granted by name.
  std::set<std::pair<std::string, std::string>> derivations{};
  // Owners whose inputs of a forecast every other party may read.
  std::set<std::string> open_inputs{};
};

// A break-glass that was opened and not closed. It may have expired: who asks looks at both ends.
struct GlassEntry {
  std::string id{};
  std::string relation{};
  std::string principal{};  // Of the operator's.
  absl::Time expire_time{};
  // The same on the replica's monotonic clock, from when it learned of it: a wall clock that is set
  // back does not make it last longer.
  absl::Duration ends = absl::InfiniteDuration();
  // What the relation's version in force grants to any of its parties, by owner.
  absl::flat_hash_map<std::string, std::shared_ptr<const PairGrants>> by_owner{};
};

// When a party's reading of the relation's joint records ends: the signed days, of 24 hours, after
// its revocation. InfiniteFuture for one that is not revoked, or was never in force.
absl::Time ReadableUntil(const Relation& relation);

struct FirmEntry {
  KnownFirm firm{};
  std::map<std::string, std::set<int>, std::less<>> roles{};  // Principal -> v1::Role.
};

class GrantsIndex {
 public:
  // Pointers to swap in. After Publish it holds what was replaced: let go of it outside the lock.
  struct Change {
    std::uint64_t number = 0;
    std::shared_ptr<const FirmEntry> firm{};
    std::shared_ptr<const Relation> relation{};
    struct Pair {
      std::string owner{};
      std::string viewer{};
      std::shared_ptr<const PairGrants> grants{};
    };
    std::vector<Pair> pairs{};
    struct Glass {
      std::string id{};
      std::shared_ptr<GlassEntry> entry{};  // nullptr: it is gone.
      bool opened = false;                  // By this fact: who publishes sets when it ends.
    };
    std::vector<Glass> glasses{};
    std::vector<GrantChange> notices{};
  };

  // What the next fact changes; changes nothing. Safe beside readers, not beside Publish.
  // kDataLoss / STORED_BYTES_DAMAGED for a fact that this build cannot read, or that does not
  // follow the last: the replica must stop then, and goes stale.
  absl::StatusOr<Change> Prepare(const base::FactRecord& record) const;
  // Swaps the change in: a few pointers, no walk.
  void Publish(Change& change);

  std::uint64_t version() const { return version_; }
  // nullptr where there is nothing.
  std::shared_ptr<const PairGrants> Pair(std::string_view viewer, std::string_view owner) const;
  std::shared_ptr<const Relation> FindRelation(std::string_view id) const;
  std::shared_ptr<const FirmEntry> FindFirm(std::string_view firm) const;
  bool Suspended(std::string_view firm) const;
  std::shared_ptr<const GlassEntry> FindGlass(std::string_view id) const;
  // The newest of the operator's principal.
  std::shared_ptr<const GlassEntry> GlassOf(std::string_view principal) const;
  // Ascending.
  std::vector<std::string> ViewersOf(std::string_view owner, base::DataKind kind,
                                     std::string_view location) const;
  std::vector<KnownFirm> Firms() const;
  std::vector<GrantChange> ChangesSince(std::string_view firm, std::uint64_t after) const;

 private:
  absl::Status PrepareDomainFact(const base::FactRecord& record, Change& change) const;
  absl::StatusOr<FirmEntry> FirmNamed(const std::string& firm) const;
  void NoticeSuspension(const KnownFirm& firm, Change& change) const;
  absl::Status PrepareInForce(const base::FactRecord& record, Change& change) const;
  absl::Status PrepareRevoked(const base::FactRecord& record, Change& change) const;
  absl::Status PrepareGlassOpened(const base::FactRecord& record, Change& change) const;
  absl::Status PrepareGlassClosed(const base::FactRecord& record, Change& change) const;
  // Break-glasses of a relation follow its version in force, and end with it.
  void PrepareGlassesOf(const Relation& relation, Change& change) const;
  void PublishGlass(Change::Glass& glass);
  // New tables for every pair that the parts of either touch.
  void PreparePairs(const std::vector<Relation::PairPart>& removed,
                    const std::vector<Relation::PairPart>& added, Change& change) const;

  std::uint64_t version_ = 0;
  absl::flat_hash_map<std::string, std::shared_ptr<const FirmEntry>> firms_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Relation>> relations_;
  // Owner -> viewer -> what it may see.
  absl::flat_hash_map<std::string,
                      absl::flat_hash_map<std::string, std::shared_ptr<const PairGrants>>>
      pairs_;
  absl::flat_hash_map<std::string, std::vector<GrantChange>> notices_;       // By firm, ascending.
  absl::flat_hash_map<std::string, std::vector<std::string>> relations_of_;  // By firm.
  // At most one a principal of the operator's: a later one takes the former's place.
  std::map<std::string, std::shared_ptr<const GlassEntry>, std::less<>> glasses_;  // By id.
  std::map<std::string, std::string, std::less<>> glass_of_;  // Principal -> id.
};

// The grants of one pair with some rectangles gone and others come.
std::shared_ptr<const PairGrants> EditPair(const PairGrants& grants,
                                           const Relation::PairPart& removed,
                                           const Relation::PairPart& added);

// The relation's state with these terms in force. kDataLoss for bytes that are no terms.
absl::StatusOr<Relation> RelationInForce(const std::string& id, std::int32_t version,
                                         const std::string& terms_bytes);

}  // namespace tandem::runtime

#include <algorithm>
#include <bit>
#include <iterator>

#include "services/base/bug.h"
#include "services/runtime/grants_index.h"

namespace tandem::runtime {

// Copies the shards that it touches, once each.
template <typename Value>
class ShardedMapEditor {
 public:
  using Map = typename ShardedMap<Value>::Map;
  explicit ShardedMapEditor(ShardedMap<Value>& map) : map_(&map), open_(map.shards_.size()) {}

  // Spreads the entries so that a shard of `size` entries in all is small to copy. Entries that are
  // expected but do not come cost memory alone.
  void Reserve(std::size_t size) {
    const std::size_t want = std::bit_ceil(size / kShardEntries + 1);
    if (want <= map_->shards_.size()) return;
    ShardedMap<Value> wider;
    std::vector<std::shared_ptr<Map>> shards(want * kSpread);
    for (std::shared_ptr<Map>& shard : shards) shard = std::make_shared<Map>();
    wider.shards_.resize(shards.size());
    for (const std::shared_ptr<const Map>& old : map_->shards_) {
      for (const auto& [key, value] : *old) shards[wider.ShardOf(key)]->emplace(key, value);
    }
    wider.size_ = map_->size_;
    std::move(shards.begin(), shards.end(), wider.shards_.begin());
    *map_ = std::move(wider);
    open_.assign(map_->shards_.size(), nullptr);
  }
  Value& At(std::string_view key) {
    const auto [entry, fresh] = Open(key).try_emplace(std::string(key));
    map_->size_ += fresh ? 1 : 0;
    return entry->second;
  }
  void Erase(std::string_view key) {
    map_->size_ -= Open(key).erase(absl::string_view(key.data(), key.size()));
  }

 private:
  static constexpr std::size_t kShardEntries = 256;
  static constexpr std::size_t kSpread = 4;  // So that a growing table is spread anew rarely.

  Map& Open(std::string_view key) {
    const std::size_t index = map_->ShardOf(key);
    if (open_[index] == nullptr) {
      auto copy = std::make_shared<Map>(*map_->shards_[index]);
      open_[index] = copy.get();
      map_->shards_[index] = std::move(copy);
    }
    return *open_[index];
  }

  ShardedMap<Value>* map_;
  std::vector<Map*> open_;
};

namespace {

using CoverPtr = std::shared_ptr<const ItemCover>;

bool Has(KindMask kinds, std::size_t kind) { return (kinds >> kind & 1) != 0; }

// The union of the locations of the rectangles that grant the kind; shared where there is one.
std::shared_ptr<const LocationSet> UnionOf(const std::vector<RectanglePtr>& rectangles,
                                           std::size_t kind) {
  std::shared_ptr<const LocationSet> first;
  std::shared_ptr<LocationSet> merged;
  for (const RectanglePtr& rectangle : rectangles) {
    if (!Has(rectangle->kinds, kind)) continue;
    if (first == nullptr) {
      first = rectangle->locations;
      continue;
    }
    if (merged == nullptr) merged = std::make_shared<LocationSet>(*first);
    merged->insert(rectangle->locations->begin(), rectangle->locations->end());
  }
  return merged == nullptr ? first : merged;
}

bool SameKind(const std::vector<RectanglePtr>& rectangles, std::size_t a, std::size_t b) {
  return std::all_of(rectangles.begin(), rectangles.end(), [a, b](const RectanglePtr& rectangle) {
    return Has(rectangle->kinds, a) == Has(rectangle->kinds, b);
  });
}

CoverPtr CoverOf(std::vector<RectanglePtr> rectangles) {
  if (rectangles.empty()) return nullptr;
  auto cover = std::make_shared<ItemCover>();
  for (std::size_t kind = 1; kind < kDataKinds; ++kind) {
    for (std::size_t like = 1; like < kind && cover->locations[kind] == nullptr; ++like) {
      if (SameKind(rectangles, like, kind)) cover->locations[kind] = cover->locations[like];
    }
    if (cover->locations[kind] == nullptr) cover->locations[kind] = UnionOf(rectangles, kind);
  }
  cover->rectangles = std::move(rectangles);
  return cover;
}

// A cover with one rectangle more, as CoverOf would make it, without a walk over those it has.
CoverPtr CoverWith(const CoverPtr& old, const RectanglePtr& rectangle) {
  if (old == nullptr) return CoverOf({rectangle});
  auto cover = std::make_shared<ItemCover>(*old);
  cover->rectangles.push_back(rectangle);
  for (std::size_t kind = 1; kind < kDataKinds; ++kind) {
    if (!Has(rectangle->kinds, kind)) continue;
    std::shared_ptr<const LocationSet>& locations = cover->locations[kind];
    for (std::size_t like = 1; like < kind; ++like) {
      if (Has(rectangle->kinds, like) && old->locations[like] == old->locations[kind]) {
        locations = cover->locations[like];
      }
    }
    if (locations != old->locations[kind]) continue;  // Shared with a kind done before.
    if (locations == nullptr) {
      locations = rectangle->locations;
      continue;
    }
    auto merged = std::make_shared<LocationSet>(*locations);
    merged->insert(rectangle->locations->begin(), rectangle->locations->end());
    locations = std::move(merged);
  }
  return cover;
}

CoverPtr CoverWithout(const CoverPtr& old, const RectanglePtr& rectangle) {
  std::vector<RectanglePtr> rest;
  std::copy_if(old->rectangles.begin(), old->rectangles.end(), std::back_inserter(rest),
               [&rectangle](const RectanglePtr& held) { return held != rectangle; });
  return CoverOf(std::move(rest));
}

// Rewrites the covers of the rectangle's items. Items that shared a cover share the new one too:
// the table holds few covers, however many items.
template <typename Rewrite>
void RewriteItems(const GrantRectangle& rectangle, ShardedMapEditor<CoverPtr>& items,
                  Rewrite rewrite) {
  absl::flat_hash_map<CoverPtr, CoverPtr> rewritten;  // Its key keeps the old cover alive.
  for (const std::string& item : rectangle.items().items) {
    CoverPtr& cover = items.At(item);
    const auto [entry, fresh] = rewritten.try_emplace(cover);
    if (fresh) entry->second = rewrite(cover);
    cover = entry->second;
    if (cover == nullptr) items.Erase(item);
  }
}

using LocationCounts = std::array<std::uint32_t, kDataKinds>;

void CountRectangle(const GrantRectangle& rectangle, std::uint32_t by, PairGrants& grants,
                    ShardedMapEditor<LocationCounts>& locations) {
  for (std::size_t kind = 1; kind < kDataKinds; ++kind) {
    if (Has(rectangle.kinds, kind)) grants.rectangles[kind] += by;
  }
  for (const std::string& location : rectangle.items().locations) {
    LocationCounts& counts = locations.At(location);
    for (std::size_t kind = 1; kind < kDataKinds; ++kind) {
      if (Has(rectangle.kinds, kind)) counts[kind] += by;
    }
    if (counts == LocationCounts()) locations.Erase(location);
  }
}

void CountWhole(KindMask kinds, std::uint32_t by, PairGrants& grants) {
  for (std::size_t kind = 1; kind < kDataKinds; ++kind) {
    if (Has(kinds, kind)) grants.whole[kind] += by;
  }
}

}  // namespace

std::shared_ptr<const PairGrants> EditPair(const PairGrants& grants,
                                           const Relation::PairPart& removed,
                                           const Relation::PairPart& added) {
  constexpr std::uint32_t kLess = 0xffffffff;  // Minus one, modulo 2^32.
  auto edited = std::make_shared<PairGrants>(grants);
  std::size_t more = 0;
  for (const RectanglePtr& rectangle : added.rectangles) more += rectangle->items().items.size();
  ShardedMapEditor<CoverPtr> items(edited->items);
  ShardedMapEditor<LocationCounts> locations(edited->locations);
  items.Reserve(edited->items.size() + more);
  for (const RectanglePtr& rectangle : removed.rectangles) {
    RewriteItems(*rectangle, items,
                 [&](const CoverPtr& cover) { return CoverWithout(cover, rectangle); });
    CountRectangle(*rectangle, kLess, *edited, locations);
  }
  for (const RectanglePtr& rectangle : added.rectangles) {
    RewriteItems(*rectangle, items,
                 [&](const CoverPtr& cover) { return CoverWith(cover, rectangle); });
    CountRectangle(*rectangle, 1, *edited, locations);
  }
  CountWhole(removed.whole, kLess, *edited);
  CountWhole(added.whole, 1, *edited);
  return edited;
}

bool PairGrants::Allows(base::DataKind kind, std::string_view item,
                        std::string_view location) const {
  const auto index = static_cast<std::size_t>(kind);
  if (whole[index] > 0) return true;
  if (item.empty() && location.empty()) return rectangles[index] > 0;
  if (item.empty()) {
    const LocationCounts* counts = locations.Find(location);
    return counts != nullptr && (*counts)[index] > 0;
  }
  const CoverPtr* cover = items.Find(item);
  if (cover == nullptr || (*cover)->locations[index] == nullptr) return false;
  return location.empty() ||
         (*cover)->locations[index]->contains(absl::string_view(location.data(), location.size()));
}

bool PairGrants::Any(base::DataKind kind) const { return Allows(kind, "", ""); }

}  // namespace tandem::runtime

#include "sequencing/pegging/entry_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace tandem::sequencing {
namespace {

// Whole-array loops without branches, so that the compiler can use vector instructions. A free slot
// has a key above every limit and no mate.
std::int32_t GreatestMateKey(const std::int32_t* keys, const std::int32_t* mate_keys,
                             std::uint32_t slots, std::int32_t limit) {
  std::int32_t greatest = kNoMate;
  for (std::uint32_t k = 0; k < slots; ++k) {
    const std::int32_t value = keys[k] <= limit ? mate_keys[k] : kNoMate;
    greatest = value > greatest ? value : greatest;
  }
  return greatest;
}

constexpr std::int32_t kNoKey = std::numeric_limits<std::int32_t>::min();

std::int32_t GreatestFreeKey(const std::int32_t* keys, const std::int32_t* mate_keys,
                             std::uint32_t slots, std::int32_t limit) {
  std::int32_t greatest = kNoKey;
  for (std::uint32_t k = 0; k < slots; ++k) {
    const bool fits = (keys[k] <= limit) & (mate_keys[k] == kNoMate);
    const std::int32_t value = fits ? keys[k] : kNoKey;
    greatest = value > greatest ? value : greatest;
  }
  return greatest;
}

}  // namespace

bool EntryStore::Before(Place a, Place b) const {
  if (a == kNowhere || b == kNowhere) return a != kNowhere;
  if (key(a) != key(b)) return key(a) < key(b);
  return id(a) < id(b);
}

std::size_t EntryStore::PositionOf(const Side& side, std::int32_t key) {
  if (side.ranges.size() == 1) return 0;
  const auto above =
      std::upper_bound(side.ranges.begin(), side.ranges.end(), key,
                       [](std::int32_t value, const Range& range) { return value < range.low; });
  return static_cast<std::size_t>(above - side.ranges.begin()) - 1;
}

std::uint32_t EntryStore::NewBlock(std::uint32_t queue, std::size_t position, std::int32_t low) {
  std::uint32_t number = 0;
  if (spare_blocks_.empty()) {
    number = static_cast<std::uint32_t>(blocks_.size());
    blocks_.emplace_back();
  } else {
    number = spare_blocks_.back();
    spare_blocks_.pop_back();
  }
  blocks_[number].queue = queue;
  std::vector<Range>& ranges = sides_[queue].ranges;
  ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(position),
                Range{.low = low, .block = number});
  for (std::size_t k = position; k < ranges.size(); ++k) {
    blocks_[ranges[k].block].position = static_cast<std::uint32_t>(k);
  }
  return number;
}

void EntryStore::DropBlock(std::uint32_t queue, std::size_t position) {
  std::vector<Range>& ranges = sides_[queue].ranges;
  Block& block = blocks_[ranges[position].block];
  block.bytes.reset();
  block.capacity = 0;
  spare_blocks_.push_back(ranges[position].block);
  ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(position));
  for (std::size_t k = position; k < ranges.size(); ++k) {
    blocks_[ranges[k].block].position = static_cast<std::uint32_t>(k);
  }
  if (!ranges.empty()) ranges.front().low = std::numeric_limits<std::int32_t>::min();
}

void EntryStore::Enlarge(Block& block, std::uint32_t capacity) const {
  const std::uint32_t columns = weights_ == Weights::kKept ? 4 : 3;
  Block larger{.bytes = std::make_unique_for_overwrite<std::byte[]>(
                   std::size_t{capacity} * (8 + 4 * columns)),
               .queue = block.queue,
               .position = block.position,
               .capacity = capacity};
  std::fill_n(Column(larger, kKeys), capacity, kHole);
  std::fill_n(Column(larger, kMateKeys), capacity, kNoMate);
  if (block.capacity > 0) {
    std::copy_n(Ids(block), block.capacity, Ids(larger));
    for (std::uint32_t c = 0; c < columns; ++c) {
      const auto name = static_cast<ColumnName>(c);
      std::copy_n(Column(block, name), block.capacity, Column(larger, name));
    }
  }
  block = std::move(larger);
}

Place EntryStore::WriteEntry(std::uint32_t number, const Entry& entry) {
  Block& block = blocks_[number];
  Side& side = sides_[block.queue];
  Range& range = side.ranges[block.position];
  if (range.used == block.capacity) Enlarge(block, block.capacity + kCapacityStep);
  std::int32_t* const keys = Column(block, kKeys);
  const auto slot =
      static_cast<std::uint32_t>(std::find(keys, keys + block.capacity, kHole) - keys);
  keys[slot] = entry.key;
  Ids(block)[slot] = entry.id;
  Column(block, kMateKeys)[slot] = kNoMate;
  if (weights_ == Weights::kKept) Column(block, kWeights)[slot] = entry.weight;
  ++range.used;
  ++range.free;
  ++side.used;
  ++side.free;
  ++used_;
  ++free_;
  if (entry.weight != 1) ++side.heavy;
  return PlaceAt(number, slot);
}

Place EntryStore::Insert(std::uint32_t queue, const Entry& entry, EntryStore& mates) {
  Side& side = sides_[queue];
  if (side.ranges.empty()) NewBlock(queue, 0, std::numeric_limits<std::int32_t>::min());
  std::size_t position = PositionOf(side, entry.key);
  if (side.ranges[position].used == kSlots) {
    Split(queue, position, entry.key, mates);
    position = PositionOf(side, entry.key);
  }
  const Place place = WriteEntry(side.ranges[position].block, entry);
  index_.Put(entry.id, place, [&](Place other) { return id(other); });
  return place;
}

void EntryStore::Erase(Place place, EntryStore& mates) {
  const Block& block = BlockOf(place);
  const std::uint32_t queue = block.queue;
  const std::size_t position = block.position;
  Side& side = sides_[queue];
  index_.Erase(id(place), place);
  if (weight(place) != 1) --side.heavy;
  Column(block, kKeys)[SlotOf(place)] = kHole;
  --side.ranges[position].used;
  --side.ranges[position].free;
  --side.used;
  --side.free;
  --used_;
  --free_;
  MergeAround(queue, position, mates);
}

Place EntryStore::Rekey(Place place, std::int32_t key, EntryStore& mates) {
  const Block& block = BlockOf(place);
  const std::vector<Range>& ranges = sides_[block.queue].ranges;
  const std::size_t next = block.position + 1;
  const bool inside =
      ranges[block.position].low <= key && (next == ranges.size() || key <= ranges[next].low);
  if (!inside) return Relocate(place, key, mates);
  Column(block, kKeys)[SlotOf(place)] = key;
  return place;
}

Place EntryStore::Relocate(Place place, std::int32_t key, EntryStore& mates) {
  const Entry entry{.id = id(place), .key = key, .weight = weight(place)};
  const Place its_mate = mate(place);
  const std::int32_t its_mate_key = mate_key(place);
  const std::uint32_t queue_number = queue(place);
  if (its_mate_key != kNoMate) ClearMate(place);
  Erase(place, mates);
  const Place moved = Insert(queue_number, entry, mates);
  if (its_mate_key != kNoMate) {
    SetMate(moved, its_mate, its_mate_key);
    Column(mates.BlockOf(its_mate), kMates)[SlotOf(its_mate)] = static_cast<std::int32_t>(moved);
  }
  return moved;
}

void EntryStore::Split(std::uint32_t queue, std::size_t position, std::int32_t key,
                       EntryStore& mates) {
  const std::uint32_t left = sides_[queue].ranges[position].block;
  std::array<Place, kSlots> places{};
  for (std::uint32_t k = 0; k < kSlots; ++k) places[k] = PlaceAt(left, k);
  std::sort(places.begin(), places.end(), [&](Place a, Place b) { return Before(a, b); });
  // What comes in order fills its blocks: then only the new entry opens the next one.
  const bool appends = key >= this->key(places.back());
  const std::size_t kept = appends ? kSlots : kSlots / 2;
  const std::int32_t low = appends ? key : this->key(places[kept]);
  const std::uint32_t right = NewBlock(queue, position + 1, low);
  Enlarge(blocks_[right], appends ? kCapacityStep : kSlots / 2 + kCapacityStep);
  for (std::size_t k = kept; k < kSlots; ++k) MoveEntry(places[k], right, mates);
  Recount(left);
  Recount(right);
}

void EntryStore::MergeAround(std::uint32_t queue, std::size_t position, EntryStore& mates) {
  std::vector<Range>& ranges = sides_[queue].ranges;
  if (ranges[position].used == 0) return DropBlock(queue, position);
  if (ranges.size() == 1 || ranges[position].used >= kMergeBelow) return;
  const std::size_t left = position + 1 < ranges.size() ? position : position - 1;
  const std::uint32_t used = std::uint32_t{ranges[left].used} + ranges[left + 1].used;
  if (used > kMergeUpTo) return;
  const std::uint32_t into = ranges[left].block;
  const std::uint32_t from = ranges[left + 1].block;
  if (blocks_[into].capacity < used) {
    Enlarge(blocks_[into], (used + kCapacityStep - 1) / kCapacityStep * kCapacityStep);
  }
  for (std::uint32_t k = 0; k < blocks_[from].capacity; ++k) {
    if (key(PlaceAt(from, k)) != kHole) MoveEntry(PlaceAt(from, k), into, mates);
  }
  Recount(into);
  DropBlock(queue, left + 1);
}

void EntryStore::MoveEntry(Place from, std::uint32_t to, EntryStore& mates) {
  const Block& source = BlockOf(from);
  const Block& target = blocks_[to];
  std::int32_t* const keys = Column(target, kKeys);
  const auto slot =
      static_cast<std::uint32_t>(std::find(keys, keys + target.capacity, kHole) - keys);
  const Place moved = PlaceAt(to, slot);
  const std::uint32_t old_slot = SlotOf(from);
  Ids(target)[slot] = Ids(source)[old_slot];
  for (const ColumnName name : {kKeys, kMateKeys, kMates}) {
    Column(target, name)[slot] = Column(source, name)[old_slot];
  }
  if (weights_ == Weights::kKept) {
    Column(target, kWeights)[slot] = Column(source, kWeights)[old_slot];
  }
  Column(source, kKeys)[old_slot] = kHole;
  Column(source, kMateKeys)[old_slot] = kNoMate;
  index_.Move(id(moved), from, moved);
  if (HasMate(moved)) {
    const Place its_mate = mate(moved);
    Column(mates.BlockOf(its_mate), kMates)[SlotOf(its_mate)] = static_cast<std::int32_t>(moved);
  }
}

void EntryStore::Recount(std::uint32_t number) {
  const Block& block = blocks_[number];
  Range& range = sides_[block.queue].ranges[block.position];
  range.used = 0;
  range.free = 0;
  range.reach = kNoMate;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    if (Column(block, kKeys)[k] == kHole) continue;
    const std::int32_t mate_key = Column(block, kMateKeys)[k];
    ++range.used;
    if (mate_key == kNoMate) ++range.free;
    range.reach = std::max(range.reach, mate_key);
  }
}

void EntryStore::LowerReach(Range& range, std::int32_t old_mate_key) {
  if (old_mate_key != range.reach) return;
  const Block& block = blocks_[range.block];
  range.reach = GreatestMateKey(Column(block, kKeys), Column(block, kMateKeys), block.capacity,
                                kHole - 1);
}

void EntryStore::SetMate(Place place, Place mate, std::int32_t mate_key) {
  const Block& block = BlockOf(place);
  Range& range = RangeOf(place);
  std::int32_t& kept = Column(block, kMateKeys)[SlotOf(place)];
  const std::int32_t old = kept;
  if (old == kNoMate) {
    --range.free;
    --sides_[block.queue].free;
    --free_;
  }
  Column(block, kMates)[SlotOf(place)] = static_cast<std::int32_t>(mate);
  kept = mate_key;
  if (mate_key >= range.reach) {
    range.reach = mate_key;
  } else {
    LowerReach(range, old);
  }
}

void EntryStore::ClearMate(Place place) {
  const Block& block = BlockOf(place);
  Range& range = RangeOf(place);
  const std::int32_t old =
      std::exchange(Column(block, kMateKeys)[SlotOf(place)], kNoMate);
  ++range.free;
  ++sides_[block.queue].free;
  ++free_;
  LowerReach(range, old);
}

void EntryStore::SetWeight(Place place, std::int32_t weight) {
  Side& side = sides_[queue(place)];
  std::int32_t& kept = Column(BlockOf(place), kWeights)[SlotOf(place)];
  if (kept != 1) --side.heavy;
  if (weight != 1) ++side.heavy;
  kept = weight;
}

Place EntryStore::LatestFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  const Block& block = blocks_[number];
  const std::int32_t* const keys = Column(block, kKeys);
  const std::int32_t* const mate_keys = Column(block, kMateKeys);
  const std::int32_t greatest = GreatestFreeKey(keys, mate_keys, block.capacity, limit);
  if (greatest == kNoKey) return kNowhere;
  Place best = kNowhere;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    const Place place = PlaceAt(number, k);
    if (keys[k] != greatest || mate_keys[k] != kNoMate || place == except) continue;
    if (Before(place, best)) best = place;
  }
  // All that has this key is the excepted one: the next lower key.
  if (best == kNowhere && greatest != kNoKey) return LatestFreeIn(number, greatest - 1, except);
  return best;
}

Place EntryStore::LatestFree(std::uint32_t queue, std::int32_t limit, Place except) const {
  const Side& side = sides_[queue];
  if (side.free == 0) return kNowhere;
  Place best = kNowhere;
  for (std::size_t k = PositionOf(side, limit) + 1; k-- > 0;) {
    const Range& range = side.ranges[k];
    if (range.free > 0) {
      const Place place = LatestFreeIn(range.block, limit, except);
      const bool later = place != kNowhere && (best == kNowhere || key(place) > key(best));
      if (later || (best != kNowhere && Before(place, best) && key(place) == key(best))) {
        best = place;
      }
    }
    // An equal key may lie in the block before, if this one begins with it.
    if (best != kNowhere && key(best) > range.low) break;
  }
  return best;
}

Place EntryStore::WithMateKey(std::uint32_t number, std::int32_t limit,
                              std::int32_t mate_key) const {
  const Block& block = blocks_[number];
  const std::int32_t* const keys = Column(block, kKeys);
  const std::int32_t* const mate_keys = Column(block, kMateKeys);
  Place best = kNowhere;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    if (mate_keys[k] != mate_key || keys[k] > limit) continue;
    if (Before(PlaceAt(number, k), best)) best = PlaceAt(number, k);
  }
  return best;
}

Place EntryStore::FurthestMate(std::uint32_t queue, std::int32_t limit) const {
  const Side& side = sides_[queue];
  if (side.used == side.free) return kNowhere;
  const std::size_t last = PositionOf(side, limit);
  const Block& edge = blocks_[side.ranges[last].block];
  std::int32_t greatest = GreatestMateKey(Column(edge, kKeys), Column(edge, kMateKeys),
                                          edge.capacity, limit);
  for (std::size_t k = 0; k < last; ++k) greatest = std::max(greatest, side.ranges[k].reach);
  if (greatest == kNoMate) return kNowhere;
  Place best = kNowhere;
  for (std::size_t k = 0; k <= last; ++k) {
    const Range& range = side.ranges[k];
    if (best != kNowhere && range.low > key(best)) break;
    if (range.reach < greatest) continue;
    const Place place = WithMateKey(range.block, limit, greatest);
    if (Before(place, best)) best = place;
  }
  return best;
}

void EntryStore::ForEach(std::uint32_t queue, absl::FunctionRef<void(Place)> visit) const {
  for (const Range& range : sides_[queue].ranges) {
    const Block& block = blocks_[range.block];
    for (std::uint32_t k = 0; k < block.capacity; ++k) {
      if (Column(block, kKeys)[k] != kHole) visit(PlaceAt(range.block, k));
    }
  }
}

void EntryStore::ForEach(absl::FunctionRef<void(Place)> visit) const {
  for (std::uint32_t q = 0; q < sides_.size(); ++q) ForEach(q, visit);
}

void EntryStore::PrefetchBlock(std::uint64_t id) const {
  const Place place = index_.Guess(id);
  if (place != kNowhere) __builtin_prefetch(&BlockOf(place));
}

void EntryStore::PrefetchEntry(std::uint64_t id) const {
  const Place place = index_.Guess(id);
  if (place != kNowhere) PrefetchPlace(place);
}

void EntryStore::PrefetchPlace(Place place) const {
  const Block& block = BlockOf(place);
  const std::uint32_t slot = SlotOf(place);
  __builtin_prefetch(Ids(block) + slot);
  for (const ColumnName name : {kKeys, kMateKeys, kMates}) {
    __builtin_prefetch(Column(block, name) + slot);
  }
}

Place EntryStore::GuessMate(std::uint64_t id) const {
  const Place place = index_.Guess(id);
  return place != kNowhere && HasMate(place) ? mate(place) : kNowhere;
}

}  // namespace tandem::sequencing

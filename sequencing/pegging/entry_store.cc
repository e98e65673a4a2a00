#include "sequencing/pegging/entry_store.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tandem::sequencing {

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

void EntryStore::Renumber(std::uint32_t queue, std::size_t position) {
  const std::vector<Range>& ranges = sides_[queue].ranges;
  for (std::size_t k = position == 0 ? 0 : position - 1; k < ranges.size(); ++k) {
    Block& block = blocks_[ranges[k].block];
    block.position = static_cast<std::uint32_t>(k);
    block.low = ranges[k].low;
    block.high = k + 1 < ranges.size() ? ranges[k + 1].low : kGreatest;
  }
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
  std::vector<Range>& ranges = sides_[queue].ranges;
  ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(position),
                Range{.low = low, .block = number});
  blocks_[number].queue = queue;
  blocks_[number].alone = ranges.size() == 1;
  Renumber(queue, position);
  return number;
}

void EntryStore::DropBlock(std::uint32_t queue, std::size_t position) {
  std::vector<Range>& ranges = sides_[queue].ranges;
  blocks_[ranges[position].block] = Block{};
  spare_blocks_.push_back(ranges[position].block);
  ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(position));
  if (ranges.empty()) {
    ranges.shrink_to_fit();
    return;
  }
  ranges.front().low = kLeast;
  if (ranges.size() == 1) blocks_[ranges.front().block].alone = true;
  Renumber(queue, position);
}

void EntryStore::Enlarge(Block& block, std::uint32_t capacity) {
  Block larger{.bytes = std::make_unique_for_overwrite<std::byte[]>(kSlotBytes * capacity),
               .queue = block.queue,
               .position = block.position,
               .low = block.low,
               .high = block.high,
               .capacity = static_cast<std::uint8_t>(capacity),
               .used = block.used,
               .free = block.free,
               .hole = block.capacity,
               .alone = block.alone};
  std::uninitialized_fill_n(Pairs(larger), capacity, Pair{});
  if (block.capacity > 0) {
    std::copy_n(Pairs(block), block.capacity, Pairs(larger));
    std::copy_n(Ids(block), block.capacity, Ids(larger));
    std::copy_n(Extras(block), block.capacity, Extras(larger));
  }
  block = std::move(larger);
}

std::uint32_t EntryStore::HoleOf(const Block& block) {
  const Pair* const pairs = Pairs(block);
  if (block.hole < block.capacity && pairs[block.hole].key == kHole) return block.hole;
  const std::int32_t slots = block.capacity;
  std::int32_t last = 0;  // Without branches, for vector instructions.
  for (std::int32_t k = 0; k < slots; ++k) {
    const std::int32_t slot = k & -static_cast<std::int32_t>(pairs[k].key == kHole);
    last = slot > last ? slot : last;
  }
  return static_cast<std::uint32_t>(last);
}

Place EntryStore::WriteEntry(std::uint32_t number, const Entry& entry) {
  Block& block = blocks_[number];
  if (block.used == block.capacity) Enlarge(block, block.capacity + kCapacityStep);
  const std::uint32_t slot = HoleOf(block);
  Pairs(block)[slot] = {.key = entry.key};
  block.hole = static_cast<std::uint8_t>(slot + 1);
  Ids(block)[slot] = entry.id;
  Extras(block)[slot] = role_ == Role::kNeeds ? entry.weight : 0;
  ++block.used;
  ++block.free;
  ++used_in_[block.queue];
  ++free_in_[block.queue];
  ++used_;
  ++free_;
  if (role_ == Role::kNeeds && entry.weight != 1) ++heavy_in_[block.queue];
  return PlaceAt(number, slot);
}

Place EntryStore::PutIn(std::uint32_t queue, const Entry& entry, EntryStore& mates) {
  Side& side = sides_[queue];
  if (side.ranges.empty()) NewBlock(queue, 0, kLeast);
  std::size_t position = PositionOf(side, entry.key);
  if (blocks_[side.ranges[position].block].used == kSlots) {
    Split(queue, position, entry.key, mates);
    position = PositionOf(side, entry.key);
  }
  return WriteEntry(side.ranges[position].block, entry);
}

Place EntryStore::Insert(std::uint32_t queue, const Entry& entry, EntryStore& mates) {
  const Place place = PutIn(queue, entry, mates);
  index_.Put(entry.id, place, [&](Place other) { return id(other); });
  return place;
}

void EntryStore::TakeOut(Place place) {
  Block& block = BlockOf(place);
  if (role_ == Role::kNeeds && weight(place) != 1) --heavy_in_[block.queue];
  PairAt(place) = Pair{};
  block.hole = static_cast<std::uint8_t>(SlotOf(place));
  --block.used;
  --block.free;
  --used_in_[block.queue];
  --free_in_[block.queue];
  --used_;
  --free_;
}

void EntryStore::Erase(Place place, EntryStore& mates) {
  const std::uint32_t number = place >> kSlotBits;
  index_.Erase(id(place), place);
  TakeOut(place);
  const Block& block = blocks_[number];
  if (block.used < kMergeBelow) MergeAround(block.queue, block.position, mates);
}

Place EntryStore::Rekey(Place place, std::int32_t key, EntryStore& mates) {
  const Block& block = BlockOf(place);
  if (key < block.low || key > block.high) return Relocate(place, key, mates);
  PairAt(place).key = key;
  return place;
}

// The new place first, so that the index is told once: nothing is merged before that.
Place EntryStore::Relocate(Place place, std::int32_t key, EntryStore& mates) {
  const std::uint32_t number = place >> kSlotBits;
  const Entry entry{
      .id = id(place), .key = key, .weight = role_ == Role::kNeeds ? weight(place) : 1};
  const bool mated = HasMate(place);
  const Place its_mate = mated ? mate(place) : kNowhere;
  const std::int32_t its_reach = PairAt(place).second;
  if (mated) ClearMate(place);
  TakeOut(place);
  const Place moved = PutIn(blocks_[number].queue, entry, mates);
  index_.Move(entry.id, place, moved);
  if (mated) {
    SetMate(moved, its_mate, its_reach);
    mates.TellMate(its_mate, moved);
  }
  const Block& left = blocks_[number];
  if (left.used >= kMergeBelow) return moved;
  MergeAround(left.queue, left.position, mates);
  return Find(entry.id);
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
  blocks_[left].alone = false;
  Enlarge(blocks_[right], appends ? kCapacityStep : kSlots / 2 + kCapacityStep);
  for (std::size_t k = kept; k < kSlots; ++k) {
    index_.Prefetch(id(places[k]));
    if (HasMate(places[k])) PrefetchLine(&mates.BlockOf(mate(places[k])));
  }
  for (std::size_t k = kept; k < kSlots; ++k) MoveEntry(places[k], right, mates);
  Recount(left);
  Recount(right);
}

void EntryStore::MergeAround(std::uint32_t queue, std::size_t position, EntryStore& mates) {
  const std::vector<Range>& ranges = sides_[queue].ranges;
  if (blocks_[ranges[position].block].used == 0) return DropBlock(queue, position);
  if (ranges.size() == 1) return;
  const std::size_t left = position + 1 < ranges.size() ? position : position - 1;
  const std::uint32_t into = ranges[left].block;
  const std::uint32_t from = ranges[left + 1].block;
  const std::uint32_t used = std::uint32_t{blocks_[into].used} + blocks_[from].used;
  if (used > kMergeUpTo) return;
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
  const Block& target = blocks_[to];
  const std::uint32_t slot = HoleOf(target);
  const Place moved = PlaceAt(to, slot);
  Pairs(target)[slot] = std::exchange(PairAt(from), Pair{});
  Ids(target)[slot] = id(from);
  Extras(target)[slot] = ExtraAt(from);
  index_.Move(id(moved), from, moved);
  if (HasMate(moved)) mates.TellMate(mate(moved), moved);
}

void EntryStore::TellMate(Place mate, Place moved) {
  const auto place = static_cast<std::int32_t>(moved);
  (role_ == Role::kNeeds ? PairAt(mate).second : ExtraAt(mate)) = place;
}

void EntryStore::Recount(std::uint32_t number) {
  Block& block = blocks_[number];
  Range& range = sides_[block.queue].ranges[block.position];
  block.used = 0;
  block.free = 0;
  range.reach = kNone;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    const Pair& pair = Pairs(block)[k];
    if (pair.key == kHole) continue;
    ++block.used;
    if (pair.second == kNone) ++block.free;
    range.reach = std::max(range.reach, pair.second);
  }
}

// Only a directory needs to know, and only of supplies.
void EntryStore::NoteReach(const Block& block, std::int32_t before, std::int32_t now) {
  if (block.alone || role_ == Role::kNeeds) return;
  Range& range = sides_[block.queue].ranges[block.position];
  if (now >= range.reach) {
    range.reach = now;
  } else if (before == range.reach) {
    range.reach = kNone;
    for (std::uint32_t k = 0; k < block.capacity; ++k) {
      range.reach = std::max(range.reach, Pairs(block)[k].second);
    }
  }
}

void EntryStore::SetMate(Place place, Place mate, std::int32_t mate_key) {
  Block& block = BlockOf(place);
  Pair& pair = PairAt(place);
  const std::int32_t before = pair.second;
  if (before == kNone) {
    --block.free;
    --free_in_[block.queue];
    --free_;
  }
  if (role_ == Role::kNeeds) {
    pair.second = static_cast<std::int32_t>(mate);
    return;
  }
  pair.second = mate_key;
  ExtraAt(place) = static_cast<std::int32_t>(mate);
  NoteReach(block, before, mate_key);
}

void EntryStore::SetReach(Place place, std::int32_t mate_key) {
  const std::int32_t before = std::exchange(PairAt(place).second, mate_key);
  NoteReach(BlockOf(place), before, mate_key);
}

void EntryStore::ClearMate(Place place) {
  Block& block = BlockOf(place);
  const std::int32_t before = std::exchange(PairAt(place).second, kNone);
  ++block.free;
  ++free_in_[block.queue];
  ++free_;
  NoteReach(block, before, kNone);
}

void EntryStore::SetWeight(Place place, std::int32_t weight) {
  std::int32_t& kept = ExtraAt(place);
  if (kept != 1) --heavy_in_[queue(place)];
  if (weight != 1) ++heavy_in_[queue(place)];
  kept = weight;
}

}  // namespace tandem::sequencing

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

std::span<const EntryStore::Range> EntryStore::RangesOf(const Side& side) {
  if (side.directory != nullptr) return *side.directory;
  return std::span(&side.only, side.only.block == kNoBlock ? 0 : 1);
}

std::span<EntryStore::Range> EntryStore::RangesOf(Side& side) {
  if (side.directory != nullptr) return *side.directory;
  return std::span(&side.only, side.only.block == kNoBlock ? 0 : 1);
}

std::size_t EntryStore::PositionOf(std::span<const Range> ranges, std::int32_t key) {
  if (ranges.size() == 1) return 0;
  const auto above =
      std::upper_bound(ranges.begin(), ranges.end(), key,
                       [](std::int32_t value, const Range& range) { return value < range.low; });
  return static_cast<std::size_t>(above - ranges.begin()) - 1;
}

void EntryStore::Renumber(std::uint32_t queue, std::size_t position) {
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  for (std::size_t k = position == 0 ? 0 : position - 1; k < ranges.size(); ++k) {
    Block& block = blocks_[ranges[k].block];
    block.position = static_cast<std::uint32_t>(k);
    block.low = ranges[k].low;
    block.alone = ranges.size() == 1;
  }
}

std::int32_t EntryStore::HighOf(const Block& block) const {
  if (block.alone) return kGreatest;
  const std::span<const Range> ranges = RangesOf(sides_[block.queue]);
  return block.position + 1 < ranges.size() ? ranges[block.position + 1].low : kGreatest;
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
  Side& side = sides_[queue];
  const Range range{.low = low, .block = number};
  if (side.only.block == kNoBlock && side.directory == nullptr) {
    side.only = range;
  } else {
    if (side.directory == nullptr) {
      side.directory = std::make_unique<std::vector<Range>>(1, side.only);
      side.only = {};
    }
    side.directory->insert(side.directory->begin() + static_cast<std::ptrdiff_t>(position), range);
  }
  Renumber(queue, position);
  return number;
}

void EntryStore::DropBlock(std::uint32_t queue, std::size_t position) {
  Side& side = sides_[queue];
  const std::uint32_t number = RangesOf(side)[position].block;
  for (const std::uint32_t chunk : ChunksOf(blocks_[number])) chunks_.Return(chunk);
  blocks_[number] = Block{};
  spare_blocks_.push_back(number);
  if (side.directory == nullptr) {
    side.only = {};
    return;
  }
  std::vector<Range>& ranges = *side.directory;
  ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(position));
  ranges.front().low = kLeast;
  if (ranges.size() == 1) {
    side.only = ranges.front();
    side.directory.reset();
  }
  Renumber(queue, position);
}

void EntryStore::AddChunk(std::uint32_t number) {
  const std::uint32_t chunk = chunks_.Take(number);
  Block& block = blocks_[number];
  block.hole = static_cast<std::uint8_t>(block.chunks * ChunkStore::kSlots);
  block.chunk_numbers[block.chunks++] = chunk;
}

Place EntryStore::WriteEntry(std::uint32_t number, const Entry& entry) {
  if (blocks_[number].used == blocks_[number].chunks * ChunkStore::kSlots) AddChunk(number);
  Block& block = blocks_[number];
  const std::uint32_t slot = HoleOf(block);
  const Place place = PlaceIn(block, slot);
  PairAt(place) = {.key = entry.key};
  ChunkAt(place).ids[ChunkStore::SlotOf(place)] = entry.id;
  ExtraAt(place) = role_ == Role::kNeeds ? entry.weight : 0;
  SetHoleAfter(block, slot);
  FlipFree(block, slot);
  ++block.used;
  Side& side = sides_[block.queue];
  ++side.used;
  ++side.free;
  ++used_;
  ++free_;
  if (role_ == Role::kNeeds && entry.weight != 1) ++side.heavy;
  return place;
}

Place EntryStore::PutIn(std::uint32_t queue, const Entry& entry, EntryStore& mates) {
  Side& side = sides_[queue];
  if (RangesOf(side).empty()) NewBlock(queue, 0, kLeast);
  std::size_t position = PositionOf(RangesOf(side), entry.key);
  if (blocks_[RangesOf(side)[position].block].used == kSlots) {
    Split(queue, position, entry.key, mates);
    position = PositionOf(RangesOf(side), entry.key);
  }
  return WriteEntry(RangesOf(side)[position].block, entry);
}

Place EntryStore::Insert(std::uint32_t queue, const Entry& entry, EntryStore& mates) {
  const Place place = PutIn(queue, entry, mates);
  index_.Put(entry.id, place, [&](Place other) { return id(other); });
  return place;
}

void EntryStore::TakeOut(Place place) {
  Block& block = BlockOf(place);
  Side& side = sides_[block.queue];
  // Few queues have weights: then this line of memory need not be read.
  if (side.heavy > 0 && weight(place) != 1) --side.heavy;
  PairAt(place) = Pair{};
  const std::uint32_t slot = SlotIn(block, place);
  block.hole = static_cast<std::uint8_t>(slot);
  FlipFree(block, slot);
  --block.used;
  --side.used;
  --side.free;
  --used_;
  --free_;
}

void EntryStore::Erase(Place place, EntryStore& mates) {
  const std::uint32_t number = BlockNumber(place);
  index_.Erase(id(place), place);
  TakeOut(place);
  const Block& block = blocks_[number];
  if (block.used < kMergeBelow) MergeAround(block.queue, block.position, mates);
}

Place EntryStore::Rekey(Place place, std::int32_t key, EntryStore& mates) {
  const Block& block = BlockOf(place);
  if (key < block.low || key > HighOf(block)) return Relocate(place, key, mates);
  PairAt(place).key = key;
  return place;
}

// The new place first, so that the index is told once: nothing is merged before that.
Place EntryStore::Relocate(Place place, std::int32_t key, EntryStore& mates) {
  const std::uint32_t number = BlockNumber(place);
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
  const std::uint32_t left = RangesOf(sides_[queue])[position].block;
  std::array<Place, kSlots> places{};
  for (std::uint32_t k = 0; k < kSlots; ++k) places[k] = PlaceIn(blocks_[left], k);
  std::sort(places.begin(), places.end(), [&](Place a, Place b) { return Before(a, b); });
  // What comes in order fills its blocks: then only the new entry opens the next one.
  const bool appends = key >= this->key(places.back());
  const std::size_t kept = appends ? kSlots : kSlots / 2;
  const std::int32_t low = appends ? key : this->key(places[kept]);
  const std::uint32_t right = NewBlock(queue, position + 1, low);
  for (std::size_t k = kept; k < kSlots; ++k) {
    index_.Prefetch(id(places[k]));
    if (HasMate(places[k])) PrefetchLine(&mates.PairAt(mate(places[k])));
  }
  for (std::size_t k = kept; k < kSlots; k += ChunkStore::kSlots) {
    AddChunk(right);
    const auto end = places.begin() + static_cast<std::ptrdiff_t>(k + ChunkStore::kSlots);
    for (auto from = end - ChunkStore::kSlots; from != end; ++from) MoveEntry(*from, right, mates);
  }
  Recount(left);
  Recount(right);
}

void EntryStore::MergeAround(std::uint32_t queue, std::size_t position, EntryStore& mates) {
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  if (blocks_[ranges[position].block].used == 0) return DropBlock(queue, position);
  if (ranges.size() == 1) return;
  const std::size_t left = position + 1 < ranges.size() ? position : position - 1;
  const std::uint32_t into = ranges[left].block;
  const std::uint32_t from = ranges[left + 1].block;
  const std::uint32_t used = std::uint32_t{blocks_[into].used} + blocks_[from].used;
  if (used > kMergeUpTo) return;
  while (blocks_[into].chunks * ChunkStore::kSlots < used) AddChunk(into);
  for (std::uint32_t k = 0; k < blocks_[from].chunks * ChunkStore::kSlots; ++k) {
    const Place place = PlaceIn(blocks_[from], k);
    if (key(place) != kHole) MoveEntry(place, into, mates);
  }
  Recount(into);
  DropBlock(queue, left + 1);
}

void EntryStore::MoveEntry(Place from, std::uint32_t to, EntryStore& mates) {
  const std::uint32_t slot = HoleOf(blocks_[to]);
  const Place moved = PlaceIn(blocks_[to], slot);
  SetHoleAfter(blocks_[to], slot);
  PairAt(moved) = std::exchange(PairAt(from), Pair{});
  ChunkAt(moved).ids[ChunkStore::SlotOf(moved)] = id(from);
  ExtraAt(moved) = ExtraAt(from);
  index_.Move(id(moved), from, moved);
  if (HasMate(moved)) mates.TellMate(mate(moved), moved);
}

void EntryStore::TellMate(Place mate, Place moved) {
  const auto place = static_cast<std::int32_t>(moved);
  (role_ == Role::kNeeds ? PairAt(mate).second : ExtraAt(mate)) = place;
}

void EntryStore::Recount(std::uint32_t number) {
  Block& block = blocks_[number];
  block.used = 0;
  block.free = {};
  for (std::uint32_t k = 0; k < block.chunks * ChunkStore::kSlots; ++k) {
    const Pair& pair = PairAt(PlaceIn(block, k));
    if (pair.key == kHole) continue;
    ++block.used;
    if (pair.second == kNone) FlipFree(block, k);
  }
  RangesOf(sides_[block.queue])[block.position].reach = GreatestReach(block);
}

// Only a directory needs to know, and only of supplies.
void EntryStore::NoteReach(const Block& block, std::int32_t before, std::int32_t now) {
  if (block.alone || role_ == Role::kNeeds) return;
  Range& range = RangesOf(sides_[block.queue])[block.position];
  if (now >= range.reach) {
    range.reach = now;
  } else if (before == range.reach) {
    range.reach = GreatestReach(block);
  }
}

void EntryStore::SetMate(Place place, Place mate, std::int32_t mate_key) {
  Pair& pair = PairAt(place);
  const std::int32_t before = pair.second;
  Block& block = BlockOf(place);
  if (before == kNone) {
    FlipFree(block, SlotIn(block, place));
    --sides_[block.queue].free;
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
  FlipFree(block, SlotIn(block, place));
  ++sides_[block.queue].free;
  ++free_;
  NoteReach(block, before, kNone);
}

void EntryStore::SetWeight(Place place, std::int32_t weight) {
  std::int32_t& kept = ExtraAt(place);
  Side& side = sides_[queue(place)];
  if (kept != 1) --side.heavy;
  if (weight != 1) ++side.heavy;
  kept = weight;
}

}  // namespace tandem::sequencing

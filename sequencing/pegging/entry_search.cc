// Searches of an EntryStore. Their inner loops run over whole arrays without branches, so that the
// compiler can use vector instructions; a slot without an entry has the greatest key and no mate.
#include <algorithm>

#include "sequencing/pegging/entry_store.h"

namespace tandem::sequencing {

// `value` where `out` is 0, `other` where it is 1.
static std::int32_t Pick(std::int32_t value, bool out, std::int32_t other) {
  const std::int32_t mask = -static_cast<std::int32_t>(out);
  return (value & ~mask) | (other & mask);
}

// The slot with the lowest identifier among those that are not `out`; kNowhere if there is none.
template <typename Out>
Place EntryStore::LowestId(std::uint32_t number, const Out& out) const {
  const Block& block = blocks_[number];
  const Pair* const pairs = Pairs(block);
  const std::int32_t slots = block.capacity;
  std::int32_t last = -1;
  std::int32_t count = 0;
  for (std::int32_t k = 0; k < slots; ++k) {
    const bool is_out = out(pairs[k]);
    const std::int32_t slot = Pick(k, is_out, -1);
    last = slot > last ? slot : last;
    count += 1 - static_cast<std::int32_t>(is_out);
  }
  if (count == 0) return kNowhere;
  Place best = PlaceAt(number, static_cast<std::uint32_t>(last));
  for (std::int32_t k = 0; k < last && count > 1; ++k) {
    const Place place = PlaceAt(number, static_cast<std::uint32_t>(k));
    if (!out(pairs[k]) && id(place) < id(best)) best = place;
  }
  return best;
}

Place EntryStore::FreeWithKey(std::uint32_t number, std::int32_t key, Place except) const {
  if (except == kNowhere) {
    return LowestId(number,
                    [key](const Pair& pair) { return (pair.key != key) | (pair.second != kNone); });
  }
  const Pair* const excepted = &PairAt(except);
  return LowestId(number, [key, excepted](const Pair& pair) {
    return (pair.key != key) | (pair.second != kNone) | (&pair == excepted);
  });
}

Place EntryStore::LastFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  const Pair* const pairs = Pairs(blocks_[number]);
  const std::int32_t slots = blocks_[number].capacity;
  std::int32_t greatest = kLeast;
  for (std::int32_t k = 0; k < slots; ++k) {
    const bool out = (pairs[k].key > limit) | (pairs[k].second != kNone);
    const std::int32_t value = Pick(pairs[k].key, out, kLeast);
    greatest = value > greatest ? value : greatest;
  }
  if (greatest == kLeast) return kNowhere;
  const Place place = FreeWithKey(number, greatest, except);
  // All that has this key is the excepted one: the next lower key.
  return place == kNowhere ? LastFreeIn(number, greatest - 1, except) : place;
}

Place EntryStore::FirstFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  const Pair* const pairs = Pairs(blocks_[number]);
  const std::int32_t slots = blocks_[number].capacity;
  std::int32_t least = kGreatest;
  for (std::int32_t k = 0; k < slots; ++k) {
    const bool out = (pairs[k].key < limit) | (pairs[k].second != kNone);
    const std::int32_t value = Pick(pairs[k].key, out, kGreatest);
    least = value < least ? value : least;
  }
  if (least == kGreatest) return kNowhere;
  const Place place = FreeWithKey(number, least, except);
  return place == kNowhere ? FirstFreeIn(number, least + 1, except) : place;
}

Place EntryStore::LastFree(std::uint32_t queue, std::int32_t limit, Place except) const {
  if (free_in_[queue] == 0) return kNowhere;
  const std::vector<Range>& ranges = sides_[queue].ranges;
  if (ranges.size() == 1) return LastFreeIn(ranges.front().block, limit, except);
  Place best = kNowhere;
  for (std::size_t k = PositionOf(sides_[queue], limit) + 1; k-- > 0;) {
    const std::uint32_t block = ranges[k].block;
    if (blocks_[block].free > 0) {
      const Place place = LastFreeIn(block, limit, except);
      const bool better = place != kNowhere && (best == kNowhere || key(place) > key(best) ||
                                                (key(place) == key(best) && id(place) < id(best)));
      if (better) best = place;
    }
    // An equal key may lie in the block before, if this one begins with it.
    if (best != kNowhere && key(best) > ranges[k].low) break;
  }
  return best;
}

Place EntryStore::FirstFree(std::uint32_t queue, std::int32_t limit, Place except) const {
  if (free_in_[queue] == 0) return kNowhere;
  const std::vector<Range>& ranges = sides_[queue].ranges;
  Place best = kNowhere;
  for (const Range& range : ranges) {
    const Block& block = blocks_[range.block];
    if (best != kNowhere && range.low > key(best)) break;
    if (block.free == 0 || block.high < limit) continue;
    const Place place = FirstFreeIn(range.block, limit, except);
    if (Before(place, best)) best = place;
  }
  return best;
}

// The least key first, then the lowest identifier.
Place EntryStore::WithReach(std::uint32_t number, std::int32_t limit, std::int32_t reach) const {
  const Pair* const pairs = Pairs(blocks_[number]);
  const std::int32_t slots = blocks_[number].capacity;
  std::int32_t least = kGreatest;
  for (std::int32_t k = 0; k < slots; ++k) {
    const bool out = (pairs[k].second != reach) | (pairs[k].key > limit);
    const std::int32_t value = Pick(pairs[k].key, out, kGreatest);
    least = value < least ? value : least;
  }
  return LowestId(number, [least, reach](const Pair& pair) {
    return (pair.key != least) | (pair.second != reach);
  });
}

Place EntryStore::FurthestReach(std::uint32_t queue, std::int32_t limit) const {
  if (used_in_[queue] == free_in_[queue]) return kNowhere;
  const std::vector<Range>& ranges = sides_[queue].ranges;
  const std::size_t edge = PositionOf(sides_[queue], limit);
  const Pair* const pairs = Pairs(blocks_[ranges[edge].block]);
  const std::int32_t slots = blocks_[ranges[edge].block].capacity;
  std::int32_t greatest = kNone;
  for (std::int32_t k = 0; k < slots; ++k) {
    const std::int32_t value = Pick(pairs[k].second, pairs[k].key > limit, kNone);
    greatest = value > greatest ? value : greatest;
  }
  for (std::size_t k = 0; k < edge; ++k) greatest = std::max(greatest, ranges[k].reach);
  if (greatest == kNone) return kNowhere;
  Place best = kNowhere;
  for (std::size_t k = 0; k <= edge; ++k) {
    if (best != kNowhere && ranges[k].low > key(best)) break;
    if (k < edge && ranges[k].reach < greatest) continue;
    const Place place = WithReach(ranges[k].block, limit, greatest);
    if (Before(place, best)) best = place;
  }
  return best;
}

Place EntryStore::EarliestReachingIn(std::uint32_t number, std::int32_t limit) const {
  const Pair* const pairs = Pairs(blocks_[number]);
  const std::int32_t slots = blocks_[number].capacity;
  std::int32_t least = kGreatest;
  for (std::int32_t k = 0; k < slots; ++k) {
    const std::int32_t value = Pick(pairs[k].key, pairs[k].second < limit, kGreatest);
    least = value < least ? value : least;
  }
  return LowestId(number, [least, limit](const Pair& pair) {
    return (pair.key != least) | (pair.second < limit);
  });
}

Place EntryStore::EarliestReaching(std::uint32_t queue, std::int32_t limit) const {
  if (used_in_[queue] == free_in_[queue]) return kNowhere;
  const std::vector<Range>& ranges = sides_[queue].ranges;
  if (ranges.size() == 1) return EarliestReachingIn(ranges.front().block, limit);
  Place best = kNowhere;
  for (const Range& range : ranges) {
    if (best != kNowhere && range.low > key(best)) break;
    if (range.reach < limit) continue;
    const Place place = EarliestReachingIn(range.block, limit);
    if (Before(place, best)) best = place;
  }
  return best;
}

void EntryStore::ForEach(std::uint32_t queue, absl::FunctionRef<void(Place)> visit) const {
  for (const Range& range : sides_[queue].ranges) {
    const Block& block = blocks_[range.block];
    for (std::uint32_t k = 0; k < block.capacity; ++k) {
      if (Pairs(block)[k].key != kHole) visit(PlaceAt(range.block, k));
    }
  }
}

void EntryStore::ForEach(absl::FunctionRef<void(Place)> visit) const {
  for (std::uint32_t q = 0; q < sides_.size(); ++q) ForEach(q, visit);
}

Place EntryStore::Guess(std::uint64_t id) const {
  const Place place = index_.Guess(id);
  if (place != kNowhere) PrefetchLine(&BlockOf(place));
  return place;
}

void EntryStore::PrefetchEntry(Place guess) const {
  const Block& block = BlockOf(guess);
  const std::uint32_t slot = SlotOf(guess);
  if (slot >= block.capacity) return;
  PrefetchLine(Pairs(block) + slot);
  PrefetchLine(Ids(block) + slot);
}

void EntryStore::PrefetchMate(Place guess) const {
  const Block& block = BlockOf(guess);
  const std::uint32_t slot = SlotOf(guess);
  if (slot < block.capacity) PrefetchLine(Extras(block) + slot);
}

Place EntryStore::GuessMate(Place guess) const {
  const Block& block = BlockOf(guess);
  if (SlotOf(guess) >= block.capacity || !HasMate(guess)) return kNowhere;
  return mate(guess);
}

void EntryStore::PrefetchRanges(std::uint32_t queue) const {
  PrefetchLine(sides_[queue].ranges.data());
}

void EntryStore::PrefetchBlock(std::uint32_t queue, std::int32_t key) const {
  const Side& side = sides_[queue];
  if (side.ranges.empty()) return;
  PrefetchLine(&blocks_[side.ranges[PositionOf(side, key)].block]);
}

void EntryStore::PrefetchHole(std::uint32_t queue, std::int32_t key) const {
  const Side& side = sides_[queue];
  if (side.ranges.empty()) return;
  const Block& block = blocks_[side.ranges[PositionOf(side, key)].block];
  if (block.hole >= block.capacity) return;
  PrefetchLine(Pairs(block) + block.hole);
  PrefetchLine(Ids(block) + block.hole);
  PrefetchLine(Extras(block) + block.hole);
}

void EntryStore::PrefetchPairs(std::uint32_t queue, std::int32_t key) const {
  const Side& side = sides_[queue];
  if (!side.ranges.empty()) PrefetchPairs(blocks_[side.ranges[PositionOf(side, key)].block]);
}

void EntryStore::PrefetchPairs(const Block& block) {
  const Pair* const pairs = Pairs(block);
  for (std::uint32_t k = 0; k < block.capacity; k += 64 / sizeof(Pair)) PrefetchLine(pairs + k);
}

}  // namespace tandem::sequencing

// Searches of an EntryStore. Their inner loops run over whole arrays without branches, so that the
// compiler can use vector instructions; a slot without an entry has the greatest key and no mate.
#include <algorithm>

#include "sequencing/pegging/entry_store.h"

namespace tandem::sequencing {

Place EntryStore::FreeWithKey(std::uint32_t number, std::int32_t key, Place except) const {
  const Block& block = blocks_[number];
  const Pair* const pairs = Pairs(block);
  Place best = kNowhere;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    if (pairs[k].key != key || pairs[k].second != kNone || PlaceAt(number, k) == except) continue;
    if (best == kNowhere || id(PlaceAt(number, k)) < id(best)) best = PlaceAt(number, k);
  }
  return best;
}

Place EntryStore::LastFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  const Block& block = blocks_[number];
  const Pair* const pairs = Pairs(block);
  std::int32_t greatest = kLeast;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    const bool fits = (pairs[k].key <= limit) & (pairs[k].second == kNone);
    const std::int32_t value = fits ? pairs[k].key : kLeast;
    greatest = value > greatest ? value : greatest;
  }
  if (greatest == kLeast) return kNowhere;
  const Place place = FreeWithKey(number, greatest, except);
  // All that has this key is the excepted one: the next lower key.
  return place == kNowhere ? LastFreeIn(number, greatest - 1, except) : place;
}

Place EntryStore::FirstFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  const Block& block = blocks_[number];
  const Pair* const pairs = Pairs(block);
  std::int32_t least = kGreatest;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    const bool fits = (pairs[k].key >= limit) & (pairs[k].second == kNone);
    const std::int32_t value = fits ? pairs[k].key : kGreatest;
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

Place EntryStore::WithReach(std::uint32_t number, std::int32_t limit, std::int32_t reach) const {
  const Block& block = blocks_[number];
  const Pair* const pairs = Pairs(block);
  Place best = kNowhere;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    if (pairs[k].second != reach || pairs[k].key > limit) continue;
    if (Before(PlaceAt(number, k), best)) best = PlaceAt(number, k);
  }
  return best;
}

Place EntryStore::FurthestReach(std::uint32_t queue, std::int32_t limit) const {
  if (used_in_[queue] == free_in_[queue]) return kNowhere;
  const std::vector<Range>& ranges = sides_[queue].ranges;
  const std::size_t last = PositionOf(sides_[queue], limit);
  const Block& edge = blocks_[ranges[last].block];
  const Pair* const pairs = Pairs(edge);
  std::int32_t greatest = kNone;
  for (std::uint32_t k = 0; k < edge.capacity; ++k) {
    const std::int32_t value = pairs[k].key <= limit ? pairs[k].second : kNone;
    greatest = value > greatest ? value : greatest;
  }
  for (std::size_t k = 0; k < last; ++k) greatest = std::max(greatest, ranges[k].reach);
  if (greatest == kNone) return kNowhere;
  Place best = kNowhere;
  for (std::size_t k = 0; k <= last; ++k) {
    if (best != kNowhere && ranges[k].low > key(best)) break;
    if (k < last && ranges[k].reach < greatest) continue;
    const Place place = WithReach(ranges[k].block, limit, greatest);
    if (Before(place, best)) best = place;
  }
  return best;
}

Place EntryStore::EarliestReachingIn(std::uint32_t number, std::int32_t limit) const {
  const Block& block = blocks_[number];
  const Pair* const pairs = Pairs(block);
  std::int32_t least = kGreatest;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    const std::int32_t value = pairs[k].second >= limit ? pairs[k].key : kGreatest;
    least = value < least ? value : least;
  }
  Place best = kNowhere;
  if (least == kGreatest) return best;
  for (std::uint32_t k = 0; k < block.capacity; ++k) {
    if (pairs[k].key != least || pairs[k].second < limit) continue;
    if (best == kNowhere || id(PlaceAt(number, k)) < id(best)) best = PlaceAt(number, k);
  }
  return best;
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
  if (place != kNowhere) __builtin_prefetch(&BlockOf(place));
  return place;
}

void EntryStore::PrefetchEntry(Place guess) const {
  const Block& block = BlockOf(guess);
  const std::uint32_t slot = SlotOf(guess);
  if (slot >= block.capacity) return;
  __builtin_prefetch(Pairs(block) + slot);
  __builtin_prefetch(Ids(block) + slot);
}

void EntryStore::PrefetchMate(Place guess) const {
  const Block& block = BlockOf(guess);
  const std::uint32_t slot = SlotOf(guess);
  if (slot < block.capacity) __builtin_prefetch(Extras(block) + slot);
}

Place EntryStore::GuessMate(Place guess) const {
  const Block& block = BlockOf(guess);
  if (SlotOf(guess) >= block.capacity || !HasMate(guess)) return kNowhere;
  return mate(guess);
}

void EntryStore::PrefetchRanges(std::uint32_t queue) const {
  __builtin_prefetch(sides_[queue].ranges.data());
}

void EntryStore::PrefetchBlock(std::uint32_t queue, std::int32_t key) const {
  const Side& side = sides_[queue];
  if (side.ranges.empty()) return;
  __builtin_prefetch(&blocks_[side.ranges[PositionOf(side, key)].block]);
}

void EntryStore::PrefetchHole(std::uint32_t queue, std::int32_t key) const {
  const Side& side = sides_[queue];
  if (side.ranges.empty()) return;
  const Block& block = blocks_[side.ranges[PositionOf(side, key)].block];
  if (block.hole >= block.capacity) return;
  __builtin_prefetch(Pairs(block) + block.hole, 1);
  __builtin_prefetch(Ids(block) + block.hole, 1);
  __builtin_prefetch(Extras(block) + block.hole, 1);
}

void EntryStore::PrefetchPairs(std::uint32_t queue, std::int32_t key) const {
  const Side& side = sides_[queue];
  if (side.ranges.empty()) return;
  const Block& block = blocks_[side.ranges[PositionOf(side, key)].block];
  const Pair* const pairs = Pairs(block);
  for (std::uint32_t k = 0; k < block.capacity; k += 64 / sizeof(Pair)) {
    __builtin_prefetch(pairs + k);
  }
}

}  // namespace tandem::sequencing

// Searches of an EntryStore. Their inner loops run over whole chunks without branches, four slots
// at once; a slot without an entry has the greatest key and no mate.
#include <algorithm>
#include <bit>

#include "sequencing/pegging/entry_store.h"
#include "sequencing/pegging/lanes.h"

namespace tandem::sequencing {

template <typename Visit>
void EntryStore::ForEachFour(const Block& block, const Visit& visit) const {
  for (const std::uint32_t chunk : ChunksOf(block)) {
    const Pair* const pairs = chunks_[chunk].pairs.data();
    for (std::size_t k = 0; k < ChunkStore::kSlots; k += kLanes) visit(FourPairs(pairs + k));
  }
}

template <typename Out>
std::int32_t EntryStore::LeastKey(const Block& block, const Out& out) const {
  Lanes least = LanesOf(kGreatest);
  ForEachFour(block, [&](const FourPairs& four) {
    least = Less(least, Pick(four.keys, out(four), LanesOf(kGreatest)));
  });
  return LeastOf(least);
}

template <typename Out>
Place EntryStore::LowestId(const Block& block, const Out& out) const {
  Lanes slots = LanesFrom(0);
  Lanes last = LanesOf(-1);
  Lanes count = LanesOf(0);
  ForEachFour(block, [&](const FourPairs& four) {
    const Lanes is_out = out(four);
    last = Pick(slots, is_out, last);
    count += is_out + 1;
    slots += static_cast<std::int32_t>(kLanes);
  });
  const std::int32_t slot = GreatestOf(last);
  if (slot < 0) return kNowhere;
  Place best = PlaceIn(block, static_cast<std::uint32_t>(slot));
  std::int32_t others = SumOf(count) - 1;
  for (std::uint32_t k = 0; others > 0; k += kLanes) {
    const Lanes is_out = out(FourPairs(&PairAt(PlaceIn(block, k))));
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      if (is_out[lane] != 0) continue;
      --others;
      const Place place = PlaceIn(block, k + lane);
      if (id(place) < id(best)) best = place;
    }
  }
  return best;
}

std::uint32_t EntryStore::HoleOf(const Block& block) const {
  if (key(PlaceIn(block, block.hole)) == kHole) return block.hole;
  Lanes slots = LanesFrom(0);
  Lanes last = LanesOf(0);
  ForEachFour(block, [&](const FourPairs& four) {
    last = Pick(last, four.keys == kHole, slots);
    slots += static_cast<std::int32_t>(kLanes);
  });
  return static_cast<std::uint32_t>(GreatestOf(last));
}

std::int32_t EntryStore::GreatestReach(const Block& block) const {
  Lanes greatest = LanesOf(kNone);
  ForEachFour(block, [&](const FourPairs& four) { greatest = Greater(greatest, four.seconds); });
  return GreatestOf(greatest);
}

template <typename Visit>
void EntryStore::ForEachFree(const Block& block, const Visit& visit) const {
  for (std::uint32_t c = 0; c < block.chunks; ++c) {
    for (std::uint32_t bits = block.free[c]; bits != 0; bits &= bits - 1) {
      visit(ChunkStore::PlaceAt(block.chunk_numbers[c],
                                static_cast<std::uint32_t>(std::countr_zero(bits))));
    }
  }
}

bool EntryStore::Later(Place a, Place b) const {
  if (b == kNowhere) return true;
  if (key(a) != key(b)) return key(a) > key(b);
  return id(a) < id(b);
}

Place EntryStore::LastFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  Place best = kNowhere;
  ForEachFree(blocks_[number], [&](Place place) {
    if (key(place) <= limit && place != except && Later(place, best)) best = place;
  });
  return best;
}

Place EntryStore::FirstFreeIn(std::uint32_t number, std::int32_t limit, Place except) const {
  Place best = kNowhere;
  ForEachFree(blocks_[number], [&](Place place) {
    if (key(place) >= limit && place != except && Before(place, best)) best = place;
  });
  return best;
}

Place EntryStore::LastFree(std::uint32_t queue, std::int32_t limit, Place except) const {
  if (sides_[queue].free == 0) return kNowhere;
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  if (ranges.size() == 1) return LastFreeIn(ranges.front().block, limit, except);
  Place best = kNowhere;
  for (std::size_t k = PositionOf(ranges, limit) + 1; k-- > 0;) {
    const std::uint32_t block = ranges[k].block;
    if (AnyFree(blocks_[block])) {
      const Place place = LastFreeIn(block, limit, except);
      if (place != kNowhere && Later(place, best)) best = place;
    }
    // An equal key may lie in the block before, if this one begins with it.
    if (best != kNowhere && key(best) > ranges[k].low) break;
  }
  return best;
}

Place EntryStore::FirstFree(std::uint32_t queue, std::int32_t limit, Place except) const {
  if (sides_[queue].free == 0) return kNowhere;
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  Place best = kNowhere;
  for (const Range& range : ranges) {
    const Block& block = blocks_[range.block];
    if (best != kNowhere && range.low > key(best)) break;
    if (!AnyFree(block) || HighOf(block) < limit) continue;
    const Place place = FirstFreeIn(range.block, limit, except);
    if (Before(place, best)) best = place;
  }
  return best;
}

// The least key first, then the lowest identifier.
Place EntryStore::WithReach(std::uint32_t number, std::int32_t limit, std::int32_t reach) const {
  const Block& block = blocks_[number];
  const std::int32_t least = LeastKey(block, [limit, reach](const FourPairs& four) {
    return (four.seconds != reach) | (four.keys > limit);
  });
  return LowestId(block, [least, reach](const FourPairs& four) {
    return (four.keys != least) | (four.seconds != reach);
  });
}

Place EntryStore::FurthestReach(std::uint32_t queue, std::int32_t limit) const {
  if (sides_[queue].used == sides_[queue].free) return kNowhere;
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  const std::size_t edge = PositionOf(ranges, limit);
  Lanes furthest = LanesOf(kNone);
  ForEachFour(blocks_[ranges[edge].block], [&](const FourPairs& four) {
    furthest = Greater(furthest, Pick(four.seconds, four.keys > limit, LanesOf(kNone)));
  });
  std::int32_t greatest = GreatestOf(furthest);
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
  const Block& block = blocks_[number];
  const std::int32_t least =
      LeastKey(block, [limit](const FourPairs& four) { return four.seconds < limit; });
  return LowestId(block, [least, limit](const FourPairs& four) {
    return (four.keys != least) | (four.seconds < limit);
  });
}

Place EntryStore::EarliestReaching(std::uint32_t queue, std::int32_t limit) const {
  if (sides_[queue].used == sides_[queue].free) return kNowhere;
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
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
  for (const Range& range : RangesOf(sides_[queue])) {
    for (const std::uint32_t chunk : ChunksOf(blocks_[range.block])) {
      for (std::uint32_t k = 0; k < ChunkStore::kSlots; ++k) {
        const Place place = ChunkStore::PlaceAt(chunk, k);
        if (key(place) != kHole) visit(place);
      }
    }
  }
}

void EntryStore::ForEach(absl::FunctionRef<void(Place)> visit) const {
  for (std::uint32_t q = 0; q < sides_.size(); ++q) ForEach(q, visit);
}

void EntryStore::ForEachFree(std::uint32_t queue, absl::FunctionRef<void(Place)> visit) const {
  if (sides_[queue].free == 0) return;
  for (const Range& range : RangesOf(sides_[queue])) ForEachFree(blocks_[range.block], visit);
}

void EntryStore::PrefetchEntry(Place guess) const {
  const Chunk& chunk = ChunkAt(guess);
  const std::uint32_t slot = ChunkStore::SlotOf(guess);
  PrefetchLine(&chunk.pairs[slot]);
  PrefetchLine(&chunk.ids[slot]);
  chunks_.PrefetchOwner(ChunkStore::ChunkOf(guess));
}

void EntryStore::PrefetchBlock(std::uint32_t queue, std::int32_t key) const {
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  if (!ranges.empty()) PrefetchLine(&blocks_[ranges[PositionOf(ranges, key)].block]);
}

void EntryStore::PrefetchHole(std::uint32_t queue, std::int32_t key) const {
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  if (ranges.empty()) return;
  const Block& block = blocks_[ranges[PositionOf(ranges, key)].block];
  const Place hole = PlaceIn(block, block.hole);
  PrefetchEntry(hole);
  PrefetchExtra(hole);
}

void EntryStore::PrefetchFree(std::uint32_t queue, std::int32_t key) const {
  const std::span<const Range> ranges = RangesOf(sides_[queue]);
  if (!ranges.empty()) PrefetchFree(blocks_[ranges[PositionOf(ranges, key)].block]);
}

void EntryStore::PrefetchFree(const Block& block) const {
  for (std::uint32_t c = 0; c < block.chunks; ++c) {
    const auto& pairs = chunks_[block.chunk_numbers[c]].pairs;  // Two lines.
    if ((block.free[c] & 0x00ff) != 0) PrefetchLine(pairs.data());
    if ((block.free[c] & 0xff00) != 0) PrefetchLine(pairs.data() + ChunkStore::kSlots / 2);
  }
}

}  // namespace tandem::sequencing

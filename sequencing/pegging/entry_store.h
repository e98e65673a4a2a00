// The entries of one side of all queues, needs or supplies: 4 million of them updated in place.
//
// Pegging reads both sides in one way. A supply's key is its ready tick and its mate key the due
// tick of the need pegged to it; a need's key is *minus* its due tick and its mate key minus the
// ready tick of its peg. Then "what can be reached by `limit`" is key <= limit on both sides, and a
// chain that hands parts on is the same walk from a need to a free supply and from a free supply to
// a late need.
//
// A queue's entries lie in blocks of up to 128 slots, in no order inside of a block, so that a
// change writes one slot and a search runs over plain arrays. Blocks split the keys into ranges,
// closed at both ends (equal keys may lie in two); a directory keeps each one's range, its greatest
// mate key and its count of entries without a mate. An update costs O(128) at most, a search
// O(128 + blocks of the queue). No answer depends on where an entry lies: ties go to the smaller
// key, then to the lower identifier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sequencing/pegging/id_index.h"

namespace tandem::sequencing {

// The mate key of an entry that has no mate: below all others.
inline constexpr std::int32_t kNoMate = std::numeric_limits<std::int32_t>::min();

class EntryStore {
 public:
  enum class Weights : bool { kNone, kKept };

  EntryStore(std::size_t queues, Weights weights) : weights_(weights), sides_(queues) {}

  struct Entry {
    std::uint64_t id = 0;
    std::int32_t key = 0;
    std::int32_t weight = 1;
  };

  // Everything that moves an entry to another place tells its mate, which lies in `mates`: the other
  // side of the same queues. Places hold until the next Insert, Erase or Rekey.
  Place Insert(std::uint32_t queue, const Entry& entry, EntryStore& mates);  // The id must be new.
  void Erase(Place place, EntryStore& mates);  // The entry must have no mate.
  Place Rekey(Place place, std::int32_t key, EntryStore& mates);  // Its mate's mate key stays.
  void SetMate(Place place, Place mate, std::int32_t mate_key);
  void ClearMate(Place place);
  void SetWeight(Place place, std::int32_t weight);

  Place Find(std::uint64_t id) const {
    return index_.Find(id, [&](Place place) { return this->id(place) == id; });
  }
  std::uint64_t id(Place place) const { return Ids(BlockOf(place))[SlotOf(place)]; }
  std::int32_t key(Place place) const { return Column(BlockOf(place), kKeys)[SlotOf(place)]; }
  std::int32_t mate_key(Place place) const {
    return Column(BlockOf(place), kMateKeys)[SlotOf(place)];
  }
  Place mate(Place place) const {
    return static_cast<Place>(Column(BlockOf(place), kMates)[SlotOf(place)]);
  }
  bool HasMate(Place place) const { return mate_key(place) != kNoMate; }
  std::int32_t weight(Place place) const {
    return weights_ == Weights::kNone ? 1 : Column(BlockOf(place), kWeights)[SlotOf(place)];
  }
  std::uint32_t queue(Place place) const { return BlockOf(place).queue; }

  std::int64_t size() const { return used_; }
  std::int64_t Free() const { return free_; }  // Entries without a mate.
  std::uint32_t FreeIn(std::uint32_t queue) const { return sides_[queue].free; }
  // Whether all weights of the queue are 1.
  bool UnitWeights(std::uint32_t queue) const { return sides_[queue].heavy == 0; }

  // The entry without a mate with the greatest key <= limit, other than `except`; kNowhere if none.
  Place LatestFree(std::uint32_t queue, std::int32_t limit, Place except) const;
  // The entry with the greatest mate key among those with key <= limit; kNowhere if none has a mate.
  Place FurthestMate(std::uint32_t queue, std::int32_t limit) const;
  // In no order that means anything.
  void ForEach(std::uint32_t queue, absl::FunctionRef<void(Place)> visit) const;
  // Every entry of every queue.
  void ForEach(absl::FunctionRef<void(Place)> visit) const;

  // To be called some events ahead, in this order, so that an entry is in the cache when it is
  // needed. They guess and have no effect on any answer.
  void PrefetchIndex(std::uint64_t id) const { index_.Prefetch(id); }
  void PrefetchBlock(std::uint64_t id) const;
  void PrefetchEntry(std::uint64_t id) const;
  Place GuessMate(std::uint64_t id) const;
  void PrefetchPlace(Place place) const;

 private:
  static constexpr std::uint32_t kSlots = 128;  // Of a full block; a Place has 7 bits for the slot.
  static constexpr std::uint32_t kSlotBits = 7;
  static constexpr std::uint32_t kCapacityStep = 16;
  static constexpr std::uint32_t kMergeBelow = 32;  // Fuller blocks are left alone,
  static constexpr std::uint32_t kMergeUpTo = 96;   // and a merged one has room for more.
  static constexpr std::int32_t kHole = std::numeric_limits<std::int32_t>::max();  // A free slot's key.

  enum ColumnName : std::uint32_t { kKeys, kMateKeys, kMates, kWeights };

  // Bytes: `capacity` identifiers of 8 bytes, then columns of 4 bytes in the order of ColumnName.
  struct Block {
    std::unique_ptr<std::byte[]> bytes{};
    std::uint32_t queue = 0;
    std::uint32_t position = 0;  // In the queue's directory.
    std::uint32_t capacity = 0;
  };
  struct Range {
    std::int32_t low = std::numeric_limits<std::int32_t>::min();
    std::int32_t reach = kNoMate;  // The greatest mate key of the block.
    std::uint32_t block = 0;
    std::uint16_t used = 0;
    std::uint16_t free = 0;  // Entries without a mate.
  };
  struct Side {
    std::vector<Range> ranges{};  // By low; the first one's is the least of all numbers.
    std::uint32_t used = 0;
    std::uint32_t free = 0;
    std::uint32_t heavy = 0;  // Entries whose weight is not 1.
  };

  static Place PlaceAt(std::uint32_t block, std::uint32_t slot) {
    return (block << kSlotBits) | slot;
  }
  static std::uint32_t SlotOf(Place place) { return place & (kSlots - 1); }
  const Block& BlockOf(Place place) const { return blocks_[place >> kSlotBits]; }
  static std::uint64_t* Ids(const Block& block) {
    return reinterpret_cast<std::uint64_t*>(block.bytes.get());
  }
  static std::int32_t* Column(const Block& block, ColumnName name) {
    return reinterpret_cast<std::int32_t*>(block.bytes.get() + block.capacity * (8U + 4U * name));
  }
  Range& RangeOf(Place place) {
    const Block& block = BlockOf(place);
    return sides_[block.queue].ranges[block.position];
  }

  static std::size_t PositionOf(const Side& side, std::int32_t key);
  std::uint32_t NewBlock(std::uint32_t queue, std::size_t position, std::int32_t low);
  void DropBlock(std::uint32_t queue, std::size_t position);
  void Enlarge(Block& block, std::uint32_t capacity) const;
  void Split(std::uint32_t queue, std::size_t position, std::int32_t key, EntryStore& mates);
  void MergeAround(std::uint32_t queue, std::size_t position, EntryStore& mates);
  // Moves the entry at `from` into the block, which must have room; counts are the caller's.
  void MoveEntry(Place from, std::uint32_t to, EntryStore& mates);
  void Recount(std::uint32_t block);
  Place WriteEntry(std::uint32_t block, const Entry& entry);
  Place Relocate(Place place, std::int32_t key, EntryStore& mates);
  void LowerReach(Range& range, std::int32_t old_mate_key);
  // The entry of block `block` with mate key `mate_key` and the smallest (key, id), key <= limit.
  Place WithMateKey(std::uint32_t block, std::int32_t limit, std::int32_t mate_key) const;
  Place LatestFreeIn(std::uint32_t block, std::int32_t limit, Place except) const;
  bool Before(Place a, Place b) const;  // By (key, id); kNowhere comes last.

  Weights weights_;
  IdIndex index_{};
  std::vector<Block> blocks_{};
  std::vector<std::uint32_t> spare_blocks_{};
  std::vector<Side> sides_;
  std::int64_t used_ = 0;
  std::int64_t free_ = 0;
};

}  // namespace tandem::sequencing

// The entries of one side of all queues, needs or supplies: millions of them, changed in place.
//
// An entry has a key (a need's due tick, a supply's ready tick) and a mate, the entry of the other
// side that it is pegged to. A supply also keeps its mate's key, its *reach*: so the most frequent
// event, another ETA of a part, touches nothing of the other side, and every chain that hands parts
// on is a walk over supplies alone. What is read together lies together: key and reach of a supply,
// key and mate of a need.
//
// A queue's entries lie in blocks of up to 128 slots, in no order inside of a block, so that a
// change writes one slot and a search runs over plain arrays. Blocks split the keys into ranges,
// closed at both ends (equal keys may lie in two). A queue of several blocks has a directory with
// the greatest reach of each. An update costs O(128) at most, a search O(128 + blocks of the
// queue). No answer depends on where an entry lies: ties go to the smaller key, then the lower
// identifier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sequencing/pegging/id_index.h"

namespace tandem::sequencing {

class EntryStore {
 public:
  enum class Role : bool { kNeeds, kSupplies };

  EntryStore(std::size_t queues, Role role)
      : role_(role), sides_(queues), used_in_(queues), free_in_(queues), heavy_in_(queues) {}

  struct Entry {
    std::uint64_t id = 0;
    std::int32_t key = 0;
    std::int32_t weight = 1;  // Kept for needs only.
  };

  // Everything that moves an entry to another place tells its mate, which lies in `mates`: the
  // other side of the same queues. Places hold until the next Insert, Erase or Rekey.
  Place Insert(std::uint32_t queue, const Entry& entry, EntryStore& mates);  // The id must be new.
  void Erase(Place place, EntryStore& mates);                     // The entry must have no mate.
  Place Rekey(Place place, std::int32_t key, EntryStore& mates);  // Reaches are the caller's.
  void SetMate(Place place, Place mate, std::int32_t mate_key);
  void SetReach(Place place, std::int32_t mate_key);  // Supplies: the mate has another key.
  void ClearMate(Place place);
  void SetWeight(Place place, std::int32_t weight);

  Place Find(std::uint64_t id) const {
    return index_.Find(id, [&](Place place) { return this->id(place) == id; });
  }
  std::uint64_t id(Place place) const { return Ids(BlockOf(place))[SlotOf(place)]; }
  std::int32_t key(Place place) const { return PairAt(place).key; }
  bool HasMate(Place place) const { return PairAt(place).second != kNone; }
  Place mate(Place place) const {
    return static_cast<Place>(role_ == Role::kNeeds ? PairAt(place).second : ExtraAt(place));
  }
  std::int32_t reach(Place supply) const { return PairAt(supply).second; }  // Of one with a mate.
  std::int32_t weight(Place need) const { return ExtraAt(need); }
  std::uint32_t queue(Place place) const { return BlockOf(place).queue; }

  std::int64_t size() const { return used_; }
  std::int64_t Free() const { return free_; }  // Entries without a mate.
  std::uint32_t FreeIn(std::uint32_t queue) const { return free_in_[queue]; }
  // Whether all weights of the queue are 1.
  bool UnitWeights(std::uint32_t queue) const { return heavy_in_[queue] == 0; }

  // The entry without a mate with the greatest key <= limit (the least key >= limit), other than
  // `except`; kNowhere if there is none.
  Place LastFree(std::uint32_t queue, std::int32_t limit, Place except) const;
  Place FirstFree(std::uint32_t queue, std::int32_t limit, Place except) const;
  // Of the supplies with a mate and key <= limit, the one with the greatest reach.
  Place FurthestReach(std::uint32_t queue, std::int32_t limit) const;
  // Of the supplies with a mate and reach >= limit, the one with the least key.
  Place EarliestReaching(std::uint32_t queue, std::int32_t limit) const;
  // In no order that means anything.
  void ForEach(std::uint32_t queue, absl::FunctionRef<void(Place)> visit) const;
  void ForEach(absl::FunctionRef<void(Place)> visit) const;  // Every entry of every queue.

  // To be called some events ahead, in this order, so that an entry is in the cache when it is
  // needed. A guess may be wrong or out of date by the time it is used; no answer depends on it.
  void PrefetchIndex(std::uint64_t id) const { index_.Prefetch(id); }
  Place Guess(std::uint64_t id) const;
  void PrefetchEntry(Place guess) const;
  void PrefetchMate(Place guess) const;  // Where its mate's place is kept.
  Place GuessMate(Place guess) const;
  void PrefetchFree(std::uint32_t queue) const { PrefetchLine(&free_in_[queue]); }
  void PrefetchBlock(Place guess) const { PrefetchLine(&BlockOf(guess)); }
  // The same for what a new entry of the queue will read: four steps.
  void PrefetchQueue(std::uint32_t queue) const { PrefetchLine(&sides_[queue]); }
  void PrefetchRanges(std::uint32_t queue) const;
  void PrefetchBlock(std::uint32_t queue, std::int32_t key) const;
  void PrefetchHole(std::uint32_t queue, std::int32_t key) const;
  void PrefetchPairs(std::uint32_t queue, std::int32_t key) const;
  void PrefetchPairs(Place guess) const { PrefetchPairs(BlockOf(guess)); }

 private:
  static constexpr std::uint32_t kSlots = 128;  // Of a full block; a Place has 7 bits for the slot.
  static constexpr std::uint32_t kSlotBits = 7;
  static constexpr std::uint32_t kCapacityStep = 8;
  static constexpr std::uint32_t kMergeBelow = 32;  // Fuller blocks are left alone,
  static constexpr std::uint32_t kMergeUpTo = 96;   // and a merged one has room for more.
  static constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  static constexpr std::int32_t kGreatest = std::numeric_limits<std::int32_t>::max();
  static constexpr std::int32_t kHole = kGreatest;  // The key of a slot that holds no entry.
  static constexpr std::int32_t kNone = kLeast;     // `second` of an entry without a mate.

  struct Pair {
    std::int32_t key = kHole;
    std::int32_t second = kNone;  // A supply's reach; a need's mate.
  };
  // `capacity` slots of Pair, then identifiers of 8 bytes, then extras of 4: a supply's mate, a
  // need's weight.
  static constexpr std::size_t kSlotBytes = sizeof(Pair) + 8 + 4;
  struct Block {
    std::unique_ptr<std::byte[]> bytes{};
    std::uint32_t queue = 0;
    std::uint32_t position = 0;  // In the queue's directory.
    std::int32_t low = kLeast;   // The range of its keys.
    std::int32_t high = kGreatest;
    std::uint8_t capacity = 0;
    std::uint8_t used = 0;
    std::uint8_t free = 0;  // Entries without a mate.
    std::uint8_t hole = 0;  // A slot to look at first for a new entry.
    bool alone = true;      // The queue has no other block: then the directory's reach is not kept.
  };
  struct Range {
    std::int32_t low = kLeast;
    std::int32_t reach = kNone;  // The greatest of the block.
    std::uint32_t block = 0;
  };
  struct Side {
    std::vector<Range> ranges{};  // By low; the first one's is the least of all numbers.
  };
  static_assert(kSlots < 256);

  static Place PlaceAt(std::uint32_t block, std::uint32_t slot) {
    return (block << kSlotBits) | slot;
  }
  static std::uint32_t SlotOf(Place place) { return place & (kSlots - 1); }
  const Block& BlockOf(Place place) const { return blocks_[place >> kSlotBits]; }
  Block& BlockOf(Place place) { return blocks_[place >> kSlotBits]; }
  static Pair* Pairs(const Block& block) { return reinterpret_cast<Pair*>(block.bytes.get()); }
  static std::uint64_t* Ids(const Block& block) {
    return reinterpret_cast<std::uint64_t*>(block.bytes.get() + sizeof(Pair) * block.capacity);
  }
  static std::int32_t* Extras(const Block& block) {
    return reinterpret_cast<std::int32_t*>(block.bytes.get() + (sizeof(Pair) + 8) * block.capacity);
  }
  Pair& PairAt(Place place) const { return Pairs(BlockOf(place))[SlotOf(place)]; }
  std::int32_t& ExtraAt(Place place) const { return Extras(BlockOf(place))[SlotOf(place)]; }

  static std::size_t PositionOf(const Side& side, std::int32_t key);
  std::uint32_t NewBlock(std::uint32_t queue, std::size_t position, std::int32_t low);
  void DropBlock(std::uint32_t queue, std::size_t position);
  // Tells the blocks from `position` - 1 on their places and ranges.
  void Renumber(std::uint32_t queue, std::size_t position);
  static void Enlarge(Block& block, std::uint32_t capacity);
  void Split(std::uint32_t queue, std::size_t position, std::int32_t key, EntryStore& mates);
  void MergeAround(std::uint32_t queue, std::size_t position, EntryStore& mates);
  // Moves the entry at `from` into the block, which must have room; counts are the caller's.
  void MoveEntry(Place from, std::uint32_t to, EntryStore& mates);
  static void PrefetchPairs(const Block& block);
  static std::uint32_t HoleOf(const Block& block);
  void Recount(std::uint32_t block);
  Place WriteEntry(std::uint32_t block, const Entry& entry);
  Place PutIn(std::uint32_t queue, const Entry& entry, EntryStore& mates);  // All but the index.
  void TakeOut(Place place);  // All but the index and merging.
  Place Relocate(Place place, std::int32_t key, EntryStore& mates);
  void TellMate(Place mate, Place moved);  // The entry's own mate has moved.
  void NoteReach(const Block& block, std::int32_t before, std::int32_t now);
  Place LastFreeIn(std::uint32_t block, std::int32_t limit, Place except) const;
  Place FirstFreeIn(std::uint32_t block, std::int32_t limit, Place except) const;
  template <typename Out>
  Place LowestId(std::uint32_t block, const Out& out) const;
  Place FreeWithKey(std::uint32_t block, std::int32_t key, Place except) const;
  Place WithReach(std::uint32_t block, std::int32_t limit, std::int32_t reach) const;
  Place EarliestReachingIn(std::uint32_t block, std::int32_t limit) const;
  bool Before(Place a, Place b) const;  // By (key, id); kNowhere comes last.

  Role role_;
  IdIndex index_{};
  std::vector<Block> blocks_{};
  std::vector<std::uint32_t> spare_blocks_{};
  std::vector<Side> sides_;
  // By queue. Small enough to stay in the cache.
  std::vector<std::uint32_t> used_in_;
  std::vector<std::uint32_t> free_in_;   // Entries without a mate.
  std::vector<std::uint32_t> heavy_in_;  // Entries whose weight is not 1.
  std::int64_t used_ = 0;
  std::int64_t free_ = 0;
};

}  // namespace tandem::sequencing

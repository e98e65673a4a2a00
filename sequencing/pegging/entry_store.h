// The entries of one side of all queues, needs or supplies: millions of them, changed in place.
//
// An entry has a key (a need's due tick, a supply's ready tick) and a mate, the entry of the other
// side that it is pegged to. A supply also keeps its mate's key, its *reach*: so the most frequent
// event, another ETA of a part, touches nothing of the other side, and every chain that hands parts
// on is a walk over supplies alone. What is read together lies together: key and reach of a supply,
// key and mate of a need.
//
// A queue's entries lie in blocks of up to 8 chunks (128 slots), in no order inside of a block, so
// that a change writes one slot and a search runs over plain arrays. Blocks split the keys into
// ranges, closed at both ends (equal keys may lie in two). A queue of several blocks has a
// directory with the greatest reach of each. An update costs O(128) at most, a search O(128 +
// blocks of the queue). No answer depends on where an entry lies: ties go to the smaller key, then
// the lower identifier.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sequencing/pegging/chunk_store.h"
#include "sequencing/pegging/id_index.h"

namespace tandem::sequencing {

class EntryStore {
 public:
  enum class Role : bool { kNeeds, kSupplies };

  // What grows with the entries lies in `memory`, which must live as long as the store.
  EntryStore(std::size_t queues, Role role, std::pmr::memory_resource* memory)
      : role_(role), index_(memory), chunks_(memory), blocks_(memory), sides_(queues, memory) {}

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
  // Find, where the entry most likely still lies at `hint`, a place that it once had.
  Place Find(std::uint64_t id, Place hint) const {
    return this->id(hint) == id && key(hint) != kHole ? hint : Find(id);
  }
  std::uint64_t id(Place place) const { return ChunkAt(place).ids[ChunkStore::SlotOf(place)]; }
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
  std::uint32_t FreeIn(std::uint32_t queue) const { return sides_[queue].free; }
  // Whether all weights of the queue are 1.
  bool UnitWeights(std::uint32_t queue) const { return sides_[queue].heavy == 0; }

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
  // Entries without a mate; costs O(blocks of the queue) besides.
  void ForEachFree(std::uint32_t queue, absl::FunctionRef<void(Place)> visit) const;

  // To be called some events ahead, in this order, so that what an event reads is in the cache when
  // it is made. A guess may be wrong or out of date by the time it is used; no answer depends on
  // it.
  void PrefetchIndex(std::uint64_t id) const { index_.Prefetch(id); }
  Place Guess(std::uint64_t id) const { return index_.Guess(id); }
  void PrefetchEntry(Place guess) const;
  void PrefetchExtra(Place guess) const { PrefetchLine(&ExtraAt(guess)); }
  void PrefetchBlock(Place guess) const { PrefetchLine(&BlockOf(guess)); }
  Place GuessMate(Place guess) const { return HasMate(guess) ? mate(guess) : kNowhere; }
  void PrefetchQueue(std::uint32_t queue) const { PrefetchLine(&sides_[queue]); }
  void PrefetchFree(Place guess) const { PrefetchFree(BlockOf(guess)); }
  // The same for what a new entry of the queue will read, after PrefetchQueue.
  void PrefetchBlock(std::uint32_t queue, std::int32_t key) const;
  void PrefetchHole(std::uint32_t queue, std::int32_t key) const;
  void PrefetchFree(std::uint32_t queue, std::int32_t key) const;

 private:
  using Pair = ChunkStore::Pair;
  using Chunk = ChunkStore::Chunk;
  static constexpr std::uint32_t kChunks = 8;  // Of a full block.
  static constexpr std::uint32_t kSlots = kChunks * ChunkStore::kSlots;
  static constexpr std::uint32_t kMergeBelow = 32;  // Fuller blocks are left alone,
  static constexpr std::uint32_t kMergeUpTo = 96;   // and a merged one has room for more.
  static constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  static constexpr std::int32_t kGreatest = std::numeric_limits<std::int32_t>::max();
  static constexpr std::int32_t kHole = ChunkStore::kHole;
  static constexpr std::int32_t kNone = ChunkStore::kNone;
  static constexpr std::uint32_t kNoBlock = 0xffff'ffff;

  // One line of the cache.
  struct alignas(64) Block {
    std::array<std::uint32_t, kChunks> chunk_numbers{};
    std::array<std::uint16_t, kChunks> free{};  // A bit for each slot: an entry without a mate.
    std::uint32_t queue = 0;
    std::uint32_t position = 0;  // In the queue's directory.
    std::int32_t low = kLeast;   // Of its keys; no key is above the next block's.
    std::uint8_t hole = 0;       // A slot to look at first for a new entry.
    std::uint8_t chunks = 0;
    std::uint8_t used = 0;
    bool alone = true;  // The queue has no other block: then the directory's reach is not kept.
  };
  static_assert(sizeof(Block) == 64 && kSlots < 256 && ChunkStore::kSlots == 16);
  struct Range {
    std::int32_t low = kLeast;
    std::int32_t reach = kNone;  // The greatest of the block.
    std::uint32_t block = kNoBlock;
  };
  // Two of them are one line of the cache.
  struct alignas(32) Side {
    std::unique_ptr<std::vector<Range>> directory{};  // Only if there are several blocks.
    Range only{};                                     // Else the only block; kNoBlock: none.
    std::uint32_t used = 0;
    std::uint32_t free = 0;   // Entries without a mate.
    std::uint32_t heavy = 0;  // Entries whose weight is not 1.
  };
  static_assert(sizeof(Side) == 32);

  const Chunk& ChunkAt(Place place) const { return chunks_[ChunkStore::ChunkOf(place)]; }
  Chunk& ChunkAt(Place place) { return chunks_[ChunkStore::ChunkOf(place)]; }
  const Pair& PairAt(Place place) const { return ChunkAt(place).pairs[ChunkStore::SlotOf(place)]; }
  Pair& PairAt(Place place) { return ChunkAt(place).pairs[ChunkStore::SlotOf(place)]; }
  const std::int32_t& ExtraAt(Place place) const {
    return ChunkAt(place).extras[ChunkStore::SlotOf(place)];
  }
  std::int32_t& ExtraAt(Place place) { return ChunkAt(place).extras[ChunkStore::SlotOf(place)]; }
  std::uint32_t BlockNumber(Place place) const { return chunks_.Owner(ChunkStore::ChunkOf(place)); }
  const Block& BlockOf(Place place) const { return blocks_[BlockNumber(place)]; }
  Block& BlockOf(Place place) { return blocks_[BlockNumber(place)]; }
  static std::span<const std::uint32_t> ChunksOf(const Block& block) {
    return std::span(block.chunk_numbers).first(block.chunks);
  }
  // The block's `slot`-th place, counted through its chunks, and back.
  static Place PlaceIn(const Block& block, std::uint32_t slot) {
    return ChunkStore::PlaceAt(block.chunk_numbers[slot / ChunkStore::kSlots],
                               slot % ChunkStore::kSlots);
  }
  static std::uint32_t SlotIn(const Block& block, Place place) {
    std::uint32_t k = 0;
    while (block.chunk_numbers[k] != ChunkStore::ChunkOf(place)) ++k;
    return k * ChunkStore::kSlots + ChunkStore::SlotOf(place);
  }
  static void FlipFree(Block& block, std::uint32_t slot) {
    block.free[slot / ChunkStore::kSlots] ^=
        static_cast<std::uint16_t>(1U << (slot % ChunkStore::kSlots));
  }
  static bool AnyFree(const Block& block) { return block.free != decltype(block.free){}; }
  std::int32_t HighOf(const Block& block) const;  // The greatest key that it may hold.

  // By low; the first one's is the least of all numbers.
  static std::span<const Range> RangesOf(const Side& side);
  static std::span<Range> RangesOf(Side& side);
  static std::size_t PositionOf(std::span<const Range> ranges, std::int32_t key);
  std::uint32_t NewBlock(std::uint32_t queue, std::size_t position, std::int32_t low);
  void DropBlock(std::uint32_t queue, std::size_t position);
  // Tells the blocks from `position` - 1 on their places and ranges.
  void Renumber(std::uint32_t queue, std::size_t position);
  void AddChunk(std::uint32_t block);
  void Split(std::uint32_t queue, std::size_t position, std::int32_t key, EntryStore& mates);
  void MergeAround(std::uint32_t queue, std::size_t position, EntryStore& mates);
  // Moves the entry at `from` into the block; counts are the caller's.
  void MoveEntry(Place from, std::uint32_t to, EntryStore& mates);
  void PrefetchFree(const Block& block) const;
  // A slot without an entry; the block must have one.
  std::uint32_t HoleOf(const Block& block) const;
  // The slot after one that was filled is most often the next hole.
  static void SetHoleAfter(Block& block, std::uint32_t filled) {
    const bool last = filled + 1 == block.chunks * ChunkStore::kSlots;
    block.hole = static_cast<std::uint8_t>(last ? filled : filled + 1);
  }
  void Recount(std::uint32_t block);
  Place WriteEntry(std::uint32_t block, const Entry& entry);
  Place PutIn(std::uint32_t queue, const Entry& entry, EntryStore& mates);  // All but the index.
  void TakeOut(Place place);  // All but the index and merging.
  Place Relocate(Place place, std::int32_t key, EntryStore& mates);
  void TellMate(Place mate, Place moved);  // The entry's own mate has moved.
  void NoteReach(const Block& block, std::int32_t before, std::int32_t now);
  std::int32_t GreatestReach(const Block& block) const;
  template <typename Visit>
  void ForEachFour(const Block& block, const Visit& visit) const;  // Slots of a block.
  // Of all entries of a block that are not `out`, the least key (kGreatest if there is none), and
  // the place with the lowest identifier (kNowhere).
  template <typename Out>
  std::int32_t LeastKey(const Block& block, const Out& out) const;
  template <typename Out>
  Place LowestId(const Block& block, const Out& out) const;
  template <typename Visit>
  void ForEachFree(const Block& block, const Visit& visit) const;  // Entries without a mate.
  // Whether `a` is to be taken before `b` by LastFree: the greater key, then the lower identifier.
  bool Later(Place a, Place b) const;
  Place LastFreeIn(std::uint32_t block, std::int32_t limit, Place except) const;
  Place FirstFreeIn(std::uint32_t block, std::int32_t limit, Place except) const;
  Place WithReach(std::uint32_t block, std::int32_t limit, std::int32_t reach) const;
  Place EarliestReachingIn(std::uint32_t block, std::int32_t limit) const;
  bool Before(Place a, Place b) const;  // By (key, id); kNowhere comes last.

  Role role_;
  IdIndex index_;
  ChunkStore chunks_;
  std::pmr::vector<Block> blocks_;
  std::vector<std::uint32_t> spare_blocks_{};
  std::pmr::vector<Side> sides_;  // By queue.
  std::int64_t used_ = 0;
  std::int64_t free_ = 0;
};

}  // namespace tandem::sequencing

// The memory of one side's entries: chunks of 16 slots in large slabs, each chunk five whole lines
// of the cache. A slot's number, its Place, is all that is needed to reach it, and it holds until
// the entry is moved: no chunk ever moves to another number.
//
// A slab is 10 MiB (five huge pages); the first one grows up to that, so that a small book stays
// small. Slabs come from the memory resource that the owner of the book handed in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <vector>

namespace tandem::sequencing {

// The number of an entry's slot: its chunk's number and the slot in it.
using Place = std::uint32_t;
inline constexpr Place kNowhere = 0xffff'ffff;

// Asks for a line of memory. GCC 12 takes a function that does nothing else for one without any
// effect and drops its calls; the empty instruction keeps them.
inline void PrefetchLine(const void* at) {
  __builtin_prefetch(at);
  asm volatile("");
}

class ChunkStore {
 public:
  static constexpr std::uint32_t kSlots = 16;  // Of a chunk.
  static constexpr std::uint32_t kSlotBits = 4;
  static constexpr std::int32_t kHole = std::numeric_limits<std::int32_t>::max();
  static constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::min();

  struct Pair {
    std::int32_t key = kHole;     // kHole: the slot holds no entry.
    std::int32_t second = kNone;  // A supply's reach, a need's mate; kNone: it has no mate.
  };
  // What a search reads comes first, so that it reads no more.
  struct alignas(64) Chunk {
    std::array<Pair, kSlots> pairs{};
    std::array<std::uint64_t, kSlots> ids{};
    std::array<std::int32_t, kSlots> extras{};  // A supply's mate, a need's weight.
  };
  static_assert(sizeof(Chunk) == 320);

  explicit ChunkStore(std::pmr::memory_resource* memory) : memory_(memory), owners_(memory) {}

  static Place PlaceAt(std::uint32_t chunk, std::uint32_t slot) {
    return (chunk << kSlotBits) | slot;
  }
  static std::uint32_t ChunkOf(Place place) { return place >> kSlotBits; }
  static std::uint32_t SlotOf(Place place) { return place & (kSlots - 1); }

  // A chunk for `owner`, all its slots holes. References to other chunks end.
  std::uint32_t Take(std::uint32_t owner);
  // All its slots must be holes.
  void Return(std::uint32_t chunk) { spare_.push_back(chunk); }

  Chunk& operator[](std::uint32_t chunk) { return slabs_[chunk >> kSlabBits][chunk & kSlabMask]; }
  const Chunk& operator[](std::uint32_t chunk) const {
    return slabs_[chunk >> kSlabBits][chunk & kSlabMask];
  }
  std::uint32_t Owner(std::uint32_t chunk) const { return owners_[chunk]; }
  void PrefetchOwner(std::uint32_t chunk) const { PrefetchLine(&owners_[chunk]); }

 private:
  static constexpr std::uint32_t kSlabBits = 15;
  static constexpr std::uint32_t kSlabMask = (1U << kSlabBits) - 1;

  std::pmr::memory_resource* memory_;
  std::vector<std::pmr::vector<Chunk>> slabs_{};  // All but the last one are full.
  std::pmr::vector<std::uint32_t> owners_;        // By chunk.
  std::vector<std::uint32_t> spare_{};
};

}  // namespace tandem::sequencing

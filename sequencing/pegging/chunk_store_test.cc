// Goal: a place holds whatever is taken after it, over the growth of a slab and beyond it; memory
// comes from the resource that was handed in, in few pieces, and all of it goes back.
#include "sequencing/pegging/chunk_store.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

class CountingMemory : public std::pmr::memory_resource {
 public:
  std::int64_t bytes() const { return bytes_; }
  int pieces() const { return pieces_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    bytes_ += static_cast<std::int64_t>(bytes);
    ++pieces_;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    bytes_ -= static_cast<std::int64_t>(bytes);
    --pieces_;
    std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::int64_t bytes_ = 0;
  int pieces_ = 0;
};

TEST(ChunkStoreTest, PlacesHoldOverTheGrowthOfSlabs) {
  CountingMemory memory;
  {
    ChunkStore chunks(&memory);
    constexpr std::uint32_t kCount = 70'000;  // Two whole slabs of 32,768, and some.
    for (std::uint32_t k = 0; k < kCount; ++k) {
      ASSERT_EQ(chunks.Take(3 * k), k);
      for (const ChunkStore::Pair& pair : chunks[k].pairs) {
        ASSERT_EQ(pair.key, ChunkStore::kHole);
        ASSERT_EQ(pair.second, ChunkStore::kNone);
      }
      chunks[k].ids[k % ChunkStore::kSlots] = k + 7;
    }
    for (std::uint32_t k = 0; k < kCount; ++k) {
      ASSERT_EQ(chunks.Owner(k), 3 * k);
      ASSERT_EQ(chunks[k].ids[k % ChunkStore::kSlots], k + 7);
    }
    EXPECT_EQ(memory.pieces(), 4);  // Three slabs and the owners.
    chunks.Return(5);
    EXPECT_EQ(chunks.Take(9), 5U);
    EXPECT_EQ(chunks.Owner(5), 9U);
  }
  EXPECT_EQ(memory.bytes(), 0);
}

TEST(ChunkStoreTest, ABookTakesFewPiecesAndGivesThemBack) {
  CountingMemory memory;
  {
    PegBook book = PegBook::Create({}, &memory).value();
    EXPECT_LT(memory.bytes(), 1'000);  // A small book is small.
    PegOutcome outcome;
    for (std::uint64_t k = 0; k < 20'000; ++k) {
      const auto tick = static_cast<std::int32_t>(k);
      const Event events[] = {
          {.kind = EventKind::kSupplyAdded, .supply = SupplyId{k}, .tick = tick},
          {.kind = EventKind::kNeedAdded, .need = NeedId{k}, .tick = tick}};
      book.ApplyEach(events, outcome);
    }
    EXPECT_LT(memory.bytes(), 20'000 * 100);
    EXPECT_LT(memory.pieces(), 20);
    const PegBook moved = std::move(book);
    EXPECT_EQ(moved.PegOf(NeedId{123}), SupplyId{123});
  }
  EXPECT_EQ(memory.bytes(), 0);
}

}  // namespace
}  // namespace tandem::sequencing

// From an identifier to where its entry lies: an open hash table of 32-bit places in buckets of one
// cache line. It holds no identifiers, only a byte of each one's hash; the owner of the entries
// compares. Nothing ever runs through it in its own order.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <utility>
#include <vector>

#include "sequencing/pegging/chunk_store.h"

namespace tandem::sequencing {

class IdIndex {
 public:
  explicit IdIndex(std::pmr::memory_resource* memory) : buckets_(1, memory) {}

  // The place for which `is(place)` holds among those put under `id`; kNowhere if there is none.
  template <typename Is>
  Place Find(std::uint64_t id, const Is& is) const {
    const std::uint64_t hash = HashOf(id);
    const std::uint8_t tag = TagOf(hash);
    for (std::size_t at = BucketOf(hash);; at = Next(at)) {
      const Bucket& bucket = buckets_[at];
      for (std::uint32_t hits = Matches(bucket, tag); hits != 0; hits &= hits - 1) {
        const Place place = bucket.places[static_cast<std::size_t>(std::countr_zero(hits))];
        if (is(place)) return place;
      }
      if (bucket.passed == 0) return kNowhere;
    }
  }

  // Puts an identifier that is not there. `id_at(place)` names an entry's identifier, for growing.
  template <typename IdAt>
  void Put(std::uint64_t id, Place place, const IdAt& id_at) {
    if ((size_ + 1) * kLoadParts > buckets_.size() * kWidth * kLoadOf) Grow(id_at);
    ++size_;
    PutIn(buckets_, HashOf(id), place);
  }

  // The entry of `id` at `from` lies at `to` now. It must be there.
  void Move(std::uint64_t id, Place from, Place to);
  // Forgets `id` at `place`. It must be there.
  void Erase(std::uint64_t id, Place place);

  void Prefetch(std::uint64_t id) const { PrefetchLine(&buckets_[BucketOf(HashOf(id))]); }
  // A place that may be that of `id` (its tag is equal); kNowhere if none is in its first bucket.
  Place Guess(std::uint64_t id) const;

 private:
  static constexpr std::size_t kWidth = 12;
  static constexpr std::size_t kLoadOf = 3;  // Filled to at most 3/4: few entries are passed on.
  static constexpr std::size_t kLoadParts = 4;

  struct alignas(64) Bucket {
    std::array<std::uint8_t, kWidth> tags{};  // 0: no entry.
    std::uint32_t passed = 0;  // Entries that found this bucket full and lie in a later one.
    std::array<Place, kWidth> places{};
  };

  // Bit k is set iff tag k of the bucket is `tag`: a byte of the differences is zero iff adding
  // 0x7f to its low bits carries nothing into its high one and that is not set either.
  static std::uint32_t Matches(const Bucket& bucket, std::uint8_t tag) {
    constexpr std::uint64_t kLow = 0x7f7f'7f7f'7f7f'7f7f;
    constexpr std::uint64_t kEach = 0x0101'0101'0101'0101;
    constexpr std::uint64_t kGather = 0x0102'0408'1020'4080;  // The high bits into the top byte.
    const auto in_word = [&](std::uint64_t tags) {
      const std::uint64_t differs = tags ^ (kEach * tag);
      const std::uint64_t zero = ~(((differs & kLow) + kLow) | differs | kLow);
      return static_cast<std::uint32_t>(((zero >> 7) * kGather) >> 56);
    };
    std::uint64_t first = 0;
    std::uint32_t rest = 0;
    std::memcpy(&first, bucket.tags.data(), 8);
    std::memcpy(&rest, bucket.tags.data() + 8, 4);
    const std::uint32_t matches = in_word(first) | (in_word(rest) << 8);
    return matches & ((1U << kWidth) - 1);
  }

  // The finalizer of Vigna's splitmix64.
  static std::uint64_t HashOf(std::uint64_t id) {
    id += 0x9e37'79b9'7f4a'7c15;
    id = (id ^ (id >> 30)) * 0xbf58'476d'1ce4'e5b9;
    id = (id ^ (id >> 27)) * 0x94d0'49bb'1331'11eb;
    return id ^ (id >> 31);
  }
  static std::uint8_t TagOf(std::uint64_t hash) {
    return static_cast<std::uint8_t>(hash % 255 + 1);
  }
  static std::size_t BucketIn(std::uint64_t hash, std::size_t buckets) {
    return static_cast<std::size_t>(((hash >> 32) * buckets) >> 32);
  }
  std::size_t BucketOf(std::uint64_t hash) const { return BucketIn(hash, buckets_.size()); }
  std::size_t Next(std::size_t at) const { return at + 1 == buckets_.size() ? 0 : at + 1; }
  static void PutIn(std::pmr::vector<Bucket>& buckets, std::uint64_t hash, Place place);
  // Bucket and slot of `id` at `place`, which must be there.
  std::pair<std::size_t, std::size_t> Locate(std::uint64_t hash, Place place) const;

  template <typename IdAt>
  void Grow(const IdAt& id_at) {
    std::pmr::vector<Bucket> larger(buckets_.size() + buckets_.size() / 4 + 1,
                                    buckets_.get_allocator());
    for (const Bucket& bucket : buckets_) {
      for (std::size_t k = 0; k < kWidth; ++k) {
        if (bucket.tags[k] != 0) PutIn(larger, HashOf(id_at(bucket.places[k])), bucket.places[k]);
      }
    }
    buckets_ = std::move(larger);
  }

  std::pmr::vector<Bucket> buckets_;
  std::size_t size_ = 0;
};

}  // namespace tandem::sequencing

#include "sequencing/pegging/id_index.h"

#include <utility>

namespace tandem::sequencing {

void IdIndex::PutIn(std::pmr::vector<Bucket>& buckets, std::uint64_t hash, Place place) {
  for (std::size_t at = BucketIn(hash, buckets.size());;
       at = at + 1 == buckets.size() ? 0 : at + 1) {
    Bucket& bucket = buckets[at];
    if (const std::uint32_t open = Matches(bucket, 0); open != 0) {
      const auto k = static_cast<std::size_t>(std::countr_zero(open));
      bucket.tags[k] = TagOf(hash);
      bucket.places[k] = place;
      return;
    }
    ++bucket.passed;
  }
}

std::pair<std::size_t, std::size_t> IdIndex::Locate(std::uint64_t hash, Place place) const {
  const std::uint8_t tag = TagOf(hash);
  for (std::size_t at = BucketOf(hash);; at = Next(at)) {
    const Bucket& bucket = buckets_[at];
    for (std::uint32_t hits = Matches(bucket, tag); hits != 0; hits &= hits - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(hits));
      if (bucket.places[k] == place) return {at, k};
    }
  }
}

void IdIndex::Move(std::uint64_t id, Place from, Place to) {
  const auto [at, k] = Locate(HashOf(id), from);
  buckets_[at].places[k] = to;
}

void IdIndex::Erase(std::uint64_t id, Place place) {
  const std::uint64_t hash = HashOf(id);
  const auto [at, k] = Locate(hash, place);
  buckets_[at].tags[k] = 0;
  for (std::size_t passed = BucketOf(hash); passed != at; passed = Next(passed)) {
    --buckets_[passed].passed;
  }
  --size_;
}

Place IdIndex::Guess(std::uint64_t id) const {
  const std::uint64_t hash = HashOf(id);
  const std::uint8_t tag = TagOf(hash);
  const Bucket& bucket = buckets_[BucketOf(hash)];
  const std::uint32_t hits = Matches(bucket, tag);
  return hits == 0 ? kNowhere : bucket.places[static_cast<std::size_t>(std::countr_zero(hits))];
}

}  // namespace tandem::sequencing

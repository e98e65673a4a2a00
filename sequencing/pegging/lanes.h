// Four pairs of an EntryStore at once, by the vector types of GCC and Clang: their optimizers do
// not find these loops by themselves. No instruction beyond the target's base set is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sequencing/pegging/chunk_store.h"

namespace tandem::sequencing {

using Lanes = std::int32_t __attribute__((vector_size(16)));
inline constexpr std::size_t kLanes = 4;

inline Lanes LanesOf(std::int32_t value) { return Lanes{value, value, value, value}; }
inline Lanes LanesFrom(std::int32_t first) { return Lanes{first, first + 1, first + 2, first + 3}; }

// `value` where `out` is 0, `other` where it is -1: what a comparison of lanes gives.
inline Lanes Pick(Lanes value, Lanes out, Lanes other) { return (value & ~out) | (other & out); }
inline Lanes Greater(Lanes a, Lanes b) { return Pick(b, a > b, a); }
inline Lanes Less(Lanes a, Lanes b) { return Pick(b, a < b, a); }

inline std::int32_t GreatestOf(Lanes lanes) {
  const std::int32_t a = lanes[0] > lanes[1] ? lanes[0] : lanes[1];
  const std::int32_t b = lanes[2] > lanes[3] ? lanes[2] : lanes[3];
  return a > b ? a : b;
}
inline std::int32_t LeastOf(Lanes lanes) {
  const std::int32_t a = lanes[0] < lanes[1] ? lanes[0] : lanes[1];
  const std::int32_t b = lanes[2] < lanes[3] ? lanes[2] : lanes[3];
  return a < b ? a : b;
}
inline std::int32_t SumOf(Lanes lanes) { return lanes[0] + lanes[1] + lanes[2] + lanes[3]; }

struct FourPairs {
  explicit FourPairs(const ChunkStore::Pair* first) {
    Lanes low;
    Lanes high;
    std::memcpy(&low, first, sizeof low);
    std::memcpy(&high, first + 2, sizeof high);
    keys = __builtin_shufflevector(low, high, 0, 2, 4, 6);
    seconds = __builtin_shufflevector(low, high, 1, 3, 5, 7);
  }

  Lanes keys;
  Lanes seconds;
};

}  // namespace tandem::sequencing

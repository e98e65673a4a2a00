// Bits of windows and positions, in words of a plane. Internal to WindowCounts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace tandem::sequencing {

// Writes the low `size` bits of `word` at bit `from`; 0 < size <= 63.
inline void Store(std::uint64_t* plane, int from, int size, std::uint64_t bits) {
  std::uint64_t* word = plane + (from >> 6);
  const int shift = from & 63;
  const std::uint64_t mask = (std::uint64_t{1} << size) - 1;
  word[0] = (word[0] & ~(mask << shift)) | (bits & mask) << shift;
  if (shift + size > 64) {
    const int done = 64 - shift;
    word[1] = (word[1] & ~(mask >> done)) | (bits & mask) >> done;
  }
}

// The low `size` bits the other way round; 0 < size.
inline std::uint64_t Reversed(std::uint64_t bits, int size) {
  bits = (bits >> 1 & 0x5555555555555555) | (bits & 0x5555555555555555) << 1;
  bits = (bits >> 2 & 0x3333333333333333) | (bits & 0x3333333333333333) << 2;
  bits = (bits >> 4 & 0x0f0f0f0f0f0f0f0f) | (bits & 0x0f0f0f0f0f0f0f0f) << 4;
  return __builtin_bswap64(bits) >> (64 - size);
}

// Bit t: whether an odd number of the bits up to t, itself included, are set.
inline std::uint64_t ParityUpTo(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// What the first t + 1 of some positions gain, as bits: 1, or -1, or else 0.
struct Gains {
  std::uint64_t more = 0;
  std::uint64_t fewer = 0;
  bool single = true;  // None gains or loses two; the bits are right only then.
};

inline Gains GainsOf(std::uint64_t before, std::uint64_t after, std::uint64_t mask) {
  const std::uint64_t gains = after & ~before;
  const std::uint64_t losses = before & ~after;
  const std::uint64_t apart = ParityUpTo(gains | losses) & mask;
  // A carry runs through each run that a gain begins, to the bit behind it.
  const std::uint64_t carried = apart + (apart & gains);
  const std::uint64_t ends = ~apart & carried;
  const std::uint64_t wrong = (ends & gains) | (~apart & ~ends & losses & mask);
  return {.more = apart & ~carried, .fewer = apart & carried, .single = wrong == 0};
}

// The bits of word `word` of a plane that lie in from to from + size - 1; at least one does.
inline std::uint64_t Within(int word, int from, int size) {
  const int begin = std::max(from - 64 * word, 0);
  const int end = std::min(from + size - 64 * word, 64);
  return ~std::uint64_t{0} << begin & ~std::uint64_t{0} >> (64 - end);
}

inline void Blend(std::uint64_t& word, std::uint64_t bits, std::uint64_t mask) {
  word = (word & ~mask) | (bits & mask);
}

// Bits from + 1 to from + size go to from to from + size - 1.
inline void ShiftDown(std::uint64_t* plane, int from, int size) {
  for (int word = from >> 6; word <= (from + size - 1) >> 6; ++word) {
    Blend(plane[word], plane[word] >> 1 | plane[word + 1] << 63, Within(word, from, size));
  }
}

// Bits from - 1 to from + size - 2 go to from to from + size - 1.
inline void ShiftUp(std::uint64_t* plane, int from, int size) {
  for (int word = (from + size - 1) >> 6; word >= from >> 6; --word) {
    const std::uint64_t low = word > 0 ? plane[word - 1] >> 63 : 0;
    Blend(plane[word], plane[word] << 1 | low, Within(word, from, size));
  }
}

// Turns `size` bits round, word by word out of a copy in `scratch`, as long as the plane.
inline void Mirror(std::uint64_t* plane, int from, int size, std::uint64_t* scratch) {
  if (size < 2) return;
  const int last = (from + size - 1) >> 6;
  std::copy(plane + (from >> 6), plane + last + 2, scratch + (from >> 6));
  for (int word = from >> 6; word <= last; ++word) {
    const int begin = std::max(64 * word, from);
    const int end = std::min(64 * word + 64, from + size);
    const int source = 2 * from + size - end;
    const std::uint64_t* at = scratch + (source >> 6);
    const std::uint64_t bits = at[0] >> (source & 63) | at[1] << 1 << (~source & 63);
    Blend(plane[word], Reversed(bits, end - begin) << (begin & 63), Within(word, from, size));
  }
}

}  // namespace tandem::sequencing

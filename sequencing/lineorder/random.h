// The generator of a search: the same numbers for the same seed on every machine. Internal.
// Reference: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014
// (SplitMix64).
#pragma once

#include <cstdint>

namespace tandem::sequencing {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // 0 to bound - 1; 0 < bound < 2^31.
  int Below(int bound) { return Scale(Next() >> 32, bound); }
  // The same from 32 random bits.
  static int Scale(std::uint64_t bits, int bound) {
    return static_cast<int>((bits * static_cast<std::uint64_t>(bound)) >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace tandem::sequencing

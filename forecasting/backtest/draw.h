// Numbers that look random and are always the same, for what must not depend on order or threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tandem::forecasting {

// In [0, 1), by the finalizer of MurmurHash3 (Appleby 2011) of three numbers.
inline double DrawOf(std::size_t a, std::size_t b, std::size_t c) {
  std::uint64_t x = a * 0x9e3779b97f4a7c15 + b * 0xc2b2ae3d27d4eb4f + c + 1;
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  x ^= x >> 33;
  return static_cast<double>(x >> 11) * 0x1p-53;
}

}  // namespace tandem::forecasting

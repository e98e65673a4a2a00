// Random input for tests, reproducible: the seed is fresh in every run, printed, and taken from the
// environment variable TANDEM_TEST_SEED where that is set.
//
//   Random random;  // Prints "TANDEM_TEST_SEED=1234", which ctest shows for a failed test.
//   const std::string key = random.Bytes(random.Below(20));
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace tandem::testing {

// Not for several threads at once: give each its own, made from a number of the first.
class Random {
 public:
  Random() : Random(FreshSeed()) {
    std::printf("TANDEM_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    std::fflush(stdout);
  }
  explicit Random(std::uint64_t seed) : seed_(seed), engine_(seed) {}

  std::uint64_t seed() const { return seed_; }
  // Any 64 bits.
  std::uint64_t Next() { return engine_(); }
  // 0 <= result < limit; the limit must not be 0.
  std::uint64_t Below(std::uint64_t limit) { return engine_() % limit; }
  // first <= result <= last.
  std::int64_t Between(std::int64_t first, std::int64_t last) {
    return std::uniform_int_distribution<std::int64_t>(first, last)(engine_);
  }
  // True once in `n` times.
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }
  // 64 bits of a random width, so that small numbers and edges come often.
  std::uint64_t Wide() { return engine_() >> Below(64); }
  // `size` bytes; every other one is 0x00, 0x01 or 0xff, where encodings have their edges.
  std::string Bytes(std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
      constexpr char kEdges[] = {'\0', '\x01', '\xff'};
      bytes.push_back(OneIn(2) ? kEdges[Below(3)] : static_cast<char>(Next()));
    }
    return bytes;
  }

 private:
  static std::uint64_t FreshSeed() {
    const char* text = std::getenv("TANDEM_TEST_SEED");
    if (text != nullptr) return std::strtoull(text, nullptr, 10);
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace tandem::testing

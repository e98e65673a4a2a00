// SHA-256 where the parties compare digests, and identifiers that are the same on every replay.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tandem::sequencing {

// SHA-256 of `text`, as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view text);

// SHA-256 of the numbers in decimal, joined by commas, in the order given; as Sha256Hex.
std::string NumbersDigest(std::span<const std::int64_t> numbers);

// What a message was: its key for an effect that happens exactly once.
struct CauseKey {
  std::string_view stream{};
  std::int64_t epoch = 0;
  std::int64_t number = 0;  // Unwrapped.
  std::int64_t version = 0;
};

// The identifier of the `index`-th output that a message caused: 32 hexadecimal digits, the same
// whenever it is made again, so that receivers know a repeat.
std::string OutputId(const CauseKey& cause, std::int64_t index);

}  // namespace tandem::sequencing

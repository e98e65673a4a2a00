// What every fuzz target has: its input in parts, and a check that stops it. A target is one .cc
// with LLVMFuzzerTestOneInput; libFuzzer calls it under the preset `fuzz`, replay.cc in every other
// build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tandem::fuzz {

// The fuzzer's bytes, taken from the front. Past the end every part is zero or "".
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t Byte() {
    const std::string_view byte = Part(1);
    return byte.empty() ? 0 : static_cast<std::uint8_t>(byte[0]);
  }
  // Two bytes, little-endian.
  std::uint16_t Short() {
    const unsigned low = Byte();
    return static_cast<std::uint16_t>(low | static_cast<unsigned>(Byte()) << 8);
  }
  // A part with its length before it, in two bytes; less at the end.
  std::string_view Sized() { return Part(Short()); }
  std::string_view Part(std::size_t size) {
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(part.size());
    return part;
  }
  std::string_view Rest() { return Part(rest_.size()); }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Stops with what did not hold: a finding.
inline void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Whether a status or value is this value.
template <typename StatusOr, typename Value>
bool Is(const StatusOr& result, const Value& value) {
  return result.ok() && *result == value;
}

}  // namespace tandem::fuzz

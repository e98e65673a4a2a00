// Keys and stored values as bytes. A key is written so that comparing bytes compares the parts:
// big-endian integers, and strings ended by 0x00 0x01 (a 0x00 inside becomes 0x00 0xff). Values are
// little-endian integers, varints (LEB128, as Protocol Buffers) and sized strings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem::base {

// Builds a key or a value; the methods append and may be chained. What is short, as keys and rows
// are, is built without an allocation.
class ByteWriter {
 public:
  ByteWriter& Byte(std::uint8_t value) {
    const char byte = static_cast<char>(value);
    return Raw({&byte, 1});
  }
  ByteWriter& BigEndian16(std::uint16_t value) { return Big(value, 2); }
  ByteWriter& BigEndian32(std::uint32_t value) { return Big(value, 4); }
  ByteWriter& BigEndian64(std::uint64_t value) { return Big(value, 8); }
  ByteWriter& LittleEndian32(std::uint32_t value) { return Little(value, 4); }
  ByteWriter& LittleEndian64(std::uint64_t value) { return Little(value, 8); }
  ByteWriter& Varint(std::uint64_t value);
  // A signed number as a zigzag varint.
  ByteWriter& Signed(std::int64_t value);
  // A string that sorts before every longer one with the same start (for keys).
  ByteWriter& KeyString(std::string_view text);
  // Length as a varint, then the bytes (for values).
  ByteWriter& Sized(std::string_view bytes) { return Varint(bytes.size()).Raw(bytes); }
  ByteWriter& Raw(std::string_view bytes) {
    if (size_ + bytes.size() > kShortBytes) return RawLong(bytes);
    std::copy(bytes.begin(), bytes.end(), short_ + size_);
    size_ += bytes.size();
    return *this;
  }
  // Everything so far; until the next call.
  std::string_view bytes() const { return long_.empty() ? std::string_view{short_, size_} : long_; }
  // The bytes, moved out; the writer is empty then.
  std::string Take();

 private:
  static constexpr std::size_t kShortBytes = 240;

  ByteWriter& RawLong(std::string_view bytes);
  ByteWriter& Big(std::uint64_t value, std::size_t size);
  ByteWriter& Little(std::uint64_t value, std::size_t size);

  std::size_t size_ = 0;     // Of what is in `short_`; beyond what fits once `long_` holds it all.
  char short_[kShortBytes];  // NOLINT(modernize-avoid-c-arrays): left uninitialized on purpose.
  std::string long_;
};

// Reads what ByteWriter wrote, and nothing else: a varint longer than it need be is malformed, so
// equal values have equal bytes. After any read past the end or of a malformed part, ok() is false
// and every read returns zero or "": check ok() once, at the end. The bytes must outlive the reader
// and every view it returned.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t Byte();
  std::uint16_t BigEndian16();
  std::uint32_t BigEndian32();
  std::uint64_t BigEndian64();
  std::uint32_t LittleEndian32();
  std::uint64_t LittleEndian64();
  std::uint64_t Varint();
  std::int64_t Signed();
  std::string KeyString();
  std::string_view Sized();
  std::string_view Raw(std::size_t size);
  // All that is left.
  std::string_view Rest();
  bool ok() const { return ok_; }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// The smallest key after every key that starts with `prefix`; "" if there is none (all 0xff), which
// Scan takes as "to the end".
std::string PrefixEnd(std::string_view prefix);

// A hash that never changes: FNV-1a of 64 bits, finished by MurmurHash3's mixer. It picks the slot
// of a key, so it is stored: never change it. Not for untrusted hash tables.
std::uint64_t StableHash(std::string_view bytes);

}  // namespace tandem::base

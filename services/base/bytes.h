// Keys and stored values as bytes. A key is written so that comparing bytes compares the parts:
// big-endian integers, and strings ended by 0x00 0x01 (a 0x00 inside becomes 0x00 0xff). Values are
// little-endian integers, varints (LEB128, as Protocol Buffers) and sized strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::base {

// Builds a key or a value; the methods append and may be chained.
class ByteWriter {
 public:
  ByteWriter& Byte(std::uint8_t value);
  ByteWriter& BigEndian16(std::uint16_t value);
  ByteWriter& BigEndian32(std::uint32_t value);
  ByteWriter& BigEndian64(std::uint64_t value);
  ByteWriter& LittleEndian32(std::uint32_t value);
  ByteWriter& LittleEndian64(std::uint64_t value);
  ByteWriter& Varint(std::uint64_t value);
  // A signed number as a zigzag varint.
  ByteWriter& Signed(std::int64_t value);
  // A string that sorts before every longer one with the same start (for keys).
  ByteWriter& KeyString(std::string_view text);
  // Length as a varint, then the bytes (for values).
  ByteWriter& Sized(std::string_view bytes);
  ByteWriter& Raw(std::string_view bytes);
  const std::string& bytes() const { return bytes_; }
  // The bytes, moved out; the writer is empty then.
  std::string Take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
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

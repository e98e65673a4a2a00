#include "services/base/bytes.h"

#include <utility>

namespace tandem::base {
namespace {

void AppendBig(std::string& out, std::uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

void AppendLittle(std::string& out, std::uint64_t value, int size) {
  for (int shift = 0; shift < 8 * size; shift += 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

std::uint64_t Big(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::uint64_t Little(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return value;
}

}  // namespace

ByteWriter& ByteWriter::Byte(std::uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

ByteWriter& ByteWriter::BigEndian16(std::uint16_t value) {
  AppendBig(bytes_, value, 2);
  return *this;
}

ByteWriter& ByteWriter::BigEndian32(std::uint32_t value) {
  AppendBig(bytes_, value, 4);
  return *this;
}

ByteWriter& ByteWriter::BigEndian64(std::uint64_t value) {
  AppendBig(bytes_, value, 8);
  return *this;
}

ByteWriter& ByteWriter::LittleEndian32(std::uint32_t value) {
  AppendLittle(bytes_, value, 4);
  return *this;
}

ByteWriter& ByteWriter::LittleEndian64(std::uint64_t value) {
  AppendLittle(bytes_, value, 8);
  return *this;
}

ByteWriter& ByteWriter::Varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

ByteWriter& ByteWriter::Signed(std::int64_t value) {
  return Varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

ByteWriter& ByteWriter::KeyString(std::string_view text) {
  for (const char c : text) {
    bytes_.push_back(c);
    if (c == '\0') bytes_.push_back('\xff');
  }
  bytes_.push_back('\0');
  bytes_.push_back('\x01');
  return *this;
}

ByteWriter& ByteWriter::Sized(std::string_view bytes) {
  Varint(bytes.size());
  bytes_.append(bytes);
  return *this;
}

ByteWriter& ByteWriter::Raw(std::string_view bytes) {
  bytes_.append(bytes);
  return *this;
}

std::string_view ByteReader::Raw(std::size_t size) {
  if (!ok_ || rest_.size() < size) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view part = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return part;
}

std::uint8_t ByteReader::Byte() { return static_cast<std::uint8_t>(Big(Raw(1))); }
std::uint16_t ByteReader::BigEndian16() { return static_cast<std::uint16_t>(Big(Raw(2))); }
std::uint32_t ByteReader::BigEndian32() { return static_cast<std::uint32_t>(Big(Raw(4))); }
std::uint64_t ByteReader::BigEndian64() { return Big(Raw(8)); }
std::uint32_t ByteReader::LittleEndian32() { return static_cast<std::uint32_t>(Little(Raw(4))); }
std::uint64_t ByteReader::LittleEndian64() { return Little(Raw(8)); }

std::uint64_t ByteReader::Varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint64_t part = Byte();
    // The tenth byte holds one bit: more would be lost. A zero at the end is a longer form.
    if (!ok_ || (shift == 63 && part > 1) || (shift > 0 && part == 0)) break;
    value |= (part & 0x7f) << shift;
    if ((part & 0x80) == 0) return value;
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

std::int64_t ByteReader::Signed() {
  const std::uint64_t raw = Varint();
  return static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
}

std::string ByteReader::KeyString() {
  std::string text;
  while (ok_ && !rest_.empty()) {
    const char c = static_cast<char>(Byte());
    if (c != '\0') {
      text.push_back(c);
      continue;
    }
    const std::uint8_t next = Byte();
    if (ok_ && next == 0x01) return text;
    if (next != 0xff) break;
    text.push_back('\0');
  }
  ok_ = false;
  rest_ = {};
  return {};
}

std::string_view ByteReader::Sized() {
  const std::uint64_t size = Varint();
  if (size > rest_.size()) ok_ = false;
  return Raw(ok_ ? static_cast<std::size_t>(size) : 0);
}

std::string_view ByteReader::Rest() { return Raw(rest_.size()); }

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1);
  return end;
}

std::uint64_t StableHash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash ^= static_cast<std::uint8_t>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return hash;
}

}  // namespace tandem::base

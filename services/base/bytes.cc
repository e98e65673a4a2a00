#include "services/base/bytes.h"

#include <array>
#include <utility>

namespace tandem::base {
namespace {

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

ByteWriter& ByteWriter::RawLong(std::string_view bytes) {
  if (long_.empty()) {
    long_.reserve(std::max(2 * kShortBytes, size_ + bytes.size()));
    long_.assign(short_, size_);
    size_ = kShortBytes + 1;  // Nothing fits any more, not even nothing.
  }
  long_.append(bytes);
  return *this;
}

std::string ByteWriter::Take() {
  if (long_.empty()) return {short_, std::exchange(size_, 0)};
  size_ = 0;
  return std::exchange(long_, {});
}

ByteWriter& ByteWriter::Big(std::uint64_t value, std::size_t size) {
  std::array<char, 8> bytes{};
  for (std::size_t i = size; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value);
  return Raw({bytes.data(), size});
}

ByteWriter& ByteWriter::Little(std::uint64_t value, std::size_t size) {
  std::array<char, 8> bytes{};
  for (std::size_t i = 0; i < size; ++i, value >>= 8) bytes[i] = static_cast<char>(value);
  return Raw({bytes.data(), size});
}

ByteWriter& ByteWriter::Varint(std::uint64_t value) {
  std::array<char, 10> bytes{};
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  return Raw({bytes.data(), size});
}

ByteWriter& ByteWriter::Signed(std::int64_t value) {
  return Varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

ByteWriter& ByteWriter::KeyString(std::string_view text) {
  for (;;) {
    const std::size_t zero = text.find('\0');
    Raw(text.substr(0, zero));
    if (zero == std::string_view::npos) break;
    Raw({"\0\xff", 2});
    text.remove_prefix(zero + 1);
  }
  return Raw({"\0\x01", 2});
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

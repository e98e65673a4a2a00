#include "services/base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/random.h"

namespace tandem::base {
namespace {

using namespace std::string_literals;
using testing::Random;

// Stored bytes never change: every method against the bytes written by hand.
TEST(ByteWriterTest, WritesTheDocumentedBytes) {
  EXPECT_EQ(ByteWriter().Byte(0xfe).bytes(), "\xfe"s);
  EXPECT_EQ(ByteWriter().BigEndian16(0x0102).bytes(), "\x01\x02"s);
  EXPECT_EQ(ByteWriter().BigEndian32(0x01020304).bytes(), "\x01\x02\x03\x04"s);
  EXPECT_EQ(ByteWriter().BigEndian64(0x0102030405060708).bytes(),
            "\x01\x02\x03\x04\x05\x06\x07\x08"s);
  EXPECT_EQ(ByteWriter().LittleEndian32(0x01020304).bytes(), "\x04\x03\x02\x01"s);
  EXPECT_EQ(ByteWriter().LittleEndian64(0x0102030405060708).bytes(),
            "\x08\x07\x06\x05\x04\x03\x02\x01"s);
  EXPECT_EQ(ByteWriter().KeyString("a\0b"s).bytes(),
            "a\0\xff"
            "b\0\x01"s);
  EXPECT_EQ(ByteWriter().KeyString("").bytes(), "\0\x01"s);
  EXPECT_EQ(ByteWriter().Sized("abc").bytes(),
            "\x03"
            "abc"s);
  EXPECT_EQ(ByteWriter().Raw("abc").Raw("d").bytes(), "abcd"s);
}

TEST(ByteWriterTest, WritesVarintsAsProtocolBuffersDo) {
  struct Case {
    std::uint64_t value;
    std::string want;
  };
  const Case cases[] = {
      {0, "\0"s},
      {127, "\x7f"s},
      {128, "\x80\x01"s},
      {300, "\xac\x02"s},  // The example of Protocol Buffers' "Encoding" page (as 150: 96 01).
      {150, "\x96\x01"s},
      {16'383, "\xff\x7f"s},
      {16'384, "\x80\x80\x01"s},
      {std::numeric_limits<std::uint64_t>::max(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    EXPECT_EQ(ByteWriter().Varint(c.value).bytes(), c.want);
    ByteReader in(c.want);
    EXPECT_EQ(in.Varint(), c.value);
    EXPECT_TRUE(in.ok() && in.AtEnd());
  }
}

TEST(ByteWriterTest, WritesSignedNumbersAsZigzag) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::pair<std::int64_t, std::uint64_t>> cases = {
      {0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {kMax, 0xffff'ffff'ffff'fffe}, {-kMax - 1, ~0ULL}};
  for (const auto& [value, zigzag] : cases) {
    SCOPED_TRACE(value);
    const std::string bytes = ByteWriter().Signed(value).Take();
    EXPECT_EQ(bytes, ByteWriter().Varint(zigzag).bytes());
    EXPECT_EQ(ByteReader(bytes).Signed(), value);
  }
}

TEST(ByteReaderTest, RefusesMalformedBytes) {
  struct Case {
    const char* name;
    std::string bytes;
    void (*read)(ByteReader&);
  };
  const Case cases[] = {
      {"a byte of nothing", "", [](ByteReader& in) { in.Byte(); }},
      {"16 bits of 8", "\x01", [](ByteReader& in) { in.BigEndian16(); }},
      {"32 bits of 24", "\x01\x02\x03", [](ByteReader& in) { in.BigEndian32(); }},
      {"64 bits of 56", "1234567", [](ByteReader& in) { in.BigEndian64(); }},
      {"32 little bits of 24", "123", [](ByteReader& in) { in.LittleEndian32(); }},
      {"64 little bits of 56", "1234567", [](ByteReader& in) { in.LittleEndian64(); }},
      {"a varint cut short", "\x80", [](ByteReader& in) { in.Varint(); }},
      {"a varint longer than need be", "\x80\x00"s, [](ByteReader& in) { in.Varint(); }},
      {"a varint of 65 bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
       [](ByteReader& in) { in.Varint(); }},
      {"a varint of eleven bytes", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01",
       [](ByteReader& in) { in.Varint(); }},
      {"a key string without an end", "abc", [](ByteReader& in) { in.KeyString(); }},
      {"a key string cut in its end", "abc\0"s, [](ByteReader& in) { in.KeyString(); }},
      {"a key string with another escape", "a\0\x02"s, [](ByteReader& in) { in.KeyString(); }},
      {"a size beyond the end",
       "\x04"
       "abc",
       [](ByteReader& in) { in.Sized(); }},
      {"a size near 2^64", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
       [](ByteReader& in) { in.Sized(); }},
      {"raw bytes beyond the end", "abc", [](ByteReader& in) { in.Raw(4); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ByteReader in(c.bytes);
    c.read(in);
    EXPECT_FALSE(in.ok());
    EXPECT_TRUE(in.AtEnd());
  }
}

TEST(ByteReaderTest, ReturnsZeroAfterAnError) {
  ByteReader in("\x01\x02");
  in.BigEndian32();
  EXPECT_EQ(in.Byte(), 0);
  EXPECT_EQ(in.Varint(), 0u);
  EXPECT_EQ(in.Signed(), 0);
  EXPECT_EQ(in.LittleEndian64(), 0u);
  EXPECT_EQ(in.KeyString(), "");
  EXPECT_EQ(in.Sized(), "");
  EXPECT_EQ(in.Rest(), "");
  EXPECT_FALSE(in.ok());
}

TEST(ByteReaderTest, RestMayBeEmpty) {
  ByteReader in("a");
  EXPECT_EQ(in.Byte(), 'a');
  EXPECT_EQ(in.Rest(), "");
  EXPECT_EQ(in.Raw(0), "");
  EXPECT_TRUE(in.ok());
}

// One random part, written by `out`; the result reads it back and compares.
struct Part {
  int kind;
  std::uint64_t number;
  std::string text;
};

void Write(const Part& part, ByteWriter& out) {
  switch (part.kind) {
    case 0:
      out.Byte(static_cast<std::uint8_t>(part.number));
      break;
    case 1:
      out.BigEndian16(static_cast<std::uint16_t>(part.number));
      break;
    case 2:
      out.BigEndian32(static_cast<std::uint32_t>(part.number));
      break;
    case 3:
      out.BigEndian64(part.number);
      break;
    case 4:
      out.LittleEndian32(static_cast<std::uint32_t>(part.number));
      break;
    case 5:
      out.LittleEndian64(part.number);
      break;
    case 6:
      out.Varint(part.number);
      break;
    case 7:
      out.Signed(static_cast<std::int64_t>(part.number));
      break;
    case 8:
      out.KeyString(part.text);
      break;
    default:
      out.Sized(part.text);
  }
}

bool ReadsBack(const Part& part, ByteReader& in) {
  switch (part.kind) {
    case 0:
      return in.Byte() == static_cast<std::uint8_t>(part.number);
    case 1:
      return in.BigEndian16() == static_cast<std::uint16_t>(part.number);
    case 2:
      return in.BigEndian32() == static_cast<std::uint32_t>(part.number);
    case 3:
      return in.BigEndian64() == part.number;
    case 4:
      return in.LittleEndian32() == static_cast<std::uint32_t>(part.number);
    case 5:
      return in.LittleEndian64() == part.number;
    case 6:
      return in.Varint() == part.number;
    case 7:
      return in.Signed() == static_cast<std::int64_t>(part.number);
    case 8:
      return in.KeyString() == part.text;
    default:
      return in.Sized() == part.text;
  }
}

TEST(BytesTest, ReadsBackWhateverWasWritten) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Part> parts(random.Below(12));
    ByteWriter out;
    for (Part& part : parts) {
      part = {static_cast<int>(random.Below(10)), random.Wide(), random.Bytes(random.Below(9))};
      Write(part, out);
    }
    ByteReader in(out.bytes());
    for (const Part& part : parts) ASSERT_TRUE(ReadsBack(part, in)) << part.kind;
    ASSERT_TRUE(in.ok() && in.AtEnd());
    // Any bytes cut off the end are missed, and no byte beyond the end is read (ASan looks on).
    if (out.bytes().empty()) continue;
    ByteReader cut(out.bytes().substr(0, random.Below(out.bytes().size())));
    for (const Part& part : parts) ReadsBack(part, cut);
    ASSERT_FALSE(cut.ok());
  }
}

TEST(BytesTest, ReadsRandomBytesToTheSameBytesOrAnError) {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    const std::string bytes = random.Bytes(random.Below(12));
    ByteReader varint(bytes);
    const std::uint64_t value = varint.Varint();
    if (varint.ok()) {
      ASSERT_EQ(ByteWriter().Varint(value).Raw(varint.Rest()).bytes(), bytes);
    }
    ByteReader key(bytes);
    const std::string text = key.KeyString();
    if (key.ok()) {
      ASSERT_EQ(ByteWriter().KeyString(text).Raw(key.Rest()).bytes(), bytes);
    }
  }
}

TEST(BytesTest, KeysSortAsTheirParts) {
  Random random;
  using Parts = std::tuple<std::string, std::uint32_t, std::string, std::uint64_t>;
  const auto draw = [&random] {
    return Parts{random.Bytes(random.Below(4)), static_cast<std::uint32_t>(random.Wide()),
                 random.Bytes(random.Below(4)), random.Wide()};
  };
  const auto key = [](const Parts& parts) {
    const auto& [first, second, third, fourth] = parts;
    return ByteWriter()
        .KeyString(first)
        .BigEndian32(second)
        .KeyString(third)
        .BigEndian64(fourth)
        .Take();
  };
  // std::string compares as unsigned bytes, which is what the order of keys means.
  for (int round = 0; round < 20'000; ++round) {
    const Parts a = draw();
    Parts b = draw();
    if (random.OneIn(2)) std::get<0>(b) = std::get<0>(a);
    ASSERT_EQ(a < b, key(a) < key(b));
    ASSERT_EQ(a == b, key(a) == key(b));
  }
}

TEST(PrefixEndTest, IsTheFirstKeyAfterThePrefix) {
  EXPECT_EQ(PrefixEnd("ab"), "ac");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
  EXPECT_EQ(PrefixEnd("\x7f"), "\x80");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
  EXPECT_EQ(PrefixEnd(""), "");
}

TEST(PrefixEndTest, HoldsForRandomKeys) {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    const std::string prefix = random.Bytes(random.Below(4));
    const std::string key = random.Bytes(random.Below(6));
    const std::string end = PrefixEnd(prefix);
    const bool in_range = key >= prefix && (end.empty() || key < end);
    ASSERT_EQ(in_range, key.substr(0, prefix.size()) == prefix);
  }
}

// Stored: a slot's index is this hash. The numbers were computed by a second implementation (of
// FNV-1a and fmix64, in Python).
TEST(StableHashTest, NeverChanges) {
  EXPECT_EQ(StableHash(""), 0xefd01f60ba992926u);
  EXPECT_EQ(StableHash("a"), 0x82a2a958a9bece5bu);
  EXPECT_EQ(StableHash("acme"), 0x3a25b6656ba9cfc6u);
  EXPECT_EQ(StableHash("firms/acme/locations/store-1"), 0x770794ef8a3a2105u);
  EXPECT_EQ(StableHash("\0\xff"s), 0xacb64f88d28b68b8u);
}

TEST(StableHashTest, SpreadsNeighboursOverSlots) {
  constexpr std::size_t kSlots = 8;
  std::vector<int> count(kSlots);
  for (int i = 0; i < 8'000; ++i) {
    ++count[StableHash("firms/acme/stores/" + std::to_string(i)) % kSlots];
  }
  // 1,000 expected in each, standard deviation 30: five of them.
  EXPECT_THAT(count, ::testing::Each(::testing::AllOf(::testing::Gt(850), ::testing::Lt(1'150))));
}

}  // namespace
}  // namespace tandem::base

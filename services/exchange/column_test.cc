#include "services/exchange/column.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::exchange {
namespace {

using Values = std::vector<std::int64_t>;

constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();

// Sales as shops have them: two thirds zeros, small whole units, in thousandths.
Values Sales(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  Values values(size);
  for (std::int64_t& v : values) {
    v = random() % 3 != 0 ? 0 : static_cast<std::int64_t>(random() % (random() % 8 + 1)) * 1000;
  }
  return values;
}

// Columns of every width, step and order.
Values AnyColumn(std::mt19937_64& random) {
  Values values(random() % 300);
  const std::uint64_t mask = std::numeric_limits<std::uint64_t>::max() >> (random() % 64);
  const std::uint64_t step = random() % 3 == 0 ? random() >> (random() % 64) : 1000;
  const std::uint64_t base = random() >> (random() % 64);
  const bool ascending = random() % 2 == 0;
  std::uint64_t last = base;
  for (std::int64_t& v : values) {
    last = (ascending ? last : base) + step * (random() & mask);
    v = static_cast<std::int64_t>(last);
  }
  return values;
}

TEST(EncodeConstantTest, IsTheColumnOfOneValue) {
  for (const std::size_t count : {0u, 1u, 2u, 3049u}) {
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{-7}, std::int64_t{16'000},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
      EXPECT_EQ(EncodeConstant(value, count),
                EncodeColumn(std::vector<std::int64_t>(count, value)));
    }
  }
}

TEST(ColumnTest, GivesBackWhatItTook) {
  struct Case {
    const char* name;
    Values values;
  };
  const Case cases[] = {
      {"nothing", {}},
      {"zero", {0}},
      {"one value", {-7}},
      {"two values", {5, 3}},
      {"a constant", Values(1000, 12)},
      {"one that differs", {0, 0, 0, 0, 1}},
      {"the whole range", {kLow, kHigh}},
      {"the whole range and back", {kHigh, kLow, kHigh, 0, -1}},
      {"lowest twice", {kLow, kLow}},
      {"sixteen and seventeen bits", {0, 65'535, 65'536}},
      {"a step of 2^63", {0, kLow, 0}},
      {"ascending", {1, 2, 3, 4, 5, 6, 7, 100}},
      {"an odd count of zeros and a thousand", {0, 1000, 0, 0, 3000}},
      {"returns", {-1000, 2000, -3000}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto decoded = DecodeColumn(EncodeColumn(c.values));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, c.values);
  }
}

TEST(ColumnTest, GivesBackRandomColumnsWholeAndInParts) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const Values values = AnyColumn(random);
    const std::string bytes = EncodeColumn(values);
    const auto column = Column::Open(bytes);
    ASSERT_TRUE(column.ok()) << column.status();
    ASSERT_EQ(column->size(), values.size());
    const std::size_t first = random() % (values.size() + 1);
    Values part(random() % (values.size() - first + 1));
    column->Read(first, part);
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
    ASSERT_EQ(part, Values(begin, begin + static_cast<std::ptrdiff_t>(part.size())));
    ASSERT_EQ(*DecodeColumn(bytes), values);
  }
}

TEST(ColumnTest, HoldsTheLongestColumn) {
  const Values values = Sales(1, kColumnValuesMax);
  const std::string bytes = EncodeColumn(values);
  const auto decoded = DecodeColumn(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, values);
  EXPECT_LT(static_cast<double>(bytes.size()), 0.35 * static_cast<double>(values.size()));
}

// Dense item numbers and a file's repeated days cost next to nothing.
TEST(ColumnTest, PacksWhatCountsUp) {
  Values items(100'000);
  Values days(100'000);
  for (std::size_t k = 0; k < items.size(); ++k) {
    items[k] = static_cast<std::int64_t>(k);
    days[k] = static_cast<std::int64_t>(15'000 + k % 1913);
  }
  EXPECT_LT(EncodeColumn(items).size(), 16U);
  EXPECT_LT(EncodeColumn(days).size(), 10'000U);
}

// The stored version 1, byte for byte, where zstd has no say.
TEST(ColumnTest, WritesVersionOneAsDocumented) {
  const auto bytes = [](std::initializer_list<int> list) {
    std::string text;
    for (const int byte : list) text.push_back(static_cast<char>(byte));
    return text;
  };
  EXPECT_EQ(EncodeColumn({}), bytes({1, 0, 0, 0}));
  EXPECT_EQ(EncodeColumn(Values{-2, -2}), bytes({1, 0, 0, 2, 3}));
  // Base 0, step 1000 (0xe8 0x07), numbers 1, 0, 5: low half first.
  EXPECT_EQ(EncodeColumn(Values{1000, 0, 5000}), bytes({1, 0, 1, 3, 0, 0xe8, 0x07, 0x01, 0x05}));
  // Differences 1, 1, 1, ... from 7 on.
  Values rising(20);
  for (std::size_t k = 0; k < rising.size(); ++k) rising[k] = static_cast<std::int64_t>(7 + k);
  EXPECT_EQ(EncodeColumn(rising), bytes({1, 1, 0, 20, 14, 2}));
  // Two planes of two bytes: numbers 0x1f, 0x00, 0x20 above base 0.
  EXPECT_EQ(EncodeColumn(Values{31, 0, 32}), bytes({1, 0, 2, 3, 0, 1, 0x0f, 0x00, 0x01, 0x02}));
}

// What the format says of a column's header, worked out plainly.
struct Header {
  bool differences = false;
  std::size_t width = 0;
  std::int64_t base = 0;
  std::uint64_t step = 1;
  friend bool operator==(const Header&, const Header&) = default;
};

Header PackedPlainly(const Values& values) {
  Header header;
  header.base = *std::min_element(values.begin(), values.end());
  std::uint64_t step = 0;
  std::uint64_t span = 0;
  for (const std::int64_t v : values) {
    const auto x = static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(header.base);
    step = std::gcd(step, x);
    span = std::max(span, x);
  }
  if (span == 0) return header;
  header.step = step;
  header.width = (static_cast<std::size_t>(std::bit_width(span / step)) + 3) / 4;
  return header;
}

Header HeaderOf(const Values& values) {
  const Header whole = PackedPlainly(values);
  if (whole.width == 0) return whole;
  Values differences;
  for (std::size_t k = 1; k < values.size(); ++k) {
    differences.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(values[k]) -
                                                    static_cast<std::uint64_t>(values[k - 1])));
  }
  const auto [low, high] = std::minmax_element(differences.begin(), differences.end());
  const std::uint64_t span = static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
  if ((static_cast<std::size_t>(std::bit_width(span / whole.step)) + 3) / 4 >= whole.width) {
    return whole;
  }
  Header header = PackedPlainly(differences);
  header.differences = true;
  return header;
}

// Columns of every span, so that the forms for few and for many bits meet what the format says.
TEST(ColumnTest, PacksAsNarrowlyAsTheFormatSays) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 3000; ++round) {
    Values values(2 + random() % 300);
    const std::uint64_t mask = ~std::uint64_t{0} >> (random() % 64);
    const std::uint64_t step = 1 + random() % (round % 3 == 0 ? 1 : 5000);
    const std::uint64_t base = random();
    const bool rising = random() % 4 == 0;
    std::uint64_t last = 0;
    for (std::int64_t& v : values) {
      last = (rising ? last : 0) + (random() & mask & 0x7fff'ffff'ffff) * step;
      v = static_cast<std::int64_t>(base + last);
    }
    const std::string bytes = EncodeColumn(values);
    base::ByteReader in(bytes);
    in.Byte();
    Header got{.differences = (in.Byte() & 1) != 0, .width = in.Byte()};
    in.Varint();
    if (got.differences) in.Signed();
    got.base = in.Signed();
    if (got.width > 0) got.step = in.Varint();
    ASSERT_TRUE(got == HeaderOf(values)) << "round " << round;
    ASSERT_EQ(*DecodeColumn(bytes), values);
  }
}

TEST(ColumnTest, FindsTheLowestAndTheHighest) {
  EXPECT_EQ(LowestAndHighest({}), std::pair(std::int64_t{0}, std::int64_t{0}));
  EXPECT_EQ(LowestAndHighest(Values{-7}), std::pair(std::int64_t{-7}, std::int64_t{-7}));
  for (std::size_t at = 0; at < 70; ++at) {
    Values values(70, 5);
    values[at] = kLow;
    values[69 - at] = kHigh;
    EXPECT_EQ(LowestAndHighest(values), std::pair(kLow, kHigh));
  }
}

TEST(ColumnTest, GivesTheSameBytesWhateverWasEncodedBefore) {
  const Values values = Sales(2, 8192);
  const std::string first = EncodeColumn(values);
  for (std::uint64_t seed = 3; seed < 20; ++seed) {
    EncodeColumn(Sales(seed, 1 << (seed % 15)));
    ASSERT_EQ(EncodeColumn(values), first);
  }
}

TEST(ColumnTest, RefusesAColumnLongerThanItsReaderTakes) {
  const std::string bytes = EncodeColumn(Values(100, 5));
  EXPECT_TRUE(DecodeColumn(bytes, 100).ok());
  EXPECT_EQ(base::ReasonOf(DecodeColumn(bytes, 99).status()), base::Reason::kStoredBytesDamaged);
  const std::string huge = {1, 0, 0, '\x81', '\x80', '\x40', 0};  // 2^20 + 1 zeros.
  EXPECT_EQ(DecodeColumn(huge).status().code(), absl::StatusCode::kDataLoss);
  const std::string longest = {1, 0, 0, '\x80', '\x80', '\x40', 0};
  EXPECT_TRUE(DecodeColumn(longest).ok());
}

TEST(ColumnTest, RefusesHeadersThatMakeNoSense) {
  struct Case {
    const char* name;
    std::string bytes;
  };
  const Case cases[] = {
      {"nothing", ""},
      {"version 0", std::string("\0\0\0\0", 4)},
      {"version 2", std::string("\2\0\0\0", 4)},
      {"an unknown flag", std::string("\1\4\0\0", 4)},
      {"seventeen planes", std::string("\1\0\x11\1\0\1", 6)},
      {"bytes after an empty column", std::string("\1\0\0\0\0", 5)},
      {"bytes after a constant", std::string("\1\0\0\1\0\0", 6)},
      {"an empty column with differences", std::string("\1\1\0\0", 4)},
      {"no base", std::string("\1\0\0\1", 4)},
      {"a step of zero", std::string("\1\0\1\1\0\0\0", 7)},
      {"too few planes", std::string("\1\0\1\1\0\1", 6)},
      {"a frame for no planes", std::string("\1\2\0\1\0\1", 6)},
      {"no frame", std::string("\1\2\1\1\0\1\1", 7)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(base::ReasonOf(DecodeColumn(c.bytes).status()), base::Reason::kStoredBytesDamaged);
  }
}

// Cut anywhere: refused. Flipped anywhere: refused, or another column, and never undefined.
TEST(ColumnTest, SurvivesHostileBytes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 30; ++round) {
    const std::string bytes = EncodeColumn(round == 0 ? Sales(random(), 3000) : AnyColumn(random));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(DecodeColumn(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
    }
    for (int flip = 0; flip < 300; ++flip) {
      std::string flipped = bytes;
      char& byte = flipped[random() % flipped.size()];
      byte = static_cast<char>(byte ^ (1 << (random() % 8)));
      const auto decoded = DecodeColumn(flipped);
      if (!decoded.ok()) {
        EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
      } else {
        EXPECT_EQ(*DecodeColumn(EncodeColumn(*decoded)), *decoded);
      }
    }
  }
}

TEST(ColumnDeathTest, StopsAtAReadPastTheEnd) {
  const Column column = *Column::Open(EncodeColumn(Values{1, 2, 4}));
  Values out(2);
  column.Read(1, out);
  EXPECT_EQ(out, (Values{2, 4}));
  EXPECT_DEATH(column.Read(2, out), "past a column's end");
  EXPECT_DEATH(EncodeColumn(Values(kColumnValuesMax + 1)), "too long");
}

}  // namespace
}  // namespace tandem::exchange

#include "services/base/fact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "services/base/bytes.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::base {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::Random;

constexpr SlotId kFirst{.domain = DomainId::kGovernance, .index = 0};
constexpr SlotId kSecond{.domain = DomainId::kExchange, .index = 3};
constexpr SlotId kThird{.domain = DomainId::kExchange, .index = 200};

Position PositionOf(std::uint64_t first, std::uint64_t second, std::uint64_t third) {
  Position position;
  position.Set(kFirst, first);
  position.Set(kSecond, second);
  position.Set(kThird, third);
  return position;
}

TEST(SlotIdTest, IsWrittenWithItsDomain) {
  EXPECT_EQ(kFirst.ToString(), "governance/0");
  EXPECT_EQ(kThird.ToString(), "exchange/200");
  EXPECT_EQ((SlotId{.domain = DomainId::kForecast, .index = 65'535}).ToString(), "forecast/65535");
  EXPECT_EQ(DomainName(DomainId{99}), "unknown");
}

TEST(SlotIdTest, SortsByDomainThenIndex) {
  EXPECT_LT(kFirst, kSecond);
  EXPECT_LT(kSecond, kThird);
}

// Stored: a key's slot never changes.
TEST(SlotOfTest, IsTheHashModuloTheSlots) {
  EXPECT_EQ(SlotOf(DomainId::kGovernance, 1, "whatever"), kFirst);
  for (const char* key : {"", "acme", "firms/acme/locations/store-1"}) {
    EXPECT_EQ(SlotOf(DomainId::kExchange, 8, key).index, StableHash(key) % 8);
    EXPECT_EQ(SlotOf(DomainId::kExchange, 8, key).domain, DomainId::kExchange);
  }
}

TEST(SlotOfDeathTest, NeedsASlot) {
  EXPECT_DEATH(SlotOf(DomainId::kExchange, 0, "acme"), "at least one slot");
}

TEST(PositionTest, StartsBeforeTheFirstFact) {
  Position position;
  EXPECT_EQ(position.At(kSecond), 0u);
  position.Set(kSecond, 7);
  EXPECT_EQ(position.At(kSecond), 7u);
  EXPECT_EQ(position.At(kThird), 0u);
  position.Set(kSecond, 0);
  EXPECT_EQ(position, Position());
}

TEST(PositionTest, MergesToTheLaterOfBoth) {
  Position position = PositionOf(5, 9, 0);
  position.Merge(PositionOf(6, 2, 1));
  EXPECT_EQ(position, PositionOf(6, 9, 1));
}

TEST(PositionTest, CoversWhatIsNowhereLater) {
  EXPECT_TRUE(PositionOf(5, 9, 0).Covers(PositionOf(5, 9, 0)));
  EXPECT_TRUE(PositionOf(5, 9, 0).Covers(PositionOf(4, 0, 0)));
  EXPECT_TRUE(PositionOf(5, 9, 0).Covers(Position()));
  EXPECT_FALSE(PositionOf(5, 9, 0).Covers(PositionOf(6, 0, 0)));
  EXPECT_FALSE(PositionOf(5, 9, 0).Covers(PositionOf(0, 0, 1)));
  EXPECT_FALSE(Position().Covers(PositionOf(0, 1, 0)));
}

// Stored in facts as a cut: domain 1 index 0 number 5; domain 2 index 3 number 300.
TEST(PositionTest, EncodesToTheDocumentedBytes) {
  using namespace std::string_literals;
  EXPECT_EQ(PositionOf(5, 300, 0).Encode(), "\x01\x00\x05\x02\x03\xac\x02"s);
  EXPECT_EQ(Position().Encode(), "");
}

TEST(PositionTest, DecodesWhatItEncoded) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    Position position;
    for (std::uint64_t i = random.Below(20); i > 0; --i) {
      position.Set({.domain = static_cast<DomainId>(1 + random.Below(3)),
                    .index = static_cast<std::uint16_t>(random.Wide())},
                   random.Wide());
    }
    const absl::StatusOr<Position> decoded = Position::Decode(position.Encode());
    ASSERT_THAT(decoded, IsOk());
    ASSERT_EQ(*decoded, position);
  }
}

TEST(PositionTest, RefusesDamagedBytes) {
  using namespace std::string_literals;
  struct Case {
    const char* name;
    std::string bytes;
  };
  const Case cases[] = {
      {"no number", "\x01\x00"s},
      {"a number cut short", "\x01\x00\xac"s},
      {"domain 0", "\x00\x01\x05"s},
      {"domain 65536", "\x80\x80\x04\x00\x05"s},
      {"index 65536", "\x01\x80\x80\x04\x05"s},
      {"number 0", "\x01\x00\x00"s},
      {"one slot twice", "\x01\x00\x05\x01\x00\x06"s},
      {"slots out of order", "\x02\x00\x05\x01\x00\x06"s},
      {"a longer form of a varint", "\x01\x80\x00\x05"s},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(Position::Decode(c.bytes), HasCode(absl::StatusCode::kInvalidArgument));
  }
}

TEST(PositionTest, HasOneEncoding) {
  Random random;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    for (std::uint64_t i = random.Below(10); i > 0; --i) {
      bytes.push_back(static_cast<char>(random.Below(random.OneIn(3) ? 256 : 4)));
    }
    const absl::StatusOr<Position> position = Position::Decode(bytes);
    if (position.ok()) {
      ASSERT_EQ(position->Encode(), bytes);
    }
  }
}

// The laws that min_position and cuts lean on.
TEST(PositionTest, MergeIsTheLeastThatCoversBoth) {
  Random random;
  const auto draw = [&random] {
    return PositionOf(random.Below(4), random.Below(4), random.Below(4));
  };
  for (int round = 0; round < 5'000; ++round) {
    const Position a = draw();
    const Position b = draw();
    Position merged = a;
    merged.Merge(b);
    Position other = b;
    other.Merge(a);
    ASSERT_EQ(merged, other);
    ASSERT_TRUE(merged.Covers(a) && merged.Covers(b));
    const Position c = draw();
    ASSERT_EQ(c.Covers(merged), c.Covers(a) && c.Covers(b));
  }
}

}  // namespace
}  // namespace tandem::base

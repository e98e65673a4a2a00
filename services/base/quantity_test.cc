#include "services/base/quantity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "services/base/reason.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::base {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

TEST(QuantityTest, ReadsDecimalText) {
  struct Case {
    const char* text;
    std::int64_t milli;
    const char* shortest;
  };
  const Case cases[] = {
      {"0", 0, "0"},
      {"-0", 0, "0"},
      {"12", 12'000, "12"},
      {"-0.5", -500, "-0.5"},
      {"3.125", 3'125, "3.125"},
      {"0.001", 1, "0.001"},
      {"-0.001", -1, "-0.001"},
      {"100.000", 100'000, "100"},
      {"007", 7'000, "7"},
      {"00000000000000000000000012", 12'000, "12"},
      {"9000000000", Quantity::kMilliMax, "9000000000"},
      {"-9000000000.000", -Quantity::kMilliMax, "-9000000000"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    TANDEM_ASSERT_OK_AND_ASSIGN(const Quantity quantity, Quantity::Parse(c.text));
    EXPECT_EQ(quantity.milli(), c.milli);
    EXPECT_EQ(quantity.ToString(), c.shortest);
  }
}

TEST(QuantityTest, RefusesOtherText) {
  for (const char* text : {"",
                           "-",
                           "--1",
                           "+1",
                           ".",
                           ".5",
                           "1.",
                           "-.5",
                           "1..2",
                           "1.2.3",
                           "1,5",
                           "1e3",
                           "0x10",
                           " 1",
                           "1 ",
                           "nan",
                           "inf",
                           "0.0001",
                           "1.0000",
                           "9000000000.001",
                           "-9000000000.001",
                           "999999999999999",
                           "1000000000000000",
                           "9223372036854775808",
                           "99999999999999999999999999"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(Quantity::Parse(text), HasReason(Reason::kQuantityOutOfRange));
  }
}

TEST(QuantityTest, ShowsOnlyTheStartOfALongText) {
  const auto refusal = RefusalOf(Quantity::Parse(std::string(1'000'000, 'x')).status());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->details.front().second.size(), 40u);
}

TEST(QuantityTest, ReadsBackWhatItWrites) {
  testing::Random random;
  for (int round = 0; round < 20'000; ++round) {
    const std::int64_t sign = random.OneIn(2) ? 1 : -1;
    const auto milli = sign * static_cast<std::int64_t>(random.Wide() % (Quantity::kMilliMax + 1));
    const std::string text = Quantity::FromMilli(milli).ToString();
    const absl::StatusOr<Quantity> read = Quantity::Parse(text);
    ASSERT_THAT(read, IsOk()) << text;
    ASSERT_EQ(read->milli(), milli) << text;
  }
}

TEST(QuantityTest, WritesTheWholeRangeOfItsType) {
  EXPECT_EQ(Quantity::FromMilli(std::numeric_limits<std::int64_t>::max()).ToString(),
            "9223372036854775.807");
  EXPECT_EQ(Quantity::FromMilli(std::numeric_limits<std::int64_t>::min()).ToString(),
            "-9223372036854775.808");
}

TEST(QuantityTest, RoundsToTheNearestThousandth) {
  struct Case {
    double units;
    std::int64_t milli;
  };
  const Case cases[] = {
      {0.0, 0},
      {-0.0, 0},
      {1.0, 1'000},
      {0.0004, 0},
      {0.0006, 1},
      {0.0625, 63},
      {-0.0625, -63},     // 62.5 thousandths, exact in binary: halves away from zero.
      {0.0009765625, 1},  // 2^-10.
      {9e9, Quantity::kMilliMax},
      {-9e9, -Quantity::kMilliMax},
      {std::numeric_limits<double>::denorm_min(), 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.units);
    TANDEM_ASSERT_OK_AND_ASSIGN(const Quantity quantity, Quantity::Round(c.units));
    EXPECT_EQ(quantity.milli(), c.milli);
  }
}

TEST(QuantityTest, RoundRefusesWhatIsNoQuantity) {
  for (const double units : {std::nan(""), HUGE_VAL, -HUGE_VAL, 9e9 + 0.001, -9e9 - 0.001, 1e300}) {
    SCOPED_TRACE(units);
    EXPECT_THAT(Quantity::Round(units), HasCode(absl::StatusCode::kOutOfRange));
  }
}

TEST(QuantityTest, AddsSubtractsAndCompares) {
  const Quantity three = Quantity::FromMilli(3'000);
  const Quantity half = Quantity::FromMilli(500);
  EXPECT_EQ((three + half).milli(), 3'500);
  EXPECT_EQ((half - three).milli(), -2'500);
  EXPECT_LT(half, three);
  EXPECT_EQ(three, Quantity::FromMilli(3'000));
}

TEST(QuantityDeathTest, StopsOnOverflow) {
  const Quantity most = Quantity::FromMilli(std::numeric_limits<std::int64_t>::max());
  const Quantity least = Quantity::FromMilli(std::numeric_limits<std::int64_t>::min());
  const Quantity one = Quantity::FromMilli(1);
  EXPECT_EQ((most - one) + one, most);
  EXPECT_DEATH(most + one, "a sum of quantities overflows");
  EXPECT_DEATH(least - one, "a difference of quantities overflows");
}

TEST(UnitPriceTest, ReadsAndWrites) {
  struct Case {
    const char* text;
    UnitPrice price;
  };
  const Case cases[] = {
      {"0", {0, 0}},
      {"9.58", {958, 2}},
      {"9.580", {9580, 3}},
      {"0.05", {5, 2}},
      {"123456", {123'456, 0}},
      {"0.123456789", {123'456'789, 9}},
      {"999999999999999", {999'999'999'999'999, 0}},
      {"999999.999999999", {999'999'999'999'999, 9}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    TANDEM_ASSERT_OK_AND_ASSIGN(const UnitPrice price, ParseUnitPrice(c.text));
    EXPECT_EQ(price, c.price);
    EXPECT_EQ(ToString(price), c.text);
  }
}

TEST(UnitPriceTest, RefusesOtherText) {
  for (const char* text : {"", "-1", "-0", "-0.01", ".5", "5.", "1.2.3", "1e2", "$1", "1,00",
                           "0.0000000001", "1000000000000000", "9999999.999999999"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseUnitPrice(text), HasReason(Reason::kFieldOutOfRange));
  }
}

TEST(UnitPriceDeathTest, StopsAtAScaleThatParsingRefuses) {
  EXPECT_DEATH(ToString(UnitPrice{.value = 1, .scale = -1}), "0 to 9 decimals");
  EXPECT_DEATH(ToString(UnitPrice{.value = 1, .scale = 10}), "0 to 9 decimals");
}

}  // namespace
}  // namespace tandem::base

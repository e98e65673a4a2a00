#include "services/base/name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/base/reason.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::base {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;
using testing::Random;

TEST(CheckIdTest, TakesWhatNamesAreMadeOf) {
  for (const std::string& id :
       {std::string("a"), std::string("7"), std::string("_"), std::string("A.b-c_9"),
        std::string("FOODS_3_090"), std::string(64, 'x')}) {
    SCOPED_TRACE(id);
    EXPECT_THAT(CheckId("id", id), IsOk());
  }
}

TEST(CheckIdTest, RefusesTheRest) {
  using namespace std::string_literals;
  for (const std::string& id : {""s, std::string(65, 'x'), ".a"s, "-a"s, "a b"s, "a/b"s, "a*"s,
                                "\xc3\xa4"s, "a\0"s, "a\n"s, "a:b"s}) {
    SCOPED_TRACE(id);
    const absl::Status status = CheckId("firm_id", id);
    EXPECT_THAT(status, HasReason(Reason::kBadName));
    EXPECT_EQ(RefusalOf(status)->field, "firm_id");
  }
}

TEST(ParseNameTest, GivesTheIdentifiers) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto ids,
                              ParseName("name", "firms/*/items/*", "firms/acme/items/4711"));
  EXPECT_THAT(ids, ElementsAre("acme", "4711"));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto none, ParseName("name", "network", "network"));
  EXPECT_TRUE(none.empty());
}

TEST(ParseNameTest, RefusesOtherForms) {
  for (const std::string& name :
       {std::string(), std::string("firms/acme/items"), std::string("firms/acme/items/"),
        std::string("firms/acme/items/4711/"), std::string("/firms/acme/items/4711"),
        std::string("firms//items/4711"), std::string("firms/acme/item/4711"),
        std::string("Firms/acme/items/4711"), std::string("firms/acme/items/4711/lots/1"),
        std::string("firms/../items/4711"), std::string("firms/*/items/*/x"),
        "firms/acme/items/" + std::string(65, 'x'), std::string(100'000, '/')}) {
    SCOPED_TRACE(name.substr(0, 100));
    const absl::StatusOr<std::vector<std::string>> ids =
        ParseName("parent", "firms/*/items/*", name);
    EXPECT_THAT(ids, HasReason(Reason::kBadName));
    EXPECT_EQ(RefusalOf(ids.status())->field, "parent");
    EXPECT_THAT(std::string(ids.status().message()), ::testing::HasSubstr("firms/*/items/*"));
  }
}

// The golden keys are GS1's published examples of GTIN-8, -12, -13, -14 and GLN.
TEST(NormalizeGtinTest, WritesFourteenDigits) {
  struct Case {
    const char* gtin;
    const char* want;
  };
  const Case cases[] = {
      {"96385074", "00000096385074"},       {"036000291452", "00036000291452"},
      {"4006381333931", "04006381333931"},  {"09521132123456", "09521132123456"},
      {"04012345123456", "04012345123456"}, {"70614141123451", "70614141123451"},
      {"0614141073467", "00614141073467"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.gtin);
    TANDEM_ASSERT_OK_AND_ASSIGN(const std::string gtin, NormalizeGtin("gtin", c.gtin));
    EXPECT_EQ(gtin, c.want);
    EXPECT_EQ(*NormalizeGtin("gtin", gtin), gtin);
  }
}

TEST(NormalizeGtinTest, RefusesTheRest) {
  for (const char* gtin :
       {"96385075", "036000291454", "4006381333934", "09521132123450", "04012345123451",
        "70614141123457", "", "0", "9638507", "963850740", "0360002914", "03600029145",
        "106141412345678908", "9638507a", " 96385074", "96385074 ", "9638-5074", "-9638507"}) {
    SCOPED_TRACE(gtin);
    const absl::StatusOr<std::string> result = NormalizeGtin("items[3].gtin", gtin);
    EXPECT_THAT(result, HasReason(Reason::kBadGtin));
    EXPECT_EQ(RefusalOf(result.status())->field, "items[3].gtin");
  }
}

// The check digit is there to find one wrong digit (always) and two exchanged neighbours (unless
// they differ by five).
TEST(NormalizeGtinTest, FindsOneWrongDigitAndMostExchanges) {
  Random random;
  for (int round = 0; round < 5'000; ++round) {
    std::string gtin = "4006381333931";
    const std::size_t place = random.Below(gtin.size());
    const char digit = static_cast<char>('0' + random.Below(10));
    const bool same = gtin[place] == digit;
    gtin[place] = digit;
    ASSERT_EQ(NormalizeGtin("gtin", gtin).ok(), same) << gtin;
  }
  EXPECT_THAT(NormalizeGtin("gtin", "0406381333931"), HasReason(Reason::kBadGtin));
}

TEST(CheckGlnTest, TakesThirteenDigitsOnly) {
  for (const char* gln : {"4012345000054", "0614141073467", "4006381333931"}) {
    SCOPED_TRACE(gln);
    EXPECT_THAT(CheckGln("gln", gln), IsOk());
  }
  for (const char* gln : {"", "4012345000055", "401234500005", "04012345000054", "40123450000x4",
                          "96385074", "036000291452"}) {
    SCOPED_TRACE(gln);
    EXPECT_THAT(CheckGln("gln", gln), HasReason(Reason::kBadGln));
  }
}

TEST(CheckRequestIdTest, TakesAUuid) {
  EXPECT_THAT(CheckRequestId("9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6b"), IsOk());
  EXPECT_THAT(CheckRequestId("9F1C2A34-0B5D-4E6F-8A7B-1C2D3E4F5A6B"), IsOk());
  EXPECT_THAT(CheckRequestId("00000000-0000-0000-0000-000000000000"), IsOk());
  for (const char* id :
       {"", "9f1c2a34", "9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6",
        "9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6bc", "9f1c2a340b5d-4e6f-8a7b-1c2d3e4f5a6bc",
        "9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6g", "{f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6}",
        "9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f-a6b"}) {
    SCOPED_TRACE(id);
    const absl::Status status = CheckRequestId(id);
    EXPECT_THAT(status, HasReason(Reason::kBadRequestId));
    EXPECT_EQ(RefusalOf(status)->field, "request_id");
  }
}

}  // namespace
}  // namespace tandem::base

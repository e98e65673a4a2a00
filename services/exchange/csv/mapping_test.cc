#include "services/exchange/csv/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;
using testing::HasReason;

TEST(MappingTest, ReadsEveryKindOfLine) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const Mapping mapping, ParseMapping(R"(# a partner's POS file
delimiter = ";"
decimal = ","
date = "DD.MM.YYYY"   # as printed

[columns]
item = "Artikel \"Nr\""
[constants]
location = "berlin-1"
[factors]
quantity = 12
price = "0.5"
)"));
  EXPECT_EQ(mapping.delimiter, ';');
  EXPECT_EQ(mapping.decimal, ',');
  EXPECT_EQ(mapping.date_format, "DD.MM.YYYY");
  EXPECT_EQ(mapping.columns.at("item"), "Artikel \"Nr\"");
  EXPECT_EQ(mapping.constants.at("location"), "berlin-1");
  EXPECT_EQ(mapping.factors_milli.at("quantity"), 12'000);
  EXPECT_EQ(mapping.factors_milli.at("price"), 500);
  EXPECT_EQ(ParseMapping("delimiter = \"\\t\"")->delimiter, '\t');
}

// As spreadsheets and editors of Windows write it: the mark is left out, once, at the begin alone.
TEST(MappingTest, TakesAFileWithAByteOrderMark) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const Mapping mapping,
                              ParseMapping("\xEF\xBB\xBF[columns]\nitem = \"a\"\n"));
  EXPECT_EQ(mapping.columns.at("item"), "a");
  EXPECT_TRUE(ParseMapping("\xEF\xBB\xBF").ok());
  EXPECT_THAT(ParseMapping("\xEF\xBB\xBF\xEF\xBB\xBF[columns]"), HasReason(Reason::kFileMalformed));
}

TEST(MappingTest, NamesTheLineThatIsWrong) {
  for (const char* text :
       {"nonsense", "delimiter = \"x\"", "decimal = \";\"", "date = \"YYYY-MM\"", "[other]",
        "[columns", "[columns]\nitem = \"a", "[columns]\nitem = \"a\" b", "[columns]\nitem = word",
        "[columns]\nitem = \"a\"\nitem = \"b\"", "[factors]\nquantity = 0", "decimal = \",\"",
        "= 1", "speed = 1", "date = \"DD/MM/YYYY DD\""}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseMapping(text), HasReason(Reason::kFileMalformed));
  }
}

TEST(MappingTest, ReadsDaysInTheFilesFormat) {
  const std::string want = "2016-05-22";
  EXPECT_EQ(ParseDay("2016-05-22", "YYYY-MM-DD")->ToString(), want);
  EXPECT_EQ(ParseDay("22.05.2016", "DD.MM.YYYY")->ToString(), want);
  EXPECT_EQ(ParseDay("05/22/2016", "MM/DD/YYYY")->ToString(), want);
  EXPECT_EQ(ParseDay("20160522", "YYYYMMDD")->ToString(), want);
  for (const char* text : {"", "22-05-2016", "22.05.20160", "2x.05.2016", "31.02.2016"}) {
    EXPECT_THAT(ParseDay(text, "DD.MM.YYYY"), HasReason(Reason::kBadDate)) << text;
  }
  EXPECT_THAT(ParseDay("01.01.1900", "DD.MM.YYYY"), HasReason(Reason::kDayOutOfRange));
}

TEST(MappingTest, TurnsDecimalCommasAndUnits) {
  EXPECT_EQ(ParseQuantity("1,5", ',', 1000)->milli(), 1'500);
  EXPECT_EQ(ParseQuantity("-3", '.', 12'000)->milli(), -36'000);
  EXPECT_EQ(ParseQuantity("2", '.', 500)->milli(), 1'000);
  EXPECT_THAT(ParseQuantity("1.5", ',', 1000), HasReason(Reason::kQuantityOutOfRange));
  EXPECT_THAT(ParseQuantity("0.001", '.', 500), HasReason(Reason::kQuantityOutOfRange));
  EXPECT_THAT(ParseQuantity("9000000000", '.', 1001), HasReason(Reason::kQuantityOutOfRange));
}

TEST(MappingTest, TakesAnyBytes) {
  testing::Random random;
  for (int round = 0; round < 2'000; ++round) {
    std::string text = "[columns]\n";
    for (std::size_t k = 0; k < 20; ++k) text.push_back("[]=\"\\#\na t\x80"[random.Below(11)]);
    (void)ParseMapping(text);
    (void)ParseDay(text.substr(10, random.Below(12)), "DD.MM.YYYY");
  }
}

}  // namespace
}  // namespace tandem::exchange::csv

#include "services/tandem/cli/print.h"

#include <gtest/gtest.h>

#include <string>

#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::cli {
namespace {

TEST(PrintTest, LinesColumnsUp) {
  const Table table{.columns = {"ITEM", "UNITS"}, .rows = {{"Käse", "7"}, {"b", "1,000"}}};
  EXPECT_EQ(TableText(table), "ITEM  UNITS\nKäse      7\nb     1,000\n");
  EXPECT_EQ(CsvText(table), "ITEM,UNITS\nKäse,7\nb,\"1,000\"\n");
}

// Goal: another firm's title moves nobody's cursor, and makes no line of its own.
TEST(PrintTest, ATerminalIsGivenNothingThatSteersIt) {
  struct Case {
    const char* name;
    std::string text;
    std::string want;
  };
  const Case cases[] = {
      {"plain", "Käse, 100 % \\ \"x\" 牛乳 🧀", "Käse, 100 % \\ \"x\" 牛乳 🧀"},
      {"escape", "a\x1b[2Jb", "a\\x1b[2Jb"},
      {"lines", "a\nb\r\tc", "a\\nb\\r\\tc"},
      {"zero and DEL", std::string("\0", 1) + "\x7f", "\\x00\\x7f"},
      {"last of C0, first that shows", "\x1f ", "\\x1f "},
      {"C1 begins", "\xc2\x80\xc2\x9b", "\\u0080\\u009b"},
      {"C1 ends", "\xc2\x9f\xc2\xa0", "\\u009f\xc2\xa0"},
      {"direction", "\xe2\x80\xae!\xe2\x81\xa9", "\\u202e!\\u2069"},
      {"line separator", "\xe2\x80\xa8", "\\u2028"},
      {"a lone byte of C1", "\x9b[2J", "\\x9b[2J"},
      {"cut off", "\xe2\x80", "\\xe2\\x80"},
      {"too long a spelling of escape", "\xc0\x9b", "\\xc0\\x9b"},
      {"beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Visible(c.text), c.want);
  }
  const Table table{.columns = {"TITLE", "N"}, .rows = {{"a\x1b[2J\nb", "1"}}};
  EXPECT_EQ(TableText(table), "TITLE        N\na\\x1b[2J\\nb  1\n");
  EXPECT_EQ(CsvText(table), "TITLE,N\n\"a\x1b[2J\nb\",1\n");  // A program reads it.
}

// Each field that is set is a row; what is inside another has its path.
TEST(PrintTest, OneMessageAsKeysAndValues) {
  exchange::v1::Item item;
  item.set_name("firms/acme/items/1");
  item.set_unit_code("C62");
  item.add_hierarchy("food");
  item.add_hierarchy("dairy");
  item.mutable_last_date()->set_year(2026);
  item.mutable_last_date()->set_month(1);
  item.mutable_last_date()->set_day(31);
  EXPECT_EQ(CsvText(FieldsOf(item)),
            "KEY,VALUE\nname,firms/acme/items/1\nunitCode,C62\nhierarchy.0,food\n"
            "hierarchy.1,dairy\nlastDate,2026-01-31\n");
  exchange::v1::ReportStockResponse answer;
  answer.mutable_accept_time()->set_seconds(1'700'000'000);
  answer.mutable_accept_time()->set_nanos(250'000'000);
  EXPECT_EQ(CsvText(FieldsOf(answer)), "KEY,VALUE\nacceptTime,2023-11-14T22:13:20.250Z\n");
  exchange::v1::ReadSeriesResponse series;
  series.set_location("s1");
  series.add_value_milli(-5);
  EXPECT_EQ(CsvText(FieldsOf(series)), "KEY,VALUE\nlocation,s1\nvalueMilli.0,-5\n");
  exchange::v1::RegisterItemsRequest nested;
  nested.add_items()->set_name("a");
  nested.add_items()->set_name("b");
  EXPECT_EQ(CsvText(FieldsOf(nested)), "KEY,VALUE\nitems.0.name,a\nitems.1.name,b\n");
  EXPECT_EQ(CsvText(FieldsOf(exchange::v1::Item())), "KEY,VALUE\n");
}

TEST(PrintTest, CountsComeAsAsked) {
  const auto printed = [](const std::string& output) {
    testing::internal::CaptureStdout();
    PrintCounts(output, "3 items\n", {{"items", 3}, {"left_out", 0}});
    EXPECT_TRUE(FlushPrinted().ok());
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(printed("table"), "3 items\n");
  EXPECT_EQ(printed("json"), "{\"items\":3,\"left_out\":0}\n");
  EXPECT_EQ(printed("csv"), "KEY,VALUE\nitems,3\nleft_out,0\n");
}

}  // namespace
}  // namespace tandem::cli

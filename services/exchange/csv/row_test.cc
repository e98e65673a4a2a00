#include "services/exchange/csv/row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "services/exchange/csv/file.h"
#include "tests/support/status.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;
using testing::HasReason;

constexpr std::array<Field, 3> kFields = {{{"item", true}, {"quantity", true}, {"note", false}}};
using Header = std::vector<std::string_view>;

TEST(BindingTest, FindsColumnsByTheMapping) {
  Mapping mapping;
  mapping.columns["item"] = "Artikel";
  mapping.constants["quantity"] = "7";
  const Header header = {"Datum", "Artikel"};
  TANDEM_ASSERT_OK_AND_ASSIGN(const Binding binding, Binding::Make(kFields, header, mapping));
  const Header cells = {"heute", "4711"};
  EXPECT_EQ(binding.Cell(0, cells), "4711");
  EXPECT_EQ(binding.Cell(1, cells), "7");
  EXPECT_EQ(binding.Cell(2, cells), "");
  EXPECT_EQ(binding.ColumnName(0), "Artikel");
}

TEST(BindingTest, RefusesAHeaderThatDoesNotFit) {
  const Header header = {"item", "quantity"};
  const Header twice = {"item", "item", "quantity"};
  Mapping strange_field;
  strange_field.columns["colour"] = "item";
  Mapping strange_column;
  strange_column.columns["item"] = "Artikel";
  EXPECT_THAT(Binding::Make(kFields, Header{"item"}, {}), HasReason(Reason::kFieldMissing));
  EXPECT_THAT(Binding::Make(kFields, header, strange_column), HasReason(Reason::kFieldMissing));
  EXPECT_THAT(Binding::Make(kFields, header, strange_field), HasReason(Reason::kFileMalformed));
  EXPECT_THAT(Binding::Make(kFields, twice, {}), HasReason(Reason::kFileMalformed));
}

TEST(ForEachRowTest, RejectsBadRowsByLineColumnAndRule) {
  TextSource source(
      "item,quantity,note\n"
      "a,1,\n"
      "b c,1,\n"
      ",1,\n"
      "d,1\n"
      "e,1.2345,\n"
      "\"f\"x,1,\n"
      "g,2,\n");
  std::vector<Reject> rejects;
  int sum = 0;
  TANDEM_ASSERT_OK_AND_ASSIGN(const RowCounts counts,
                              ForEachRow(
                                  source, kFields, {},
                                  [&](const Row& row) -> absl::Status {
                                    const auto id = row.Id(0);
                                    if (!id.ok()) return id.status();
                                    const auto amount = row.Amount(1);
                                    if (amount.ok()) sum += static_cast<int>(amount->milli());
                                    return amount.status();
                                  },
                                  [&](Reject reject) { rejects.push_back(std::move(reject)); }));
  EXPECT_EQ(counts.taken, 2);
  EXPECT_EQ(counts.rejected, 5);
  EXPECT_EQ(sum, 3'000);
  ASSERT_EQ(rejects.size(), 5U);
  const char* want[][4] = {{"3", "item", "BAD_NAME", "b c"},
                           {"4", "item", "FIELD_MISSING", ""},
                           {"5", "", "FILE_MALFORMED", ""},
                           {"6", "quantity", "QUANTITY_OUT_OF_RANGE", "1.2345"},
                           {"7", "", "FILE_MALFORMED", ""}};
  for (std::size_t k = 0; k < 5; ++k) {
    SCOPED_TRACE(k);
    EXPECT_EQ(std::to_string(rejects[k].line), want[k][0]);
    EXPECT_EQ(rejects[k].column, want[k][1]);
    EXPECT_EQ(rejects[k].rule, want[k][2]);
    EXPECT_EQ(rejects[k].value, want[k][3]);
    EXPECT_FALSE(rejects[k].message.empty());
  }
  EXPECT_EQ(RejectHeader(), "line,column,rule,value,message\n");
  EXPECT_EQ(RejectLine({.line = 3, .column = "item", .rule = "R", .value = "b,c", .message = "m"}),
            "3,item,R,\"b,c\",m\n");
}

TEST(RowTest, ReadsNumbersWithinBounds) {
  const Header header = {"item", "quantity", "note"};
  TANDEM_ASSERT_OK_AND_ASSIGN(const Binding binding, Binding::Make(kFields, header, {}));
  const auto whole = [&](std::string_view text) {
    const Header cells = {"a", text, ""};
    return Row(binding, 2, cells).Whole(1, {.least = -5, .most = 10, .if_empty = 3});
  };
  EXPECT_EQ(*whole("10"), 10);
  EXPECT_EQ(*whole("-5"), -5);
  EXPECT_EQ(*whole(""), 3);
  for (const char* text : {"11", "-6", "1.0", " 1", "+1", "99999999999999999999"}) {
    EXPECT_THAT(whole(text), HasReason(Reason::kFieldOutOfRange)) << text;
  }
}

TEST(IsUtf8Test, FollowsRfc3629) {
  EXPECT_TRUE(IsUtf8("Käse \xF0\x9F\x9A\xB2"));
  for (const char* text : {"\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                           "\xE0\x80\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

}  // namespace
}  // namespace tandem::exchange::csv

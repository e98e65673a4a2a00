#include "services/exchange/csv/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/exchange/csv/file.h"
#include "services/exchange/csv/registers.h"
#include "tests/support/status.h"

namespace tandem::exchange::csv {
namespace {

using ::testing::ElementsAre;

struct Sent {
  std::vector<std::pair<SeriesKey, v1::SeriesBlock>> blocks{};
  std::vector<Reject> rejects{};
};

template <typename Fields>
Sent ReadSeriesFile(const Fields& fields, v1::Measure measure, std::string_view text,
                    std::size_t rows_max = 65'536) {
  Sent sent;
  const OnReject on_reject = [&](Reject reject) { sent.rejects.push_back(std::move(reject)); };
  SeriesBlocks blocks(
      measure, {.rows_max = rows_max},
      [&](const SeriesKey& key, v1::SeriesBlock block) {
        sent.blocks.emplace_back(key, std::move(block));
        return absl::OkStatus();
      },
      on_reject);
  SeriesRowParser parser(measure);
  TextSource source(text);
  const auto counts = ForEachRow(
      source, fields, {},
      [&](const Row& row) -> absl::Status {
        const auto parsed = parser.Parse(row);
        if (!parsed.ok()) return parsed.status();
        return blocks.Add(*parsed);
      },
      on_reject);
  EXPECT_THAT(counts, testing::IsOk());
  EXPECT_THAT(blocks.Finish(), testing::IsOk());
  return sent;
}

TEST(SeriesBlocksTest, OrdersADayByDayFileIntoRuns) {
  const Sent sent = ReadSeriesFile(kSalesFields, v1::MEASURE_SALES,
                                   "location,item,date,quantity\n"
                                   "s1,a,1990-01-01,1\n"
                                   "s1,b,1990-01-01,2\n"
                                   "s2,a,1990-01-01,9\n"
                                   "s1,a,1990-01-02,3\n"
                                   "s1,b,1990-01-03,-0.5\n");
  ASSERT_EQ(sent.blocks.size(), 2U);
  EXPECT_EQ(sent.blocks[0].first.location, "s1");
  const v1::SeriesBlock& block = sent.blocks[0].second;
  EXPECT_THAT(block.items(), ElementsAre("a", "b"));
  EXPECT_THAT(block.run_item(), ElementsAre(0, 1, 1));
  EXPECT_THAT(block.run_first_day(), ElementsAre(7305, 7305, 7307));
  EXPECT_THAT(block.run_length(), ElementsAre(2, 1, 1));
  EXPECT_THAT(block.value_milli(), ElementsAre(1'000, 3'000, 2'000, -500));
  EXPECT_EQ(sent.blocks[1].first.location, "s2");
  EXPECT_EQ(sent.blocks[1].second.run_length_size(), 0);  // Every run is one day.
}

TEST(SeriesBlocksTest, CutsAtTheLimit) {
  std::string text = "location,item,date,quantity\n";
  for (int day = 1; day <= 25; ++day) {
    text += "s1,a,2025-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + ",1\n";
  }
  const Sent sent = ReadSeriesFile(kSalesFields, v1::MEASURE_SALES, text, 10);
  ASSERT_EQ(sent.blocks.size(), 3U);
  EXPECT_EQ(sent.blocks[1].second.value_milli_size(), 10);
  EXPECT_EQ(sent.blocks[2].second.value_milli_size(), 5);
}

TEST(SeriesBlocksTest, RejectsARowThatStandsTwice) {
  const Sent sent = ReadSeriesFile(kSalesFields, v1::MEASURE_SALES,
                                   "location,item,date,quantity\n"
                                   "s1,a,2025-01-01,1\n"
                                   "s1,a,2025-01-01,2\n");
  ASSERT_EQ(sent.rejects.size(), 1U);
  EXPECT_EQ(sent.rejects[0].line, 3);
  EXPECT_EQ(sent.rejects[0].rule, "DUPLICATE_ROW");
  EXPECT_THAT(sent.blocks.at(0).second.value_milli(), ElementsAre(1'000));
}

// Only rows of one block were compared: the service refused the second block, of all the file.
TEST(SeriesBlocksTest, RejectsARowThatStandsTwiceThoughBlocksLieBetween) {
  std::string text = "location,item,date,quantity\n";
  for (int day = 1; day <= 25; ++day) {
    text += "s1,a,2025-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + ",1\n";
  }
  text += "s1,a,2025-01-02,1\ns1,b,2025-01-02,1\n";
  const Sent sent = ReadSeriesFile(kSalesFields, v1::MEASURE_SALES, text, 10);
  ASSERT_EQ(sent.rejects.size(), 1U);
  EXPECT_EQ(sent.rejects[0].line, 27);
  EXPECT_EQ(sent.rejects[0].rule, "DUPLICATE_ROW");
  ASSERT_EQ(sent.blocks.size(), 3U);
  EXPECT_EQ(sent.blocks[2].second.value_milli_size(), 6);
}

TEST(SeriesBlocksTest, SaysWhichLineEachRowOfABlockIs) {
  std::vector<std::vector<std::int64_t>> lines;
  SeriesBlocks* building = nullptr;
  SeriesBlocks blocks(
      v1::MEASURE_SALES, {.rows_max = 3},
      [&](const SeriesKey&, const v1::SeriesBlock&) {
        lines.push_back(building->lines());
        return absl::OkStatus();
      },
      [](const Reject&) {});
  building = &blocks;
  std::int64_t line = 2;
  for (const auto& [item, day] : std::vector<std::pair<const char*, int>>{
           {"a", 9000}, {"b", 9000}, {"a", 8999}, {"b", 9001}}) {
    const SeriesRow row{
        .location = "s1", .item = item, .day = base::Day::FromNumber(day), .line = line++};
    ASSERT_THAT(blocks.Add(row), testing::IsOk());
  }
  ASSERT_THAT(blocks.Finish(), testing::IsOk());
  EXPECT_THAT(lines, ElementsAre(ElementsAre(4, 2, 3), ElementsAre(5)));
}

// Against a plain set of days.
TEST(DaySetTest, AddsARangeWholeOrNotAtAll) {
  std::mt19937 random(7);
  DaySet days;
  std::set<std::int32_t> plain;
  int refused = 0;
  for (int k = 0; k < 2'000; ++k) {
    const auto first = static_cast<std::int32_t>(7305 + random() % 20'000);
    const auto last = first + static_cast<std::int32_t>(random() % (random() % 8 == 0 ? 300 : 3));
    bool free = true;
    for (std::int32_t day = first; day <= last; ++day) free = free && !plain.contains(day);
    ASSERT_EQ(days.Add(first, last), free) << first << " to " << last;
    for (std::int32_t day = first; free && day <= last; ++day) plain.insert(day);
    if (!free) ++refused;
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 1'900);
}

TEST(SeriesBlocksTest, KeepsStockApartByOwnerStatusAndRevision) {
  const Sent sent = ReadSeriesFile(kStockFields, v1::MEASURE_STOCK,
                                   "location,item,date,quantity,revision,stock_owner,status\n"
                                   "s1,a,2025-01-01,1,,,\n"
                                   "s1,a,2025-01-01,2,,acme,\n"
                                   "s1,a,2025-01-01,3,,acme,BLOCKED\n"
                                   "s1,a,2025-01-01,4,1,acme,BLOCKED\n"
                                   "s1,a,2025-01-01,5,,acme,LOST\n");
  ASSERT_EQ(sent.blocks.size(), 4U);
  EXPECT_EQ(sent.blocks[0].second.stock_status(), v1::STOCK_STATUS_FREE);
  EXPECT_EQ(sent.blocks[1].second.stock_owner(), "firms/acme");
  EXPECT_EQ(sent.blocks[3].second.revision(), 1U);
  ASSERT_EQ(sent.rejects.size(), 1U);
  EXPECT_EQ(sent.rejects[0].column, "status");
}

TEST(PriceBlocksTest, ReadsAndWritesTheSameFile) {
  const std::string text =
      "location,item,first_date,last_date,price,currency,revision\n"
      "s1,a,2025-01-01,2025-01-31,9.58,EUR,\n"
      "s1,a,2025-02-01,2025-02-28,10.00,EUR,\n";
  TextSource source(text);
  std::string written = HeaderOf(kPriceFields);
  Writer out(written);
  PriceBlocks blocks({}, [&](const std::string& location, const v1::PriceBlock& block) {
    WritePrices(location, block, out);
    return absl::OkStatus();
  });
  const auto counts = ForEachRow(
      source, kPriceFields, {},
      [&](const Row& row) -> absl::Status {
        const auto parsed = ParsePriceRow(row);
        if (!parsed.ok()) return parsed.status();
        return blocks.Add(*parsed);
      },
      [](const Reject& reject) { FAIL() << reject.message; });
  ASSERT_THAT(counts, testing::IsOk());
  ASSERT_THAT(blocks.Finish(), testing::IsOk());
  EXPECT_EQ(written, text);
}

// The service refused the block that both ranges came in.
TEST(PriceBlocksTest, RefusesARangeThatOverlapsAnotherOfItsRevision) {
  PriceBlocks blocks({.rows_max = 1},
                     [](const std::string&, const v1::PriceBlock&) { return absl::OkStatus(); });
  const auto row = [](const char* item, int first, int last, std::uint32_t revision) {
    return PriceRow{.location = "s1",
                    .item = item,
                    .first_day = base::Day::FromNumber(first),
                    .last_day = base::Day::FromNumber(last),
                    .price = {100, 2},
                    .currency = "EUR",
                    .revision = revision};
  };
  EXPECT_THAT(blocks.Add(row("a", 9000, 9010, 0)), testing::IsOk());
  EXPECT_THAT(blocks.Add(row("a", 9011, 9020, 0)), testing::IsOk());
  EXPECT_THAT(blocks.Add(row("a", 9020, 9030, 0)), testing::HasReason(base::Reason::kDuplicateRow));
  EXPECT_THAT(blocks.Add(row("a", 9005, 9030, 1)), testing::IsOk());
  EXPECT_THAT(blocks.Add(row("b", 9000, 9010, 0)), testing::IsOk());
}

// A price of revision 1 came back as one of revision 0, which the service refuses.
TEST(PriceBlocksTest, WritesTheRevision) {
  v1::PriceBlock block;
  block.add_items("a");
  block.add_item(0);
  block.add_first_day(7305);
  block.add_last_day(7306);
  block.add_value(999);
  block.set_scale(2);
  block.set_currency_code("EUR");
  block.set_revision(3);
  std::string written;
  Writer out(written);
  WritePrices("s1", block, out);
  EXPECT_EQ(written, "s1,a,1990-01-01,1990-01-02,9.99,EUR,3\n");
}

// A sale of revision 2 came back as one of revision 0, which a correction of revision 1 beat.
TEST(WriteSeriesTest, WritesTheRevisionsThatAnImportReadsBack) {
  v1::ReadSeriesResponse series;
  series.set_location("firms/shop/locations/s1");
  series.add_items("a");
  series.add_items("b");
  series.set_first_day(7305);
  series.set_day_count(2);
  for (const std::int64_t milli : {1'000, 2'000, 3'000, 4'000}) series.add_value_milli(milli);
  for (const std::uint32_t revision : {0U, 2U, 4'294'967'295U, 0U}) series.add_revision(revision);
  std::string written;
  Writer out(written);
  WriteSeries(series, out);
  EXPECT_EQ(written,
            "s1,a,1990-01-01,1,\ns1,a,1990-01-02,2,2\n"
            "s1,b,1990-01-01,3,4294967295\ns1,b,1990-01-02,4,\n");
  std::string stock;
  Writer stock_out(stock);
  WriteStock(series, "maker", v1::STOCK_STATUS_BLOCKED, stock_out);
  EXPECT_EQ(stock,
            "s1,a,1990-01-01,1,,maker,BLOCKED\ns1,a,1990-01-02,2,2,maker,BLOCKED\n"
            "s1,b,1990-01-01,3,4294967295,maker,BLOCKED\ns1,b,1990-01-02,4,,maker,BLOCKED\n");
}

TEST(WriteSeriesTest, LeavesOutDaysThatAreNotKnown) {
  v1::ReadSeriesResponse series;
  series.set_location("firms/shop/locations/s1");
  series.add_items("a");
  series.set_first_day(7305);
  series.set_day_count(3);
  for (const std::int64_t milli : {1'000, 0, 2'500}) series.add_value_milli(milli);
  series.set_known(std::string(1, '\x05'));
  std::string written;
  Writer out(written);
  WriteSeries(series, out);
  EXPECT_EQ(written, "s1,a,1990-01-01,1,\ns1,a,1990-01-03,2.5,\n");
  EXPECT_EQ(ValueOf(series, 0, 1), std::nullopt);
  EXPECT_EQ(ValueOf(series, 1, 0), std::nullopt);
  series.clear_known();
  EXPECT_EQ(ValueOf(series, 0, 1), 0);
}

}  // namespace
}  // namespace tandem::exchange::csv

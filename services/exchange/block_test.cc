#include "services/exchange/block.h"

#include <gmock/gmock.h>

#include <functional>

#include "services/base/quantity.h"
#include "services/exchange/column.h"
#include "services/exchange/testing.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using base::Reason;
using tandem::testing::HasReason;
using tandem::testing::IsOk;
using tandem::testing::Random;

absl::Status Checked(const v1::SeriesBlock& block) {
  const auto firm = testing::MakeRegister(3, 1);
  firm->items.Close(3, testing::kDay + 10);
  const auto dictionary = MapDictionary(block.items(), *firm);
  const Place place{"shop", "l1"};
  return PrepareSeries({place, firm, *dictionary}, block).status();
}

// Goal: each rule of a block names its reason, and both sides of an edge are held.
TEST(PrepareSeriesTest, RefusesABlockWhole) {
  struct Case {
    const char* name;
    Reason want;
    std::function<void(v1::SeriesBlock&)> change;
  };
  const Case cases[] = {
      {"as it is", Reason::kNone, [](v1::SeriesBlock&) {}},
      {"no rows", Reason::kFieldMissing, [](v1::SeriesBlock& b) { b.clear_run_first_day(); }},
      {"a day too many", Reason::kBadColumns,
       [](v1::SeriesBlock& b) { b.add_run_first_day(testing::kDay); }},
      {"a value too many", Reason::kBadColumns, [](v1::SeriesBlock& b) { b.add_value_milli(1); }},
      {"a run of no days", Reason::kBadColumns,
       [](v1::SeriesBlock& b) {
         b.add_run_length(0);
         b.add_run_length(2);
       }},
      {"a run beyond all", Reason::kBadColumns,
       [](v1::SeriesBlock& b) {
         b.add_run_length(0xffffffff);
         b.add_run_length(1);
       }},
      {"an index beyond the items", Reason::kBadColumns,
       [](v1::SeriesBlock& b) { b.set_run_item(0, 3); }},
      {"an item that is not there", Reason::kUnknownItem,
       [](v1::SeriesBlock& b) { b.set_items(1, "i9"); }},
      {"the first day", Reason::kNone,
       [](v1::SeriesBlock& b) { b.set_run_first_day(0, base::Day::kFirst); }},
      {"a day before it", Reason::kDayOutOfRange,
       [](v1::SeriesBlock& b) { b.set_run_first_day(0, base::Day::kFirst - 1); }},
      {"the last day", Reason::kNone,
       [](v1::SeriesBlock& b) { b.set_run_first_day(0, base::Day::kLast); }},
      {"a day after it", Reason::kDayOutOfRange,
       [](v1::SeriesBlock& b) { b.set_run_first_day(0, base::Day::kLast + 1); }},
      {"the largest value", Reason::kNone,
       [](v1::SeriesBlock& b) { b.set_value_milli(0, base::Quantity::kMilliMax); }},
      {"one more", Reason::kQuantityOutOfRange,
       [](v1::SeriesBlock& b) { b.set_value_milli(0, base::Quantity::kMilliMax + 1); }},
      {"the largest return, and one more", Reason::kQuantityOutOfRange,
       [](v1::SeriesBlock& b) { b.set_value_milli(0, -base::Quantity::kMilliMax - 1); }},
      {"a day twice", Reason::kDuplicateRow,
       [](v1::SeriesBlock& b) { b.set_run_item(1, b.run_item(0)); }},
      {"the closing day", Reason::kNone,
       [](v1::SeriesBlock& b) {
         b.set_run_item(0, 2);
         b.set_run_first_day(0, testing::kDay + 10);
       }},
      {"after it", Reason::kEntryClosed,
       [](v1::SeriesBlock& b) {
         b.set_run_item(0, 2);
         b.set_run_first_day(0, testing::kDay + 11);
       }},
      {"no measure", Reason::kUnknownEnum, [](v1::SeriesBlock& b) { b.clear_measure(); }},
      {"stock without a status", Reason::kUnknownEnum,
       [](v1::SeriesBlock& b) { b.set_measure(v1::MEASURE_STOCK); }},
      {"sales with a status", Reason::kFieldOutOfRange,
       [](v1::SeriesBlock& b) { b.set_stock_status(v1::STOCK_STATUS_FREE); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    v1::SeriesBlock block =
        testing::WireBlock({{1, testing::kDay, 1000}, {2, testing::kDay, 2000}}, 1, 3);
    c.change(block);
    const absl::Status status = Checked(block);
    EXPECT_EQ(base::ReasonOf(status), c.want) << status;
  }
}

TEST(PrepareSingleTest, MakesTheFactThatABlockOfOneRowMakes) {
  const auto firm = testing::MakeRegister(3, 1);
  const Place place{"shop", "l1"};
  const v1::SeriesBlock wire = testing::WireBlock({{2, testing::kDay, 1500}}, 7, 3);
  const auto dictionary = MapDictionary(wire.items(), *firm);
  const auto block = PrepareSeries({place, firm, *dictionary}, wire);
  const auto single = PrepareSingle({place, firm, *dictionary}, wire);
  ASSERT_THAT(block, IsOk());
  ASSERT_THAT(single, IsOk());
  EXPECT_EQ((*single)->fact.SerializeAsString(), (*block)->fact.SerializeAsString());
  EXPECT_EQ((*single)->touched.size(), 1u);  // What conflicts are looked for by.
  v1::SeriesBlock empty = wire;
  empty.clear_value_milli();
  EXPECT_EQ(PrepareSingle({place, firm, *dictionary}, empty).status(),
            PrepareSeries({place, firm, *dictionary}, empty).status());
}

// Goal: a day of every item says the same in two columns as in four.
TEST(PrepareSeriesTest, TakesEveryItemOfTheDictionaryOnOneDay) {
  const auto firm = testing::MakeRegister(3, 1);
  const Place place{"shop", "l1"};
  const v1::SeriesBlock full = testing::WireBlock(
      {{1, testing::kDay, 1000}, {2, testing::kDay, 0}, {3, testing::kDay, 3000}}, 7, 3);
  v1::SeriesBlock brief = full;
  brief.clear_run_item();
  brief.mutable_run_first_day()->Truncate(1);
  const auto dictionary = MapDictionary(full.items(), *firm);
  const auto want = PrepareSeries({place, firm, *dictionary}, full);
  for (int again = 0; again < 2; ++again) {  // The second time the dictionary's column is there.
    const auto got = PrepareSeries({place, firm, *dictionary}, brief);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ((*got)->fact.SerializeAsString(), (*want)->fact.SerializeAsString());
    EXPECT_EQ((*got)->touched_columns.SerializeAsString(),
              (*want)->touched_columns.SerializeAsString());
  }
  brief.add_value_milli(1);
  EXPECT_THAT(PrepareSeries({place, firm, *dictionary}, brief).status(),
              HasReason(Reason::kBadColumns));
  brief.mutable_value_milli()->Truncate(2);
  EXPECT_THAT(PrepareSeries({place, firm, *dictionary}, brief).status(),
              HasReason(Reason::kBadColumns));
}

// Goal: whatever the dictionary's order, what is closed and what the day, a block of every item in
// two columns is taken or refused as the same block in four is; also when the registers change.
TEST(PrepareSeriesTest, TakesADayOfEveryItemAsItWouldTakeItsRuns) {
  Random random;
  const Place place{"shop", "l1"};
  int taken = 0;
  for (int round = 0; round < 2'000; ++round) {
    const std::shared_ptr<FirmRegister> registers[] = {testing::MakeRegister(6, 1),
                                                       testing::MakeRegister(6, 1)};
    const auto close_some = [&](FirmRegister& firm) {
      if (random.OneIn(3)) {
        const auto item = static_cast<std::uint32_t>(random.Below(6)) + 1;
        firm.items.Close(item, testing::kDay + static_cast<std::int32_t>(random.Below(3)));
      }
      if (random.OneIn(6)) firm.locations.Close(1, testing::kDay + 1);
    };
    for (const auto& firm : registers) close_some(*firm);
    v1::SeriesBlock full;
    full.set_measure(v1::MEASURE_SALES);
    const std::int32_t day = random.OneIn(8)
                                 ? (random.OneIn(2) ? base::Day::kLast : base::Day::kFirst) - 1 +
                                       static_cast<std::int32_t>(random.Below(3))
                                 : testing::kDay + static_cast<std::int32_t>(random.Below(4));
    for (std::uint32_t item = 1; item <= 6; ++item) {
      if (random.OneIn(3)) continue;
      full.add_items("i" + std::to_string(random.OneIn(30) ? 9 : item));
    }
    if (random.OneIn(4)) {
      for (int i = full.items_size(); i-- > 1;) {
        full.mutable_items()->SwapElements(
            i, static_cast<int>(random.Below(static_cast<std::size_t>(i) + 1)));
      }
    }
    for (int i = 0; i < full.items_size(); ++i) {
      full.add_run_item(static_cast<std::uint32_t>(i));
      full.add_run_first_day(day);
      full.add_value_milli(static_cast<std::int64_t>(random.Below(5)) * 1000);
    }
    v1::SeriesBlock brief = full;
    brief.clear_run_item();
    if (brief.run_first_day_size() > 1) brief.mutable_run_first_day()->Truncate(1);
    const auto dictionary = MapDictionary(full.items(), *registers[0]);
    for (int i = 0; i < 3; ++i) {
      const BlockScope scope{place, registers[i % 2], *dictionary};
      const auto want = PrepareSeries(scope, full);
      const auto got = PrepareSeries(scope, brief);
      ASSERT_EQ(got.status(), want.status());
      if (!got.ok()) continue;
      ++taken;
      EXPECT_EQ((*got)->fact.SerializeAsString(), (*want)->fact.SerializeAsString());
      EXPECT_EQ((*got)->touched_columns.SerializeAsString(),
                (*want)->touched_columns.SerializeAsString());
      EXPECT_EQ((*got)->touched.size(), (*want)->touched.size());
    }
  }
  EXPECT_GT(taken, 500);
}

// Goal: what a fold unpacks of a block is what unpacking all of it gives.
TEST(DecodeSeriesOfTest, GivesTheItemsAskedFor) {
  const auto firm = testing::MakeRegister(5, 1);
  const Place place{"shop", "l1"};
  const std::vector<testing::Row> days[] = {
      {{1, 10'000, 1}, {2, 10'000, 2}, {3, 10'000, 3}, {4, 10'001, 4}, {5, 10'000, 5}},
      {{5, 10'000, 5}, {1, 10'000, 1}, {3, 10'000, 3}},                  // Not ascending.
      {{2, 10'000, 1}, {2, 10'001, 2}, {2, 10'002, 3}, {4, 10'000, 4}},  // Several days.
  };
  for (const auto& rows : days) {
    const v1::SeriesBlock block = testing::WireBlock(rows, 1, 5);
    const auto dictionary = MapDictionary(block.items(), *firm);
    const auto prepared = PrepareSeries({place, firm, *dictionary}, block);
    ASSERT_THAT(prepared, IsOk());
    for (std::uint32_t first = 1; first <= 5; ++first) {
      for (std::uint32_t last = first; last <= 5; ++last) {
        const auto part = DecodeSeriesOf((*prepared)->fact, first, last);
        ASSERT_THAT(part, IsOk());
        std::vector<std::int64_t> got;
        for (const auto& run : part->runs) got.push_back(part->values_milli[run.value_index]);
        std::vector<std::int64_t> want;
        for (const testing::Row& row : rows) {
          if (row.item >= first && row.item <= last) want.push_back(row.value);
        }
        EXPECT_EQ(got, want) << first << " to " << last;
      }
    }
  }
}

TEST(PreparePricesTest, RefusesRangesThatAreNone) {
  const auto firm = testing::MakeRegister(2, 1);
  const Place place{"shop", "l1"};
  v1::PriceBlock good;
  good.add_items("i1");
  good.add_item(0);
  good.add_first_day(testing::kDay);
  good.add_last_day(testing::kDay + 6);
  good.add_value(958);
  good.set_scale(2);
  good.set_currency_code("USD");
  const auto checked = [&](const std::function<void(v1::PriceBlock&)>& change) {
    v1::PriceBlock block = good;
    change(block);
    const auto dictionary = MapDictionary(block.items(), *firm);
    return PreparePrices({place, firm, *dictionary}, block).status();
  };
  EXPECT_THAT(checked([](v1::PriceBlock&) {}), IsOk());
  EXPECT_THAT(checked([](v1::PriceBlock& b) { b.set_last_day(0, testing::kDay - 1); }),
              HasReason(Reason::kDayOutOfRange));
  EXPECT_THAT(checked([](v1::PriceBlock& b) { b.set_value(0, -1); }),
              HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(checked([](v1::PriceBlock& b) { b.set_scale(10); }),
              HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(checked([](v1::PriceBlock& b) { b.set_currency_code("usd"); }),
              HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(checked([](v1::PriceBlock& b) {
                b.add_item(0);
                b.add_first_day(testing::kDay + 6);
                b.add_last_day(testing::kDay + 8);
                b.add_value(1);
              }),
              HasReason(Reason::kDuplicateRow));
  // A location's last day was not asked for, though an item's was.
  firm->locations.Close(1, testing::kDay);
  EXPECT_THAT(checked([](v1::PriceBlock&) {}), IsOk());
  firm->locations.Close(1, testing::kDay - 1);
  const absl::Status closed = checked([](v1::PriceBlock&) {});
  ASSERT_THAT(closed, HasReason(Reason::kEntryClosed));
  using Details = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(
      base::RefusalOf(closed)->details,
      (Details{
          {"row", "0"}, {"item", "i1"}, {"day", base::Day::FromNumber(testing::kDay).ToString()}}));
}

// Goal: columns that do not fit each other, or are no columns, are damage and never a crash.
TEST(DecodeSeriesColumnsTest, StandsHostileColumns) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    v1::SeriesReported fact;
    const auto column = [&] {
      if (random.OneIn(3)) return random.Bytes(random.Below(24));
      std::vector<std::int64_t> values(random.Below(6));
      for (std::int64_t& v : values) {
        v = random.OneIn(2) ? random.Between(0, 20'000) : static_cast<std::int64_t>(random.Wide());
      }
      return EncodeColumn(values);
    };
    fact.set_run_item_column(column());
    fact.set_run_first_day_column(column());
    fact.set_run_length_column(column());
    fact.set_value_column(column());
    const auto columns = DecodeSeriesColumns(fact);
    if (!columns.ok()) {
      EXPECT_EQ(columns.status().code(), absl::StatusCode::kDataLoss);
      continue;
    }
    std::size_t rows = 0;
    for (const exchange::Run& run : columns->runs) rows += run.length;
    EXPECT_EQ(rows, columns->values_milli.size());
  }
}

TEST(TouchedTest, MergesByItem) {
  TouchedParts parts;
  const SeriesKey sales{.measure = v1::MEASURE_SALES};
  *parts.Add() = EncodeTouched(sales, {{1, 10, 12}, {5, 3, 3}});
  *parts.Add() = EncodeTouched({}, {{1, 0, 0}});
  *parts.Add() = EncodeTouched(sales, {{1, 8, 9}, {4, 1, 1}});
  const TouchedParts merged = MergeTouched(parts);
  ASSERT_EQ(merged.size(), 2);
  EXPECT_EQ(merged[0].measure(), v1::MEASURE_SALES);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto items, DecodeTouched(merged[0]));
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].day_first, 8);
  EXPECT_EQ(items[0].day_last, 12);
  EXPECT_EQ(items[1].item, 4u);
  EXPECT_EQ(items[2].item, 5u);
}

TEST(TouchedTest, PartsStayFewAndSayTheSame) {
  const SeriesKey sales{.measure = v1::MEASURE_SALES};
  TouchedParts parts;
  TouchedParts all;
  for (std::uint32_t block = 0; block < 100; ++block) {
    // Blocks overlap in items, and their days move.
    const auto day = static_cast<std::int32_t>(block % 7);
    const v1::Touched more =
        EncodeTouched(sales, {{block / 2, day, day + 1}, {block + 1, day + 2, day + 3}});
    *all.Add() = more;
    AddTouched(parts, more);
    EXPECT_LT(parts.size(), 16) << "after block " << block;
  }
  const TouchedParts merged = MergeTouched(parts);
  const TouchedParts at_once = MergeTouched(all);
  ASSERT_EQ(merged.size(), 1);
  ASSERT_EQ(at_once.size(), 1);
  EXPECT_EQ(merged[0].SerializeAsString(), at_once[0].SerializeAsString());
}

}  // namespace
}  // namespace tandem::exchange

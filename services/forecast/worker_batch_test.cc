#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/forecast/series.h"
#include "services/forecast/worker_job.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::int32_t kOrigin = 20'779;  // 2026-11-22.

// Two departments that sell on different days: each has its own season, whatever else is in the
// batch, and in whatever order.
TEST(FitBatchTest, ItemsOfAGroupShareItsSeason) {
  forecast::Run run;
  run.method = kPooledProfile;
  run.origin_day = kOrigin;
  run.horizon_days = 7;
  constexpr std::int32_t kHistory = 280;
  const std::vector<std::string> items = {"beer", "bread", "milk", "wine"};
  const ItemGroups groups = {
      {"beer", "drinks"}, {"wine", "drinks"}, {"bread", "food"}, {"milk", "food"}};
  SeriesColumnsRead read;
  read.first_day = base::Day::FromNumber(kOrigin - kHistory + 1);
  read.day_count = kHistory;
  read.items = items;
  for (const std::string& item : items) {
    for (std::int32_t day = 0; day < kHistory; ++day) {
      const bool weekend = (read.first_day + day).Weekday() > 4;
      const bool drink = groups.at(item) == "drinks";
      read.value_milli.push_back(drink == weekend ? 30'000 : 5'000);
    }
  }
  const Batch batch{"shop", "east", items};
  TANDEM_ASSERT_OK_AND_ASSIGN(const FittedBatch fitted, FitBatch(batch, run, read, groups));
  const std::vector<Chunk>& chunks = fitted.chunks;
  ASSERT_THAT(chunks, SizeIs(1));
  for (int i = 0; i < 4; ++i) {
    const v1::SeriesColumns& series = chunks[0].series;
    const std::string& item = series.items(static_cast<int>(series.item_index(i)));
    for (int day = 0; day < 7; ++day) {
      const bool weekend = (base::Day::FromNumber(kOrigin) + 1 + day).Weekday() > 4;
      const double units = static_cast<double>(series.mean_milli(i * 7 + day)) / 1000.0;
      EXPECT_NEAR(units, (groups.at(item) == "drinks") == weekend ? 30.0 : 5.0, 1.0) << item;
    }
  }
}

std::vector<std::vector<std::string>> ItemsOf(const std::vector<Batch>& batches) {
  std::vector<std::vector<std::string>> items;
  items.reserve(batches.size());
  for (const Batch& batch : batches) items.push_back(batch.items);
  return items;
}

TEST(CutBatchesTest, CutsBetweenGroupsWhereItCan) {
  const std::vector<Batch> whole = {{"shop", "east", {"a", "b", "c", "d", "e", "f", "g"}}};
  EXPECT_THAT(
      ItemsOf(CutBatches(whole, {}, 3)),
      ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("d", "e", "f"), ElementsAre("g")));
  const GroupsByOwner groups = {
      {"shop", {{"a", "x"}, {"b", "y"}, {"c", "x"}, {"d", "y"}, {"e", "y"}, {"f", "y"}}}};
  // Without a group first; then two of x, and four of y that do not fit into three.
  EXPECT_THAT(
      ItemsOf(CutBatches(whole, groups, 3)),
      ElementsAre(ElementsAre("g", "a", "c"), ElementsAre("b", "d", "e"), ElementsAre("f")));
  EXPECT_THAT(ItemsOf(CutBatches(whole, groups, 4)),
              ElementsAre(ElementsAre("g", "a", "c"), ElementsAre("b", "d", "e", "f")));
  EXPECT_THAT(CutBatches(whole, groups, 1), SizeIs(7));
  EXPECT_THAT(CutBatches(whole, {{"rival", {{"a", "x"}}}}, 7), SizeIs(1));
}

TEST(FitBatchTest, SplitsWhatIsTooLargeForAChunk) {
  forecast::Run run;
  run.method = "ses";
  run.origin_day = kOrigin;
  run.horizon_days = 400;
  Batch batch{"shop", "east", {}};
  SeriesColumnsRead read;
  read.first_day = base::Day::FromNumber(kOrigin);
  read.day_count = 1;
  for (int i = 0; i < 500; ++i) {
    batch.items.push_back("item-" + std::to_string(i));
    read.value_milli.push_back(1'000'000'000'000);
  }
  read.items = batch.items;
  TANDEM_ASSERT_OK_AND_ASSIGN(const FittedBatch fitted, FitBatch(batch, run, read, {}));
  const std::vector<Chunk>& chunks = fitted.chunks;
  EXPECT_GT(chunks.size(), 1u);
  int series = 0;
  for (const Chunk& chunk : chunks) {
    EXPECT_THAT(CheckSeries(chunk.series), IsOk());
    series += chunk.series.item_index_size();
  }
  EXPECT_EQ(series, 500);
  read.value_milli.pop_back();
  EXPECT_FALSE(FitBatch(batch, run, read, {}).ok());
}

}  // namespace
}  // namespace tandem::forecast

#include "services/forecast/launches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "forecasting/quantile_levels.h"
#include "services/forecast/chunk_builder.h"
#include "services/forecast/series.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::IsOk;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int32_t kOrigin = 20'779;  // 2026-11-22.
constexpr std::size_t kLevels = forecasting::kQuantiles;

base::Day After(std::int32_t days) { return base::Day::FromNumber(kOrigin) + days; }

Run RunOf(std::int32_t bucket_days, std::int32_t buckets) {
  Run run;
  run.method = kLocal;
  run.origin_day = kOrigin;
  run.bucket_days = bucket_days;
  run.horizon_days = bucket_days * buckets;
  return run;
}

TEST(LaunchDayTest, IsTheFirstOfAPriceOrAPromotion) {
  const forecast::Run run = RunOf(1, 14);
  EXPECT_EQ(LaunchDay({}, run), std::nullopt);
  EXPECT_EQ(LaunchDay({.prices = {{After(9), 2.0}, {After(5), 3.0}}}, run), After(5));
  EXPECT_EQ(LaunchDay({.prices = {{After(9), 2.0}}, .promotions = {{After(4), After(6)}}}, run),
            After(4));
  // Without a price above zero it is not for sale.
  EXPECT_EQ(LaunchDay({.prices = {{After(5), 0.0}, {After(6), std::nan("")}}}, run), std::nullopt);
}

TEST(LaunchDayTest, LiesWithinTheHorizonOrShortlyBefore) {
  const forecast::Run run = RunOf(1, 14);
  const auto day = [&](std::int32_t priced) {
    return LaunchDay({.prices = {{After(priced), 2.0}}}, run);
  };
  EXPECT_EQ(day(1), After(1));
  EXPECT_EQ(day(0), After(1));
  EXPECT_EQ(day(1 - kLaunchDays + 1), After(1));
  EXPECT_EQ(day(1 - kLaunchDays), std::nullopt);
  EXPECT_EQ(day(14), After(14));
  EXPECT_EQ(day(15), std::nullopt);
}

// Forecasts of `units` a bucket, quantiles from half to one and a half of it.
LocalForecast Selling(double units, const Run& run) {
  LocalForecast forecast;
  for (std::int32_t bucket = 0; bucket < run.horizon_days / run.bucket_days; ++bucket) {
    forecast.mean.push_back(base::Quantity::FromMilli(std::llround(units * 1'000.0)));
    for (std::size_t k = 0; k < kLevels; ++k) {
      const double share = 0.5 + static_cast<double>(k) / (kLevels - 1.0);
      forecast.quantiles.push_back(
          base::Quantity::FromMilli(std::llround(share * units * 1'000.0)));
    }
  }
  return forecast;
}

// Two owners' locations, 25 items each that sell 1, 2, 3 … units a bucket, twice as much at west.
struct Shops {
  explicit Shops(Run with) : run(std::move(with)) {
    for (const std::string location : {"east", "west"}) {
      Batch batch{"shop", location, {}};
      ChunkBuilder builder(batch, run.bucket_days);
      for (int item = 1; item <= 25; ++item) {
        batch.items.push_back("item-" + std::to_string(item));
        groups["shop"][batch.items.back()] = item % 2 == 0 ? "food/bread" : "food/milk";
        builder.Add(batch.items.back(), Selling((location == "west" ? 2.0 : 1.0) * item, run));
      }
      fitted.push_back({.chunks = builder.Take()});
      batches.push_back(std::move(batch));
    }
  }
  // The last chunk of a batch, after launches were added.
  const Chunk& Last(std::size_t batch) const { return fitted[batch].chunks.back(); }

  Run run;
  std::vector<Batch> batches;
  GroupsByOwner groups;
  std::vector<FittedBatch> fitted;
};

// Of an item that only one of the locations knows, twice or half of what it sells there.
TEST(AddLaunchesTest, AnItemKnownElsewhereSellsAsItsLocationDoes) {
  Shops shops(RunOf(1, 7));
  ChunkBuilder builder(shops.batches[0], 1);
  builder.Add("only-east", Selling(8.0, shops.run));
  for (Chunk& chunk : builder.Take()) shops.fitted[0].chunks.push_back(std::move(chunk));
  shops.groups["shop"]["only-east"] = "food/milk";
  shops.fitted[1].launches = {{"only-east", After(3)}};
  ASSERT_THAT(AddLaunches(shops.run, shops.batches, shops.groups, shops.fitted), IsOk());
  ASSERT_THAT(shops.fitted[0].chunks, SizeIs(2));
  ASSERT_THAT(shops.fitted[1].chunks, SizeIs(2));
  const Chunk& made = shops.Last(1);
  EXPECT_THAT(CheckSeries(made.series), IsOk());
  EXPECT_THAT(CheckQuantiles(made.series, made.quantiles), IsOk());
  EXPECT_EQ(made.series.owner(), "firms/shop");
  EXPECT_EQ(made.series.items(0), "only-east");
  EXPECT_EQ(made.series.locations(0), "west");
  ASSERT_EQ(made.series.mean_milli_size(), 7);
  for (int day = 0; day < 7; ++day) {
    const double units = static_cast<double>(made.series.mean_milli(day)) / 1'000.0;
    const double median =
        static_cast<double>(made.quantiles.value_milli(day * static_cast<int>(kLevels) + 4)) / 1e3;
    if (day < 2) {  // It comes on the third day.
      EXPECT_EQ(units, 0.0);
      EXPECT_EQ(made.quantiles.value_milli(day * static_cast<int>(kLevels) + 8), 0);
    } else {
      EXPECT_NEAR(units, 16.0, 3.0) << day;
      EXPECT_NEAR(median, 16.0, 3.0) << day;
    }
  }
}

TEST(AddLaunchesTest, OfTheWeekInWhichItComesItHasTheDaysThatAreLeft) {
  Shops shops(RunOf(7, 3));
  shops.fitted[0].launches = {{"new-a", After(1)}, {"new-b", After(10)}};
  ASSERT_THAT(AddLaunches(shops.run, shops.batches, shops.groups, shops.fitted), IsOk());
  const v1::SeriesColumns& series = shops.Last(0).series;
  ASSERT_EQ(series.mean_milli_size(), 6);
  const double week = static_cast<double>(series.mean_milli(0));
  EXPECT_GT(week, 1'000.0);
  EXPECT_LT(week, 25'000.0);
  EXPECT_EQ(series.mean_milli(3), 0);
  // The second week has days 8 to 14, of which five are left.
  EXPECT_NEAR(static_cast<double>(series.mean_milli(4)), week * 5.0 / 7.0, 1.0);
  EXPECT_NEAR(static_cast<double>(series.mean_milli(5)), week, 1.0);
}

// A rival's series say nothing of this owner's items, and a location without any forecast series
// has them from the others.
TEST(AddLaunchesTest, OnlyTheOwnersSeriesAreAnalogs) {
  Shops shops(RunOf(1, 7));
  shops.batches.push_back({"rival", "east", {"theirs"}});
  shops.fitted.push_back({.launches = {{"theirs", After(1)}}});
  shops.batches.push_back({"shop", "north", {"item-3"}});
  shops.fitted.push_back({.launches = {{"item-3", After(1)}}});
  ASSERT_THAT(AddLaunches(shops.run, shops.batches, shops.groups, shops.fitted), IsOk());
  EXPECT_THAT(shops.fitted[2].chunks, IsEmpty());
  ASSERT_THAT(shops.fitted[3].chunks, SizeIs(1));
  EXPECT_EQ(shops.Last(3).series.locations(0), "north");
  const double units = static_cast<double>(shops.Last(3).series.mean_milli(0)) / 1'000.0;
  // Its item sells 3 at east, 6 at west.
  EXPECT_GT(units, 2.0);
  EXPECT_LT(units, 9.0);
}

TEST(FitBatchTest, FindsWhatComesAmongItemsWithoutADay) {
  forecast::Run run = RunOf(1, 7);
  const std::vector<std::string> items = {"known", "priced", "promoted", "unpriced"};
  SeriesColumnsRead read;
  read.first_day = base::Day::FromNumber(kOrigin - 27);
  read.day_count = 28;
  read.items = {"known", "priced"};
  read.value_milli.assign(56, 4'000);
  read.known.assign(7, '\0');
  for (std::size_t byte = 0; byte < 3; ++byte) read.known[byte] = '\xff';
  read.known[3] = '\x0f';  // 28 days of the first item, none of the second.
  for (const char* item : {"known", "priced"}) {
    read.drivers[item].prices = {{After(-2), 1.0}};
  }
  read.drivers["promoted"].promotions = {{After(5), After(6), "display", 1.5}};
  const Batch batch{"shop", "east", items};
  TANDEM_ASSERT_OK_AND_ASSIGN(const FittedBatch fitted, FitBatch(batch, run, read, {}));
  ASSERT_THAT(fitted.launches, SizeIs(2));
  EXPECT_EQ(fitted.launches[0].item, "priced");
  EXPECT_EQ(fitted.launches[0].day, After(1));
  EXPECT_EQ(fitted.launches[1].item, "promoted");
  EXPECT_EQ(fitted.launches[1].day, After(5));
  // Methods without quantiles have nothing to mix.
  run.method = kPooledProfile;
  TANDEM_ASSERT_OK_AND_ASSIGN(const FittedBatch means, FitBatch(batch, run, read, {}));
  EXPECT_THAT(means.launches, IsEmpty());
  EXPECT_THAT(means.chunks, SizeIs(1));
}

}  // namespace
}  // namespace tandem::forecast

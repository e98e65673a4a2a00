#include "forecasting/local/seasonal_naive.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

TEST(SeasonalNaiveTest, RepeatsTheLastSeason) {
  struct Case {
    const char* name;
    std::vector<double> history;
    SeasonalNaiveOptions options;
    std::vector<double> want;
  };
  const Case cases[] = {
      {"a season and a half",
       {9, 1, 2, 3},
       {.season_buckets = 3, .horizon_buckets = 5},
       {1, 2, 3, 1, 2}},
      {"exactly a season", {1, 2, 3}, {.season_buckets = 3, .horizon_buckets = 3}, {1, 2, 3}},
      {"one short of a season", {1, 2}, {.season_buckets = 3, .horizon_buckets = 3}, {1, 2, 1}},
      {"one bucket", {4}, {.season_buckets = 7, .horizon_buckets = 2}, {4, 4}},
      {"naive", {1, 2, 3}, {.season_buckets = 1, .horizon_buckets = 2}, {3, 3}},
      {"no horizon", {1}, {.season_buckets = 7, .horizon_buckets = 0}, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto forecast = SeasonalNaive(c.history, c.options);
    ASSERT_TRUE(forecast.ok()) << forecast.status();
    EXPECT_EQ(*forecast, c.want);
  }
}

TEST(SeasonalNaiveTest, RefusesWhatIsNoSeriesOrNoSeason) {
  const auto code = [](const std::vector<double>& history, const SeasonalNaiveOptions& options) {
    return SeasonalNaive(history, options).status().code();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code({}, {}), kInvalid);
  EXPECT_EQ(code({1, std::nan("")}, {}), kInvalid);
  EXPECT_EQ(code({std::nan(""), 1}, {.season_buckets = 1}), kInvalid);
  EXPECT_EQ(code({1}, {.season_buckets = 0}), kInvalid);
  EXPECT_EQ(code({1}, {.horizon_buckets = kHorizonBucketsMax + 1}), kInvalid);
  EXPECT_EQ(code({1}, {.horizon_buckets = kHorizonBucketsMax}), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace tandem::forecasting

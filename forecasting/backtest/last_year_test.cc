#include "forecasting/backtest/last_year.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr std::size_t kDays = 400;
constexpr std::size_t kThen = kDays - 364;  // A year before the first day ahead.

struct Group {
  std::vector<double> history = std::vector<double>(kDays, 10.0);
  std::vector<double> index = std::vector<double>(kDays + 28, 1.0);

  std::vector<double> Factors(const LastYearOptions& options = {}, std::size_t horizon = 28) const {
    return LastYearFactors(
        {.history_units = history, .season_index = index, .horizon_days = horizon}, options);
  }
};

// By hand: 10 a day, but last year the third day ahead sold 40. The means of three days around the
// days 2 to 4 were twice the level: cut to 1.3, its root taken.
TEST(LastYearTest, RaisesWhatSoldMoreAYearAgo) {
  Group group;
  group.history[kThen + 2] = 40.0;
  const double root = std::sqrt(1.3);
  EXPECT_THAT(group.Factors({.weight = 0.5}, 6), ElementsAre(1.0, root, root, root, 1.0, 1.0));
  // Unsmoothed, and with room for it.
  EXPECT_THAT(group.Factors({.weight = 0.5, .smooth_days = 0, .factor_room = 9.0}, 6),
              ElementsAre(1.0, 1.0, 2.0, 1.0, 1.0, 1.0));
  EXPECT_THAT(group.Factors({.weight = 0.0}), Each(1.0));
}

// What the season knows is in the forecast already: a weekday, an event and a closed day.
TEST(LastYearTest, LeavesTheSeasonToTheForecast) {
  Group group;
  for (std::size_t t = 0; t < kDays; ++t) {
    group.index[t] = t % 7 == 3 ? 2.0 : 0.8;
    group.history[t] = 10.0 * group.index[t];
  }
  group.index[kThen + 9] = 1e-3;  // Closed, and yet one was sold: a thousandfold of the level.
  group.history[kThen + 9] = 10.0;
  for (const double factor : group.Factors()) EXPECT_NEAR(factor, 1.0, 1e-12);
}

// Everything doubles half a year later: only the path counts, not the level.
TEST(LastYearTest, KnowsNoLevel) {
  Group group;
  for (std::size_t t = 200; t < kDays; ++t) group.history[t] = 20.0;
  for (const double factor : group.Factors()) EXPECT_NEAR(factor, 1.0, 1e-12);
}

TEST(LastYearTest, IsOneWhereThereWasNoYear) {
  Group group;
  group.history[kThen + 2] = 40.0;
  EXPECT_THAT(group.Factors({.level_days = 0}), Each(1.0));
  EXPECT_THAT(group.Factors({.level_days = 37}), Each(1.0));  // 36 days were before.
  EXPECT_NE(group.Factors({.level_days = 36})[2], 1.0);
  EXPECT_THAT(LastYearFactors({}, {}), Each(1.0));
  group.index.resize(kDays - 1);
  EXPECT_THAT(group.Factors(), Each(1.0));
  group.index.resize(kDays, 1.0);
  EXPECT_EQ(group.Factors({}, 500).size(), 500u);
  EXPECT_EQ(group.Factors({}, 500)[364], 1.0);  // Today, a year ahead, is not a year ago yet.
  EXPECT_THAT(group.Factors({}, 0), ElementsAre());
  group.history.assign(kDays, 0.0);
  EXPECT_THAT(group.Factors(), Each(1.0));
}

}  // namespace
}  // namespace tandem::forecasting

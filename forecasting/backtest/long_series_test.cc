#include "forecasting/backtest/long_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "forecasting/backtest/long_run.h"

namespace tandem::forecasting {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;

LongSeries Known(std::vector<double> units) {
  LongSeries series{.units = std::move(units)};
  series.knowledge.assign(series.units.size(), Knowledge::kKnown);
  return series;
}

ReadySeries Ready(const LongSeries& series, std::size_t season) {
  return MakeReady(series, series.units.size(), season);
}

// What long_series.h says of a bucket that is not known, looked for bucket by bucket.
double Expected(const LongSeries& series, std::size_t at, std::size_t season) {
  const std::size_t n = series.units.size();
  const auto known = [&](std::size_t t) { return series.knowledge[t] == Knowledge::kKnown; };
  double sum = 0.0;
  double count = 0.0;
  for (const bool back : {true, false}) {
    std::size_t found = 0;
    for (std::size_t k = 1; found < 3; ++k) {
      if (back ? k * season > at : at + k * season >= n) break;
      const std::size_t t = back ? at - k * season : at + k * season;
      if (!known(t)) continue;
      sum += series.units[t];
      count += 1.0;
      ++found;
    }
  }
  if (count > 0.0) return sum / count;
  std::size_t before = at;
  while (before > 0 && !known(before - 1)) --before;
  std::size_t after = at + 1;
  while (after < n && !known(after)) ++after;
  for (std::size_t t = 0; t < n; ++t) {
    const bool near = (t < before && t + season >= before) || (t >= after && t < after + season);
    if (!near || !known(t)) continue;
    sum += series.units[t];
    count += 1.0;
  }
  return count > 0.0 ? sum / count : 0.0;
}

TEST(MakeReadyTest, FillsGapsAsABruteForceSearchDoes) {
  std::mt19937 random(17);
  for (int trial = 0; trial < 400; ++trial) {
    SCOPED_TRACE(trial);
    const std::size_t season = std::vector<std::size_t>{1, 4, 7, 12}[random() % 4];
    LongSeries series;
    const double known = 0.05 + 0.3 * static_cast<double>(random() % 4);
    bool run = false;
    for (std::size_t t = 0; t < 20 + random() % 60; ++t) {
      // Single gaps and long ones; no zero, so that nothing is cut.
      if (random() % 8 == 0) run = !run;
      const bool gap = run || std::generate_canonical<double, 32>(random) > known;
      series.units.push_back(gap ? 0.0 : 1.0 + static_cast<double>(random() % 9));
      series.knowledge.push_back(gap ? Knowledge::kGap : Knowledge::kKnown);
    }
    series.units.front() = 3.0;
    series.knowledge.front() = Knowledge::kKnown;
    const ReadySeries ready = Ready(series, season);
    for (std::size_t k = 0; k < ready.units.size(); ++k) {
      const std::size_t t = ready.cut + k;
      const bool filled = series.knowledge[t] != Knowledge::kKnown;
      const double want = filled ? Expected(series, t, season) : series.units[t];
      EXPECT_NEAR(ready.units[k], want, 1e-12) << t;
    }
  }
}

// Two months without a row used to become copies of the one day before them.
TEST(MakeReadyTest, LongGapsKeepTheWeek) {
  std::vector<double> week = {7.0, 1.0, 2.0, 3.0, 4.0, 9.0, 0.0};
  LongSeries series;
  for (std::size_t t = 0; t < 210; ++t) series.units.push_back(week[t % 7]);
  series.knowledge.assign(210, Knowledge::kKnown);
  for (const Knowledge hidden : {Knowledge::kGap, Knowledge::kLowerBound}) {
    LongSeries gap = series;
    for (std::size_t t = 140; t < 210; ++t) {  // Ends behind a day of nothing.
      gap.units[t] = 0.0;
      gap.knowledge[t] = hidden;
    }
    EXPECT_THAT(Ready(gap, 7).units, ElementsAreArray(series.units));
  }
}

TEST(MakeReadyTest, AFilledZeroIsNoQuietDay) {
  LongSeries series;
  for (std::size_t t = 0; t < 300; ++t) series.units.push_back(t % 9 == 0 && t < 270 ? 2.0 : 0.0);
  series.knowledge.assign(300, Knowledge::kKnown);
  ASSERT_FALSE(IsQuiet(Ready(series, 7), BucketLength::kDay));
  for (const Knowledge hidden : {Knowledge::kGap, Knowledge::kLowerBound}) {
    LongSeries longer = series;
    longer.units.resize(500, 0.0);
    longer.knowledge.resize(500, hidden);
    const ReadySeries ready = Ready(longer, 7);
    EXPECT_THAT(std::vector<double>(ready.units.end() - 200, ready.units.end()), Each(0.0));
    EXPECT_FALSE(IsQuiet(ready, BucketLength::kDay));
  }
  LongSeries quiet = series;
  quiet.units.resize(500, 0.0);
  quiet.knowledge.resize(500, Knowledge::kKnown);
  EXPECT_TRUE(IsQuiet(Ready(quiet, 7), BucketLength::kDay));
}

// A slip in a date: three hundred years of nothing before the series.
TEST(MakeReadyTest, ForgetsWhatLiesBeforeAGapLongerThanTheRest) {
  LongSeries series = Known({5.0});
  series.units.resize(120'000, 0.0);
  series.knowledge.resize(120'000, Knowledge::kGap);
  for (std::size_t t = 0; t < 200; ++t) {
    series.units.push_back(1.0 + static_cast<double>(t % 7));
    series.knowledge.push_back(Knowledge::kKnown);
  }
  const ReadySeries ready = Ready(series, 7);
  EXPECT_EQ(ready.cut, 120'000u);
  EXPECT_EQ(ready.units.size(), 200u);
  // Too little follows: the old is all that tells of the season.
  series.units.resize(120'005);
  series.knowledge.resize(120'005);
  EXPECT_EQ(Ready(series, 7).cut, 0u);
  // A gap that is shorter than the rest, such as a season's closure.
  LongSeries shop = Known(std::vector<double>(100, 2.0));
  std::fill(shop.knowledge.begin() + 40, shop.knowledge.begin() + 85, Knowledge::kGap);
  EXPECT_EQ(Ready(shop, 7).cut, 0u);
}

TEST(MakeReadyTest, OneTakingBackMakesNoSignedSeries) {
  std::vector<double> units(100, 3.0);
  units[50] = -1.0;
  const ReadySeries ready = Ready(Known(units), 7);
  EXPECT_EQ(ready.kind, LongClass::kSmooth);
  EXPECT_TRUE(ready.non_negative);
  for (std::size_t t = 0; t < 100; t += 3) units[t] = -2.0;
  EXPECT_EQ(Ready(Known(units), 7).kind, LongClass::kSigned);
  EXPECT_FALSE(Ready(Known(units), 7).non_negative);
}

}  // namespace
}  // namespace tandem::forecasting

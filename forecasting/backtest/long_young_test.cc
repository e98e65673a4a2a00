#include "forecasting/backtest/long_young.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "forecasting/backtest/executor.h"
#include "forecasting/local/quantiles.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::size_t kHorizon = 6;

LongSeries SeriesOf(std::vector<double> units) {
  LongSeries series;
  series.knowledge.assign(units.size(), Knowledge::kKnown);
  series.units = std::move(units);
  return series;
}

// Shops times items, each of the size that both make, with a season that all share and noise.
struct Market {
  Market(std::mt19937& random, std::size_t shops, std::size_t items, double noise) {
    std::normal_distribution<double> normal;
    panel.groupings.resize(2);
    panel.groupings[0].node_count = shops;
    panel.groupings[1].node_count = items;
    std::vector<double> item_logs(items);
    for (double& log : item_logs) log = 4.0 + normal(random);
    for (std::size_t shop = 0; shop < shops; ++shop) {
      const double shop_log = 0.7 * normal(random);
      for (std::size_t item = 0; item < items; ++item) {
        const double size = std::exp(shop_log + item_logs[item] + 0.1 * normal(random));
        std::vector<double> units;
        std::vector<double>& expected = truth.emplace_back();
        for (std::size_t t = 0; t < kMonths + kHorizon; ++t) {
          units.push_back(size * Season(t) * std::exp(noise * normal(random)));
          if (t >= kMonths) expected.push_back(size * Season(t));
        }
        const auto origin = units.begin() + static_cast<std::ptrdiff_t>(kMonths);
        outcomes.emplace_back(origin, units.end());
        units.erase(origin, units.end());
        panel.series.push_back(SeriesOf(std::move(units)));
        panel.groupings[0].node_of_series.push_back(shop);
        panel.groupings[1].node_of_series.push_back(item);
      }
    }
  }
  static double Season(std::size_t t) {
    return 1.0 + 0.6 * std::sin(2.0 * std::numbers::pi * static_cast<double>(t) / 12.0);
  }
  // Keeps the last buckets of every ninth series.
  void Shorten(std::size_t buckets) {
    for (std::size_t i = 4; i < panel.series.size(); i += 9) {
      LongSeries& series = panel.series[i];
      const auto cut = static_cast<std::ptrdiff_t>(series.units.size() - buckets);
      series.units.erase(series.units.begin(), series.units.begin() + cut);
      series.knowledge.resize(buckets);
      young.push_back(i);
    }
  }
  // Mean absolute error of the young, over what came but for noise.
  double ErrorOf(const LongForecast& forecast) const {
    double error = 0.0;
    for (const std::size_t i : young) {
      double off = 0.0;
      double size = 0.0;
      for (std::size_t h = 0; h < kHorizon; ++h) {
        off += std::abs(forecast.mean_units[i * kHorizon + h] - truth[i][h]);
        size += truth[i][h];
      }
      error += off / size / static_cast<double>(young.size());
    }
    return error;
  }
  static constexpr std::size_t kMonths = 60;
  LongPanel panel;
  std::vector<std::vector<double>> outcomes;  // By series.
  std::vector<std::vector<double>> truth;     // Without noise.
  std::vector<std::size_t> young;
};

const LongOptions kOptions = {.bucket = BucketLength::kMonth, .horizon_buckets = kHorizon};

TEST(LongYoungTest, FindsThoseThatKnowFewBucketsSinceTheirFirstSale) {
  LongPanel panel;
  std::vector<double> late(60, 0.0);
  late[56] = 2.0;
  panel.series.push_back(SeriesOf(late));
  panel.series.push_back(SeriesOf(std::vector<double>(60, 0.0)));  // Sold nothing: not young.
  late[10] = 1.0;
  panel.series.push_back(SeriesOf(late));
  panel.series[2].knowledge.assign(60, Knowledge::kGap);
  panel.series[2].knowledge[10] = Knowledge::kKnown;
  panel.series[2].knowledge[59] = Knowledge::kLowerBound;
  panel.series.push_back(SeriesOf({-1.0, 4.0, 5.0}));  // Takings-back: it goes on as it is.
  for (int i = 0; i < 9; ++i) panel.series.push_back(SeriesOf(std::vector<double>(60, 3.0)));
  const std::vector<YoungSeries> young = FindYoung(panel, BucketLength::kMonth);
  ASSERT_THAT(young, SizeIs(2));
  EXPECT_EQ(young[0].series, 0U);
  EXPECT_THAT(young[0].ages, ElementsAre(3, 2, 1, 0));
  EXPECT_EQ(young[1].series, 2U);
  EXPECT_THAT(young[1].ages, ElementsAre(49, 0));
  // Of months two years are enough, of years eight.
  panel.series.push_back(SeriesOf(std::vector<double>(23, 1.0)));
  panel.series.push_back(SeriesOf(std::vector<double>(24, 1.0)));
  EXPECT_THAT(FindYoung(panel, BucketLength::kMonth), SizeIs(3));
  EXPECT_THAT(FindYoung(panel, BucketLength::kYear), SizeIs(2));
  // Where nobody knows two seasons, half of what the middle one does is enough: of 60 weeks 30.
  panel.series.push_back(SeriesOf(std::vector<double>(29, 1.0)));
  panel.series.push_back(SeriesOf(std::vector<double>(30, 1.0)));
  EXPECT_THAT(FindYoung(panel, BucketLength::kWeek), SizeIs(5));
}

// What was forecast of the older series; here their size, a little about it.
LongForecast Known(const Market& market) {
  LongForecast forecast{.horizon_buckets = kHorizon};
  forecast.quantile_units.resize(1);
  for (const std::vector<double>& outcomes : market.outcomes) {
    for (const double units : outcomes) {
      forecast.mean_units.push_back(units);
      for (const double level : kQuantileLevels) {
        forecast.quantile_units[0].push_back(
            static_cast<float>(units * std::exp(0.1 * NormalQuantile(level))));
      }
    }
  }
  return forecast;
}

// Of few noisy buckets the groups tell more, of many the buckets do; both together never less.
TEST(LongYoungTest, HandsOverFromGroupsToWhatWasSold) {
  double before = 1.0;
  for (const std::size_t buckets : {1U, 4U, 16U}) {
    std::mt19937 random(17);
    Market market(random, 18, 12, 0.35);
    market.Shorten(buckets);
    const std::vector<YoungSeries> young = FindYoung(market.panel, BucketLength::kMonth);
    ASSERT_EQ(young.size(), market.young.size());
    LongForecast forecast = Known(market);
    // The young are forecast as they sold, on average and without a season.
    for (const YoungSeries& one : young) {
      double sold = 0.0;
      for (const double units : market.panel.series[one.series].units) {
        sold += units / static_cast<double>(buckets);
      }
      for (std::size_t h = 0; h < kHorizon; ++h) {
        forecast.mean_units[one.series * kHorizon + h] = sold;
      }
    }
    const double own = market.ErrorOf(forecast);
    const auto handed = HandOver(market.panel, forecast, young);
    ASSERT_TRUE(handed.has_value());
    YoungShares all{};
    all.fill(1.0);
    DrawToHanded(young, *handed, all, forecast);
    const double error = market.ErrorOf(forecast);
    EXPECT_LT(error, 0.6 * own) << buckets;
    EXPECT_LT(error, 1.05 * before) << buckets;
    before = error;
    for (const MixedForecast& one : *handed) {
      ASSERT_THAT(one.mean_units, SizeIs(kHorizon));
      for (std::size_t h = 0; h < kHorizon; ++h) {
        EXPECT_TRUE(std::ranges::is_sorted(
            std::span(one.quantile_units).subspan(h * kQuantiles, kQuantiles)));
      }
    }
  }
}

TEST(LongYoungTest, OfTooFewOthersNothingIsHandedOver) {
  std::mt19937 random(18);
  const Market market(random, 3, 6, 0.2);
  const std::vector<YoungSeries> young = {{.series = 0, .ages = {1, 0}}};
  EXPECT_FALSE(HandOver(market.panel, Known(market), young).has_value());
  EXPECT_FALSE(MakeTrial(market.panel, BucketLength::kMonth, kHorizon, young).has_value());
  // Many others, of which few still sell.
  const Market larger(random, 10, 6, 0.2);
  LongForecast ended = Known(larger);
  EXPECT_TRUE(HandOver(larger.panel, ended, young).has_value());
  const std::size_t sell = 15;
  std::fill(ended.mean_units.begin() + sell * kHorizon, ended.mean_units.end(), 0.0);
  std::fill(ended.quantile_units[0].begin() + sell * kHorizon * kQuantiles,
            ended.quantile_units[0].end(), 0.0F);
  EXPECT_FALSE(HandOver(larger.panel, ended, young).has_value());
}

// The trial knows nothing of the last horizon, and what it hides is as much as the young ones know.
TEST(LongYoungTest, ATrialLooksNotAhead) {
  std::mt19937 random(19);
  Market market(random, 12, 10, 0.2);
  market.Shorten(5);
  const std::vector<YoungSeries> young = FindYoung(market.panel, BucketLength::kMonth);
  const auto trial = MakeTrial(market.panel, BucketLength::kMonth, kHorizon, young);
  ASSERT_TRUE(trial.has_value());
  EXPECT_EQ(trial->panel.series.size(), market.panel.series.size() - young.size());
  EXPECT_EQ(trial->young.size(), (trial->panel.series.size() + 1) / 4);
  for (const YoungSeries& one : trial->young) {
    EXPECT_THAT(one.ages, ElementsAre(4, 3, 2, 1, 0));
    EXPECT_THAT(trial->panel.series[one.series].units, SizeIs(5));
  }
  Market other = market;
  for (LongSeries& series : other.panel.series) {
    const std::size_t last = std::min(kHorizon, series.units.size());
    for (std::size_t k = 1; k <= last; ++k) series.units[series.units.size() - k] *= 7.0;
  }
  const auto blind = MakeTrial(other.panel, BucketLength::kMonth, kHorizon, young);
  ASSERT_TRUE(blind.has_value());
  for (std::size_t i = 0; i < trial->panel.series.size(); ++i) {
    EXPECT_EQ(trial->panel.series[i].units, blind->panel.series[i].units);
    const LongSeries& whole = market.panel.series[trial->source[i]];
    EXPECT_EQ(trial->panel.series[i].units.back(), whole.units[whole.units.size() - 1 - kHorizon]);
    for (std::size_t g = 0; g < 2; ++g) {
      EXPECT_EQ(trial->panel.groupings[g].node_of_series[i],
                market.panel.groupings[g].node_of_series[trial->source[i]]);
    }
  }
}

TEST(LongYoungTest, LearnsTheShareThatMissedLeast) {
  std::mt19937 random(20);
  Market market(random, 12, 10, 0.2);
  YoungTrial trial;
  for (std::size_t i = 0; i < market.panel.series.size(); ++i) {
    trial.source.push_back(i);
    trial.young.push_back({i, std::vector<std::size_t>(i % 2 == 0 ? 1 : 5)});
  }
  // Of even series the own forecast is what comes, of odd ones what is handed over is.
  LongForecast own{.horizon_buckets = kHorizon};
  own.quantile_units.resize(1);
  std::vector<MixedForecast> handed;
  for (std::size_t i = 0; i < market.panel.series.size(); ++i) {
    const std::vector<double>& units = market.panel.series[i].units;
    MixedForecast& other = handed.emplace_back();
    for (std::size_t h = 0; h < kHorizon; ++h) {
      const auto came = static_cast<float>(units[units.size() - kHorizon + h]);
      for (std::size_t q = 0; q < kQuantiles; ++q) {
        own.quantile_units[0].push_back(i % 2 == 0 ? came : 1.8F * came);
        other.quantile_units.push_back(i % 2 == 0 ? 1.8F * came : came);
      }
    }
  }
  const YoungShares shares = LearnShares(market.panel, trial, own, handed);
  EXPECT_EQ(shares[YoungClassOf(1)], 0.0);
  EXPECT_EQ(shares[YoungClassOf(5)], 1.0);
  // Half too much and half too little: half of each is right.
  for (std::size_t k = 0; k < own.quantile_units[0].size(); ++k) {
    const std::size_t i = k / (kHorizon * kQuantiles);
    const float came = i % 2 == 0 ? own.quantile_units[0][k] : own.quantile_units[0][k] / 1.8F;
    own.quantile_units[0][k] = 0.5F * came;
    handed[i].quantile_units[k % (kHorizon * kQuantiles)] = 1.5F * came;
  }
  for (const double share : LearnShares(market.panel, trial, own, handed)) EXPECT_EQ(share, 0.5);
}

TEST(LongYoungTest, ClassesDouble) {
  EXPECT_EQ(YoungClassOf(1), 0U);
  EXPECT_EQ(YoungClassOf(3), 1U);
  EXPECT_EQ(YoungClassOf(4), 2U);
  EXPECT_EQ(YoungClassOf(127), 6U);
  EXPECT_EQ(YoungClassOf(100'000), kYoungClasses - 1);
}

// The whole: a season that five months cannot know is that of the others, and the interval is as
// wide as need be. Without others that are older nothing changes.
TEST(LongYoungTest, ForecastLongKnowsTheSeasonOfAYoungSeries) {
  std::mt19937 random(21);
  Market market(random, 8, 8, 0.2);
  market.Shorten(5);
  SerialExecutor executor;
  const auto together = ForecastLong(market.panel, kOptions, executor);
  ASSERT_TRUE(together.ok()) << together.status();
  LongPanel alone;
  for (const std::size_t i : market.young) alone.series.push_back(market.panel.series[i]);
  const auto apart = ForecastLong(alone, kOptions, executor);
  ASSERT_TRUE(apart.ok()) << apart.status();
  LongForecast apart_in_place = *together;
  for (std::size_t k = 0; k < market.young.size(); ++k) {
    for (std::size_t h = 0; h < kHorizon; ++h) {
      apart_in_place.mean_units[market.young[k] * kHorizon + h] =
          apart->mean_units[k * kHorizon + h];
    }
  }
  EXPECT_LT(market.ErrorOf(*together), 0.6 * market.ErrorOf(apart_in_place));
  EXPECT_LT(market.ErrorOf(*together), 0.15);
  double inside = 0.0;
  double count = 0.0;
  for (const std::size_t i : market.young) {
    for (std::size_t h = 0; h < kHorizon; ++h) {
      const auto quantiles = std::span(together->quantile_units.back())
                                 .subspan((i * kHorizon + h) * kQuantiles, kQuantiles);
      EXPECT_TRUE(std::ranges::is_sorted(quantiles));
      const double came = market.outcomes[i][h];
      inside += came >= quantiles[1] && came <= quantiles[7] ? 1.0 : 0.0;
      count += 1.0;
    }
  }
  EXPECT_GT(inside / count, 0.88);
}

}  // namespace
}  // namespace tandem::forecasting

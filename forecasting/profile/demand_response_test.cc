#include "forecasting/profile/demand_response.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/profile/profile.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using testing::SizeIs;

// The log posterior as demand_response.h states it, for a grid search: slow and plain.
double LogPosterior(const std::vector<DemandChange>& changes, double c, double e, double dispersion,
                    double prior) {
  double sum = 0.0;
  for (const DemandChange& change : changes) {
    const double odds =
        change.exposure_after / change.exposure_before * std::exp(c + e * change.log_ratio);
    sum += change.units_after * std::log(odds / (1.0 + odds)) -
           change.units_before * std::log(1.0 + odds);
  }
  return sum / dispersion - 0.5 * c * c - 0.5 * e * e / (prior * prior);
}

std::vector<DemandChange> Draw(std::mt19937& random, std::size_t count, double elasticity) {
  std::uniform_real_distribution<double> log_ratio(-0.4, 0.4);
  std::gamma_distribution<double> level(1.0, 20.0);
  std::uniform_real_distribution<double> days(10.0, 28.0);
  std::vector<DemandChange> changes;
  while (changes.size() < count) {
    DemandChange change{.log_ratio = log_ratio(random),
                        .exposure_before = days(random),
                        .exposure_after = days(random)};
    const double rate = level(random);
    change.units_before = std::poisson_distribution<int>(rate * change.exposure_before)(random);
    change.units_after = std::poisson_distribution<int>(
        rate * change.exposure_after * std::exp(elasticity * change.log_ratio))(random);
    if (change.units_before + change.units_after > 0.0) changes.push_back(change);
  }
  return changes;
}

TEST(DemandResponseTest, FindsTheElasticityThatTheCountsWereDrawnWith) {
  std::mt19937 random(1);
  for (const double elasticity : {0.0, -0.7, -1.5, -3.0}) {
    const DemandResponse got = FitDemandResponse(Draw(random, 400, elasticity), {}).value();
    EXPECT_EQ(got.changes, 400u);
    EXPECT_NEAR(got.elasticity, elasticity, 4.0 * got.deviation + 1e-9);
    EXPECT_LT(got.deviation, 0.1);
  }
}

// The best point of a grid.
struct Point {
  double drift = 0.0;
  double elasticity = 0.0;
};
Point BestOfGrid(const std::vector<DemandChange>& changes, double dispersion) {
  double best = -std::numeric_limits<double>::infinity();
  Point point;
  for (int e = -600; e <= 400; ++e) {
    for (int c = -200; c <= 200; ++c) {
      const Point at = {0.01 * c, 0.01 * e};
      const double value = LogPosterior(changes, at.drift, at.elasticity, dispersion, 1.0);
      if (value <= best) continue;
      best = value;
      point = at;
    }
  }
  return point;
}

// Pearson's sum of squares at a point, of n - 2 degrees of freedom.
double DispersionAt(const std::vector<DemandChange>& changes, const Point& at) {
  double squares = 0.0;
  for (const DemandChange& change : changes) {
    const double odds = change.exposure_after / change.exposure_before *
                        std::exp(at.drift + at.elasticity * change.log_ratio);
    const double total = change.units_before + change.units_after;
    const double share = odds / (1.0 + odds);
    squares += std::pow(change.units_after - total * share, 2.0) / (total * share * (1.0 - share));
  }
  return std::max(1.0, squares / (static_cast<double>(changes.size()) - 2.0));
}

TEST(DemandResponseTest, StandsAtTheModeOfThePosterior) {
  std::mt19937 random(2);
  for (int round = 0; round < 5; ++round) {
    std::vector<DemandChange> changes = Draw(random, 5, -1.0);
    for (DemandChange& change : changes) change.units_after = std::floor(1.3 * change.units_after);
    const double dispersion = DispersionAt(changes, BestOfGrid(changes, 1.0));
    const double want = std::min(0.0, BestOfGrid(changes, dispersion).elasticity);
    const double got = FitDemandResponse(changes, {.elasticity_min = -10.0}).value().elasticity;
    EXPECT_NEAR(got, want, 0.02);
  }
}

TEST(DemandResponseTest, NoiseLeavesThePriorItsSay) {
  EXPECT_EQ(FitDemandResponse({}, {}).value().elasticity, 0.0);
  EXPECT_EQ(FitDemandResponse({}, {.prior_deviation = 0.5}).value().deviation, 0.5);
  // One change in which twice as much was sold at half the price, by two units against one.
  const std::vector<DemandChange> one = {{std::log(0.5), 1.0, 2.0, 28.0, 28.0}};
  EXPECT_GT(FitDemandResponse(one, {}).value().elasticity, -0.5);
  const std::vector<DemandChange> sure = {{std::log(0.5), 10'000.0, 20'000.0, 28.0, 28.0}};
  EXPECT_LT(FitDemandResponse(sure, {}).value().elasticity, -0.3);
}

TEST(DemandResponseTest, RefusesWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<DemandChange> bad = {{nan, 1.0, 1.0, 1.0, 1.0}};
  EXPECT_TRUE(absl::IsInvalidArgument(FitDemandResponse(bad, {}).status()));
  const std::vector<DemandChange> negative = {{0.1, -1.0, 1.0, 1.0, 1.0}};
  EXPECT_TRUE(absl::IsInvalidArgument(FitDemandResponse(negative, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(FitDemandResponse({}, {.prior_deviation = 0.0}).status()));
}

// Promotions that begin and end: one change each, of kinds 0 and 1 in turn.
struct Truth {
  std::array<double, 2> log_uplifts{};
  double expected_weight = 0.0;
};
std::vector<DemandChange> DrawPromoted(std::mt19937& random, std::size_t count,
                                       const Truth& truth) {
  std::gamma_distribution<double> level(1.0, 20.0);
  std::uniform_real_distribution<double> expected(0.0, 1.0);
  std::vector<DemandChange> changes;
  while (changes.size() < count) {
    const std::size_t kind = changes.size() % 2;
    const double more = changes.size() % 4 < 2 ? 1.0 : -1.0;
    DemandChange change{.exposure_before = 28.0, .exposure_after = 7.0};
    change.kinds[kind] = more;
    change.log_expected = more * expected(random);
    const double log_ratio =
        more * truth.log_uplifts[kind] + truth.expected_weight * change.log_expected;
    const double rate = level(random);
    change.units_before = std::poisson_distribution<int>(rate * 28.0)(random);
    change.units_after = std::poisson_distribution<int>(rate * 7.0 * std::exp(log_ratio))(random);
    if (change.units_before + change.units_after > 0.0) changes.push_back(change);
  }
  return changes;
}

TEST(DemandResponseTest, FindsTheUpliftsThatTheCountsWereDrawnWith) {
  std::mt19937 random(3);
  for (const Truth& truth : {Truth{{0.0, 0.0}, 1.0}, Truth{{0.4, -0.1}, 0.5}, Truth{{1.0, 0.2}}}) {
    const DemandResponse got = FitDemandResponse(DrawPromoted(random, 800, truth), {}).value();
    EXPECT_NEAR(got.log_uplifts[0], truth.log_uplifts[0], 0.05);
    EXPECT_NEAR(got.log_uplifts[1], truth.log_uplifts[1], 0.05);
    EXPECT_NEAR(got.expected_weight, truth.expected_weight, 0.08);
    EXPECT_EQ(got.log_uplifts[2], 0.0);
    EXPECT_EQ(got.elasticity, 0.0);
  }
}

// Slow and plain: the best of a grid over the uplift of kind 0 and the weight of what is expected.
TEST(DemandResponseTest, StandsAtTheModeWithPromotions) {
  std::mt19937 random(4);
  std::vector<DemandChange> changes = DrawPromoted(random, 6, {{0.7, 0.7}, 0.8});
  for (DemandChange& change : changes) change.kinds = {change.kinds[0] + change.kinds[1]};
  const DemandResponse got = FitDemandResponse(changes, {}).value();
  double best = -std::numeric_limits<double>::infinity();
  double uplift = 0.0;
  double weight = 0.0;
  for (int u = -200; u <= 300; ++u) {
    for (int w = -100; w <= 300; ++w) {
      const double at = 0.01 * u;
      const double by = 0.01 * w;
      double sum = -0.5 * at * at - 0.5 * std::pow((by - 1.0) / 0.5, 2.0);
      for (const DemandChange& change : changes) {
        const double odds = change.exposure_after / change.exposure_before *
                            std::exp(at * change.kinds[0] + by * change.log_expected);
        sum += (change.units_after * std::log(odds / (1.0 + odds)) -
                change.units_before * std::log(1.0 + odds)) /
               got.dispersion;
      }
      if (sum <= best) continue;
      best = sum;
      uplift = at;
      weight = by;
    }
  }
  EXPECT_NEAR(got.log_uplifts[0], uplift, 0.02);
  EXPECT_NEAR(got.expected_weight, weight, 0.02);
}

TEST(DemandResponseTest, BelievesWhatIsExpectedUntilThereIsAPast) {
  const DemandResponse none = FitDemandResponse({}, {}).value();
  const std::vector<PromotionDays> promotions = {{2, 4, 1, std::log(3.0)}, {3, 9, 0}};
  std::vector<double> factors(5, 2.0);
  MultiplyByPromotions(promotions, none, 0.0, {}, factors);
  EXPECT_THAT(factors, testing::Pointwise(testing::DoubleNear(1e-12),
                                          std::vector<double>{2.0, 2.0, 6.0, 6.0, 2.0}));
  // Whatever was learnt or said, no promotion multiplies by more than the bound.
  const std::vector<PromotionDays> wild = {{0, 1, 0, 50.0}};
  std::vector<double> one(1, 1.0);
  MultiplyByPromotions(wild, none, 0.0, {.log_uplift_max = 1.0}, one);
  EXPECT_DOUBLE_EQ(one[0], std::exp(1.0));
  // Nor do many on one day, a partner's whole list sent again and again.
  const std::vector<PromotionDays> heap(1'000, {0, 1, 0, 2.0});
  one[0] = 1.0;
  MultiplyByPromotions(heap, none, 0.0, {}, one);
  EXPECT_DOUBLE_EQ(one[0], std::exp(3.0));
}

TEST(DemandResponseTest, AHeapOfPromotionsOnOneDayGivesNumbers) {
  const std::vector<float> units(60, 2.0F);
  const std::vector<double> index(60, 1.0);
  const std::vector<PromotionDays> heap(1'000, {30, 37, 0, 2.0});
  std::vector<DemandChange> changes;
  AppendDemandChanges({.history_units = units, .index = index, .promotions = heap}, {}, changes);
  ASSERT_THAT(changes, SizeIs(2));
  const DemandResponse got = FitDemandResponse(changes, {}).value();
  EXPECT_TRUE(std::isfinite(got.log_uplifts[0]));
  EXPECT_TRUE(std::isfinite(got.expected_weight));
  for (const double own : OwnUplifts(changes, std::vector<std::size_t>{2}, got)) {
    EXPECT_TRUE(std::isfinite(own));
  }
}

// Half of the series double on promotion, half do not move; then all rise by a half.
TEST(OwnUpliftsTest, KeepWhatSeriesDifferByAndNoNoise) {
  std::mt19937 random(5);
  for (const double apart : {std::log(2.0), 0.0}) {
    std::vector<DemandChange> changes;
    std::vector<std::size_t> ends;
    for (int i = 0; i < 60; ++i) {
      const double log_uplift = apart > 0.0 ? (i % 2 == 0 ? apart : 0.0) : std::log(1.5);
      for (int k = 0; k < 10; ++k) {
        DemandChange change{.exposure_before = 28.0, .exposure_after = 7.0};
        change.kinds[0] = 1.0;
        change.units_before = std::poisson_distribution<int>(280.0)(random);
        change.units_after = std::poisson_distribution<int>(70.0 * std::exp(log_uplift))(random);
        changes.push_back(change);
      }
      ends.push_back(changes.size());
    }
    ends.push_back(changes.size());  // A series without a change.
    const DemandResponse pool = FitDemandResponse(changes, {}).value();
    const std::vector<double> own = OwnUplifts(changes, ends, pool);
    ASSERT_THAT(own, SizeIs(61));
    EXPECT_EQ(own[60], 0.0);
    for (std::size_t i = 0; i < 60; ++i) {
      const double want = apart > 0.0 ? (i % 2 == 0 ? apart : 0.0) : std::log(1.5);
      EXPECT_NEAR(pool.log_uplifts[0] + own[i], want, apart > 0.0 ? 0.2 : 0.08) << i;
    }
  }
}

// By hand: 2.00 from day 0, 1.00 from day 10, 1.50 from day 14; elasticity -1, the last known day
// is 11.
TEST(PriceFactorsTest, AreBesideTheLastKnownDay) {
  const std::vector<PriceStep> prices = {{0, 2.0}, {10, 1.0}, {14, 1.5}};
  std::vector<double> factors(16);
  PriceFactors(prices, 12, -1.0, factors);
  EXPECT_DOUBLE_EQ(factors[0], 0.5);
  EXPECT_DOUBLE_EQ(factors[9], 0.5);
  EXPECT_DOUBLE_EQ(factors[10], 1.0);
  EXPECT_DOUBLE_EQ(factors[13], 1.0);
  EXPECT_DOUBLE_EQ(factors[14], 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(factors[15], 2.0 / 3.0);
  const std::vector<PriceStep> later = {{14, 1.5}};
  PriceFactors(later, 12, -1.0, factors);
  EXPECT_THAT(factors, testing::Each(1.0));
}

// Three weeks at 2.00, ten days at 1.00 with twice the sales, then 3.00 for three days only.
TEST(DemandChangesTest, SumWhatLiesBetweenTheChanges) {
  std::vector<float> units(40, 1.0F);
  for (std::size_t t = 21; t < 31; ++t) units[t] = 2.0F;
  const std::vector<double> index(40, 0.5);
  const std::vector<PriceStep> prices = {{0, 2.0}, {21, 1.0}, {31, 3.0}, {34, 3.0}, {60, 9.0}};
  std::vector<DemandChange> changes;
  AppendDemandChanges({.history_units = units, .index = index, .first_day = 4, .prices = prices},
                      {}, changes);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_DOUBLE_EQ(changes[0].log_ratio, std::log(0.5));
  EXPECT_DOUBLE_EQ(changes[0].units_before, 17.0);  // Days 4 to 20.
  EXPECT_DOUBLE_EQ(changes[0].exposure_before, 8.5);
  EXPECT_DOUBLE_EQ(changes[0].units_after, 20.0);
  EXPECT_DOUBLE_EQ(changes[0].exposure_after, 5.0);
}

// Days 10 to 13 promoted, from day 12 at half the price: what changes on each day, from the days
// between.
TEST(DemandChangesTest, AreWherePromotionsBeginAndEnd) {
  std::vector<float> units(20, 1.0F);
  units[10] = 4.0F;
  const std::vector<double> index(20, 1.0);
  const std::vector<PriceStep> prices = {{0, 2.0}, {12, 1.0}};
  const std::vector<PromotionDays> promotions = {{10, 14, 3, 0.5}, {18, 30, 0, 0.0}};
  std::vector<DemandChange> changes;
  AppendDemandChanges({.history_units = units,
                       .index = index,
                       .first_day = 2,
                       .prices = prices,
                       .promotions = promotions},
                      {}, changes);
  ASSERT_THAT(changes, SizeIs(3));  // The price alone changed for two days: it tells nothing.
  EXPECT_EQ(changes[0].kinds[3], 1.0);
  EXPECT_EQ(changes[0].log_expected, 0.5);
  EXPECT_EQ(changes[0].log_ratio, 0.0);
  EXPECT_EQ(changes[0].units_before, 8.0);  // Days 2 to 9.
  EXPECT_EQ(changes[0].units_after, 5.0);   // Days 10 and 11.
  EXPECT_EQ(changes[1].kinds[3], -1.0);
  EXPECT_EQ(changes[1].units_before, 2.0);
  EXPECT_EQ(changes[1].units_after, 4.0);  // Days 14 to 17.
  EXPECT_EQ(changes[2].kinds[0], 1.0);
  EXPECT_EQ(changes[2].units_after, 2.0);  // To the end of the history.
}

RetailCalendar CalendarOf(std::size_t days) {
  RetailCalendar calendar;
  for (std::size_t t = 0; t < days; ++t) {
    calendar.days.push_back({.weekday = static_cast<int>(t % 7),
                             .day_of_month = static_cast<int>(t % 30) + 1,
                             .day_of_year = static_cast<int>(t % 365) + 1});
  }
  calendar.regional.emplace_back(days, 0.0F);
  return calendar;
}

// Twenty items whose price is cut in half for the horizon, which is known in advance; before, cuts
// came now and then, and doubled sales.
TEST(ProfilePricesTest, AForecastFollowsAPriceThatIsKnownInAdvance) {
  constexpr std::size_t kDays = 400;
  const RetailCalendar calendar = CalendarOf(kDays + 28);
  std::vector<std::vector<float>> units(20, std::vector<float>(kDays, 10.0F));
  std::vector<std::vector<PriceStep>> prices(20);
  ProfilePanel panel{.groups = {{}}, .pool_count = 1, .calendar = &calendar};
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t cut = 60 + 15 * i;
    prices[i] = {{0, 4.0}, {cut, 2.0}, {cut + 30, 4.0}, {kDays, 2.0}};
    for (std::size_t t = cut; t < cut + 30; ++t) units[i][t] = 20.0F;
    panel.series.push_back({.group = 0, .history_units = units[i], .prices = prices[i]});
  }
  Profile profile = Profile::Make(panel, {}).value();
  ASSERT_TRUE(profile.FitPool(0).ok());
  ASSERT_TRUE(profile.FitGroup(0).ok());
  ASSERT_TRUE(profile.FitResponse(0).ok());
  EXPECT_NEAR(profile.response_of_pool(0).elasticity, -1.0, 0.1);
  for (std::size_t i = 0; i < units.size(); ++i) ASSERT_TRUE(profile.FitSeries(i).ok());
  profile.Align();
  std::vector<double> forecast(28);
  profile.Forecast(0, forecast);
  for (const double value : forecast) EXPECT_NEAR(value, 20.0, 2.0);
  prices[0][1].price = -1.0;
  EXPECT_TRUE(absl::IsInvalidArgument(Profile::Make(panel, {}).status()));
}

// Twenty items of ten a day which promotions of a week double every 70 days, each at a time of its
// own; the first is promoted in the first week ahead.
TEST(ProfilePromotionsTest, AForecastFollowsAPlannedPromotionAndIsNotRaisedByPastOnes) {
  constexpr std::size_t kDays = 490;
  const RetailCalendar calendar = CalendarOf(kDays + 28);
  std::vector<std::vector<float>> units(20, std::vector<float>(kDays, 10.0F));
  std::vector<std::vector<PromotionDays>> promotions(20);
  ProfilePanel panel{.groups = {{}}, .pool_count = 1, .calendar = &calendar};
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (std::size_t first = 7 * (i % 10) + 7; first + 7 <= kDays; first += 70) {
      promotions[i].push_back({first, first + 7, 0});
      for (std::size_t t = first; t < first + 7; ++t) units[i][t] = 20.0F;
    }
    if (i == 0) promotions[i].push_back({kDays, kDays + 7, 0});
    panel.series.push_back({.group = 0, .history_units = units[i], .promotions = promotions[i]});
  }
  Profile profile = Profile::Make(panel, {}).value();
  const auto seasons = [&profile] {
    ASSERT_TRUE(profile.FitPool(0).ok());
    ASSERT_TRUE(profile.FitGroup(0).ok());
  };
  seasons();
  ASSERT_TRUE(profile.FitResponse(0).ok());
  EXPECT_NEAR(profile.response_of_pool(0).log_uplifts[0], std::log(2.0), 0.05);
  ASSERT_TRUE(profile.TakeOutPromotions());
  seasons();
  for (std::size_t i = 0; i < units.size(); ++i) ASSERT_TRUE(profile.FitSeries(i).ok());
  profile.Align();
  std::vector<double> forecast(28);
  profile.Forecast(0, forecast);
  for (std::size_t h = 0; h < 28; ++h) {
    EXPECT_NEAR(forecast[h], h < 7 ? 20.0 : 10.0, h < 7 ? 1.0 : 0.3) << h;
  }
  profile.Forecast(1, forecast);
  for (const double value : forecast) EXPECT_NEAR(value, 10.0, 0.3);
  promotions[0][0].end_day = promotions[0][0].first_day;
  EXPECT_TRUE(absl::IsInvalidArgument(Profile::Make(panel, {}).status()));
}

}  // namespace
}  // namespace tandem::forecasting

#include "forecasting/profile/price_response.h"

#include <algorithm>
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

// The log posterior as price_response.h states it, for a grid search: slow and plain.
double LogPosterior(const std::vector<PriceChange>& changes, double c, double e, double dispersion,
                    double prior) {
  double sum = 0.0;
  for (const PriceChange& change : changes) {
    const double odds =
        change.exposure_after / change.exposure_before * std::exp(c + e * change.log_ratio);
    sum += change.units_after * std::log(odds / (1.0 + odds)) -
           change.units_before * std::log(1.0 + odds);
  }
  return sum / dispersion - 0.5 * c * c - 0.5 * e * e / (prior * prior);
}

std::vector<PriceChange> Draw(std::mt19937& random, std::size_t count, double elasticity) {
  std::uniform_real_distribution<double> log_ratio(-0.4, 0.4);
  std::gamma_distribution<double> level(1.0, 20.0);
  std::uniform_real_distribution<double> days(10.0, 28.0);
  std::vector<PriceChange> changes;
  while (changes.size() < count) {
    PriceChange change{.log_ratio = log_ratio(random),
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

TEST(PriceResponseTest, FindsTheElasticityThatTheCountsWereDrawnWith) {
  std::mt19937 random(1);
  for (const double elasticity : {0.0, -0.7, -1.5, -3.0}) {
    const PriceResponse got = FitPriceResponse(Draw(random, 400, elasticity), {}).value();
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
Point BestOfGrid(const std::vector<PriceChange>& changes, double dispersion) {
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
double DispersionAt(const std::vector<PriceChange>& changes, const Point& at) {
  double squares = 0.0;
  for (const PriceChange& change : changes) {
    const double odds = change.exposure_after / change.exposure_before *
                        std::exp(at.drift + at.elasticity * change.log_ratio);
    const double total = change.units_before + change.units_after;
    const double share = odds / (1.0 + odds);
    squares += std::pow(change.units_after - total * share, 2.0) / (total * share * (1.0 - share));
  }
  return std::max(1.0, squares / (static_cast<double>(changes.size()) - 2.0));
}

TEST(PriceResponseTest, StandsAtTheModeOfThePosterior) {
  std::mt19937 random(2);
  for (int round = 0; round < 5; ++round) {
    std::vector<PriceChange> changes = Draw(random, 5, -1.0);
    for (PriceChange& change : changes) change.units_after = std::floor(1.3 * change.units_after);
    const double dispersion = DispersionAt(changes, BestOfGrid(changes, 1.0));
    const double want = std::min(0.0, BestOfGrid(changes, dispersion).elasticity);
    const double got = FitPriceResponse(changes, {.elasticity_min = -10.0}).value().elasticity;
    EXPECT_NEAR(got, want, 0.02);
  }
}

TEST(PriceResponseTest, NoiseLeavesThePriorItsSay) {
  EXPECT_EQ(FitPriceResponse({}, {}).value().elasticity, 0.0);
  EXPECT_EQ(FitPriceResponse({}, {.prior_deviation = 0.5}).value().deviation, 0.5);
  // One change in which twice as much was sold at half the price, by two units against one.
  const std::vector<PriceChange> one = {{std::log(0.5), 1.0, 2.0, 28.0, 28.0}};
  EXPECT_GT(FitPriceResponse(one, {}).value().elasticity, -0.5);
  const std::vector<PriceChange> sure = {{std::log(0.5), 10'000.0, 20'000.0, 28.0, 28.0}};
  EXPECT_LT(FitPriceResponse(sure, {}).value().elasticity, -0.3);
}

TEST(PriceResponseTest, RefusesWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<PriceChange> bad = {{nan, 1.0, 1.0, 1.0, 1.0}};
  EXPECT_TRUE(absl::IsInvalidArgument(FitPriceResponse(bad, {}).status()));
  const std::vector<PriceChange> negative = {{0.1, -1.0, 1.0, 1.0, 1.0}};
  EXPECT_TRUE(absl::IsInvalidArgument(FitPriceResponse(negative, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(FitPriceResponse({}, {.prior_deviation = 0.0}).status()));
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
TEST(PriceChangesTest, SumWhatLiesBetweenTheChanges) {
  std::vector<float> units(40, 1.0F);
  for (std::size_t t = 21; t < 31; ++t) units[t] = 2.0F;
  const std::vector<double> index(40, 0.5);
  const std::vector<PriceStep> prices = {{0, 2.0}, {21, 1.0}, {31, 3.0}, {34, 3.0}, {60, 9.0}};
  std::vector<PriceChange> changes;
  AppendPriceChanges({units, index, 4, prices}, {}, changes);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_DOUBLE_EQ(changes[0].log_ratio, std::log(0.5));
  EXPECT_DOUBLE_EQ(changes[0].units_before, 17.0);  // Days 4 to 20.
  EXPECT_DOUBLE_EQ(changes[0].exposure_before, 8.5);
  EXPECT_DOUBLE_EQ(changes[0].units_after, 20.0);
  EXPECT_DOUBLE_EQ(changes[0].exposure_after, 5.0);
}

// Twenty items whose price is cut in half for the horizon, which is known in advance; before, cuts
// came now and then, and doubled sales.
TEST(ProfilePricesTest, AForecastFollowsAPriceThatIsKnownInAdvance) {
  constexpr std::size_t kDays = 400;
  RetailCalendar calendar;
  for (std::size_t t = 0; t < kDays + 28; ++t) {
    calendar.days.push_back({.weekday = static_cast<int>(t % 7),
                             .day_of_month = static_cast<int>(t % 30) + 1,
                             .day_of_year = static_cast<int>(t % 365) + 1});
  }
  calendar.regional.emplace_back(calendar.days.size(), 0.0F);
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
  ASSERT_TRUE(profile.FitPrices(0).ok());
  EXPECT_NEAR(profile.price_response_of_pool(0).elasticity, -1.0, 0.1);
  for (std::size_t i = 0; i < units.size(); ++i) ASSERT_TRUE(profile.FitSeries(i).ok());
  profile.Align();
  std::vector<double> forecast(28);
  profile.Forecast(0, forecast);
  for (const double value : forecast) EXPECT_NEAR(value, 20.0, 2.0);
  prices[0][1].price = -1.0;
  EXPECT_TRUE(absl::IsInvalidArgument(Profile::Make(panel, {}).status()));
}

}  // namespace
}  // namespace tandem::forecasting

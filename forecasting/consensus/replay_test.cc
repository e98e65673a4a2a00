// Two partners who each know half: a retailer who knows its promotions but sees little history, and
// a manufacturer who knows the level well but no promotions. Together they must be better.
#include <cmath>
#include <random>

#include "forecasting/consensus/combine.h"
#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kRetailer = 0;
constexpr std::size_t kMaker = 1;

struct Errors {
  double retailer = 0.0;
  double maker = 0.0;
  double together = 0.0;
};

// A week of an item: what is true, and what each says.
struct Week {
  double actual = 0.0;
  double event = 0.0;  // True uplift of a promotion; 0: none.
  double announced = 0.0;
  double retailer = 0.0;
  double maker = 0.0;
};

Week NextWeek(std::mt19937_64& engine) {
  std::normal_distribution<double> normal;
  Week week;
  const double level = 100.0 * std::exp(0.2 * normal(engine));
  if (std::uniform_real_distribution<double>()(engine) < 0.15) {
    week.announced = 60.0;
    week.event = 40.0 + 10.0 * normal(engine);  // It hopes for more than it gets.
  }
  week.actual = std::max(0.0, level + week.event + 8.0 * normal(engine));
  week.retailer = std::max(0.0, 1.1 * level + week.announced + 18.0 * normal(engine));
  week.maker = std::max(0.0, level + 12.0 * normal(engine));
  return week;
}

TEST(Replay, TogetherTheyBeatTheBetterOfTheTwo) {
  testing::Random random;
  std::mt19937_64 engine(random.Next());
  TrackRecord record = *TrackRecord::Make(2, {.half_life_observations = 200.0});
  UpliftRecord uplifts;
  Errors errors;
  for (int i = 0; i < 3000; ++i) {
    const Week week = NextWeek(engine);
    const std::vector<PartyForecast> parties = {
        {.units = week.retailer, .event_units = week.announced, .uplifts = uplifts},
        {.units = week.maker}};
    const auto consensus =
        Combine({.record = record, .parties = parties, .scale_units = 100.0}, {});
    ASSERT_TRUE(consensus.ok());
    if (i >= 100) {
      errors.retailer += std::abs(week.retailer - week.actual);
      errors.maker += std::abs(week.maker - week.actual);
      errors.together += std::abs(consensus->weighted_units - week.actual);
    }
    const double baseline = consensus->weighted_units - consensus->shares[kRetailer].event_units;
    if (week.announced > 0.0) {
      ASSERT_TRUE(uplifts
                      .Observe({.announced = week.announced / 100.0,
                                .realised = (week.actual - baseline) / 100.0})
                      .ok());
    }
    const double without = week.actual - week.announced * uplifts.Credit({});
    const std::optional<double> said[] = {week.retailer - week.announced, week.maker};
    ASSERT_TRUE(
        record.Observe({.forecasts_units = said, .actual_units = without, .scale_units = 100.0})
            .ok());
  }
  EXPECT_LT(errors.together, 0.9 * std::min(errors.retailer, errors.maker));
  EXPECT_NEAR(uplifts.Credit({}), 40.0 / 60.0, 0.08);
  EXPECT_GT(record.BiasOf(kRetailer), record.BiasOf(kMaker) + 0.05);
}

}  // namespace
}  // namespace tandem::forecasting

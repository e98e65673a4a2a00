#include "forecasting/effects/explain_uplift.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

constexpr EffectKind kKinds[] = {EffectKind::kSeason, EffectKind::kEvent, EffectKind::kPrice,
                                 EffectKind::kPromotion, EffectKind::kBaseline};

// 100 units; a price cut of a fifth with elasticity -2 makes them 156.25.
TEST(ExplainUplift, WorkedByHand) {
  const UpliftFit fit{.level = std::log(100.0), .coefficients = {1.0, 1.0, -2.0, 1.0, 1.0}};
  const double neutral[] = {0.0, 0.0, 0.0, 0.0, 0.0};
  const double planned[] = {0.0, 0.0, std::log(0.8), 0.0, 0.0};
  const auto parts = ExplainUplift(
      fit, {.drivers = planned, .neutral = neutral, .kinds = kKinds, .published_milli = 156'250});
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(*parts, (ExplainedParts{.baseline_milli = 100'000, .price_milli = 56'250}));
}

// All seven parts, whatever the fit: they add up, and nothing is called reconciliation where
// nothing was reconciled.
TEST(ExplainUplift, SevenPartsAddUpToWhatIsPublished) {
  testing::Random random;
  const auto value = [&] { return static_cast<double>(random.Between(-1000, 1000)) / 1000.0; };
  for (int round = 0; round < 5000; ++round) {
    UpliftFit fit{.level = 2.0 + 3.0 * value(), .deviation = 0.3};
    if (random.OneIn(2)) fit.offset_units = 1.0;
    double planned[5];
    double neutral[5];
    for (int j = 0; j < 5; ++j) {
      fit.coefficients.push_back(value());
      planned[j] = value();
      neutral[j] = random.OneIn(3) ? planned[j] : 0.0;
    }
    UpliftPlan plan{.drivers = planned,
                    .neutral = neutral,
                    .kinds = kKinds,
                    .point = Point::kMean,
                    .partner_units = random.OneIn(2) ? 0.0 : value()};
    const double total = fit.Forecast(planned, Point::kMean) + plan.partner_units;
    const std::int64_t moved = random.OneIn(2) ? random.Between(-9000, 9000) : 0;
    plan.published_milli = std::llround(1000.0 * total) + moved;
    const auto parts = ExplainUplift(fit, plan);
    ASSERT_TRUE(parts.ok()) << parts.status();
    ASSERT_EQ(parts->Sum(), plan.published_milli);
    ASSERT_NEAR(static_cast<double>(parts->reconciliation_milli), static_cast<double>(moved), 4.0);
    if (planned[1] == neutral[1]) {
      ASSERT_EQ(parts->event_milli, 0);
    }
  }
}

TEST(ExplainUplift, NamesWhatIsWrong) {
  const UpliftFit fit{.level = 1.0, .coefficients = {1.0}};
  const double one[] = {1.0};
  const double nan[] = {std::numeric_limits<double>::quiet_NaN()};
  const EffectKind kind[] = {EffectKind::kPrice};
  const EffectKind none[] = {static_cast<EffectKind>(9)};
  EXPECT_TRUE(ExplainUplift(fit, {.drivers = one, .neutral = one, .kinds = kind}).ok());
  EXPECT_FALSE(ExplainUplift(fit, {.drivers = one, .neutral = one}).ok());
  EXPECT_FALSE(ExplainUplift(fit, {.drivers = nan, .neutral = one, .kinds = kind}).ok());
  EXPECT_FALSE(ExplainUplift(fit, {.drivers = one, .neutral = one, .kinds = none}).ok());
}

}  // namespace
}  // namespace tandem::forecasting

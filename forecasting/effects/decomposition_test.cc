#include "forecasting/effects/decomposition.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

ExplainedParts Parts(const Explainable& forecast) {
  const auto parts = Explain(forecast);
  EXPECT_TRUE(parts.ok()) << parts.status();
  return parts.value_or(ExplainedParts{});
}

TEST(Explain, OneEffectGetsAllThatItAdds) {
  const ExplainedParts parts =
      Parts({.baseline_units = 100.0, .log_promotion = std::log(1.5), .published_milli = 150'000});
  EXPECT_EQ(parts, (ExplainedParts{.baseline_milli = 100'000, .promotion_milli = 50'000}));
}

TEST(Explain, EqualEffectsGetEqualShares) {
  const double twice = std::log(2.0);
  const ExplainedParts parts = Parts(
      {.baseline_units = 10.0, .log_season = twice, .log_event = twice, .published_milli = 40'000});
  EXPECT_EQ(parts.season_milli, 15'000);
  EXPECT_EQ(parts.event_milli, 15'000);
}

TEST(Explain, OppositeEffectsThatCancelStillShow) {
  const ExplainedParts parts = Parts(
      {.baseline_units = 10.0, .log_price = -0.5, .log_promotion = 0.5, .published_milli = 10'000});
  EXPECT_EQ(parts.price_milli, -5'000);
  EXPECT_EQ(parts.promotion_milli, 5'000);
  EXPECT_EQ(parts.reconciliation_milli, 0);
}

TEST(Explain, WhatIsLeftIsReconciliation) {
  const ExplainedParts parts =
      Parts({.baseline_units = 10.0, .partner_units = 2.5, .published_milli = 11'000});
  EXPECT_EQ(parts.partner_milli, 2'500);
  EXPECT_EQ(parts.reconciliation_milli, -1'500);
}

TEST(Explain, AlwaysAddsUpAndNeverInventsAPart) {
  testing::Random random;
  const auto log = [&] {
    return random.OneIn(3) ? 0.0 : static_cast<double>(random.Between(-2000, 2000)) / 1000.0;
  };
  for (int round = 0; round < 20'000; ++round) {
    Explainable forecast{.baseline_units = static_cast<double>(random.Below(1'000'000)) / 997.0,
                         .log_season = log(),
                         .log_event = log(),
                         .log_price = log(),
                         .log_promotion = log(),
                         .partner_units = random.OneIn(2) ? 0.0 : log()};
    const double sum =
        forecast.log_season + forecast.log_event + forecast.log_price + forecast.log_promotion;
    const double total = forecast.baseline_units * std::exp(sum) + forecast.partner_units;
    const bool moved = random.OneIn(2);
    forecast.published_milli =
        std::llround(total * 1000.0) + (moved ? random.Between(-5000, 5000) : 0);
    const ExplainedParts parts = Parts(forecast);
    ASSERT_EQ(parts.Sum(), forecast.published_milli);
    if (!moved) {
      ASSERT_EQ(parts.reconciliation_milli, 0);
    }
    if (forecast.log_event == 0.0) {
      ASSERT_EQ(parts.event_milli, 0);
    }
    ASSERT_LE(
        std::abs(static_cast<double>(parts.baseline_milli) - 1000.0 * forecast.baseline_units),
        1.0);
  }
}

TEST(Explain, NothingIsNothing) { EXPECT_EQ(Parts({}), ExplainedParts{}); }

TEST(Explain, RefusesWhatIsNoForecast) {
  EXPECT_FALSE(Explain({.baseline_units = -1.0}).ok());
  EXPECT_FALSE(Explain({.log_price = std::numeric_limits<double>::infinity()}).ok());
  EXPECT_FALSE(Explain({.partner_units = std::numeric_limits<double>::quiet_NaN()}).ok());
  EXPECT_FALSE(Explain({.baseline_units = 1e300}).ok());
}

}  // namespace
}  // namespace tandem::forecasting

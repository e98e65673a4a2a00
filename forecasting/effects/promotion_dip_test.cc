#include "forecasting/effects/promotion_dip.h"

#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

struct Made {
  std::vector<std::vector<double>> units{};
  std::vector<std::vector<double>> promotion{};
  std::vector<DipSeries> series{};
};

Made Make(double dip, double noise, std::mt19937_64& engine) {
  std::normal_distribution<double> normal;
  Made made;
  for (std::size_t s = 0; s < 60; ++s) {
    auto& promotion = made.promotion.emplace_back();
    for (std::size_t t = 0; t < 80; ++t) promotion.push_back(engine() % 6 == 0 ? 1.0 : 0.0);
    const std::vector<double> pantry = PantryOf(promotion, 0.6);
    auto& units = made.units.emplace_back();
    const double level = 3.0 + normal(engine);
    for (std::size_t t = 0; t < 80; ++t) {
      units.push_back(
          std::exp(level + 0.9 * promotion[t] + dip * pantry[t] + noise * normal(engine)));
    }
  }
  for (std::size_t s = 0; s < 60; ++s) {
    made.series.push_back({.units = made.units[s], .promotion = made.promotion[s]});
  }
  return made;
}

// 1 promoted once, half kept: a half, then a quarter, then an eighth are left.
TEST(PantryOf, WorkedByHand) {
  const double promotion[] = {0.0, 1.0, 0.0, 0.0, 0.0};
  EXPECT_THAT(PantryOf(promotion, 0.5), ::testing::ElementsAre(0.0, 0.0, 0.5, 0.25, 0.125));
  EXPECT_THAT(PantryOf(promotion, 0.0), ::testing::Each(0.0));
  EXPECT_TRUE(PantryOf({}, 0.5).empty());
}

TEST(FitDip, FindsUpliftDipAndHowLongItLasts) {
  std::mt19937_64 engine(testing::Random().Next());
  const auto dip = FitDip(Make(-0.2, 0.2, engine).series, {});
  ASSERT_TRUE(dip.ok()) << dip.status();
  EXPECT_NEAR(dip->uplift, 0.9, 0.05);
  EXPECT_NEAR(dip->dip, -0.2, 0.12);  // Five deviations, as 600 runs have it.
  EXPECT_NEAR(dip->kept, 0.6, 0.16);
  EXPECT_NEAR(dip->deviation, 0.2, 0.01);
  // 0.2 (0.6 + 0.36 + ...) / 0.9.
  EXPECT_NEAR(dip->Borrowed(), 0.2 * 1.5 / 0.9, 0.1);
}

TEST(FitDip, WithoutNoiseItIsExact) {
  std::mt19937_64 engine(3);
  const auto dip = FitDip(Make(-0.3, 0.0, engine).series, {});
  EXPECT_NEAR(dip->uplift, 0.9, 1e-9);
  EXPECT_NEAR(dip->dip, -0.3, 1e-9);
  EXPECT_NEAR(dip->kept, 0.6, 1e-9);
}

// More after a promotion than before is no dip, and is not sold as one.
TEST(FitDip, IsNeverARise) {
  std::mt19937_64 engine(testing::Random().Next());
  const auto dip = FitDip(Make(0.3, 0.1, engine).series, {});
  EXPECT_EQ(dip->dip, 0.0);
  EXPECT_EQ(dip->kept, 0.0);
  EXPECT_EQ(dip->Borrowed(), 0.0);
}

TEST(FitDip, RefusesWithTheSeriesAndTheBucket) {
  const double units[] = {1.0, 0.0, 2.0};
  const double good[] = {1.0, 3.0, 2.0};
  const double flags[] = {0.0, 1.0, 0.0};
  const double never[] = {0.0, 0.0, 0.0};
  const double negative[] = {0.0, -1.0, 0.0};
  const auto status = [](const DipSeries& series, const DipOptions& options) {
    return FitDip({&series, 1}, options).status();
  };
  EXPECT_THAT(std::string(status({units, flags}, {}).message()),
              ::testing::HasSubstr("bucket 1 of series 0"));
  EXPECT_TRUE(status({units, flags}, {.offset_units = 1.0}).ok());
  EXPECT_FALSE(status({good, negative}, {}).ok());
  EXPECT_EQ(status({good, never}, {}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(status({good, {flags, 2}}, {}).ok());
  EXPECT_FALSE(status({}, {}).ok());
  EXPECT_FALSE(status({good, flags}, {.offset_units = -1.0}).ok());
  EXPECT_FALSE(FitDip({}, {}).ok());
}

}  // namespace
}  // namespace tandem::forecasting

#include "forecasting/local/smoothing.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Noise around a level that changes once, so that no alpha of the grid is plainly right.
std::vector<double> RandomHistory(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::vector<double> history(size);
  for (std::size_t t = 0; t < size; ++t) {
    history[t] = static_cast<double>(random() % 10 + (t > size / 2 ? 5 : 0));
  }
  return history;
}

// y = 4, 8, 6; alpha 1/2: levels 4, 6, 6; errors 4, 0; rmse sqrt(16/2).
TEST(FitLevelTest, FollowsTheRecursionWorkedByHand) {
  const auto fit = FitLevel(std::vector<double>{4, 8, 6}, {.alpha = 0.5});
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_DOUBLE_EQ(fit->level_units, 6.0);
  EXPECT_DOUBLE_EQ(fit->rmse_units, std::sqrt(8.0));
}

TEST(FitLevelTest, OneBucketHasNoError) {
  const auto fit = FitLevel(std::vector<double>{7}, {});
  ASSERT_TRUE(fit.ok());
  EXPECT_EQ(fit->level_units, 7.0);
  EXPECT_EQ(fit->rmse_units, 0.0);
}

TEST(FitLevelTest, AlphaOneIsTheNaiveForecast) {
  const auto fit = FitLevel(std::vector<double>{1, 5, 2}, {.alpha = 1.0});
  ASSERT_TRUE(fit.ok());
  EXPECT_EQ(fit->level_units, 2.0);
  EXPECT_DOUBLE_EQ(fit->rmse_units, std::sqrt((16.0 + 9.0) / 2.0));
}

TEST(FitLevelTest, RejectsValuesThatAreNotDemand) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(FitLevel({}, {}).status().code(), kInvalid);
  EXPECT_EQ(FitLevel(std::vector<double>{1, nan}, {}).status().code(), kInvalid);
  EXPECT_EQ(FitLevel(std::vector<double>{infinity}, {}).status().code(), kInvalid);
  for (const double alpha : {0.0, -0.1, 1.0000001, nan}) {
    EXPECT_EQ(FitLevel(std::vector<double>{1}, {.alpha = alpha}).status().code(), kInvalid);
  }
  EXPECT_EQ(FitLevel(std::vector<double>{1e308, -1e308}, {}).status().code(),
            absl::StatusCode::kOutOfRange);
}

// Scale law by a power of two, so that not one bit may differ; shift law within rounding.
TEST(FitBestLevelTest, ScalesAndShiftsWithItsHistory) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::vector<double> history = RandomHistory(seed, 60);
    const auto fit = FitBestLevel(history);
    ASSERT_TRUE(fit.ok());
    std::vector<double> scaled = history;
    std::vector<double> shifted = history;
    for (double& y : scaled) y *= 4.0;
    for (double& y : shifted) y += 100.0;
    const auto fit_scaled = FitBestLevel(scaled);
    const auto fit_shifted = FitBestLevel(shifted);
    ASSERT_TRUE(fit_scaled.ok() && fit_shifted.ok());
    EXPECT_EQ(fit_scaled->alpha, fit->alpha);
    EXPECT_EQ(fit_scaled->fit.level_units, 4.0 * fit->fit.level_units);
    EXPECT_EQ(fit_scaled->fit.rmse_units, 4.0 * fit->fit.rmse_units);
    EXPECT_NEAR(fit_shifted->fit.level_units, fit->fit.level_units + 100.0, 1e-10);
    EXPECT_NEAR(fit_shifted->fit.rmse_units, fit->fit.rmse_units, 1e-10);
  }
}

TEST(FitBestLevelTest, NoAlphaOfTheGridIsBetter) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    const std::vector<double> history = RandomHistory(seed, 40);
    const auto best = FitBestLevel(history);
    ASSERT_TRUE(best.ok());
    for (const double alpha : kAlphaGrid) {
      const auto fit = FitLevel(history, {.alpha = alpha});
      ASSERT_TRUE(fit.ok());
      EXPECT_LE(best->fit.rmse_units, fit->rmse_units);
      if (alpha == best->alpha) {
        EXPECT_EQ(best->fit.level_units, fit->level_units);
      }
    }
  }
}

TEST(FitBestLevelTest, TakesTheSmallestAlphaOnATieAndFailsAsFitLevel) {
  const auto constant = FitBestLevel(std::vector<double>{3, 3, 3});
  ASSERT_TRUE(constant.ok());
  EXPECT_EQ(constant->alpha, kAlphaGrid.front());
  EXPECT_EQ(constant->fit.level_units, 3.0);
  EXPECT_EQ(FitBestLevel({}).status().code(), kInvalid);
  EXPECT_EQ(FitBestLevel(std::vector<double>{1e308, -1e308}).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tandem::forecasting

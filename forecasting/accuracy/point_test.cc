#include "forecasting/accuracy/point.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(PointTest, RefusesLengthsThatDifferAndValuesThatAreNotFinite) {
  const Values two = {1, 2};
  for (const Values& bad : {Values{1}, Values{1, kNan}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(TrackingSignal(two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(Mase(two, 1, two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(Smape(two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(Mape(two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(DecayedSmape(two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(ErrorAndBias(two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(WeightedMae(two, two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(Stability(two, bad).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(ForecastValueAdded(two, two, bad).status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Mase({Values{1, kNan}}, 1, two, two).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Mase(two, 0, two, two).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(WeightedMae(two, two, Values{1, -1}).status()));
}

TEST(PointTest, IsUndefinedOfNothing) {
  const Values none;
  EXPECT_EQ(*TrackingSignal(none, none), std::nullopt);
  EXPECT_EQ(*Mase(Values{1, 2}, 1, none, none), std::nullopt);
  EXPECT_EQ(*Smape(none, none), std::nullopt);
  EXPECT_EQ(DecayedSmape(none, none)->value(), std::nullopt);
  EXPECT_EQ(Stability(none, none)->value(), std::nullopt);
}

// Both sides of frePPLe's rounding error: at it the bucket is left out, above it counts as 1.
TEST(PointTest, DecayedSmapeLeavesOutWhatIsNoMoreThanRounding) {
  EXPECT_EQ(DecayedSmape(Values{0.000001}, Values{0.0})->denominator, 0.0);
  EXPECT_EQ(DecayedSmape(Values{5.0}, Values{-5.0})->value(), std::nullopt);
  EXPECT_EQ(*DecayedSmape(Values{0.000002}, Values{0.0})->value(), 1.0);
}

TEST(PointTest, MapeIsOverTheBucketsThatSold) {
  const auto mape = Mape(Values{10, 0, 20, 30}, Values{12, 5, 15, 30});
  EXPECT_EQ(mape->denominator, 3.0);
  EXPECT_NEAR(*mape->value(), (0.2 + 0.25) / 3.0, 1e-15);
  EXPECT_EQ(Mape(Values{0.0}, Values{1.0})->value(), std::nullopt);
}

// Laws on random series: errors have no unit, and the tracking signal has its bounds and its sign.
TEST(PointTest, DoesNotChangeWithTheUnit) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> value(0.0, 9.0);
  for (int round = 0; round < 100; ++round) {
    Values actual(12);
    Values forecast(12);
    for (std::size_t k = 0; k < actual.size(); ++k) {
      actual[k] = value(random);
      forecast[k] = value(random);
    }
    Values actual8 = actual;
    Values forecast8 = forecast;
    for (double& v : actual8) v *= 8.0;  // Exact in binary.
    for (double& v : forecast8) v *= 8.0;
    EXPECT_EQ(**TrackingSignal(actual, forecast), **TrackingSignal(actual8, forecast8));
    EXPECT_EQ(**Smape(actual, forecast), **Smape(actual8, forecast8));
    EXPECT_EQ(**Mase(actual, 1, actual, forecast), **Mase(actual8, 1, actual8, forecast8));
    EXPECT_LE(std::abs(**TrackingSignal(actual, forecast)), 12.0 + 1e-9);
    EXPECT_EQ(**TrackingSignal(actual, forecast), -**TrackingSignal(forecast, actual));
    EXPECT_LE(**Smape(actual, forecast), 200.0);
  }
}

}  // namespace
}  // namespace tandem::forecasting

#include "forecasting/accuracy/interval.h"

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(IntervalTest, RefusesBadInput) {
  const Values two = {1, 2};
  const Values bad = {1, kNan};
  const Values one = {1};
  EXPECT_TRUE(absl::IsInvalidArgument(Pinball(two, one, 0.5).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Pinball(two, bad, 0.5).status()));
  for (const double u : {0.0, 1.0, -0.1, kNan}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Pinball(two, two, u).status())) << u;
    EXPECT_TRUE(absl::IsInvalidArgument(WeightedQuantileLoss(two, two, u).status())) << u;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ScaledPinball(two, two, two).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Coverage(two, {two, bad}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Msis(two, two, {one, two}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Msis(two, two, {two, two}, {.miss_share = 1.0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Msis(two, two, {two, two}, {.season_buckets = 0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RandomisedPit({.below = 0.5, .at = 0.4}, 0.5).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RandomisedPit({.below = 0.4, .at = 0.5}, 1.0).status()));
}

// The pinball loss is least at the quantile: no other value of a sample does better than the
// sample's.
TEST(IntervalTest, PinballIsLeastAtTheQuantile) {
  std::mt19937 random(7);
  std::gamma_distribution<double> demand(0.7, 5.0);
  Values sample(199);
  for (double& v : sample) v = demand(random);
  std::ranges::sort(sample);
  for (const double u : kQuantileLevels) {
    const auto at = static_cast<std::size_t>(u * 199.0);
    const double least = Pinball(sample, Values(199, sample[at]), u)->numerator;
    for (const double other : sample) {
      EXPECT_LE(least, Pinball(sample, Values(199, other), u)->numerator + 1e-9) << u;
    }
  }
}

// The transform of counts drawn from the very distribution is uniform: tenths within 4 sigma.
TEST(IntervalTest, RandomisedPitOfTheRightDistributionIsUniform) {
  std::mt19937 random(11);
  std::geometric_distribution<int> demand(0.4);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::vector<int> tenths(10, 0);
  constexpr int kDraws = 20'000;
  for (int k = 0; k < kDraws; ++k) {
    const int y = demand(random);
    double above = 1.0;  // P(Y >= y) = 0.6^y.
    for (int j = 0; j < y; ++j) above *= 0.6;
    const double pit =
        RandomisedPit({.below = 1.0 - above, .at = 1.0 - 0.6 * above}, uniform(random)).value();
    ++tenths[std::min<std::size_t>(9, static_cast<std::size_t>(10.0 * pit))];
  }
  for (const int count : tenths) EXPECT_NEAR(count, kDraws / 10.0, 4 * 43);  // sqrt(n p q) = 42.4.
}

}  // namespace
}  // namespace tandem::forecasting

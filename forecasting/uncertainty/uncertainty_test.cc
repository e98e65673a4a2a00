#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/uncertainty/negative_binomial.h"
#include "forecasting/uncertainty/pooled_residuals.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;

// By hand: mean 2, variance 4, so k = 2 and P(x) = (x + 1) / 2^(x + 2): cdf .25 .5 .6875 .8125.
TEST(NegativeBinomialTest, AgreesWithTheCaseWorkedByHand) {
  const NegativeBinomial demand{.mean_units = 2.0, .variance_units = 4.0};
  EXPECT_NEAR(CountCdf(demand, 0).value(), 0.25, 1e-12);
  EXPECT_NEAR(CountCdf(demand, 1).value(), 0.5, 1e-12);
  EXPECT_NEAR(CountCdf(demand, 3).value(), 0.8125, 1e-12);
  EXPECT_EQ(CountQuantile(demand, 0.2).value(), 0.0);
  EXPECT_EQ(CountQuantile(demand, 0.4).value(), 1.0);
  EXPECT_EQ(CountQuantile(demand, 0.7).value(), 3.0);
}

TEST(NegativeBinomialTest, IsPoissonWithoutExcess) {
  const NegativeBinomial demand{.mean_units = 1.0, .variance_units = 0.0};
  EXPECT_NEAR(CountCdf(demand, 0).value(), std::exp(-1.0), 1e-12);
  EXPECT_NEAR(CountCdf(demand, 2).value(), 2.5 * std::exp(-1.0), 1e-12);
}

// The quantile is the smallest count whose probability reaches u, over the whole range of sizes.
TEST(NegativeBinomialTest, QuantileInvertsTheCdf) {
  for (const double mean : {0.01, 0.7, 5.0, 300.0, 9'000.0, 20'000.0}) {
    for (const double ratio : {1.0, 1.5, 9.0}) {
      const NegativeBinomial demand{.mean_units = mean, .variance_units = ratio * mean};
      for (const double u : {0.005, 0.165, 0.5, 0.835, 0.995}) {
        const auto q = static_cast<std::int64_t>(CountQuantile(demand, u).value());
        // The normal approximation is rounded to the nearest count, so it may be half a count off.
        const double slack = mean >= 10'000.0 ? 0.01 : 1e-9;
        EXPECT_GE(CountCdf(demand, q).value(), u - slack) << mean << " " << u;
        EXPECT_LT(CountCdf(demand, q - 1).value(), u + slack) << mean << " " << u;
      }
    }
  }
}

TEST(NegativeBinomialTest, RefusesBadInput) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(absl::IsInvalidArgument(CountQuantile({-1.0, 1.0}, 0.5).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(CountQuantile({1.0, nan}, 0.5).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(CountQuantile({1.0, 1.0}, 1.0).status()));
  EXPECT_EQ(CountQuantile({0.0, 0.0}, 0.995).value(), 0.0);
  EXPECT_EQ(CountCdf({1.0, 1.0}, -1).value(), 0.0);
  EXPECT_TRUE(absl::IsInvalidArgument(LeadTimeDemand({Values{1}, Values{1, 2}, {}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(LeadTimeDemand({Values{1}, Values{1}, Values{2}}).status()));
}

// By hand: variances 4 and 9, correlation .5: 4 + 9 + 2 * .5 * 6 = 19.
TEST(LeadTimeTest, AddsMeansVariancesAndCovariances) {
  const auto sum = LeadTimeDemand({Values{1, 2}, Values{4, 9}, Values{0.5}}).value();
  EXPECT_DOUBLE_EQ(sum.mean_units, 3.0);
  EXPECT_DOUBLE_EQ(sum.variance_units, 19.0);
}

// Simulated days that share a part of their errors: the sum's moments within four standard errors.
TEST(LeadTimeTest, AgreesWithSimulation) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0.0, 1.0);
  constexpr int kDraws = 50'000;
  double squares = 0.0;
  for (int k = 0; k < kDraws; ++k) {
    double before = normal(random);
    double sum = 0.0;
    for (int day = 0; day < 5; ++day) {  // Moving average: correlation .5 at lag 1, else 0.
      const double now = normal(random);
      sum += (before + now) / std::sqrt(2.0);
      before = now;
    }
    squares += sum * sum;
  }
  const auto want = LeadTimeDemand({Values(5, 10.0), Values(5, 1.0), Values{0.5}}).value();
  EXPECT_NEAR(squares / kDraws, want.variance_units, 4.0 * 9.0 * std::sqrt(2.0 / kDraws));
}

TEST(PooledResidualsTest, TakesTheConformalRank) {
  PooledResiduals pool;
  for (const double r : {3.0, 1.0, 2.0}) pool.Add(r);
  ASSERT_TRUE(pool.Sort().ok());
  EXPECT_EQ(pool.Quantile(0.5), 2.0);   // ceil(4 * .5) = 2.
  EXPECT_EQ(pool.Quantile(0.75), 3.0);  // ceil(4 * .75) = 3.
  EXPECT_EQ(pool.Quantile(0.25), 1.0);  // floor(4 * .25) = 1.
  EXPECT_EQ(pool.Quantile(0.8), std::nullopt);
  EXPECT_EQ(pool.Quantile(0.2), std::nullopt);
  pool.Add(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(absl::IsInvalidArgument(pool.Sort()));
}

TEST(PooledResidualsTest, SharesAreOfOneMoreThanThereAre) {
  PooledResiduals pool;
  EXPECT_EQ(pool.AtMost(0.0), 0.0);
  for (const double residual : {3.0, -1.0, 2.0, 2.0}) pool.Add(residual);
  ASSERT_TRUE(pool.Sort().ok());
  EXPECT_EQ(pool.AtMost(-2.0), 0.0);
  EXPECT_EQ(pool.AtMost(-1.0), 0.2);
  EXPECT_EQ(pool.AtMost(2.0), 0.6);
  EXPECT_EQ(pool.AtMost(9.0), 0.8);
  // The two are each other's inverse, from either side.
  for (const double u : {0.2, 0.4, 0.6, 0.8}) EXPECT_GE(pool.AtMost(pool.Quantile(u).value()), u);
}

// Coverage on data not seen: skewed demand, quantiles from 2,000 residuals, 20,000 new days. Shares
// within four standard errors of both samples.
TEST(PooledResidualsTest, CoversUnseenData) {
  std::mt19937 random(17);
  std::gamma_distribution<double> demand(0.5, 2.0);
  PooledResiduals pool;
  for (int k = 0; k < 2'000; ++k) pool.Add(demand(random) - 1.0);
  ASSERT_TRUE(pool.Sort().ok());
  for (const double u : {0.025, 0.1, 0.5, 0.9, 0.975}) {
    int below = 0;
    for (int k = 0; k < 20'000; ++k) below += demand(random) - 1.0 <= *pool.Quantile(u) ? 1 : 0;
    const double error = std::sqrt(u * (1.0 - u) * (1.0 / 2'000 + 1.0 / 20'000));
    EXPECT_NEAR(below / 20'000.0, u, 4.0 * error) << u;
  }
}

TEST(DispersionTest, IsDrawnToThePool) {
  const Values forecast = {2.0, 0.0, 2.0};
  const Values actual = {4.0, 5.0, 0.0};  // The pair without a forecast does not count.
  const PastForecasts past{forecast, actual};
  EXPECT_DOUBLE_EQ(Dispersion(past, VarianceGrowth::kMean, {.pooled_weight = 0.0}), 2.0);
  EXPECT_DOUBLE_EQ(Dispersion(past, VarianceGrowth::kSquaredMean, {.pooled_weight = 0.0}), 1.0);
  EXPECT_DOUBLE_EQ(Dispersion(past, VarianceGrowth::kMean, {.pooled = 5.0, .pooled_weight = 2.0}),
                   3.5);
  EXPECT_DOUBLE_EQ(ResidualScale(4.0, 9.0, VarianceGrowth::kMean), 6.0);
  EXPECT_DOUBLE_EQ(ResidualScale(4.0, 9.0, VarianceGrowth::kSquaredMean), 12.0);
}

TEST(MakeMonotoneTest, LiftsWhatFallsBack) {
  Values quantiles = {-1.0, 2.0, 1.0, 3.0};
  MakeMonotone(quantiles);
  EXPECT_THAT(quantiles, testing::ElementsAre(0.0, 2.0, 2.0, 3.0));
}

// Sixty days on which next to nothing was forecast and twenty-five were sold, then three hundred
// good ones: the spread is that of the good ones and a little more, not that of 25^2 over a
// hundredth.
TEST(DispersionTest, AFewMissedDaysAreNotTheSpreadOfAll) {
  std::vector<double> forecast(60, 1e-6);
  std::vector<double> actual(60, 25.0);
  for (int t = 0; t < 300; ++t) {
    forecast.push_back(25.0);
    actual.push_back(t % 2 == 0 ? 20.0 : 30.0);
  }
  const double got =
      Dispersion({forecast, actual}, VarianceGrowth::kMean, {.pooled = 1.0, .pooled_weight = 28.0});
  EXPECT_GT(got, 1.0);
  EXPECT_LT(got, 7.0);
}

// Both sides of where the recursion ends; an exponential's median is ln 2 of its mean.
TEST(CountQuantileTest, IsOnePieceAtTheGammaApproximation) {
  for (const double u : {0.025, 0.165, 0.5, 0.835, 0.975, 0.995}) {
    for (const double k : {1.0, 4.0, 50.0}) {
      const auto at = [&](double mean) {
        return CountQuantile({.mean_units = mean, .variance_units = mean + mean * mean / k}, u)
            .value();
      };
      EXPECT_NEAR(at(10'000.0), at(9'999.0), 0.03 * at(9'999.0) + 200.0) << u << " " << k;
    }
  }
  EXPECT_NEAR(CountQuantile({.mean_units = 1e6, .variance_units = 1e12}, 0.5).value(), 693'147.0,
              20'000.0);
  EXPECT_NEAR(CountCdf({.mean_units = 1e6, .variance_units = 1e12}, 693'147).value(), 0.5, 0.01);
}

}  // namespace
}  // namespace tandem::forecasting

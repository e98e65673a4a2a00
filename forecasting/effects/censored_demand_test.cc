#include "forecasting/effects/censored_demand.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

struct Shelf {
  std::vector<double> units{};
  std::vector<std::uint8_t> sold_out{};
  std::vector<double> factors{};
  double demand = 0.0;  // Mean of demand / factor, which nobody sees.

  CensoredSeries Series() const {
    return {.units = units, .sold_out = sold_out, .factors = factors};
  }
};

// Demand of this level, from a shelf filled to a random number every morning.
Shelf MakeShelf(DemandKind kind, double level, std::size_t days, std::mt19937_64& engine) {
  Shelf shelf;
  std::uniform_real_distribution<double> uniform;
  for (std::size_t t = 0; t < days; ++t) {
    const double factor = 0.5 + uniform(engine);
    const double mean = level * factor;
    const double demand =
        kind == DemandKind::kPoisson
            ? static_cast<double>(std::poisson_distribution<int>(mean)(engine))
            : factor * std::max(0.0, std::normal_distribution<double>(level, 0.25 * level)(engine));
    const double stock = std::floor(mean * (0.5 + uniform(engine))) + 1.0;
    shelf.units.push_back(std::min(demand, stock));
    shelf.sold_out.push_back(demand >= stock ? 1 : 0);
    shelf.factors.push_back(factor);
    shelf.demand += demand / factor / static_cast<double>(days);
  }
  return shelf;
}

double LogLikelihood(const Shelf& shelf, double level) {
  double sum = 0.0;
  for (std::size_t t = 0; t < shelf.units.size(); ++t) {
    const double mean = level * shelf.factors[t];
    const auto density = [mean](double k) {
      return std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0));
    };
    double chance = density(shelf.units[t]);
    if (shelf.sold_out[t] != 0) {
      chance = 1.0;
      for (double k = 0.0; k < shelf.units[t]; ++k) chance -= density(k);
    }
    sum += std::log(std::max(chance, 1e-300));
  }
  return sum;
}

// E[D | D >= 2] for mean 1: (1 - p(1)) / (1 - p(0) - p(1)) = (1 - 1/e) / (1 - 2/e).
TEST(PoissonAtLeast, WorkedByHand) {
  const double e = std::exp(1.0);
  EXPECT_NEAR(PoissonAtLeast(1.0, 2.0), (1.0 - 1.0 / e) / (1.0 - 2.0 / e), 1e-12);
  EXPECT_DOUBLE_EQ(PoissonAtLeast(3.0, 0.0), 3.0);
  EXPECT_DOUBLE_EQ(PoissonAtLeast(0.0, 3.0), 3.0);
  EXPECT_DOUBLE_EQ(PoissonAtLeast(1e6, 10.0), 1e6);
}

TEST(PoissonAtLeast, IsMoreThanBothAndRises) {
  for (const double mean : {0.01, 0.7, 5.0, 80.0, 2000.0}) {
    double before = 0.0;
    for (double at_least = 0.0; at_least < 2.0 * mean + 10.0; ++at_least) {
      const double expected = PoissonAtLeast(mean, at_least);
      EXPECT_GE(expected, std::max(mean, at_least) * (1.0 - 1e-12));
      EXPECT_GE(expected, before - 1e-9);
      before = expected;
    }
  }
}

TEST(FitCensored, FindsTheDemandBehindTheSales) {
  std::mt19937_64 engine(testing::Random().Next());
  for (const DemandKind kind : {DemandKind::kPoisson, DemandKind::kNormal}) {
    const Shelf shelf = MakeShelf(kind, 20.0, 4000, engine);
    const auto fit = FitCensored(shelf.Series(), {.kind = kind});
    ASSERT_TRUE(fit.ok()) << fit.status();
    EXPECT_TRUE(fit->converged);
    // Sampling deviation of the mean of 4000 days: at most 5 / sqrt(4000) = 0.08.
    EXPECT_NEAR(fit->level_units, 20.0, 0.5);
    double open = 0.0;
    double weight = 0.0;
    for (std::size_t t = 0; t < shelf.units.size(); ++t) {
      if (shelf.sold_out[t] != 0) continue;
      open += shelf.units[t];
      weight += shelf.factors[t];
    }
    EXPECT_LT(open / weight, 18.5);  // To drop the sold-out days is no cure.
  }
}

// Brute force: no level of a fine grid is more likely.
TEST(FitCensored, IsTheMostLikelyLevel) {
  std::mt19937_64 engine(testing::Random().Next());
  for (int round = 0; round < 30; ++round) {
    const double level = std::exp(std::uniform_real_distribution<double>(-1.0, 3.0)(engine));
    const Shelf shelf = MakeShelf(DemandKind::kPoisson, level, 40, engine);
    const auto fit = FitCensored(shelf.Series(), {.iterations_max = 5000, .tolerance = 1e-10});
    if (!fit.ok()) continue;  // All sold out.
    const double found = LogLikelihood(shelf, std::max(fit->level_units, 1e-9));
    for (double ratio = 0.5; ratio < 2.0; ratio *= 1.01) {
      EXPECT_GE(found, LogLikelihood(shelf, level * ratio) - 1e-6) << level << " " << ratio;
    }
  }
}

TEST(FitCensored, WithoutSoldOutDaysItIsTheMean) {
  const double units[] = {1.0, 2.0, 6.0};
  const std::uint8_t open[] = {0, 0, 0};
  for (const DemandKind kind : {DemandKind::kPoisson, DemandKind::kNormal}) {
    EXPECT_NEAR(FitCensored({.units = units, .sold_out = open}, {.kind = kind})->level_units, 3.0,
                1e-8);
  }
  // With a prior of 3 days at 1: (9 + 3) / 6.
  EXPECT_NEAR(
      FitCensored({.units = units, .sold_out = open}, {.prior_level_units = 1.0, .prior_days = 3.0})
          ->level_units,
      2.0, 1e-9);
}

TEST(FitCensored, ScalesWithFactors) {
  std::mt19937_64 engine(5);
  Shelf shelf = MakeShelf(DemandKind::kPoisson, 8.0, 100, engine);
  const double level = FitCensored(shelf.Series(), {})->level_units;
  for (double& factor : shelf.factors) factor *= 4.0;
  EXPECT_NEAR(FitCensored(shelf.Series(), {})->level_units, level / 4.0, 1e-5 * level);
}

TEST(FitCensored, OnlyAPriorBoundsWhatIsAlwaysSoldOut) {
  const double units[] = {5.0, 5.0};
  const std::uint8_t out[] = {1, 1};
  EXPECT_FALSE(FitCensored({.units = units, .sold_out = out}, {}).ok());
  const auto fit =
      FitCensored({.units = units, .sold_out = out}, {.prior_level_units = 4.0, .prior_days = 5.0});
  ASSERT_TRUE(fit.ok());
  EXPECT_GT(fit->level_units, 4.0);
  EXPECT_LT(fit->level_units, 8.0);
}

TEST(FitCensored, RefusesWithTheDay) {
  const double units[] = {1.0, -2.0};
  const double good[] = {1.0, 2.0};
  const double nan[] = {1.0, std::numeric_limits<double>::quiet_NaN()};
  const std::uint8_t flags[] = {0, 0};
  const auto message = [](const CensoredSeries& series, const CensoredOptions& options) {
    return std::string(FitCensored(series, options).status().message());
  };
  EXPECT_THAT(message({.units = units, .sold_out = flags}, {}), ::testing::HasSubstr("day 1"));
  EXPECT_THAT(message({.units = nan, .sold_out = flags}, {}), ::testing::HasSubstr("day 1"));
  EXPECT_THAT(message({.units = good, .sold_out = flags, .factors = units}, {}),
              ::testing::HasSubstr("factor of day 1"));
  EXPECT_NE(message({}, {}), "");
  EXPECT_NE(message({.units = good, .sold_out = {flags, 1}}, {}), "");
  EXPECT_NE(message({.units = good, .sold_out = flags}, {.half_life_days = 0.0}), "");
  EXPECT_NE(message({.units = good, .sold_out = flags}, {.iterations_max = 0}), "");
}

}  // namespace
}  // namespace tandem::forecasting

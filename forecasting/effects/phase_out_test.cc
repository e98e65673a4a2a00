#include "forecasting/effects/phase_out.h"

#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

struct Made {
  std::vector<std::vector<double>> units{};
  std::vector<double> decays{};
  std::vector<FadingSeries> series{};
};

Made Make(std::size_t count, double deviation, std::mt19937_64& engine) {
  Made made;
  for (std::size_t s = 0; s < count; ++s) {
    made.decays.push_back(std::normal_distribution<double>(0.15, deviation)(engine));
    const double level = std::exp(std::uniform_real_distribution<double>(0.0, 3.0)(engine));
    auto& units = made.units.emplace_back();
    for (int t = 0; t < 20; ++t) {
      units.push_back(
          std::poisson_distribution<int>(level * std::exp(-made.decays[s] * t))(engine));
    }
  }
  for (const auto& units : made.units) made.series.push_back({units});
  return made;
}

TEST(FitFading, FindsTheGroupsDecayAndHowItemsDiffer) {
  std::mt19937_64 engine(testing::Random().Next());
  const Made made = Make(600, 0.05, engine);
  const auto fading = FitFading(made.series, {});
  ASSERT_TRUE(fading.ok()) << fading.status();
  EXPECT_NEAR(fading->group_decay, 0.15, 0.02);
  EXPECT_NEAR(fading->group_deviation, 0.05, 0.03);
}

TEST(FitFading, PoolingBeatsBothExtremes) {
  std::mt19937_64 engine(testing::Random().Next());
  const Made made = Make(400, 0.06, engine);
  const auto pooled = FitFading(made.series, {});
  double squares[3] = {};
  for (std::size_t s = 0; s < made.series.size(); ++s) {
    const auto alone = FitFading({&made.series[s], 1}, {});
    if (!alone.ok()) continue;
    squares[0] += std::pow(pooled->decays[s] - made.decays[s], 2);
    squares[1] += std::pow(alone->decays[0] - made.decays[s], 2);
    squares[2] += std::pow(pooled->group_decay - made.decays[s], 2);
  }
  EXPECT_LT(squares[0], 0.9 * squares[1]);
  EXPECT_LT(squares[0], 0.9 * squares[2]);
}

// Without noise: 64, 32, 16, 8 is a decay of log 2 exactly, whatever the level.
TEST(FitFading, WorkedByHand) {
  const std::vector<double> units = {64e6, 32e6, 16e6, 8e6};
  const FadingSeries series[] = {{units}};
  EXPECT_NEAR(FitFading(series, {})->decays[0], std::log(2.0), 1e-6);
  const std::vector<double> rising = {8e6, 16e6, 32e6, 64e6};
  const FadingSeries rush[] = {{rising}};
  EXPECT_NEAR(FitFading(rush, {})->decays[0], -std::log(2.0), 1e-6);
}

TEST(FitFading, WhatTellsNothingGetsTheGroups) {
  std::mt19937_64 engine(7);
  Made made = Make(50, 0.02, engine);
  const std::vector<double> none(20, 0.0);
  const std::vector<double> one = {3.0};
  made.series.push_back({none});
  made.series.push_back({one});
  made.series.push_back({});
  const auto fading = FitFading(made.series, {});
  for (std::size_t s = 50; s < 53; ++s) {
    EXPECT_DOUBLE_EQ(fading->decays[s], fading->group_decay);
  }
}

TEST(FitFading, Refuses) {
  const std::vector<double> bad = {1.0, -1.0};
  const std::vector<double> good = {2.0, 1.0};
  const FadingSeries with_bad[] = {{good}, {bad}};
  EXPECT_THAT(std::string(FitFading(with_bad, {}).status().message()),
              ::testing::HasSubstr("bucket 1 of series 1"));
  const FadingSeries empty[] = {{}};
  EXPECT_EQ(FitFading(empty, {}).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(FitFading({}, {}).ok());
  const FadingSeries fine[] = {{good}};
  EXPECT_FALSE(FitFading(fine, {.dispersion = 0.0}).ok());
  EXPECT_FALSE(FitFading(fine, {.iterations_max = 0}).ok());
}

TEST(PhaseOut, EndsOnItsLastDayAndWithItsStock) {
  const double half = std::log(2.0);
  const auto plan = PhaseOut({.level_units = 8.0, .decay = half, .buckets_left = 3}, 5);
  EXPECT_THAT(plan->units, ::testing::ElementsAre(::testing::DoubleNear(8.0, 1e-12),
                                                  ::testing::DoubleNear(4.0, 1e-12),
                                                  ::testing::DoubleNear(2.0, 1e-12), 0.0, 0.0));
  const auto scarce =
      PhaseOut({.level_units = 8.0, .decay = half, .buckets_left = 3, .stock_units = 9.0}, 2);
  EXPECT_NEAR(scarce->units[1], 1.0, 1e-12);
  EXPECT_NEAR(scarce->unserved_units, 5.0, 1e-12);
  EXPECT_NEAR(scarce->leftover_units, 0.0, 1e-12);
  const auto plenty =
      PhaseOut({.level_units = 8.0, .decay = half, .buckets_left = 3, .stock_units = 20.0}, 1);
  EXPECT_NEAR(plenty->leftover_units, 6.0, 1e-12);
  EXPECT_EQ(plenty->unserved_units, 0.0);
  EXPECT_TRUE(PhaseOut({}, 0)->units.empty());
}

// What is sold, left and unserved is all there is of stock and demand.
TEST(PhaseOut, LosesNothing) {
  std::mt19937_64 engine(testing::Random().Next());
  std::uniform_real_distribution<double> uniform;
  for (int round = 0; round < 1000; ++round) {
    const PhaseOutInput input{.level_units = 20.0 * uniform(engine),
                              .decay = uniform(engine) - 0.2,
                              .buckets_left = engine() % 30,
                              .stock_units = 200.0 * uniform(engine)};
    const auto plan = PhaseOut(input, 30);
    ASSERT_TRUE(plan.ok());
    double sold = 0.0;
    double demand = 0.0;
    for (std::size_t h = 0; h < 30; ++h) {
      sold += plan->units[h];
      if (h < input.buckets_left) {
        demand += input.level_units * std::exp(-input.decay * static_cast<double>(h));
      }
    }
    EXPECT_NEAR(sold + plan->leftover_units, input.stock_units, 1e-9);
    EXPECT_NEAR(sold + plan->unserved_units, demand, 1e-9 * (1.0 + demand));
  }
}

TEST(PhaseOut, Refuses) {
  EXPECT_FALSE(PhaseOut({.level_units = -1.0}, 1).ok());
  EXPECT_FALSE(PhaseOut({.stock_units = -1.0}, 1).ok());
  EXPECT_FALSE(PhaseOut({.decay = std::numeric_limits<double>::quiet_NaN()}, 1).ok());
  EXPECT_FALSE(PhaseOut({}, 100'001).ok());
  EXPECT_EQ(PhaseOut({.level_units = 1.0, .decay = -700.0, .buckets_left = 9}, 1).status().code(),
            absl::StatusCode::kOutOfRange);
}

// By simulation: of items silent for z buckets, this share is alive.
TEST(AliveChance, IsTheShareThatIsAlive) {
  std::mt19937_64 engine(testing::Random().Next());
  std::uniform_real_distribution<double> uniform;
  constexpr double kDemand = 0.3;
  constexpr double kDeath = 0.05;
  constexpr std::size_t kSilent = 6;
  double silent = 0.0;
  double alive = 0.0;
  for (int item = 0; item < 400'000; ++item) {
    bool lives = true;
    bool sold = false;
    for (std::size_t bucket = 0; bucket < kSilent && !sold; ++bucket) {
      lives = lives && uniform(engine) >= kDeath;
      sold = lives && uniform(engine) < kDemand;
    }
    if (sold) continue;
    silent += 1.0;
    alive += lives ? 1.0 : 0.0;
  }
  // About 150,000 silent items: five deviations are 0.0065.
  EXPECT_NEAR(*AliveChance({kDemand, kDeath, kSilent}), alive / silent, 0.0065);
}

TEST(AliveChance, FallsWithSilence) {
  EXPECT_EQ(*AliveChance({0.5, 0.1, 0}), 1.0);
  double before = 1.0;
  for (std::size_t z = 1; z < 200; ++z) {
    const double now = *AliveChance({0.5, 0.1, z});
    EXPECT_LE(now, before);
    before = now;
  }
  EXPECT_LT(before, 1e-9);
  EXPECT_FALSE(AliveChance({0.0, 0.1, 1}).ok());
  EXPECT_FALSE(AliveChance({0.5, 1.0, 1}).ok());
}

}  // namespace
}  // namespace tandem::forecasting

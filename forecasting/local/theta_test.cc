// The Theta models against plain recursions and a simplex search over them.
#include "forecasting/local/theta.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "forecasting/local/nelder_mead.h"
#include "forecasting/local/theta_fit.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Values RandomHistory(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  const double noise = 1.0 + static_cast<double>(seed % 7);
  double level = 50.0;
  Values history(size);
  for (std::size_t t = 0; t < size; ++t) {
    level += 0.2 * static_cast<double>(seed % 4) + normal(random);
    history[t] = std::max(1.0, level + noise * normal(random));
  }
  return history;
}

// Reference: Fiorucci et al. (2016), equations (20) to (25); 0-based buckets.
double PlainSquares(const Values& y, ThetaKind kind, double alpha, double omega, double l0) {
  const std::size_t n = y.size();
  double whole_start = 0.0;
  double whole_step = 0.0;
  double mean = 0.0;
  for (const double v : y) mean += v / static_cast<double>(n);
  double up = 0.0;
  double down = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double off = static_cast<double>(i + 1) - 0.5 * static_cast<double>(n + 1);
    up += off * y[i];
    down += off * off;
  }
  whole_step = up / down;
  whole_start = mean - whole_step * 0.5 * static_cast<double>(n + 1);
  double l = l0;
  double squares = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto t = static_cast<double>(i + 1);
    double a = whole_start;
    double b = whole_step;
    if (theta::IsDynamic(kind)) {  // The line through the buckets before, by its normal equations.
      double sum = 0.0;
      double moment = 0.0;
      for (std::size_t j = 0; j < i; ++j) sum += y[j];
      const double middle = 0.5 * (t - 1.0 + 1.0);
      double spread = 0.0;
      for (std::size_t j = 0; j < i; ++j) {
        const double off = static_cast<double>(j + 1) - middle;
        moment += off * y[j];
        spread += off * off;
      }
      b = i > 1 ? moment / spread : 0.0;
      a = i > 0 ? sum / static_cast<double>(i) - b * middle : 0.0;
    }
    const double mu = l + omega * (a * std::pow(1.0 - alpha, t - 1.0) +
                                   b * (1.0 - std::pow(1.0 - alpha, t)) / alpha);
    if (i >= 3) squares += (y[i] - mu) * (y[i] - mu);
    l = alpha * y[i] + (1.0 - alpha) * l;
  }
  return squares;
}

TEST(ThetaTest, FastFitEqualsTheDefinitionAndIsNoWorseThanTheSlowOne) {
  int elsewhere = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const Values history = RandomHistory(seed, 12 + seed);
    for (const ThetaKind kind : kThetaKinds) {
      SCOPED_TRACE(testing::Message() << seed << " kind " << static_cast<int>(kind));
      const theta::Fit fit = theta::Search(history, kind);
      EXPECT_NEAR(PlainSquares(history, kind, fit.alpha, fit.line_share, fit.level_start),
                  fit.squares, 1e-7 * fit.squares);
      const bool optimized = theta::IsOptimized(kind);
      const Function slow = [&](const Coordinates& x) {
        const double omega = optimized ? x[2] : 0.5;
        if (x[0] < 0.1 || x[0] > 0.99 || omega < 0.0 || omega > 1.0) return kInfinity;
        return PlainSquares(history, kind, x[0], omega, x[1]);
      };
      // The published start: alpha .5, theta 2, half the first value.
      Coordinates start = {0.5, 0.5 * history[0]};
      if (optimized) start.push_back(0.5);
      // A ten-thousandth: alpha is found to .001, and the squares are flat there.
      if (fit.squares > NelderMead(slow, start, 1000) * 1.0001) ++elsewhere;
    }
  }
  EXPECT_LE(elsewhere, 2);  // A simplex may step over a ridge.
}

TEST(ThetaTest, StateEqualsTheDefinitionAndMovesOn) {
  ThetaScratch scratch;
  for (const ThetaKind kind : kThetaKinds) {
    const Values history = RandomHistory(5, 40);
    const auto model = FitTheta(history, {}, kind, scratch);
    ASSERT_TRUE(model.ok());
    Values mean(1);
    ThetaModel carried = *model;
    // The next bucket's mu: squares of a history whose last value is mu do not grow.
    for (int day = 0; day < 3; ++day) {
      ASSERT_TRUE(ForecastTheta(carried, mean, {}).ok());
      UpdateTheta(carried, mean[0]);
    }
    Values three(3);
    ASSERT_TRUE(ForecastTheta(*model, three, {}).ok());
    EXPECT_NEAR(three[2], mean[0], 1e-9 * mean[0]);
    if (!theta::IsDynamic(kind)) continue;
    Values longer = history;
    longer.push_back(three[0]);
    EXPECT_NEAR(PlainSquares(longer, kind, model->alpha, model->line_share, model->level_start),
                PlainSquares(history, kind, model->alpha, model->line_share, model->level_start),
                1e-6);
  }
}

TEST(ThetaTest, AutomaticChoiceHasTheLeastCriterion) {
  ThetaScratch scratch;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const Values history = RandomHistory(seed, 30);
    const auto best = FitAutoTheta(history, {}, scratch);
    ASSERT_TRUE(best.ok());
    for (const ThetaKind kind : kThetaKinds) {
      EXPECT_LE(best->criterion, FitTheta(history, {}, kind, scratch)->criterion);
    }
  }
}

// 100 + 10 for even, 90 + 10 for odd weeks of 4: the season is found and repeated.
TEST(ThetaTest, RepeatsASeasonThatIsThere) {
  Values history;
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0.0, 0.5);
  for (std::size_t t = 0; t < 48; ++t) {
    history.push_back(100.0 + 20.0 * static_cast<double>(t % 4) + normal(random));
  }
  ThetaScratch theta_scratch;
  Values mean(8);
  const auto model =
      FitTheta(history, {.season_buckets = 4}, ThetaKind::kDynamicOptimized, theta_scratch);
  EXPECT_EQ(model->adjustment.season_buckets, 4U);
  ASSERT_TRUE(ForecastTheta(*model, mean, {}).ok());
  for (std::size_t h = 0; h < 8; ++h) {
    EXPECT_NEAR(mean[h], 100.0 + 20.0 * static_cast<double>(h % 4), 2.0) << h;
  }
}

TEST(ThetaTest, AnswersForOddHistoriesAndNamesWhatIsWrong) {
  ThetaScratch scratch;
  Values one_sale(400, 0.0);
  one_sale[399] = 4.0;
  Values early_sale(400, 0.0);
  early_sale[0] = 4.0;
  for (const Values& history : {Values{0}, Values{5}, Values(100, 0.0), Values(100, 7.0), one_sale,
                                early_sale, Values{1, 2, 3, 4, 5, 6, 7}}) {
    for (const std::size_t horizon : {0U, 1U, 10'000U}) {
      Values mean(horizon);
      Values band(horizon * kQuantiles);
      for (const ThetaKind kind : kThetaKinds) {
        const auto model = FitTheta(history, {.season_buckets = 7}, kind, scratch);
        ASSERT_TRUE(model.ok()) << model.status();
        const absl::Status status = ForecastTheta(*model, mean, band);
        EXPECT_TRUE(status.ok()) << status;
      }
    }
  }
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(FitAutoTheta({}, {}, scratch).status().code(), kInvalid);
  EXPECT_EQ(FitAutoTheta(Values{1, std::nan("")}, {}, scratch).status().code(), kInvalid);
  EXPECT_EQ(FitAutoTheta(Values{1}, {.season_buckets = 0}, scratch).status().code(), kInvalid);
}

}  // namespace
}  // namespace tandem::forecasting

// Exponential smoothing against its definition, written out plainly, and a simplex search over it.
#include "forecasting/local/ets.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "forecasting/local/ets_reference.h"
#include "forecasting/local/ets_search.h"
#include "forecasting/local/ets_start.h"
#include "forecasting/local/history.h"
#include "forecasting/local/nelder_mead.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ets::Decode;
using ets::kInfinity;
using ets::NameOf;
using ets::PlainRun;
using ets::StartOf;
using ets::Values;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// A walk with slope, season and noise, well above zero.
Values RandomHistory(unsigned seed, std::size_t size, std::size_t season) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const double walk = uniform(random);
  const double noise = 3.0 * uniform(random);
  const double swing = 15.0 * uniform(random);
  double level = 100.0;
  double slope = normal(random) * 0.3;
  Values history(size);
  for (std::size_t t = 0; t < size; ++t) {
    level += slope + walk * normal(random);
    const double angle = 2.0 * M_PI * static_cast<double>(t % season) / static_cast<double>(season);
    history[t] = std::max(5.0, level + swing * std::sin(angle) + noise * normal(random));
  }
  return history;
}

TEST(EtsTest, KernelEqualsTheDefinition) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    for (const EtsForm& form : ets::kFormsInOrder) {
      SCOPED_TRACE(NameOf(form) + std::to_string(seed));
      const std::size_t m = form.season == EtsSeason::kNone ? 1 : 2 + seed % 23;
      const Values history = RandomHistory(seed, 3 * m + 30, m);
      Coordinates x = StartOf(history, form, m);
      x[0] = uniform(random);
      const auto d = Decode(x, form, m);
      if (!d.has_value()) continue;
      const auto plain = PlainRun(history, m, form, d->parameters, d->start);
      if (!plain.has_value()) continue;
      ets::Fit fit;
      ASSERT_TRUE(ets::Evaluate({.values = history.data(), .size = history.size(), .season = m},
                                form, {.parameters = d->parameters, .start = d->start}, fit));
      EXPECT_NEAR(fit.likelihood, plain->likelihood, 1e-8);
      EXPECT_NEAR(fit.state.level, plain->state.level, 1e-8);
      EXPECT_NEAR(fit.state.slope, plain->state.slope, 1e-8);
      for (std::size_t k = 0; k < m; ++k) {
        EXPECT_NEAR(fit.state.season[k], plain->state.season[k], 1e-8);
      }
    }
  }
}

// On every form and many series: no worse than the simplex search by 0.05 in n log(sum e^2), a
// fortieth of what one parameter costs in Akaike's criterion; at most one fit in a hundred may end
// in another valley.
TEST(EtsTest, FastFitIsNoWorseThanTheSlowOne) {
  int fits = 0;
  int worse = 0;
  double worst = 0.0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    for (const EtsForm& form : ets::kFormsInOrder) {
      const std::size_t m = form.season == EtsSeason::kNone ? 1 : 4;
      const Values history = RandomHistory(seed, 24 + seed, m);
      const Function slow = [&](const Coordinates& x) {
        const auto d = Decode(x, form, m);
        if (!d.has_value()) return kInfinity;
        const auto plain = PlainRun(history, m, form, d->parameters, d->start);
        if (!plain.has_value()) return kInfinity;
        return plain->likelihood;
      };
      const double want = NelderMead(slow, StartOf(history, form, m), 4000);
      EtsScratch scratch;
      const auto model =
          FitEts(history, {.season_buckets = m, .slope_share_max = 1.0}, form, scratch);
      ASSERT_TRUE(model.ok()) << NameOf(form) << seed << model.status();
      const std::size_t k = ets::ParameterCount(form, m);
      const double got = model->aicc - ets::Aicc(0.0, k, history.size());
      // The model's own start gives its own likelihood.
      const auto plain = PlainRun(history, m, form, model->parameters, model->start);
      ASSERT_TRUE(plain.has_value());
      EXPECT_NEAR(plain->likelihood, got, 1e-6);
      ++fits;
      worst = std::max(worst, got - want);
      if (got > want + 0.05) {
        ++worse;
        RecordProperty("worse", NameOf(form) + std::to_string(seed));
      }
    }
  }
  EXPECT_LE(worse, fits / 100) << "worst by " << worst;
}

// The automatic choice ends hopeless searches early and starts each form from a simpler one; it
// must still find what fitting each form by itself finds.
TEST(EtsTest, ChoosesTheLeastAicc) {
  EtsScratch scratch;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    const Values history = RandomHistory(seed, 40 + seed, 4);
    const EtsOptions options = {.season_buckets = 4};
    const auto best = FitAutoEts(history, options, scratch);
    ASSERT_TRUE(best.ok());
    for (const EtsForm& form : ets::kFormsInOrder) {
      const auto model = FitEts(history, options, form, scratch);
      if (model.ok()) {
        EXPECT_LE(best->aicc, model->aicc + 0.2) << NameOf(form);
      }
    }
  }
}

// The start's effect on the errors dies out inside the region and grows outside of it.
TEST(EtsTest, AdmissibleMeansThatTheStartIsForgotten) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform;
  int outside = 0;
  for (int i = 0; i < 400; ++i) {
    const EtsForm form = {EtsError::kAdditive, i % 2 == 0 ? EtsTrend::kAdditive : EtsTrend::kDamped,
                          EtsSeason::kAdditive};
    const auto m = static_cast<std::size_t>(i % 4 < 2 ? 4 : 2 + i % 23);
    EtsParameters p{.alpha = uniform(random)};
    p.beta = p.alpha * uniform(random);
    p.gamma = (1.0 - p.alpha) * uniform(random);
    p.phi = form.trend == EtsTrend::kDamped ? 0.8 + 0.18 * uniform(random) : 1.0;
    double l = 1.0;
    double b = 0.5;
    Values s(m, 0.0);
    s[0] = 1.0;
    s[1] = -1.0;
    double early = 0.0;
    double late = 0.0;
    for (std::size_t t = 0; t < 6000; ++t) {
      const double e = -(l + p.phi * b + s[t % m]);
      l += p.phi * b + p.alpha * e;
      b = p.phi * b + p.beta * e;
      s[t % m] += p.gamma * e;
      if (!std::isfinite(e)) {
        late = kInfinity;
        break;
      }
      if (t >= 2000 && t < 2100) early = std::max(early, std::abs(e));
      if (t >= 5900) late = std::max(late, std::abs(e));
    }
    // Over 3,900 buckets; what grows or fades by less than .2 % a bucket is on the circle.
    if (late < early * std::exp(0.002 * 3900) && late > early * std::exp(-0.002 * 3900)) continue;
    const bool forgotten = late <= early;
    EXPECT_EQ(ets::IsAdmissible(form, p, m), forgotten)
        << p.alpha << ' ' << p.beta << ' ' << p.gamma << ' ' << p.phi << ' ' << m << ' ' << early
        << ' ' << late;
    outside += forgotten ? 0 : 1;
  }
  EXPECT_GT(outside, 20);  // Or the test says nothing.
}

TEST(EtsTest, CarriedForwardEqualsTheRecursion) {
  EtsScratch scratch;
  for (const EtsForm& form : ets::kFormsInOrder) {
    SCOPED_TRACE(NameOf(form));
    const Values history = RandomHistory(11, 70, 6);
    const auto model = FitEts(std::span(history).first(60), {.season_buckets = 6}, form, scratch);
    ASSERT_TRUE(model.ok());
    EtsModel carried = *model;
    for (std::size_t t = 60; t < 70; ++t) UpdateEts(carried, history[t]);
    const auto plain = PlainRun(history, 6, form, model->parameters, model->start);
    ASSERT_TRUE(plain.has_value());
    EXPECT_NEAR(carried.state.level, plain->state.level, 1e-6);
    Values mean(6);
    ASSERT_TRUE(ForecastEts(carried, mean, {}).ok());
    const double q = plain->state.level + carried.parameters.phi * plain->state.slope;
    const double season = plain->state.season[70 % 6];
    const double want = form.season == EtsSeason::kMultiplicative ? q * season : q + season;
    EXPECT_NEAR(mean[0], want, 1e-6);
  }
}

// sigma_h^2 = sigma^2 (1 + (h - 1) alpha^2) for simple smoothing (Hyndman et al. (2008),
// table 6.2).
TEST(EtsTest, BandsOfSimpleSmoothingAreThePublishedOnes) {
  const EtsModel model{.parameters = {.alpha = 0.5},
                       .state = {.level = 100.0},
                       .error_variance = 4.0,
                       .non_negative = false};
  Values mean(3);
  Values band(3 * kQuantiles);
  ASSERT_TRUE(ForecastEts(model, mean, band).ok());
  EXPECT_THAT(mean, testing::Each(100.0));
  EXPECT_NEAR(band[2 * kQuantiles + 7], 100.0 + 1.959963984540 * std::sqrt(4.0 * 1.5), 1e-9);
}

// The relative error's variance against a simulation of 40,000 paths.
TEST(EtsTest, BandsOfRelativeErrorsEqualSimulatedOnes) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (const EtsSeason season :
       {EtsSeason::kNone, EtsSeason::kAdditive, EtsSeason::kMultiplicative}) {
    EtsModel model{.form = {EtsError::kMultiplicative, EtsTrend::kDamped, season},
                   .season_buckets = 2,
                   .parameters = {.alpha = 0.3, .beta = 0.1, .gamma = 0.2, .phi = 0.9},
                   .state = {.level = 100.0, .slope = 2.0},
                   .error_variance = 0.0025};
    const bool scaled = season == EtsSeason::kMultiplicative;
    model.state.season = {scaled ? 0.8 : -20.0, scaled ? 1.2 : 20.0};
    constexpr std::size_t kHorizon = 6;
    Values mean(kHorizon);
    Values band(kHorizon * kQuantiles);
    ASSERT_TRUE(ForecastEts(model, mean, band).ok());
    Values squares(kHorizon, 0.0);
    constexpr int kPaths = 40'000;
    for (int path = 0; path < kPaths; ++path) {
      EtsModel walk = model;
      for (std::size_t h = 0; h < kHorizon; ++h) {
        Values next(1);
        ASSERT_TRUE(ForecastEts(walk, next, {}).ok());
        const double y = next[0] * (1.0 + 0.05 * normal(random));
        squares[h] += (y - mean[h]) * (y - mean[h]) / kPaths;
        UpdateEts(walk, y);
      }
    }
    for (std::size_t h = 0; h < kHorizon; ++h) {
      const double deviation = (band[h * kQuantiles + 7] - mean[h]) / 1.95996398454;
      EXPECT_NEAR(deviation, std::sqrt(squares[h]), 0.03 * deviation) << h;
    }
  }
}

TEST(EtsTest, ScalesWithItsHistory) {
  EtsScratch scratch;
  for (const double scale : {1e-200, 1e-3, 1024.0, 1e200}) {
    const Values history = RandomHistory(3, 60, 4);
    Values scaled = history;
    for (double& y : scaled) y *= scale;
    Values one(8);
    Values other(8);
    ASSERT_TRUE(ForecastEts(*FitAutoEts(history, {.season_buckets = 4}, scratch), one, {}).ok());
    const auto model = FitAutoEts(scaled, {.season_buckets = 4}, scratch);
    if (!model.ok()) {  // A variance of 1e400 is no number.
      EXPECT_EQ(model.status().code(), absl::StatusCode::kOutOfRange);
      continue;
    }
    ASSERT_TRUE(ForecastEts(*model, other, {}).ok());
    for (std::size_t h = 0; h < 8; ++h) EXPECT_NEAR(other[h] / scale, one[h], 1e-4 * one[h]);
  }
}

TEST(EtsTest, AnswersForOddHistories) {
  EtsScratch scratch;
  Values one_sale(400, 0.0);
  one_sale[399] = 4.0;
  Values early_sale(400, 0.0);
  early_sale[0] = 4.0;
  Values line(30);
  for (std::size_t t = 0; t < 30; ++t) line[t] = 5.0 + 2.0 * static_cast<double>(t);
  const Values histories[] = {
      {0},        {5},  Values(100, 0.0), Values(100, 7.0),      one_sale,
      early_sale, line, {1, 2, 3, 4},     {1, 2, 3, 4, 5, 6, 7}, {-5, 3, -2, 1, 0, 7, -3}};
  for (const Values& history : histories) {
    for (const std::size_t season : {1U, 7U, 24U}) {
      SCOPED_TRACE(testing::PrintToString(history.size()) + testing::PrintToString(season));
      const auto model = FitAutoEts(history, {.season_buckets = season}, scratch);
      ASSERT_TRUE(model.ok()) << model.status();
      for (const std::size_t horizon : {0U, 1U, 10'000U}) {
        Values mean(horizon);
        Values band(horizon * kQuantiles);
        const absl::Status status = ForecastEts(*model, mean, band);
        ASSERT_TRUE(status.ok()) << status;
        for (std::size_t h = 0; h < horizon; ++h) {
          ASSERT_TRUE(
              std::is_sorted(band.begin() + static_cast<std::ptrdiff_t>(h * kQuantiles),
                             band.begin() + static_cast<std::ptrdiff_t>((h + 1) * kQuantiles)));
        }
      }
    }
  }
  Values mean(3);
  ASSERT_TRUE(ForecastEts(*FitAutoEts(line, {}, scratch), mean, {}).ok());
  EXPECT_NEAR(mean[2], 5.0 + 2.0 * 32.0, 1e-3);  // A line goes on.
}

TEST(EtsTest, NamesWhatIsWrong) {
  EtsScratch scratch;
  const auto code = [&](const Values& history, const EtsOptions& options) {
    return FitAutoEts(history, options, scratch).status().code();
  };
  EXPECT_EQ(code({}, {}), kInvalid);
  EXPECT_EQ(code({1, std::nan("")}, {}), kInvalid);
  EXPECT_EQ(code({1, kInfinity}, {}), kInvalid);
  EXPECT_EQ(code({1, 2}, {.season_buckets = 0}), kInvalid);
  EXPECT_EQ(code({1, 2}, {.season_buckets = kEtsSeasonBucketsMax}), absl::StatusCode::kOk);
  EXPECT_EQ(code({1, 2}, {.season_buckets = kEtsSeasonBucketsMax + 1}), kInvalid);
  EXPECT_EQ(code({1, 2}, {.slope_share_max = -0.1}), kInvalid);
  EXPECT_EQ(code({1, 2}, {.slope_share_max = 1.1}), kInvalid);
  const EtsForm form = {EtsError::kMultiplicative, EtsTrend::kNone, EtsSeason::kNone};
  EXPECT_EQ(FitEts(Values{1, 0, 3, 4, 5, 6}, {}, form, scratch).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Values mean(kHorizonBucketsMax + 1);
  EXPECT_EQ(ForecastEts({}, mean, {}).code(), kInvalid);
  Values band(5);
  EXPECT_EQ(ForecastEts({}, std::span(mean).first(2), band).code(), kInvalid);
}

}  // namespace
}  // namespace tandem::forecasting
